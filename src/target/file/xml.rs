//! Rows as XML.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::ValueKind;
use quick_xml::events::{BytesStart, Event};

use crate::plan::file_target::XmlRowPlan;
use crate::plan::request::TreePlan;
use crate::row::Row;
use crate::row::xml_name::{fitted, is_xml_name};
use crate::template::{Frame, TemplateError, Value, is_nothing, text_of};

/// The line that an XML file begins with.
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"";

/// What names of columns may hold.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// The encoding has no more than ASCII for sure.
    pub are_ascii: bool,
    /// A header may declare what prefixes mean.
    pub have_prefixes: bool,
}

/// Whether XML that an author wrote is some, so that one row spoils no file.
fn is_well_formed(text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{NO_XML} ({what})"));
    let mut reader = quick_xml::Reader::from_str(text);
    let mut depth = 0_usize;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return wrong(&error.to_string()),
        };
        match event {
            Event::Eof if depth > 0 => return wrong("an element is not closed"),
            Event::Eof => return Ok(()),
            Event::Start(tag) | Event::Empty(tag) if !has_good_names(&tag) => {
                return wrong("a tag is none");
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if text.contains('&') => return wrong("a `&` stands alone"),
            Event::GeneralRef(name) => {
                let name = &*name;
                let is_known = ["amp", "lt", "gt", "quot", "apos"].contains(&name);
                if !is_known && !name.starts_with('#') {
                    return wrong(&format!("&{name}; is not known"));
                }
            }
            _ => {}
        }
    }
}

/// Whether the names of a tag and its attributes are names, and the values are quoted.
fn has_good_names(tag: &BytesStart<'_>) -> bool {
    let name = tag.name();
    is_xml_name(name.as_ref())
        && tag.attributes().all(|attribute| {
            attribute.is_ok_and(|attribute| {
                let name = attribute.key;
                is_xml_name(name.as_ref()) && !attribute.value.contains('<')
            })
        })
}

/// What is said of a row that is no XML.
const NO_XML: &str = "the row is no XML: write {{ row.title | escape }} for each value";

/// Writes a row as an element on a line of its own.
pub fn row(
    plan: &XmlRowPlan,
    names: Names,
    row: Row<'_>,
    frame: &Arc<Frame>,
    out: &mut String,
) -> Result<(), String> {
    let failed = |error: TemplateError| error.message;
    match plan {
        XmlRowPlan::Columns(name) => {
            let _ = write!(out, "<{name}>");
            for cell in 0..row.len() {
                let column = fitted(row.name(cell), names.are_ascii, names.have_prefixes);
                let text = row.text(cell);
                let _ = write!(out, "<{column}>{}</{column}>", escaped(&text));
            }
            let _ = write!(out, "</{name}>");
        }
        XmlRowPlan::Text(template) => {
            let text = template.text(frame).map_err(failed)?;
            is_well_formed(&text)?;
            out.push_str(&text);
        }
        XmlRowPlan::Tree(TreePlan::Map(entries)) => {
            for (name, tree) in entries {
                element(name, tree, frame, out).map_err(failed)?;
            }
        }
        // A map of one element was asked for.
        XmlRowPlan::Tree(_) => {}
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(())
}

/// Writes an element; nothing where its value is nothing.
fn element(
    name: &str,
    tree: &TreePlan,
    frame: &Arc<Frame>,
    out: &mut String,
) -> Result<(), TemplateError> {
    match tree {
        TreePlan::Null => {
            let _ = write!(out, "<{name}/>");
        }
        TreePlan::Leaf(template) => of_value(name, &template.value(frame)?, out),
        TreePlan::List(items) => {
            for item in items {
                element(name, item, frame, out)?;
            }
        }
        TreePlan::Map(entries) => {
            let _ = write!(out, "<{name}");
            let mut text = None;
            let mut inside = String::new();
            for (key, tree) in entries {
                if let Some(attribute) = key.strip_prefix('@') {
                    if let Some(value) = leaf(tree, frame)? {
                        let _ = write!(out, " {attribute}=\"{}\"", escaped(&value));
                    }
                } else if &**key == "#text" {
                    text = leaf(tree, frame)?;
                } else {
                    element(key, tree, frame, &mut inside)?;
                }
            }
            let text = text.unwrap_or_default();
            if text.is_empty() && inside.is_empty() {
                out.push_str("/>");
            } else {
                let _ = write!(out, ">{}{inside}</{name}>", escaped(&text));
            }
        }
    }
    Ok(())
}

/// The text of an attribute, or beside elements.
fn leaf(tree: &TreePlan, frame: &Arc<Frame>) -> Result<Option<String>, TemplateError> {
    let TreePlan::Leaf(template) = tree else {
        return Ok(None);
    };
    let value = template.value(frame)?;
    Ok((!is_nothing(&value)).then(|| text_of(&value).into_owned()))
}

/// A value of a template: a list repeats the element, a map is elements inside it.
fn of_value(name: &str, value: &Value, out: &mut String) {
    if is_nothing(value) {
        return;
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter().into_iter().flatten() {
                of_value(name, &item, out);
            }
        }
        ValueKind::Map => {
            let mut attributes = String::new();
            let mut inside = String::new();
            for key in value.try_iter().into_iter().flatten() {
                let item = value.get_item(&key).unwrap_or_default();
                let key = text_of(&key);
                match key.strip_prefix('@') {
                    Some(attribute) if !is_nothing(&item) => {
                        let text = text_of(&item);
                        let attribute = fitted(attribute, false, true);
                        let _ = write!(attributes, " {attribute}=\"{}\"", escaped(&text));
                    }
                    Some(_) => {}
                    None if key == "#text" => inside.push_str(&escaped(&text_of(&item))),
                    None => of_value(&fitted(&key, false, true), &item, &mut inside),
                }
            }
            let _ = write!(out, "<{name}{attributes}>{inside}</{name}>");
        }
        _ => {
            let text = text_of(value);
            let _ = write!(out, "<{name}>{}</{name}>", escaped(&text));
        }
    }
}

/// Text between tags or quotes. Characters that XML can't hold at all are left out.
pub fn escaped(text: &str) -> Cow<'_, str> {
    let can_stand = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..) && c != '\u{fffe}'
    };
    let is_plain = |c: char| can_stand(c) && !matches!(c, '&' | '<' | '>' | '"' | '\r');
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A reader would make a line end of it.
            '\r' => escaped.push_str("&#13;"),
            c if can_stand(c) => escaped.push(c),
            _ => {}
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_xml_is_told() {
        for text in [
            "<p>a</p>",
            "<p a=\"1\" b:c='2'/>",
            "<p>&amp;&#10;<q/></p><r/>",
            "text",
            "",
        ] {
            assert!(is_well_formed(text).is_ok(), "{text}");
        }
        for text in [
            "<p>a<b</p>",
            "<p>a",
            "a</p>",
            "<p>&nbsp;</p>",
            "<p a=1>x</p>",
            "<p>a & b</p>",
            "<p><q></p></q>",
            "<1/>",
            "<p a=\"x\" a=\"y\"/>",
            "<p a=\"<\"/>",
        ] {
            assert!(is_well_formed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_xml_can_not_hold_is_escaped_or_left_out() {
        assert_eq!(escaped("a & <b> \"c\""), "a &amp; &lt;b&gt; &quot;c&quot;");
        assert_eq!(escaped("a\u{0}b\u{8}\u{fffe}\u{ffff}c\t\n"), "abc\t\n");
        assert_eq!(escaped("\u{1f600}€"), "\u{1f600}€");
    }
}
