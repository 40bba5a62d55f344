//! `default(x)`: what stands in for nothing.

use minijinja::Value;

use crate::template::is_nothing;
use crate::template::native::{Doubt, Plain};

/// The value, or `other` where it is nothing; with `true` behind it also where it is false or empty.
pub fn default(value: &Value, other: Option<&Value>, falsy: Option<bool>) -> Value {
    if is_nothing(value) || (falsy == Some(true) && !value.is_true()) {
        other.cloned().unwrap_or_else(|| Value::from(""))
    } else {
        value.clone()
    }
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let falsy = match arguments.get(1) {
        None => false,
        Some(Plain::Bool(falsy)) => *falsy,
        Some(_) => return Err(Doubt),
    };
    if !value.is_nothing() && (value.is_true() || !falsy) {
        return Ok(value);
    }
    match arguments.first() {
        // What stands in for nothing by itself is the engine's to say.
        None | Some(Plain::Nothing) => Err(Doubt),
        Some(other) => Ok(other.clone()),
    }
}
