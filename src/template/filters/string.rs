//! `string`: a value as text.

use minijinja::Value;

use crate::template::text_of;

/// The value as it prints.
pub fn string(value: &Value) -> String {
    text_of(value).into_owned()
}
