//! Rows as JSON: no digit of a number is lost.

use serde_json::value::RawValue;

use crate::digest::base64;
use crate::formats::double;
use crate::row::text::write_string;
use crate::template::{Value, document};

use super::SqlError;

/// A row in the making.
#[derive(Default)]
pub struct JsonRow(Vec<u8>);

impl JsonRow {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        write_string(name, &mut self.0);
        self.0.push(b':');
    }

    /// A cell that is a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_string(text, &mut self.0);
    }

    /// A cell that is bytes: text where they are one, else base64.
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text(name, text),
            Err(_) => self.text(name, &base64(bytes)),
        }
    }

    /// A cell that is JSON already, such as a number; nothing where it is none.
    pub fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        let is_json = serde_json::from_str::<&RawValue>(json).is_ok();
        let json = if is_json { json } else { "null" };
        self.0.extend_from_slice(json.as_bytes());
    }

    /// A cell that is a number with a fraction.
    pub fn double(&mut self, name: &str, number: f64, as_it_is: impl serde::Serialize) {
        self.json(name, &double(number, as_it_is));
    }

    /// A cell without a value.
    pub fn null(&mut self, name: &str) {
        self.json(name, "null");
    }

    /// As a record.
    pub fn record(mut self) -> Result<Value, SqlError> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        let json = String::from_utf8(self.0);
        record_of(json.map_err(|error| SqlError::Refused(error.to_string()))?)
    }
}

/// A row that is JSON, as a record.
pub fn record_of(json: String) -> Result<Value, SqlError> {
    let broken = |error: serde_json::Error| SqlError::Refused(format!("a row is no JSON: {error}"));
    let raw = RawValue::from_string(json).map_err(broken)?;
    document::read(raw).map_err(broken)
}

/// Names that come twice: a record has each once.
pub fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), SqlError> {
    let mut seen = std::collections::HashSet::new();
    let mut is_empty = true;
    for name in names {
        is_empty = false;
        if !seen.insert(name) {
            return Err(SqlError::Refused(format!(
                "the query gives two columns called `{name}`: give one another name, {name} AS other_{name}"
            )));
        }
    }
    if is_empty {
        let reason = "the query gives no rows: it is none that reads".to_owned();
        return Err(SqlError::Refused(reason));
    }
    Ok(())
}
