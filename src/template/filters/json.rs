//! `json` and `parse_json`.

use minijinja::{Error, Value};

use super::invalid;
use crate::template::{json as json_text, text_of};

/// A value as JSON text.
pub fn json(value: &Value) -> String {
    let mut out = Vec::new();
    json_text::write(value, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// JSON text as a value; empty text is nothing.
pub fn parse_json(value: &Value) -> Result<Value, Error> {
    let text = text_of(value);
    if text.trim().is_empty() {
        return Ok(Value::UNDEFINED);
    }
    json_text::read(&text).map_err(|error| invalid(format!("this is no JSON: {error}")))
}
