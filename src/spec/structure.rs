//! Unknown keys, wrong types, words that are not allowed, keys of another mode: the tree against
//! the schema that is generated from the types.

use std::ops::Range;

use serde_json::{Map, Value};

use super::kinds::{accepts, join_or, node_word, type_word, types};
use super::refused::Refused;
use super::schema::{MODES, allows, example_line};
use super::tree::{Entry, Node, NodeValue, Scalar, ScalarKind};
use crate::diagnostics::nearest::{hint, nearest};
use crate::diagnostics::{Code, Diagnostic};

/// What the check of a spec's structure leaves.
pub struct Checked {
    /// The tree without what was refused (so that the rest can go on to be checked), with
    /// placeholders for what every spec needs.
    pub root: Node,
    /// What stood in parts that were refused.
    pub refused: Vec<Refused>,
}

/// Checks a spec's tree.
pub fn check(root: &Node, schema: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Checked> {
    let given = root.get("mode").and_then(Node::as_text);
    let modes = words(&schema["$defs"]["Mode"]);
    let meant = given.and_then(|given| nearest(given, modes.iter().copied()));
    let mut checker = Checker {
        schema,
        // Which keys another mode has is told where the mode is known.
        mode: meant.map(str::to_owned),
        diagnostics,
        parents: Vec::new(),
        refused: Vec::new(),
    };
    let NodeValue::Map(_) = root.value else {
        checker.report(
            Code::WrongType,
            &root.span,
            "a spec is a map of keys",
            Some("begin with `version: 1`, `name: …`, `mode: …`".to_owned()),
        );
        return None;
    };
    let mut checked = checker.node(root, schema, THE_SPEC)?;
    let refused = checker.refused;
    add_placeholders(&mut checked, meant.unwrap_or_else(|| mode_by_keys(root)));
    Some(Checked {
        root: checked,
        refused,
    })
}

/// Checks a tree that is no spec, such as a test file, against its schema; `name` is what it is called.
pub fn check_part(
    root: &Node,
    schema: &Value,
    name: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut checker = Checker {
        schema,
        mode: None,
        diagnostics,
        parents: Vec::new(),
        refused: Vec::new(),
    };
    checker.node(root, schema, name)
}

/// What the whole of it is called.
const THE_SPEC: &str = "the spec";

/// The mode that a spec's keys speak for.
fn mode_by_keys(root: &Node) -> &'static str {
    let has = |key: &str| root.get(key).is_some();
    let target = root.get("target");
    let by_change = ["new", "modified", "deleted", "unchanged"];
    if has("source") {
        "data-source"
    } else if target.is_some_and(|target| by_change.iter().any(|key| target.get(key).is_some())) {
        "export-delta"
    } else if has("target") || has("feedback") || has("reject") {
        "export"
    } else {
        "data-service"
    }
}

/// A spec without these has been refused; the placeholders let the rest be checked.
fn add_placeholders(root: &mut Node, mode: &str) {
    let NodeValue::Map(entries) = &mut root.value else {
        return;
    };
    for (key, value) in [("version", "1"), ("name", "unnamed"), ("mode", mode)] {
        let value = NodeValue::Scalar(Scalar::plain(value.to_owned()));
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) if key == "mode" => entry.value.value = value,
            Some(_) => {}
            None => entries.push(Entry {
                key: key.to_owned(),
                key_span: 0..0,
                value: Node { span: 0..0, value },
            }),
        }
    }
}

/// The words of an `enum`.
pub(super) fn words(schema: &Value) -> Vec<&str> {
    let words = schema.get("enum").and_then(Value::as_array);
    let words = words.into_iter().flatten();
    words.filter_map(Value::as_str).collect()
}

pub(super) struct Checker<'a> {
    pub(super) schema: &'a Value,
    /// The mode, where it is known.
    mode: Option<String>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The maps around, outermost first: what each is called, and its keys.
    pub(super) parents: Vec<(String, Option<&'a Map<String, Value>>)>,
    pub(super) refused: Vec<Refused>,
}

impl<'a> Checker<'a> {
    pub(super) fn report(
        &mut self,
        code: Code,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let mut diagnostic = Diagnostic::new(code, span.clone(), message);
        diagnostic.hint = hint;
        self.diagnostics.push(diagnostic);
    }

    /// Follows `$ref`.
    pub(super) fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let Some(found) = self.schema.pointer(target.trim_start_matches('#')) else {
                break;
            };
            schema = found;
        }
        schema
    }

    /// What a schema allows, one of them.
    pub(super) fn choices(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        match schema.get("anyOf").and_then(Value::as_array) {
            Some(choices) => choices.iter().map(|choice| self.resolve(choice)).collect(),
            None => vec![schema],
        }
    }

    /// The checked node, nothing if it was refused. `name` is what the value is called in messages.
    fn node(&mut self, node: &Node, schema: &'a Value, name: &str) -> Option<Node> {
        if matches!(node.value, NodeValue::Refused) {
            return None;
        }
        let schema = self.resolve(schema);
        let choices = self.choices(schema);
        let Some(schema) = choices
            .iter()
            .find(|choice| accepts(choice, &node.value))
            .copied()
        else {
            let wanted: Vec<&str> = choices.iter().flat_map(|choice| types(choice)).collect();
            self.wrong_type(node, name, &wanted);
            return None;
        };
        match &node.value {
            NodeValue::Scalar(scalar) => self.scalar(node, scalar, schema, name),
            NodeValue::List(items) => self.list(node, items, schema, name),
            NodeValue::Map(entries) => self.map(node, entries, schema, name),
            NodeValue::Refused => None,
        }
    }

    fn wrong_type(&mut self, node: &Node, name: &str, wanted: &[&str]) {
        let mut wanted: Vec<&str> = wanted.iter().map(|kind| type_word(kind)).collect();
        wanted.dedup();
        let hint = match (&node.value, wanted.contains(&"text")) {
            (NodeValue::Scalar(scalar), true) if scalar.kind != ScalarKind::Null => {
                Some(format!("quote it to make it text: \"{}\"", scalar.text))
            }
            (NodeValue::Scalar(scalar), _)
                if wanted == ["a list"] && scalar.text.starts_with('-') =>
            {
                Some("put a space behind each dash: - a".to_owned())
            }
            (NodeValue::Scalar(scalar), _) if wanted == ["a list"] => {
                Some(format!("a list has brackets: [{}]", scalar.text))
            }
            (NodeValue::Map(entries), true) if wanted.contains(&"a list") => {
                let inner = entries.first().map_or("name", |entry| entry.key.as_str());
                let name = name.trim_matches('`');
                Some(format!(
                    "write the name as the API spells it: \"{name}[{inner}]\": …"
                ))
            }
            (NodeValue::Map(_), _) if wanted == ["a list"] => {
                Some("a list has brackets, or a dash before each entry".to_owned())
            }
            // What is an element of a list has no example of its own.
            _ => example_line(name.trim_matches('`'))
                .filter(|line| wanted.contains(&"a list") || !line.contains(": ["))
                .map(|line| format!("for example {line}")),
        };
        let message = format!(
            "{name} takes {}, and this is {}",
            join_or(&wanted),
            node_word(&node.value)
        );
        self.report(Code::WrongType, &node.span, message, hint);
    }

    fn list(&mut self, node: &Node, items: &[Node], schema: &'a Value, name: &str) -> Option<Node> {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            self.report(
                Code::WrongValue,
                &node.span,
                format!("{name} is an empty list"),
                None,
            );
            return None;
        }
        let checked = match schema.get("items") {
            Some(schema) => items
                .iter()
                .filter_map(|item| {
                    let checked = self.node(item, schema, name);
                    if checked.is_none() {
                        self.note_inside(item, None);
                    }
                    checked
                })
                .collect(),
            None => items.to_vec(),
        };
        Some(Node {
            span: node.span.clone(),
            value: NodeValue::List(checked),
        })
    }

    fn map(
        &mut self,
        node: &Node,
        entries: &[Entry],
        schema: &'a Value,
        name: &str,
    ) -> Option<Node> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let additional = schema.get("additionalProperties");
        let free = schema.get("patternProperties").is_some();
        let mut checked = Vec::new();
        let mut seen: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        self.parents.push((name.to_owned(), properties));
        for entry in entries {
            if free && entry.key.starts_with("x-") {
                continue;
            }
            let property = properties.and_then(|properties| properties.get(&entry.key));
            let value = match (property, additional) {
                (Some(property), _) if self.is_of_other_mode(property) => {
                    self.other_mode(entry, property);
                    self.note_refused(entry, node);
                    continue;
                }
                (Some(property), _) => {
                    self.node(&entry.value, property, &format!("`{}`", entry.key))
                }
                (None, Some(Value::Bool(false))) => {
                    let Some((meant, property)) = self.unknown_key(entry, properties, name) else {
                        self.note_refused(entry, node);
                        continue;
                    };
                    // Whoever misspelt a key has not left it out.
                    if entries.iter().any(|other| other.key == meant) {
                        continue;
                    }
                    seen.push(meant);
                    let value = self.node(&entry.value, property, &format!("`{meant}`"));
                    checked.extend(value.map(|value| Entry {
                        key: meant.to_owned(),
                        key_span: entry.key_span.clone(),
                        value,
                    }));
                    continue;
                }
                (None, Some(schema)) if schema.is_object() => {
                    self.node(&entry.value, schema, &format!("`{}`", entry.key))
                }
                (None, _) => Some(entry.value.clone()),
            };
            match value {
                Some(value) => checked.push(Entry {
                    value,
                    ..entry.clone()
                }),
                None => self.note_refused(entry, node),
            }
        }
        self.parents.pop();
        self.missing(node, entries, (schema, &seen), name);
        let is_renamed = checked.len() == 1 && entries.len() == 1;
        if !is_renamed && !self.is_one_choice(node, entries, schema, name) {
            return None;
        }
        // Without what it needs a map can't be read; the root has placeholders.
        let required = schema.get("required").and_then(Value::as_array);
        let is_whole = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .all(|key| checked.iter().any(|entry| entry.key == key));
        let is_root = free;
        let is_choice = schema.get("maxProperties").and_then(Value::as_u64) == Some(1);
        let is_empty_choice = is_choice && checked.is_empty();
        ((is_whole && !is_empty_choice) || is_root).then(|| Node {
            span: node.span.clone(),
            value: NodeValue::Map(checked),
        })
    }

    /// A choice is a map with one key.
    fn is_one_choice(
        &mut self,
        node: &Node,
        entries: &[Entry],
        schema: &Value,
        name: &str,
    ) -> bool {
        let most = schema.get("maxProperties").and_then(Value::as_u64);
        if most != Some(1) || entries.len() == 1 {
            return true;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let choices: Vec<&str> = properties
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        let known: Vec<&Entry> = entries
            .iter()
            .filter(|entry| choices.contains(&entry.key.as_str()))
            .collect();
        if known.len() != entries.len() {
            // What is unknown was said; the rest may be what was meant.
            return known.len() == 1;
        }
        match entries.get(1) {
            Some(second) => self.report(
                Code::OneChoice,
                &second.key_span,
                format!(
                    "{name} is one choice, and here are `{}` and `{}`",
                    entries[0].key, second.key
                ),
                Some("leave one of them out".to_owned()),
            ),
            None => self.report(
                Code::OneChoice,
                &node.span,
                format!("{name} is one choice, and here is none"),
                Some(hint("", choices)),
            ),
        }
        false
    }

    fn missing(
        &mut self,
        node: &Node,
        entries: &[Entry],
        (schema, seen): (&Value, &[&str]),
        name: &str,
    ) {
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if seen.contains(&key) {
                continue;
            }
            let described = schema["properties"][key]["description"].as_str();
            let first_line = node.span.start
                ..entries
                    .first()
                    .map_or(node.span.end, |entry| entry.key_span.end);
            self.report(
                Code::MissingKey,
                &first_line,
                format!("`{key}` is missing in {name}"),
                described.map(|text| format!("{key}: {text}")),
            );
        }
    }

    pub(super) fn is_of_other_mode(&self, property: &Value) -> bool {
        self.mode
            .as_deref()
            .is_some_and(|mode| !allows(property, mode))
    }

    fn other_mode(&mut self, entry: &Entry, property: &Value) {
        let modes: Vec<&str> = property[MODES]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mode = self.mode.clone().unwrap_or_default();
        self.report(
            Code::OtherMode,
            &entry.key_span,
            format!("`{}` is not a key of mode {mode}", entry.key),
            Some(format!("it belongs to {}", modes.join(", "))),
        );
    }
}
