//! `string`: a value as text.

use minijinja::Value;

use super::no_arguments;
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// The value as it prints.
pub fn string(value: &Value) -> String {
    text_of(value).into_owned()
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    no_arguments(arguments)?;
    match value {
        Plain::Text(_) => Ok(value),
        other => Ok(Plain::owned(string(&other.to_value()))),
    }
}
