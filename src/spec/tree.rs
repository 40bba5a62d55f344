//! The YAML tree with the place of every node.
//!
//! One tree serves the check (places), the plan (scalars as they were written) and, turned into a
//! [`serde_yaml::Value`], the typed [`Spec`](super::Spec).

use std::ops::Range;

/// A node of the YAML tree.
#[derive(Debug, Clone)]
pub struct Node {
    /// Bytes of the content in the source: without quotes for a quoted scalar's text, the
    /// definition's place for an alias.
    pub span: Range<usize>,
    /// What stands there.
    pub value: NodeValue,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum NodeValue {
    /// A single value.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, merge keys resolved, in written order.
    Map(Vec<Entry>),
    /// Something already refused; nothing more is said about it.
    Refused,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Bytes of the key in the source.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Node,
}

/// A scalar as it was written, and what YAML 1.2 makes of it.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// The text after escapes and folding.
    pub text: String,
    /// Null, boolean, number or text.
    pub kind: ScalarKind,
}

/// The core schema's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer,
    /// Any other number.
    Float,
    /// Everything else.
    Text,
}

impl Scalar {
    /// A scalar written without quotes: its text decides its type.
    pub fn plain(text: String) -> Self {
        let kind = plain_kind(&text);
        Self { text, kind }
    }

    /// A scalar in quotes or in a block: always text.
    pub fn text(text: String) -> Self {
        Self {
            text,
            kind: ScalarKind::Text,
        }
    }
}

impl Node {
    /// A node that nothing more is said about.
    pub fn refused(span: Range<usize>) -> Self {
        Self {
            span,
            value: NodeValue::Refused,
        }
    }

    /// The value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The entries, none if this is no map.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The keys, each as a node of its own.
    pub fn keys(&self) -> impl Iterator<Item = Node> {
        self.entries().iter().map(|entry| Node {
            span: entry.key_span.clone(),
            value: NodeValue::Scalar(Scalar::text(entry.key.clone())),
        })
    }

    /// The items, none if this is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    /// The scalar, if this is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            NodeValue::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text, if this is a scalar that is no number, boolean or null.
    pub fn as_text(&self) -> Option<&str> {
        self.scalar()
            .filter(|scalar| scalar.kind == ScalarKind::Text)
            .map(|scalar| scalar.text.as_str())
    }

    /// The tree as `serde_yaml` knows it.
    pub fn to_yaml(&self) -> serde_yaml::Value {
        use serde_yaml::Value;
        match &self.value {
            NodeValue::Scalar(scalar) => scalar_to_yaml(scalar),
            NodeValue::List(items) => Value::Sequence(items.iter().map(Node::to_yaml).collect()),
            NodeValue::Map(entries) => Value::Mapping(
                entries
                    .iter()
                    .map(|entry| {
                        (
                            scalar_to_yaml(&Scalar::text(entry.key.clone())),
                            entry.value.to_yaml(),
                        )
                    })
                    .collect(),
            ),
            NodeValue::Refused => Value::Null,
        }
    }
}

pub(super) fn scalar_to_yaml(scalar: &Scalar) -> serde_yaml::Value {
    use serde_yaml::Value;
    match scalar.kind {
        ScalarKind::Null => Value::Null,
        ScalarKind::Bool(value) => Value::Bool(value),
        ScalarKind::Text => Value::String(scalar.text.clone()),
        ScalarKind::Integer => integer(&scalar.text).unwrap_or(Value::Null),
        ScalarKind::Float => float(&scalar.text).map_or(Value::Null, Value::from),
    }
}

fn plain_kind(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" => ScalarKind::Bool(true),
        "false" | "False" | "FALSE" => ScalarKind::Bool(false),
        _ if integer(text).is_some() => ScalarKind::Integer,
        _ if float(text).is_some() => ScalarKind::Float,
        _ => ScalarKind::Text,
    }
}

/// `0123` is text: digits behind a leading zero are codes, not numbers.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1..].iter().all(u8::is_ascii_digit)
}

fn integer(text: &str) -> Option<serde_yaml::Value> {
    if is_code(text) {
        return None;
    }
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .find_map(|(prefix, radix)| digits.strip_prefix(prefix).map(|rest| (*radix, rest)))
        .unwrap_or((10, digits));
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    if negative {
        i64::from_str_radix(&format!("-{digits}"), radix)
            .ok()
            .map(Into::into)
    } else {
        u64::from_str_radix(digits, radix).ok().map(Into::into)
    }
}

fn float(text: &str) -> Option<f64> {
    if is_code(text) {
        return None;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            return Some(if text.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_read_as_serde_yaml_reads_them() {
        // Whole numbers past 64 bits, which `serde_yaml::Value` refuses, are floats to us here; what
        // runs takes them from the tree as they were written.
        for text in [
            "~",
            "null",
            "NULL",
            "nUll",
            "true",
            "True",
            "tRue",
            "FALSE",
            "no",
            "on",
            "yes",
            "1",
            "-1",
            "+1",
            "0",
            "-0",
            "00",
            "0123",
            "-012",
            "0x1F",
            "0o17",
            "0b11",
            "0x",
            "1_000",
            "1.5",
            "1.",
            ".5",
            "-.5",
            "+.5",
            "1e3",
            "1E-3",
            "1e",
            "e3",
            ".inf",
            "-.inf",
            "+.INF",
            ".nan",
            "-.nan",
            "inf",
            "nan",
            "infinity",
            "1.10",
            "2022-10-19",
            "12:30",
            "1.2.3",
            "18446744073709551615",
            "-9223372036854775808",
            "01.5",
            "0.5",
            "--1",
            "+-1",
            "1 2",
        ] {
            let theirs: serde_yaml::Value =
                serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let ours = scalar_to_yaml(&Scalar::plain(text.to_owned()));
            let same = match (&ours, &theirs) {
                (serde_yaml::Value::Number(a), serde_yaml::Value::Number(b)) if a.is_nan() => {
                    b.is_nan()
                }
                _ => ours == theirs,
            };
            assert!(same, "{text}: ours {ours:?}, serde_yaml's {theirs:?}");
        }
    }
}
