//! `default(x)`: what stands in for nothing.

use minijinja::Value;

use crate::template::is_nothing;

/// The value, or `other` where it is nothing; with `true` behind it also where it is false or empty.
pub fn default(value: &Value, other: Option<&Value>, falsy: Option<bool>) -> Value {
    if is_nothing(value) || (falsy == Some(true) && !value.is_true()) {
        other.cloned().unwrap_or_else(|| Value::from(""))
    } else {
        value.clone()
    }
}
