//! `date(format, tz)`: a date, printed.

use minijinja::{Error, Value};

use crate::template::date::parse_date;

/// A date, or text that is one, printed; a date that is none is nothing.
pub fn date(value: &Value, format: Option<&str>, tz: Option<&str>) -> Result<Value, Error> {
    let Some(date) = parse_date(value)? else {
        return Ok(Value::UNDEFINED);
    };
    let format = format.unwrap_or("%Y-%m-%dT%H:%M:%SZ");
    date.format(format, tz.unwrap_or("UTC")).map(Value::from)
}
