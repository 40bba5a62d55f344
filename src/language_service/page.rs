//! The page of the language: every key with its meaning and an example, from the schema.

use std::fmt::Write as _;

use serde_json::Value;

use super::keys::{KeyDoc, doc_of, owners_of};
use crate::spec::schema::annotated;

const HEAD: &str = "# The language\n\n<!-- Written by `BLESS=1 cargo test language`: what stands here is said in src/spec. -->\n\nEvery key that a spec may have, map by map. A value that takes a template is text with `{{ }}` in it: [templates](templates.md). `runner explain KEY` says the same on the command line, and editors show it: [editors](editors.md).\n";

/// The page as Markdown.
pub fn page() -> String {
    let schema = annotated();
    let mut text = HEAD.to_owned();
    section(&mut text, "The top level", schema, "the spec");
    let mut order = Vec::new();
    reach(schema, &mut order);
    for name in order {
        let definition = &schema["$defs"][&name];
        if definition.get("properties").is_none() {
            continue;
        }
        let owners = owners_of(&name, &mut Vec::new());
        let title = owners.iter().map(|owner| format!("`{owner}`"));
        let title = title.collect::<Vec<_>>().join(", ");
        let owner = owners.first().cloned().unwrap_or_default();
        section(&mut text, &title, definition, &owner);
    }
    text
}

/// The definitions in the order in which they are met from the top.
fn reach(schema: &Value, order: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "$defs" {
                    continue;
                }
                if let ("$ref", Some(reference)) = (key.as_str(), value.as_str()) {
                    let name = reference.trim_start_matches("#/$defs/").to_owned();
                    if !order.contains(&name) {
                        order.push(name.clone());
                        reach(&annotated()["$defs"][&name], order);
                    }
                }
                reach(value, order);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| reach(item, order)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn section(text: &mut String, title: &str, definition: &Value, owner: &str) {
    // Writing into a string does not fail.
    let _ = writeln!(text, "\n## {title}\n");
    let about = definition["description"].as_str().unwrap_or_default();
    if !about.is_empty() {
        let _ = writeln!(text, "{about}\n");
    }
    text.push_str("| Key | Means | Example |\n|---|---|---|\n");
    for (key, property) in definition["properties"].as_object().into_iter().flatten() {
        let doc = doc_of(key, vec![owner.to_owned()], property);
        let (about, example) = split(&doc);
        let _ = writeln!(text, "| `{key}` | {about} | {example} |");
    }
}

/// The text of a key's cell, and that of its example.
fn split(doc: &KeyDoc) -> (String, String) {
    let (about, example) = match doc.about.split_once("\n\n```yaml\n") {
        Some((about, example)) => (about, example.split("\n```").next().unwrap_or_default()),
        None => (doc.about.as_str(), ""),
    };
    let mut about = about.replace('\n', " ");
    let words = doc
        .words
        .iter()
        .map(|(word, meaning)| match meaning.as_str() {
            "" => format!("`{word}`"),
            meaning => format!("`{word}`: {}", meaning.trim_end_matches('.')),
        });
    let words: Vec<String> = words.collect();
    if !words.is_empty() {
        let _ = write!(about, " {}.", words.join("; "));
    }
    if let Some(default) = &doc.default {
        let _ = write!(about, " If it is left out: `{default}`.");
    }
    if !doc.modes.is_empty() {
        let _ = write!(about, " *{}*", doc.modes.join(", "));
    }
    let lines: Vec<&str> = example.lines().collect();
    let example = match lines.as_slice() {
        [] => String::new(),
        [one] => code(one),
        several => several
            .iter()
            .map(|line| code(line))
            .collect::<Vec<_>>()
            .join("<br>"),
    };
    (cell(&about), cell(&example))
}

/// Code in a line; its indentation is kept.
fn code(line: &str) -> String {
    let inner = line.trim_start();
    let indent = "&nbsp;".repeat(line.len() - inner.len());
    format!("{indent}`{inner}`")
}

/// A bar ends a cell, unless it is escaped.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").trim().to_owned()
}
