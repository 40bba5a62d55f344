//! `date(format, tz)`: a date, printed.

use minijinja::{Error, Value};

use crate::template::date::parse_date;

/// A date, or text that is one, printed; a date that is none is nothing.
pub fn date(
    value: &Value,
    format: Option<&str>,
    tz: Option<&str>,
    kwargs: minijinja::value::Kwargs,
) -> Result<Value, Error> {
    let format = format.map_or_else(
        || kwargs.get::<Option<String>>("format"),
        |f| Ok(Some(f.to_owned())),
    )?;
    let tz = tz.map_or_else(
        || kwargs.get::<Option<String>>("tz"),
        |tz| Ok(Some(tz.to_owned())),
    )?;
    kwargs.assert_all_used()?;
    let Some(date) = parse_date(value)? else {
        return Ok(Value::UNDEFINED);
    };
    let format = format.as_deref().unwrap_or("%Y-%m-%dT%H:%M:%SZ");
    date.format(format, tz.as_deref().unwrap_or("UTC"))
        .map(Value::from)
}
