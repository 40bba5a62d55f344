//! Kinds of nodes: which a schema takes, and what they are called in messages.

use serde_json::Value;

use super::tree::{NodeValue, ScalarKind};

/// The types a schema allows, all of them where it names none.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

pub(super) fn accepts(schema: &Value, value: &NodeValue) -> bool {
    let allowed = types(schema);
    let accepted: &[&str] = match value {
        NodeValue::List(_) => &["array"],
        NodeValue::Map(_) => &["object"],
        NodeValue::Refused => return true,
        NodeValue::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => &["null"],
            ScalarKind::Bool(_) => &["boolean"],
            ScalarKind::Integer => &["integer", "number"],
            ScalarKind::Float => &["number"],
            ScalarKind::Text => &["string"],
        },
    };
    allowed.is_empty() || accepted.iter().any(|kind| allowed.contains(kind))
}

pub(super) fn type_word(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a map",
        _ => "nothing",
    }
}

pub(super) fn node_word(value: &NodeValue) -> &'static str {
    match value {
        NodeValue::List(_) => "a list",
        NodeValue::Map(_) => "a map",
        NodeValue::Refused => "nothing",
        NodeValue::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => "empty",
            ScalarKind::Bool(_) => "true or false",
            ScalarKind::Integer | ScalarKind::Float => "a number",
            ScalarKind::Text => "text",
        },
    }
}

pub(super) fn join_or(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
