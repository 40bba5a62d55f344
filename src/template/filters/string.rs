//! `string`: a value as text.

use minijinja::Value;

use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// The value as it prints.
pub fn string(value: &Value) -> String {
    text_of(value).into_owned()
}

/// The plain form.
#[allow(clippy::unnecessary_wraps, reason = "as all plain forms are")]
pub fn native<'r>(value: Plain<'r>, _: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    match value {
        Plain::Text(_) => Ok(value),
        other => Ok(Plain::owned(string(&other.to_value()))),
    }
}
