//! A value of one of the plain kinds.

use std::borrow::Cow;

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::Doubt;
use crate::template::arithmetic::Number;
use crate::template::{NumberText, is_nothing, number};

/// Nothing, text, a boolean or a number. It has no `Debug`: text may be a secret.
#[derive(Clone)]
pub enum Plain<'r> {
    /// A missing column, an empty option.
    Nothing,
    /// Text; a column's own where nothing changed it.
    Text(Cow<'r, str>),
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A number that prints as it was written.
    Written(Cow<'r, str>),
}

impl<'r> Plain<'r> {
    /// A template's value, if it is of a plain kind.
    pub fn of(value: &'r Value) -> Option<Self> {
        if is_nothing(value) {
            return Some(Self::Nothing);
        }
        if let Some(text) = value.as_str() {
            return Some(Self::Text(Cow::Borrowed(text)));
        }
        match value.kind() {
            ValueKind::Bool => Some(Self::Bool(value.is_true())),
            ValueKind::Number => match Number::of(value)? {
                // Too many digits for us: the engine has them.
                Number::Real(_) if value.is_integer() => None,
                number => Some(Self::Number(number)),
            },
            _ => None,
        }
    }

    /// A number of JSON, as it was written.
    ///
    /// A number that no double can hold is in doubt: to the engine it is text.
    pub fn of_number(text: &'r str) -> Result<Self, Doubt> {
        if text.len() < 19 {
            if let Ok(whole) = text.parse::<i64>() {
                // `-0` is the only other way to write a whole number.
                if text != "-0" {
                    return Ok(Self::Number(Number::Whole(whole.into())));
                }
            }
        }
        let is_near = text.len() < 300 && !text.contains(['e', 'E']);
        if is_near || text.parse().is_ok_and(f64::is_finite) {
            return Ok(Self::Written(Cow::Borrowed(text)));
        }
        Err(Doubt)
    }

    /// The same, a number as a number.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Written(text) => {
                let value = number::plain(&NumberText::value_of(&text));
                Number::of(&value).map_or(Self::Nothing, Self::Number)
            }
            other => other,
        }
    }

    /// The same with a text of its own.
    pub fn into_owned(self) -> Plain<'static> {
        match self {
            Self::Nothing => Plain::Nothing,
            Self::Text(text) => Plain::Text(Cow::Owned(text.into_owned())),
            Self::Bool(value) => Plain::Bool(value),
            Self::Number(number) => Plain::Number(number),
            Self::Written(text) => Plain::Written(Cow::Owned(text.into_owned())),
        }
    }

    /// Text of its own.
    pub fn owned(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    /// As the engine has it.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Nothing => Value::UNDEFINED,
            Self::Text(text) => Value::from(&**text),
            Self::Bool(value) => Value::from(*value),
            Self::Number(number) => Value::from(*number),
            Self::Written(text) => NumberText::value_of(text),
        }
    }

    /// What a filter made, if it is of a plain kind; errors are the engine's to tell.
    pub fn made(result: Result<Value, Error>) -> Result<Plain<'static>, Doubt> {
        let value = result.map_err(|_| Doubt)?;
        Plain::of(&value).map(Plain::into_owned).ok_or(Doubt)
    }

    /// Whether it is nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// Whether a condition holds.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Text(text) => !text.is_empty(),
            Self::Bool(value) => *value,
            Self::Number(Number::Whole(whole)) => *whole != 0,
            Self::Number(Number::Real(real)) => *real != 0.0,
            Self::Written(_) => self.clone().plain().is_true(),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Result<&str, Doubt> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Doubt),
        }
    }

    /// The text, if it is one.
    pub fn into_text(self) -> Result<Cow<'r, str>, Doubt> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Doubt),
        }
    }

    /// The whole number, if it is one and not below zero.
    pub fn as_count(&self) -> Result<usize, Doubt> {
        match self {
            Self::Number(Number::Whole(whole)) => usize::try_from(*whole).map_err(|_| Doubt),
            _ => Err(Doubt),
        }
    }
}
