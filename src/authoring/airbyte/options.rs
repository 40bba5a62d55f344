//! What people fill in: the fields of the configuration become options.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::block::{Block, todo};
use super::expression::option_of;

/// A field of the configuration.
pub struct Field {
    /// Its option.
    pub name: String,
    /// The option as the spec writes it.
    pub line: Block,
}

/// The options of all fields, also of those inside others.
pub fn fields(specification: &Value) -> Vec<Field> {
    let mut all = Vec::new();
    collect(specification, &mut Vec::new(), true, &mut all);
    all
}

fn collect(schema: &Value, way: &mut Vec<String>, is_required: bool, all: &mut Vec<Field>) {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, field) in properties.into_iter().flatten() {
        way.push(key.clone());
        let is_required = is_required && required.contains(&key.as_str());
        let alternatives = field.get("oneOf").and_then(Value::as_array);
        if let Some(alternatives) = alternatives {
            one_of(alternatives, way, all);
        } else if field.get("properties").is_some() {
            collect(field, way, is_required, all);
        } else {
            add(option_of(way), option(field, is_required), all);
        }
        way.pop();
    }
}

/// Of several ways to fill in a part, the fields of all; a constant that tells them apart is a choice.
fn one_of(alternatives: &[Value], way: &mut Vec<String>, all: &mut Vec<Field>) {
    let mut constants: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for alternative in alternatives {
        let properties = alternative.get("properties").and_then(Value::as_object);
        for (key, field) in properties.into_iter().flatten() {
            if let Some(constant) = field.get("const") {
                let choices = constants.entry(key.clone()).or_default();
                choices.push(constant.clone());
            } else {
                way.push(key.clone());
                add(option_of(way), option(field, false), all);
                way.pop();
            }
        }
    }
    for (key, choices) in constants {
        way.push(key);
        let mut line = Block::new();
        line.insert("type".to_owned(), json!("select"));
        line.insert("choices".to_owned(), Value::Array(choices));
        add(option_of(way), line, all);
        way.pop();
    }
}

fn add(name: String, line: Block, all: &mut Vec<Field>) {
    if !all.iter().any(|known| known.name == name) {
        all.push(Field { name, line });
    }
}

fn option(field: &Value, is_required: bool) -> Block {
    let mut line = Block::new();
    let choices = field.get("enum").and_then(Value::as_array);
    let is_secret = field.get("airbyte_secret").and_then(Value::as_bool);
    let kind = match field.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("string"),
        _ => "string",
    };
    let of_items = field
        .get("items")
        .and_then(|items| items.get("enum"))
        .and_then(Value::as_array);
    let kind = match (kind, choices) {
        _ if is_secret == Some(true) => "password",
        (_, Some(_)) => "select",
        ("boolean", None) => "checkbox",
        ("array", None) if of_items.is_some() => "select_multiple",
        ("array", None) => "textarea",
        _ => "input",
    };
    line.insert("type".to_owned(), json!(kind));
    for (theirs, ours) in [("title", "label"), ("description", "description")] {
        if let Some(text) = field.get(theirs).and_then(Value::as_str) {
            // Descriptions have links and tags that no form shows.
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            line.insert(ours.to_owned(), json!(super::super::escaped(&text)));
        }
    }
    let texts = |values: &[Value]| -> Vec<Value> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        values
            .iter()
            .map(|value| Value::from(text(value)))
            .collect()
    };
    if let Some(choices) = choices.or(of_items).filter(|_| kind.starts_with("select")) {
        line.insert("choices".to_owned(), Value::Array(texts(choices)));
    }
    match field.get("default") {
        Some(Value::Bool(flag)) => {
            line.insert("default".to_owned(), json!(flag));
        }
        Some(Value::String(text)) => {
            line.insert("default".to_owned(), json!(text));
        }
        Some(Value::Number(number)) => {
            line.insert("default".to_owned(), json!(number.to_string()));
        }
        None | Some(Value::Null) => {}
        Some(other) => todo(&mut line, "its default is no single value", other),
    }
    if is_required && kind != "checkbox" && !line.contains_key("default") {
        line.insert("required".to_owned(), json!(true));
    }
    line
}
