//! Bodies: values as JSON, forms, CSV, JSON Lines. Nothing is left out.

use std::sync::Arc;

use minijinja::value::{Value, ValueKind};

use super::multipart::multipart;
use crate::plan::request::BodyPlan;
use crate::row::text::write_string;
use crate::template::tree::{TemplateTree, json_of, placed, write_tree, write_value};
use crate::template::{Frame, TemplateError, is_nothing, text_of};
use crate::wire::add_parameter;

/// The content types of lists.
pub(super) const CSV: &str = "text/csv; charset=utf-8";
pub(super) const JSONL: &str = "application/x-ndjson";

/// A value that can't be sent so.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ValueError {
    /// A template failed.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The body takes a list.
    #[error("`{0}` takes a list, and this is a {1}")]
    NoList(&'static str, ValueKind),
    /// The body takes a list of maps.
    #[error("`csv` takes a list of maps, and an element is a {0}")]
    NoMap(ValueKind),
    /// A list of parts takes maps with a name.
    #[error(
        "`multipart` takes a map, or a list of {{ name, value }}, and an element is a {0} without a name"
    )]
    NoField(ValueKind),
    /// What was to give parts is nothing.
    #[error("`multipart`: the template that gives parts gave nothing")]
    NoParts,
    /// CSV that could not be written.
    #[error("csv: {0}")]
    Csv(String),
}

/// A rendered body: its content type and its bytes.
pub struct Rendered {
    pub kind: String,
    pub bytes: Vec<u8>,
}

/// Renders a body.
pub fn render(plan: &BodyPlan, frame: &Arc<Frame>) -> Result<Rendered, ValueError> {
    let rendered = |kind: &str, bytes: Vec<u8>| Rendered {
        kind: kind.to_owned(),
        bytes,
    };
    Ok(match plan {
        BodyPlan::Json(tree) => {
            let json = json_of(tree, frame).map_err(|error| placed("json", tree, frame, error))?;
            rendered("application/json", json)
        }
        BodyPlan::Form(tree) => {
            let mut pairs = Vec::new();
            if let TemplateTree::Map(entries) = tree {
                for (key, value) in entries {
                    form_pairs(key.to_string(), value, frame, &mut pairs)?;
                }
            }
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            rendered("application/x-www-form-urlencoded", form_bytes(pairs))
        }
        BodyPlan::Text { kind, body } => Rendered {
            kind: match kind {
                Some(kind) => kind.text(frame)?,
                None => "text/plain; charset=utf-8".to_owned(),
            },
            bytes: body.text(frame)?.into_bytes(),
        },
        BodyPlan::GraphQl {
            query,
            variables,
            operation,
        } => {
            let mut bytes = b"{\"query\":".to_vec();
            write_string(&query.text(frame)?, &mut bytes);
            bytes.extend_from_slice(b",\"variables\":");
            write_tree(variables, frame, &mut bytes)
                .map_err(|error| placed("variables", variables, frame, error))?;
            if let Some(operation) = operation {
                let name = operation.text(frame)?;
                if !name.is_empty() {
                    bytes.extend_from_slice(b",\"operationName\":");
                    write_string(&name, &mut bytes);
                }
            }
            bytes.push(b'}');
            rendered("application/json", bytes)
        }
        BodyPlan::Jsonl(list) => rendered(JSONL, jsonl_bytes(&list.value(frame)?)?),
        BodyPlan::Csv(list) => {
            let values = elements("csv", &list.value(frame)?)?;
            rendered(CSV, csv_bytes(&values)?)
        }
        BodyPlan::Xml(text) => rendered(
            "application/xml; charset=utf-8",
            text.text(frame)?.into_bytes(),
        ),
        BodyPlan::Multipart(parts) => multipart(parts, frame)?,
    })
}

pub(super) fn elements(body: &'static str, value: &Value) -> Result<Vec<Value>, ValueError> {
    if is_nothing(value) {
        return Ok(Vec::new());
    }
    let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    match value.try_iter() {
        Ok(items) if is_list => Ok(items.collect()),
        _ => Err(ValueError::NoList(body, value.kind())),
    }
}

/// Deeper keys become `a[b]`, elements of lists `a[0]`.
fn form_pairs(
    name: String,
    tree: &TemplateTree,
    frame: &Arc<Frame>,
    pairs: &mut Vec<(String, String)>,
) -> Result<(), ValueError> {
    match tree {
        TemplateTree::Null => {}
        TemplateTree::Leaf(template) => {
            let value = template.value(frame)?;
            let is_literal = template.as_constant().is_some();
            form_value(name, &value, is_literal, pairs);
        }
        TemplateTree::List(items) => {
            for (index, item) in items.iter().enumerate() {
                form_pairs(format!("{name}[{index}]"), item, frame, pairs)?;
            }
        }
        TemplateTree::Map(entries) => {
            for (key, value) in entries {
                form_pairs(format!("{name}[{key}]"), value, frame, pairs)?;
            }
        }
    }
    Ok(())
}

fn form_value(name: String, value: &Value, is_literal: bool, pairs: &mut Vec<(String, String)>) {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => {}
        ValueKind::Map => {
            for key in value.try_iter().into_iter().flatten() {
                let item = value.get_item(&key).unwrap_or_default();
                form_value(
                    format!("{name}[{}]", text_of(&key)),
                    &item,
                    is_literal,
                    pairs,
                );
            }
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                form_value(format!("{name}[{index}]"), &item, is_literal, pairs);
            }
        }
        _ => {
            let text = text_of(value);
            if is_literal || !text.is_empty() {
                pairs.push((name, text.into_owned()));
            }
        }
    }
}

/// Pairs as a form.
pub fn form_bytes<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Vec<u8> {
    let mut text = String::new();
    for (name, value) in pairs {
        add_parameter(&mut text, name, value);
    }
    text.into_bytes()
}

/// Maps as CSV: a column for each key, in the order they are first seen.
pub(super) fn csv_bytes(values: &[Value]) -> Result<Vec<u8>, ValueError> {
    let mut names: Vec<Value> = Vec::new();
    for value in values {
        if value.kind() != ValueKind::Map {
            return Err(ValueError::NoMap(value.kind()));
        }
        for key in value.try_iter().into_iter().flatten() {
            if !names.contains(&key) {
                names.push(key);
            }
        }
    }
    let broken = |error: csv::Error| ValueError::Csv(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let header: Vec<String> = names
        .iter()
        .map(|name| text_of(name).into_owned())
        .collect();
    writer.write_record(&header).map_err(broken)?;
    for value in values {
        let cells = names.iter().map(|name| {
            let item = value.get_item(name).unwrap_or_default();
            text_of(&item).into_owned()
        });
        writer
            .write_record(cells.collect::<Vec<String>>())
            .map_err(broken)?;
    }
    writer
        .into_inner()
        .map_err(|error| ValueError::Csv(error.to_string()))
}

/// A list as JSON Lines.
pub(super) fn jsonl_bytes(list: &Value) -> Result<Vec<u8>, ValueError> {
    let mut bytes = Vec::new();
    for value in elements("jsonl", list)? {
        write_value(&value, &mut bytes);
        bytes.push(b'\n');
    }
    Ok(bytes)
}
