//! Unknown keys, wrong types, words that are not allowed, keys of another mode: the tree against
//! the schema that is generated from the types.

use std::ops::Range;

use serde_json::Value;

use super::kinds::{accepts, join_or, node_word, type_word, types};
use super::schema::{MODES, allows};
use super::tree::{Entry, Node, NodeValue, Scalar, ScalarKind};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::nearest::{hint, nearest};

/// Checks a spec's tree. What comes back is the tree without what was refused (so that the rest
/// can go on to be checked), with placeholders for what every spec needs.
pub fn check(root: &Node, schema: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mode = root.get("mode").and_then(Node::as_text).map(str::to_owned);
    let mut checker = Checker {
        schema,
        mode,
        diagnostics,
    };
    let NodeValue::Map(_) = root.value else {
        checker.report(
            &root.span,
            "a spec is a map of keys",
            Some("begin with `version: 1`, `name: …`, `mode: …`".to_owned()),
        );
        return None;
    };
    let mut checked = checker.node(root, schema, "the spec")?;
    add_placeholders(&mut checked);
    Some(checked)
}

/// A spec without these has been refused; the placeholders let the rest be checked.
fn add_placeholders(root: &mut Node) {
    let missing: Vec<Entry> = [
        ("version", "1"),
        ("name", "unnamed"),
        ("mode", "data-service"),
    ]
    .into_iter()
    .filter(|(key, _)| root.get(key).is_none())
    .map(|(key, value)| Entry {
        key: key.to_owned(),
        key_span: 0..0,
        value: Node {
            span: 0..0,
            value: NodeValue::Scalar(Scalar::plain(value.to_owned())),
        },
    })
    .collect();
    if let NodeValue::Map(entries) = &mut root.value {
        entries.extend(missing);
    }
}

struct Checker<'a> {
    schema: &'a Value,
    mode: Option<String>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        let mut diagnostic = Diagnostic::new(span.clone(), message);
        diagnostic.hint = hint;
        self.diagnostics.push(diagnostic);
    }

    /// Follows `$ref`.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let Some(found) = self.schema.pointer(target.trim_start_matches('#')) else {
                break;
            };
            schema = found;
        }
        schema
    }

    /// The checked node, nothing if it was refused. `name` is what the value is called in messages.
    fn node(&mut self, node: &Node, schema: &'a Value, name: &str) -> Option<Node> {
        if matches!(node.value, NodeValue::Refused) {
            return None;
        }
        let schema = self.resolve(schema);
        let choices: Vec<&Value> = match schema.get("anyOf").and_then(Value::as_array) {
            Some(choices) => choices.iter().map(|choice| self.resolve(choice)).collect(),
            None => vec![schema],
        };
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
            _ => None,
        };
        let message = format!(
            "{name} takes {}, and this is {}",
            join_or(&wanted),
            node_word(&node.value)
        );
        self.report(&node.span, message, hint);
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar, schema: &Value, name: &str) -> Option<Node> {
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            if !words.contains(&scalar.text.as_str()) {
                let message = format!("{name} can't be `{}`", scalar.text);
                let allowed = words.first().map(|word| Scalar::text((*word).to_owned()));
                self.report(&node.span, message, Some(hint(&scalar.text, words)));
                // An allowed word in its place lets the rest of the map be checked.
                return allowed.map(|scalar| Node {
                    span: node.span.clone(),
                    value: NodeValue::Scalar(scalar),
                });
            }
        }
        if scalar.kind == ScalarKind::Text {
            let pattern = schema.get("pattern").and_then(Value::as_str);
            if let Some(pattern) = pattern {
                let matches = regex::Regex::new(pattern).is_ok_and(|re| re.is_match(&scalar.text));
                if !matches {
                    self.pattern(node, scalar, schema, pattern, name);
                    return None;
                }
            }
        }
        if scalar.kind == ScalarKind::Integer {
            let value: i128 = scalar.text.parse().unwrap_or(i128::MAX);
            let least = schema.get("minimum").and_then(Value::as_i64);
            let most = schema.get("maximum").and_then(Value::as_i64);
            if least.is_some_and(|least| value < i128::from(least))
                || most.is_some_and(|most| value > i128::from(most))
            {
                let range = match (least, most) {
                    (Some(least), Some(most)) if least == most => format!("is always {least}"),
                    (Some(least), Some(most)) => format!("goes from {least} to {most}"),
                    (Some(least), None) => format!("is at least {least}"),
                    (_, most) => format!("is at most {}", most.unwrap_or_default()),
                };
                self.report(
                    &node.span,
                    format!("{name} can't be {}", scalar.text),
                    Some(format!("{name} {range}")),
                );
                return None;
            }
        }
        Some(node.clone())
    }

    fn pattern(&mut self, node: &Node, scalar: &Scalar, schema: &Value, pattern: &str, name: &str) {
        if pattern == "\\{\\{" {
            let hint = if scalar.text.contains("{%") {
                "write one expression: \"{{ response.body.ok and response.body.id }}\", or a if b else c in it"
                    .to_owned()
            } else {
                let text = scalar.text.replace('"', "'");
                format!("put braces and quotes around it: \"{{{{ {text} }}}}\"")
            };
            self.report(
                &node.span,
                format!("{name} is a condition, and this is only text"),
                Some(hint),
            );
        } else {
            let hint = schema
                .get("description")
                .and_then(Value::as_str)
                .map_or_else(|| format!("it must match {pattern}"), str::to_owned);
            self.report(
                &node.span,
                format!("{name} can't be `{}`", scalar.text),
                Some(hint),
            );
        }
    }

    fn list(&mut self, node: &Node, items: &[Node], schema: &'a Value, name: &str) -> Option<Node> {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        if (items.len() as u64) < least {
            self.report(&node.span, format!("{name} is an empty list"), None);
            return None;
        }
        let checked = match schema.get("items") {
            Some(schema) => items
                .iter()
                .filter_map(|item| self.node(item, schema, name))
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
        for entry in entries {
            if free && entry.key.starts_with("x-") {
                continue;
            }
            let property = properties.and_then(|properties| properties.get(&entry.key));
            let value = match (property, additional) {
                (Some(property), _) if self.is_of_other_mode(property) => {
                    self.other_mode(entry, property);
                    continue;
                }
                (Some(property), _) => {
                    self.node(&entry.value, property, &format!("`{}`", entry.key))
                }
                (None, Some(Value::Bool(false))) => {
                    self.unknown_key(entry, properties, name);
                    continue;
                }
                (None, Some(schema)) if schema.is_object() => {
                    self.node(&entry.value, schema, &format!("`{}`", entry.key))
                }
                (None, _) => Some(entry.value.clone()),
            };
            if let Some(value) = value {
                checked.push(Entry {
                    value,
                    ..entry.clone()
                });
            }
        }
        self.missing(node, entries, schema, name);
        if !self.is_one_choice(node, entries, schema, name) {
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
        (is_whole || is_root).then(|| Node {
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
                &second.key_span,
                format!(
                    "{name} is one choice, and here are `{}` and `{}`",
                    entries[0].key, second.key
                ),
                Some("leave one of them out".to_owned()),
            ),
            None => self.report(
                &node.span,
                format!("{name} is one choice, and here is none"),
                Some(hint("", choices)),
            ),
        }
        false
    }

    fn missing(&mut self, node: &Node, entries: &[Entry], schema: &Value, name: &str) {
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if entries.iter().any(|entry| entry.key == key) {
                continue;
            }
            let described = schema["properties"][key]["description"].as_str();
            let first_line = node.span.start
                ..entries
                    .first()
                    .map_or(node.span.end, |entry| entry.key_span.end);
            self.report(
                &first_line,
                format!("`{key}` is missing in {name}"),
                described.map(|text| format!("{key}: {text}")),
            );
        }
    }

    fn is_of_other_mode(&self, property: &Value) -> bool {
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
            &entry.key_span,
            format!("`{}` is not a key of mode {mode}", entry.key),
            Some(format!("it belongs to {}", modes.join(", "))),
        );
    }

    fn unknown_key(
        &mut self,
        entry: &Entry,
        properties: Option<&'a serde_json::Map<String, Value>>,
        name: &str,
    ) {
        let allowed: Vec<&str> = properties
            .into_iter()
            .flatten()
            .filter(|(_, property)| !self.is_of_other_mode(property))
            .map(|(key, _)| key.as_str())
            .collect();
        let unknown = match name {
            "the spec" => format!("unknown key `{}`", entry.key),
            name => format!("unknown key `{}` in {name}", entry.key),
        };
        // What a request takes is said inside it.
        let inside = properties.into_iter().flatten().find(|(_, property)| {
            let property = self.resolve(property);
            let choices = property.get("anyOf").and_then(Value::as_array);
            let choices = choices.map_or_else(|| vec![property], |all| all.iter().collect());
            choices.into_iter().any(|choice| {
                let place = self.resolve(choice);
                place["properties"].get(&entry.key).is_some()
            })
        });
        if let (Some((owner, _)), None) = (inside, nearest(&entry.key, allowed.iter().copied())) {
            let help = format!("it goes inside `{owner}`");
            self.report(&entry.key_span, unknown, Some(help));
            return;
        }
        // A key that merely misses its place among many is best helped by the nearest alone.
        let help = match nearest(&entry.key, allowed.iter().copied()) {
            Some(name) if allowed.len() > 12 => format!("did you mean `{name}`?"),
            _ => hint(&entry.key, allowed),
        };
        self.report(&entry.key_span, unknown, Some(help));
    }
}
