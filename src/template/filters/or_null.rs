//! `or_null`: sends null where nothing would be left out.

use minijinja::Value;

use crate::template::is_nothing;

/// The value, or JSON's null.
pub fn or_null(value: &Value) -> Value {
    if is_nothing(value) {
        Value::from(())
    } else {
        value.clone()
    }
}
