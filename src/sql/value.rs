//! Values of queries.

use minijinja::value::ValueKind;

use crate::template::{Value, is_nothing, text_of};

/// A value of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlValue {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, with all its digits.
    Number(String),
    /// A text; lists and maps as JSON.
    Text(String),
}

impl SqlValue {
    /// The value that a template gives.
    pub fn of(value: &Value) -> Self {
        if is_nothing(value) {
            return Self::Null;
        }
        let text = || text_of(value).into_owned();
        match value.kind() {
            ValueKind::Bool => Self::Bool(value.is_true()),
            ValueKind::Number => {
                let text = text();
                text.parse().map_or(Self::Number(text), Self::Int)
            }
            _ => Self::Text(text()),
        }
    }
}
