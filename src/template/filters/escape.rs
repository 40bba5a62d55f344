//! `escape`: text that can stand in XML and HTML.

use minijinja::value::Value;
use minijinja::{Error, State, filters as stock};

/// Whether XML can hold a character at all (XML 1.0, fifth edition, 2.2).
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..) && c != '\u{fffe}'
}

/// minijinja's own, without characters that neither can hold: there is no way to write them.
pub fn escape(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let escaped = stock::escape(state, value)?;
    match escaped.as_str() {
        Some(text) if !text.chars().all(is_xml_char) => Ok(Value::from_safe_string(
            text.chars().filter(|c| is_xml_char(*c)).collect(),
        )),
        Some(_) | None => Ok(escaped),
    }
}
