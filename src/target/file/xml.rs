//! Rows as XML.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::ValueKind;

use crate::plan::file_target::XmlRowPlan;
use crate::plan::request::TreePlan;
use crate::row::Row;
use crate::template::{Frame, TemplateError, Value, is_nothing, text_of};

/// The line that an XML file begins with.
pub const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"";

/// Writes a row as an element on a line of its own.
pub fn row(
    plan: &XmlRowPlan,
    row: Row<'_>,
    frame: &Arc<Frame>,
    out: &mut String,
) -> Result<(), TemplateError> {
    match plan {
        XmlRowPlan::Columns(name) => {
            let _ = write!(out, "<{name}>");
            for cell in 0..row.len() {
                let column = element_name(row.name(cell));
                let text = row.text(cell);
                let _ = write!(out, "<{column}>{}</{column}>", escaped(&text));
            }
            let _ = write!(out, "</{name}>");
        }
        XmlRowPlan::Text(template) => out.push_str(&template.text(frame)?),
        XmlRowPlan::Tree(TreePlan::Map(entries)) => {
            for (name, tree) in entries {
                element(name, tree, frame, out)?;
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
                        let attribute = element_name(attribute);
                        let _ = write!(attributes, " {attribute}=\"{}\"", escaped(&text));
                    }
                    Some(_) => {}
                    None if key == "#text" => inside.push_str(&escaped(&text_of(&item))),
                    None => of_value(&element_name(&key), &item, &mut inside),
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

/// A name of the data as the name of an element: what can't stand there is `_`.
fn element_name(name: &str) -> Cow<'_, str> {
    let is_first = |c: char| c.is_alphabetic() || c == '_';
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if name.starts_with(is_first) && name.chars().all(is_part) {
        return Cow::Borrowed(name);
    }
    let mut fitting: String = name
        .chars()
        .map(|c| if is_part(c) { c } else { '_' })
        .collect();
    if !fitting.starts_with(is_first) {
        fitting.insert(0, '_');
    }
    Cow::Owned(fitting)
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
    fn what_xml_can_not_hold_is_escaped_or_left_out() {
        assert_eq!(escaped("a & <b> \"c\""), "a &amp; &lt;b&gt; &quot;c&quot;");
        assert_eq!(escaped("a\u{0}b\u{8}\u{fffe}\u{ffff}c\t\n"), "abc\t\n");
        assert_eq!(escaped("\u{1f600}€"), "\u{1f600}€");
        assert_eq!(element_name("g:price"), "g:price");
        assert_eq!(element_name("1 a/b"), "_1_a_b");
    }
}
