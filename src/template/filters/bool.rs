//! `bool`: yes or no as a boolean, also from the words that stand for them.

use minijinja::{Error, ErrorKind, Value};

use crate::template::native::{Doubt, Plain};
use crate::template::truth;

/// Text by what it says; anything else is true unless it is empty or 0.
pub fn bool(value: &Value) -> Result<bool, Error> {
    let element = truth::text_of_element(value);
    let value = element.as_ref().unwrap_or(value);
    let Some(text) = value.as_str() else {
        return Ok(value.is_true());
    };
    truth::said(text).ok_or_else(|| {
        let shown: String = text.chars().take(60).collect();
        Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "bool: {shown:?} is neither true, 1, yes, on nor false, 0, no, off; compare it: == {shown:?}"
            ),
        )
    })
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    match (&value, arguments) {
        (Plain::Text(text), []) => truth::said(text).map(Plain::Bool).ok_or(Doubt),
        (_, []) => Ok(Plain::Bool(value.is_true())),
        _ => Err(Doubt),
    }
}
