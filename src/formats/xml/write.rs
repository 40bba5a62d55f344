//! Rows as XML.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::ValueKind;
use xxhash_rust::xxh3::xxh3_128;

use super::written::{WrittenXmlPlan, XmlPartPlan, XmlRowPlan};
use crate::formats::writing::PartText;
use crate::row::Row;
use crate::template::tree::TemplateTree;
use crate::template::{Frame, TemplateError, Value, is_nothing, text_of};
use crate::xml_text::{XmlAround, XmlFault, declared_prefix, escaped, fitted};

/// What names of columns and keys may hold.
#[derive(Debug, Clone)]
pub struct Names {
    /// The encoding has no more than ASCII for sure.
    pub are_ascii: bool,
    /// The prefixes whose name spaces are declared.
    pub prefixes: Vec<String>,
}

impl Names {
    fn fit<'t>(&self, name: &'t str) -> Cow<'t, str> {
        fitted(name, self.are_ascii, &self.prefixes)
    }

    /// The same inside an element that declares name spaces by these attributes.
    fn inside<'t>(&self, attributes: impl Iterator<Item = &'t str>) -> Cow<'_, Self> {
        let declared: Vec<&str> = attributes.filter_map(declared_prefix).collect();
        if declared.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut names = self.clone();
        names
            .prefixes
            .extend(declared.into_iter().map(str::to_owned));
        Cow::Owned(names)
    }
}

/// Why a row can't be XML.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// It is none.
    #[error("the row is no XML: write {{{{ row.title | escape }}}} for each value ({0})")]
    NoXml(XmlFault),
    /// Its element is nothing.
    #[error("nothing would stand in the file for the row: the value of its element is nothing")]
    Nothing,
    /// It would be lost.
    #[error("no part of the file takes the row: each `when` is false; `where` leaves rows out")]
    InNoPart,
}

/// What rows must fit into.
#[derive(Debug)]
pub struct XmlRows {
    /// What stands around them.
    pub around: XmlAround,
    /// What names may hold.
    pub names: Names,
}

/// Writes a row into each part that takes it.
pub fn row(
    plan: &WrittenXmlPlan,
    parts: &[XmlRows],
    row: Row<'_>,
    frame: &Arc<Frame>,
    out: &mut [PartText],
) -> Result<(), RowError> {
    let mut is_taken = false;
    for ((part, rows), out) in plan.parts.iter().zip(parts).zip(out) {
        let XmlPartPlan { when, unique, .. } = part;
        if let Some(when) = when {
            if !when.holds(frame)? {
                continue;
            }
        }
        is_taken = true;
        if let Some(unique) = unique {
            out.key = Some(xxh3_128(unique.text(frame)?.as_bytes()));
        }
        element_of_row(&part.row, rows, row, frame, &mut out.text)?;
    }
    if is_taken {
        Ok(())
    } else {
        Err(RowError::InNoPart)
    }
}

/// Writes a row as an element on a line of its own.
fn element_of_row(
    plan: &XmlRowPlan,
    rows: &XmlRows,
    row: Row<'_>,
    frame: &Arc<Frame>,
    out: &mut String,
) -> Result<(), RowError> {
    let XmlRows { around, names } = rows;
    match plan {
        XmlRowPlan::Columns(name) => {
            let _ = write!(out, "<{name}>");
            for cell in 0..row.len() {
                let column = names.fit(row.name(cell));
                let text = row.text(cell);
                let _ = write!(out, "<{column}>{}</{column}>", escaped(&text));
            }
            let _ = write!(out, "</{name}>");
        }
        XmlRowPlan::Text(template) => {
            let text = template.text(frame)?;
            around.check_row(&text).map_err(RowError::NoXml)?;
            out.push_str(&text);
        }
        XmlRowPlan::Tree(TemplateTree::Map(entries)) => {
            for (name, tree) in entries {
                element(name, tree, names, frame, out)?;
            }
            if out.is_empty() {
                return Err(RowError::Nothing);
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
    tree: &TemplateTree,
    names: &Names,
    frame: &Arc<Frame>,
    out: &mut String,
) -> Result<(), TemplateError> {
    match tree {
        TemplateTree::Null => {
            let _ = write!(out, "<{name}/>");
        }
        TemplateTree::Leaf(template) => of_value(name, &template.value(frame)?, names, out),
        TemplateTree::List(items) => {
            for item in items {
                element(name, item, names, frame, out)?;
            }
        }
        TemplateTree::Map(entries) => {
            let _ = write!(out, "<{name}");
            let names = &names.inside(entries.iter().map(|(key, _)| &**key));
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
                    element(key, tree, names, frame, &mut inside)?;
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
fn leaf(tree: &TemplateTree, frame: &Arc<Frame>) -> Result<Option<String>, TemplateError> {
    let TemplateTree::Leaf(template) = tree else {
        return Ok(None);
    };
    let value = template.value(frame)?;
    Ok((!is_nothing(&value)).then(|| text_of(&value).into_owned()))
}

/// A value of a template: a list repeats the element, a map is elements inside it.
fn of_value(name: &str, value: &Value, names: &Names, out: &mut String) {
    if is_nothing(value) {
        return;
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter().into_iter().flatten() {
                of_value(name, &item, names, out);
            }
        }
        ValueKind::Map => {
            let mut attributes = String::new();
            let mut inside = String::new();
            let keys: Vec<Value> = value.try_iter().into_iter().flatten().collect();
            let names = &names.inside(keys.iter().filter_map(Value::as_str));
            for key in &keys {
                let item = value.get_item(key).unwrap_or_default();
                let key = text_of(key);
                match key.strip_prefix('@') {
                    Some(attribute) if !is_nothing(&item) => {
                        let text = text_of(&item);
                        let attribute = match declared_prefix(&key) {
                            Some(_) => Cow::Borrowed(attribute),
                            None => names.fit(attribute),
                        };
                        let _ = write!(attributes, " {attribute}=\"{}\"", escaped(&text));
                    }
                    Some(_) => {}
                    None if key == "#text" => inside.push_str(&escaped(&text_of(&item))),
                    None => of_value(&names.fit(&key), &item, names, &mut inside),
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
