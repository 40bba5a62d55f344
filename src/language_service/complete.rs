//! What may be written at a cursor.

use std::ops::Range;

use serde_json::Value;

use super::complete_template::in_template;
use super::cursor::{Cursor, Part, Step, cursor};
use super::keys::doc_of;
use super::open_spec::{OpenSpec, line_of};
use super::schema_at::schemas_at;
use super::template_text::{template_at, tokens};
use crate::spec::schema::allows;
use crate::spec::tree::{Node, NodeValue};

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What it is called in the list.
    pub label: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// A few words about it.
    pub detail: String,
    /// All about it, as Markdown.
    pub about: String,
    /// What is written, with `$1` for places to fill in.
    pub insert: String,
    /// Bytes that it takes the place of.
    pub replaces: Range<usize>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A key of the language.
    Key,
    /// A word that a key or an argument takes.
    Word,
    /// A name that templates see.
    Name,
    /// A field of one.
    Field,
    /// A filter, a test.
    Filter,
    /// A function or a method.
    Function,
}

/// What may be written at the byte `at`.
pub fn complete(spec: &OpenSpec, at: usize) -> Vec<Suggestion> {
    if is_in_comment(&spec.text, at) {
        return Vec::new();
    }
    let mut found = offered(spec, at);
    for one in &mut found {
        let is_rest = |c: char| {
            c.is_alphanumeric() || c == '_' || (c == '-' && one.kind == SuggestionKind::Key)
        };
        // What stands behind the cursor of the same word is replaced too.
        let rest = &spec.text[at..];
        let end = at + rest.find(|c| !is_rest(c)).unwrap_or(rest.len());
        one.replaces.end = end;
        let written = &spec.text[one.replaces.clone()];
        if written.starts_with(['"', '\'']) {
            one.replaces.start += 1;
        }
        if one.kind == SuggestionKind::Key {
            if spec.text[end..].starts_with(':') {
                one.insert = one.label.clone();
            }
            if spec.text[..one.replaces.start].ends_with('-') {
                one.insert.insert(0, ' ');
            }
        }
    }
    found
}

/// Whether a place stands in a comment of YAML.
fn is_in_comment(text: &str, at: usize) -> bool {
    let line = line_of(text, at);
    let mut quote = None;
    let mut before = ' ';
    for c in text[line.start..at].chars() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return true,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    false
}

fn offered(spec: &OpenSpec, at: usize) -> Vec<Suggestion> {
    if let Some(template) = template_at(&spec.text, at) {
        let all = tokens(&spec.text, &(template.inside.start..at));
        return in_template(spec, &all, at, template.is_statement);
    }
    let cursor = cursor(&spec.text, at);
    match cursor.part {
        Part::Key => keys(spec, &cursor, at),
        Part::Value => values(&cursor),
    }
}

fn keys(spec: &OpenSpec, cursor: &Cursor, at: usize) -> Vec<Suggestion> {
    let root = spec.root_around(at);
    let mode = root
        .as_ref()
        .and_then(|root| root.get("mode")?.as_text().map(str::to_owned));
    let there = root
        .map(|root| keys_there(&root, &cursor.path, at))
        .unwrap_or_default();
    let owner = cursor.path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item => None,
    });
    let mut found: Vec<Suggestion> = Vec::new();
    for schema in schemas_at(&cursor.path) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_of_mode = mode.as_deref().is_none_or(|mode| allows(property, mode));
            let is_new = !there.contains(key) && !found.iter().any(|one| one.label == *key);
            if !is_of_mode || !is_new {
                continue;
            }
            let doc = doc_of(key, vec![owner.unwrap_or("the spec").to_owned()], property);
            let indent = indent_of(spec, cursor);
            found.push(Suggestion {
                label: key.clone(),
                kind: SuggestionKind::Key,
                detail: doc.about.lines().next().unwrap_or_default().to_owned(),
                about: doc.markdown(),
                insert: format!("{key}:{}", value_of(cursor, key, &indent)),
                replaces: cursor.written.clone(),
            });
        }
    }
    found
}

/// The indentation of what stands under a key at the cursor.
fn indent_of(spec: &OpenSpec, cursor: &Cursor) -> String {
    let text = &spec.text[..cursor.written.start];
    let start = text.rfind('\n').map_or(0, |end| end + 1);
    " ".repeat(text[start..].chars().count() + 2)
}

/// What is written behind a new key.
fn value_of(cursor: &Cursor, key: &str, indent: &str) -> String {
    let mut path = cursor.path.clone();
    path.push(Step::Key(key.to_owned()));
    let schemas = schemas_at(&path);
    let has = |kind: &str| schemas.iter().any(|schema| schema["type"] == kind);
    let refers = |name: &str| {
        let reference = format!("#/$defs/{name}");
        schemas
            .iter()
            .any(|schema| schema["$ref"] == reference.as_str())
    };
    if refers("Template") || refers("Condition") {
        return " \"{{ $1 }}\"".to_owned();
    }
    let is_plain = has("string") || has("integer") || has("number") || has("boolean");
    match (is_plain, has("object"), has("array"), cursor.is_in_flow) {
        (false, true, _, true) => " { $1 }".to_owned(),
        (false, false, true, true) => " [$1]".to_owned(),
        (false, true, false, false) => format!("\n{indent}$1"),
        (false, false, true, false) => format!("\n{indent}- $1"),
        _ => " $1".to_owned(),
    }
}

/// The keys of the map at a path that are there already.
fn keys_there(root: &Node, path: &[Step], at: usize) -> Vec<String> {
    let mut here = root;
    for step in path {
        let next = match (step, &here.value) {
            (Step::Key(key), _) => here.get(key),
            (Step::Item, NodeValue::List(items)) => {
                items.iter().rfind(|item| item.span.start <= at)
            }
            (Step::Item, _) => None,
        };
        match next {
            Some(next) => here = next,
            None => return Vec::new(),
        }
    }
    let others = here.entries().iter();
    let others = others.filter(|entry| at < entry.key_span.start || entry.key_span.end < at);
    others.map(|entry| entry.key.clone()).collect()
}

fn values(cursor: &Cursor) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut add = |word: &str, about: &str| {
        if found.iter().any(|one| one.label == word) {
            return;
        }
        found.push(Suggestion {
            label: word.to_owned(),
            kind: SuggestionKind::Word,
            detail: about.lines().next().unwrap_or_default().to_owned(),
            about: about.to_owned(),
            insert: word.to_owned(),
            replaces: cursor.written.clone(),
        });
    };
    for schema in schemas_at(&cursor.path) {
        let words = schema["enum"].as_array().into_iter().flatten();
        for (index, word) in words.enumerate() {
            let about = schema["enumDescriptions"][index]
                .as_str()
                .unwrap_or_default();
            match word {
                Value::String(word) => add(word, about),
                other => add(&other.to_string(), about),
            }
        }
        if schema["type"] == "boolean" {
            add("true", "");
            add("false", "");
        }
        if let Some(word) = schema.get("const") {
            add(&word.to_string(), "");
        }
    }
    found
}
