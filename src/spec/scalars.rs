//! Single values against the schema: words, patterns, numbers.

use serde_json::Value;

use super::structure::{Checker, words};
use super::tree::{Node, NodeValue, Scalar, ScalarKind};
use crate::diagnostics::Code;
use crate::diagnostics::nearest::{hint, nearest};

/// Ways of `auth` that are maps.
const WAYS_OF_AUTH: [&str; 7] = [
    "bearer", "basic", "api_key", "oauth2", "session", "jwt", "choose",
];

impl Checker<'_> {
    pub(super) fn scalar(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        schema: &Value,
        name: &str,
    ) -> Option<Node> {
        if schema.get("enum").is_some() {
            let words = words(schema);
            if !words.contains(&scalar.text.as_str()) {
                let message = format!("{name} can't be `{}`", scalar.text);
                let meant = nearest(&scalar.text, words.iter().copied());
                let allowed = meant.or(words.first().copied());
                let allowed = allowed.map(|word| Scalar::text(word.to_owned()));
                let first = scalar.text.split([' ', ':']).next().unwrap_or_default();
                let help = if name == "`auth`" && WAYS_OF_AUTH.contains(&first) {
                    format!("more about it stands in a map: auth: {{ {first}: … }}")
                } else {
                    hint(&scalar.text, words)
                };
                self.report(Code::WrongValue, &node.span, message, Some(help));
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
                    Code::WrongValue,
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
                Code::WrongType,
                &node.span,
                format!("{name} is a condition, and this is only text"),
                Some(hint),
            );
        } else {
            let fits = |text: &String| regex::Regex::new(pattern).is_ok_and(|re| re.is_match(text));
            let cased = [scalar.text.to_uppercase(), scalar.text.to_lowercase()];
            let about = schema.get("description").and_then(Value::as_str);
            let hint = match (cased.iter().find(|text| fits(text)), about) {
                (Some(cased), _) => format!("write {cased}"),
                (None, Some(about)) => about.to_owned(),
                (None, None) => format!("it must match {pattern}"),
            };
            self.report(
                Code::WrongValue,
                &node.span,
                format!("{name} can't be `{}`", scalar.text),
                Some(hint),
            );
        }
    }
}
