//! Functions: `now()`, `duration()`, `uuid()`, `date()`, `range()`.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};

use super::date::{DateValue, parse_date, parse_with_format};
use super::duration::DurationValue;
use super::text::is_nothing;

/// The functions there are.
pub const NAMES: [&str; 5] = ["date", "duration", "now", "range", "uuid"];

/// Makes the functions known to the engine.
pub fn add_to(env: &mut Environment<'static>) {
    env.add_function("now", || DateValue::now().into_value());
    env.add_function("uuid", || uuid::Uuid::new_v4().to_string());
    env.add_function("duration", duration);
    env.add_function("date", date);
    env.add_function("range", minijinja::functions::range);
}

fn duration(text: &Value) -> Result<Value, Error> {
    if is_nothing(text) {
        return Ok(Value::UNDEFINED);
    }
    DurationValue::parse(&text.to_string())
        .map(Value::from_object)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("\"{text}\" is no duration: write 10s, 5m, 2h, 30d or P1M"),
            )
        })
}

fn date(text: &Value, format: Option<&str>) -> Result<Value, Error> {
    if is_nothing(text) {
        return Ok(Value::UNDEFINED);
    }
    let date = match format {
        Some(format) => Some(parse_with_format(&text.to_string(), format)?),
        None => parse_date(text)?,
    };
    Ok(date.map_or(Value::UNDEFINED, DateValue::into_value))
}
