//! `date(format, tz)`: a date, printed.

use minijinja::{Error, Value};

use super::{by_value, optional_text};
use crate::template::date::parse_date;
use crate::template::native::{Doubt, Plain};

/// A date, or text that is one, printed; a date that is none is nothing.
pub fn date(value: &Value, format: Option<&str>, tz: Option<&str>) -> Result<Value, Error> {
    let Some(date) = parse_date(value)? else {
        return Ok(Value::UNDEFINED);
    };
    let format = format.unwrap_or("%Y-%m-%dT%H:%M:%SZ");
    date.format(format, tz.unwrap_or("UTC")).map(Value::from)
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let format = optional_text(arguments, 0)?;
    let tz = optional_text(arguments, 1)?;
    by_value(&value, |value| date(value, format, tz))
}
