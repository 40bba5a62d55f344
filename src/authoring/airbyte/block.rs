//! A spec in the making: maps with comments, written as YAML.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::super::yaml;

/// Keys of comments begin so: no key of a spec does.
const COMMENT: char = '\u{1}';
/// A map of plain values stands on one line, where it is no longer.
const LINE: usize = 90;

/// A map of a spec.
pub type Block = Map<String, Value>;

/// Notes what has no counterpart here, with what it was.
pub fn todo(block: &mut Block, why: &str, original: &Value) {
    let mut text = format!("TODO: {why}");
    if !original.is_null() {
        let original = serde_yaml::to_string(&shown(original)).unwrap_or_default();
        for line in original.trim_end().lines() {
            // Writing into a string does not fail.
            let _ = write!(text, "\n  {line}");
        }
    }
    comment(block, &text);
}

/// A comment of some lines.
pub fn comment(block: &mut Block, text: &str) {
    let key = format!("{COMMENT}{}", block.len());
    block.insert(key, Value::from(text));
}

/// A component without the parameters that were passed down to it.
fn shown(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let own = map.iter().filter(|(key, _)| *key != "$parameters");
            Value::Object(
                own.map(|(key, value)| (key.clone(), shown(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(shown).collect()),
        other => other.clone(),
    }
}

/// How many things are left to do.
pub fn todos(block: &Block) -> usize {
    let count = |(key, value): (&String, &Value)| match value {
        Value::String(text) if key.starts_with(COMMENT) => usize::from(text.starts_with("TODO")),
        value => inside(value),
    };
    block.iter().map(count).sum()
}

fn inside(value: &Value) -> usize {
    match value {
        Value::Object(map) => todos(map),
        Value::Array(items) => items.iter().map(inside).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// As YAML.
pub fn written(block: &Block) -> String {
    let mut text = String::new();
    lines(block, 0, &mut text);
    text
}

fn has_comments(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.starts_with(COMMENT) || has_comments(value)),
        Value::Array(items) => items.iter().any(has_comments),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// On one line, where it has room there.
fn in_line(value: &Value) -> Option<String> {
    let text = match value {
        _ if has_comments(value) => return None,
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(key, value)| Some(format!("{}: {}", yaml(key), in_line(value)?)));
            let pairs: Option<Vec<String>> = pairs.collect();
            let pairs = pairs?.join(", ");
            if pairs.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {pairs} }}")
            }
        }
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(in_line).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::String(text) => return Some(yaml(text)),
        other => return Some(other.to_string()),
    };
    (text.chars().count() <= LINE).then_some(text)
}

fn lines(block: &Block, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    for (key, value) in block {
        if let (true, Value::String(text)) = (key.starts_with(COMMENT), value) {
            for line in text.lines() {
                // Writing into a string does not fail.
                let _ = writeln!(out, "{}", format!("{space}# {line}").trim_end());
            }
            continue;
        }
        let is_top = indent == 0 && matches!(value, Value::Object(_) | Value::Array(_));
        match (value, in_line(value).filter(|_| !is_top)) {
            (_, Some(line)) => {
                let _ = writeln!(out, "{space}{}: {line}", yaml(key));
            }
            (Value::Object(map), None) if map.keys().all(|key| key.starts_with(COMMENT)) => {
                lines(map, indent, out);
                let _ = writeln!(out, "{space}{}: {{}}", yaml(key));
            }
            (Value::Object(map), None) => {
                let _ = writeln!(out, "{space}{}:", yaml(key));
                lines(map, indent + 2, out);
            }
            (Value::Array(items), None) if !items.is_empty() => {
                let _ = writeln!(out, "{space}{}:", yaml(key));
                for item in items {
                    listed(item, indent + 2, out);
                }
            }
            (other, None) => {
                let _ = writeln!(out, "{space}{}: {}", yaml(key), other);
            }
        }
    }
}

fn listed(item: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match (item, in_line(item)) {
        (_, Some(line)) => {
            let _ = writeln!(out, "{space}- {line}");
        }
        (Value::Object(map), None) => {
            let mut inner = String::new();
            lines(map, indent + 2, &mut inner);
            // A dash stands before the first line, which may be a comment.
            out.push_str(&space);
            out.push_str("- ");
            out.push_str(inner.trim_start_matches(' '));
        }
        (other, None) => {
            let _ = writeln!(out, "{space}- {other}");
        }
    }
}
