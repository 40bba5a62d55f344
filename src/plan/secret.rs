//! Secrets, and keeping them out of what is shown.

use std::fmt;

use serde_json::Value;

/// A password. It has no `Display` and no `Serialize`, so that showing it does not compile.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret at the door.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for a request or a condition.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What stands where a secret stood.
const HIDDEN: &str = "[hidden]";

/// Takes secrets out of texts that are shown; rows are never changed by it.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Hides these secrets.
    pub fn new(mut secrets: Vec<Secret>) -> Self {
        secrets.retain(|secret| !secret.0.is_empty());
        // A secret that holds another must go first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.0.len()));
        Self { secrets }
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(&secret.0) {
                text = text.replace(&secret.0, HIDDEN);
            }
        }
        text
    }

    /// The value without secrets, in names and in texts.
    pub fn redact_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (self.redact(name), self.redact_json(value)))
                .collect(),
            // A secret may be a number, and then it stands here as one.
            Value::Number(number) => {
                let text = number.to_string();
                let shown = self.redact(&text);
                if shown == text {
                    value.clone()
                } else {
                    Value::String(shown)
                }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }
}
