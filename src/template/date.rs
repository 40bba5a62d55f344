//! Dates as values: read from what APIs write, compared, shifted, printed.

use std::fmt;
use std::sync::Arc;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};
use minijinja::value::{Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::duration::DurationValue;
use super::number::plain;
use crate::clock;

/// From this number on an epoch is in milliseconds: as seconds it would lie in the year 5138.
const MILLISECONDS_FROM: f64 = 100_000_000_000.0;

/// A point in time, with the time zone in which it prints.
#[derive(Debug, Clone)]
pub struct DateValue(Zoned);

impl DateValue {
    /// The present, in UTC.
    pub fn now() -> Self {
        Self(clock::now().to_zoned(TimeZone::UTC))
    }

    /// The day, where it is written.
    pub fn day(&self) -> jiff::civil::Date {
        self.0.date()
    }

    /// The point in time.
    pub fn timestamp(&self) -> Timestamp {
        self.0.timestamp()
    }

    /// As a template's value.
    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }

    /// The date moved by a duration.
    pub fn shift(&self, by: &DurationValue, back: bool) -> Result<Self, Error> {
        let moved = if back {
            self.0.checked_sub(by.0)
        } else {
            self.0.checked_add(by.0)
        };
        moved.map(Self).map_err(|error| invalid(error.to_string()))
    }

    /// The time between two dates.
    pub fn since(&self, earlier: &Self) -> DurationValue {
        let span = self
            .0
            .timestamp()
            .since((Unit::Second, earlier.0.timestamp()));
        DurationValue(span.unwrap_or_default())
    }

    /// Prints the date; `%ms` is the epoch in milliseconds. `tz` is an IANA name.
    pub fn format(&self, format: &str, tz: &str) -> Result<String, Error> {
        let zone = TimeZone::get(tz).map_err(|_| {
            invalid(format!(
                "`{tz}` is no time zone: write one like Europe/Berlin"
            ))
        })?;
        let zoned = self.0.timestamp().to_zoned(zone);
        let format = format.replace("%ms", &zoned.timestamp().as_millisecond().to_string());
        jiff::fmt::strtime::format(format.as_bytes(), &zoned)
            .map_err(|error| invalid(format!("`{format}` is no date format: {error}")))
    }
}

impl Object for DateValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole seconds where there is nothing behind them: 2026-11-24T06:00:00Z.
        let timestamp = self.0.timestamp();
        match timestamp.as_millisecond() % 1000 {
            0 => write!(f, "{}", timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")),
            _ => write!(f, "{}", timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ")),
        }
    }
}

/// Reads a date: ISO 8601, RFC 2822, an epoch in seconds or milliseconds. A date that is none
/// (`0000-00-00`, empty text) is nothing; other text is an error.
pub fn parse_date(value: &Value) -> Result<Option<DateValue>, Error> {
    if let Some(date) = value.downcast_object_ref::<DateValue>() {
        return Ok(Some(date.clone()));
    }
    let value = plain(value);
    if let Some(text) = value.as_str() {
        return parse_text(text.trim());
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(None),
        ValueKind::Number => {
            let number = f64::try_from(value.clone()).unwrap_or(f64::NAN);
            epoch(number)
                .map(Some)
                .ok_or_else(|| no_date(&value.to_string()))
        }
        kind => Err(invalid(format!("a {kind} is no date"))),
    }
}

fn parse_text(text: &str) -> Result<Option<DateValue>, Error> {
    let is_zero = text.starts_with("0000-00-00") || text.is_empty();
    if is_zero {
        return Ok(None);
    }
    let zoned = |timestamp: Timestamp| DateValue(timestamp.to_zoned(TimeZone::UTC));
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number).map(Some).ok_or_else(|| no_date(text));
    }
    if let Some(number) = milliseconds_of_odata(text) {
        let timestamp = Timestamp::from_millisecond(number).map_err(|_| no_date(text))?;
        return Ok(Some(zoned(timestamp)));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(Some(zoned(timestamp)));
    }
    // `+0200`, which ISO 8601's basic form allows.
    if let Some((head, tail)) = text.split_at_checked(text.len().saturating_sub(2)) {
        let has_short_offset = head.len() > 13
            && tail.bytes().all(|b| b.is_ascii_digit())
            && matches!(head.as_bytes()[head.len() - 3], b'+' | b'-');
        if has_short_offset {
            if let Ok(timestamp) = format!("{head}:{tail}").parse::<Timestamp>() {
                return Ok(Some(zoned(timestamp)));
            }
        }
    }
    let local = text
        .parse::<civil::DateTime>()
        .or_else(|_| text.parse::<civil::Date>().map(Into::into));
    if let Ok(local) = local {
        return Ok(local.to_zoned(TimeZone::UTC).ok().map(DateValue));
    }
    match jiff::fmt::rfc2822::parse(text) {
        Ok(date) => Ok(Some(DateValue(date))),
        Err(_) => Err(no_date(text)),
    }
}

/// The epoch of `/Date(1492098664000)/` and `/Date(1492098664000+0120)/`, as `OData` 2 and .NET write
/// dates in JSON (`OData` 2.0, JSON format, primitive types): the offset moves what is shown alone.
fn milliseconds_of_odata(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let end = inner
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '+' | '-'))
        .map_or(inner.len(), |(at, _)| at);
    inner[..end].parse().ok()
}

/// Reads a date in the given `strptime` format; a format without an offset is UTC.
pub fn parse_with_format(text: &str, format: &str) -> Result<DateValue, Error> {
    let wrong = |error: jiff::Error| {
        invalid(format!(
            "\"{text}\" is no date of the form {format}: {error}"
        ))
    };
    let parsed = jiff::fmt::strtime::parse(format, text).map_err(wrong)?;
    if let Ok(zoned) = parsed.to_zoned() {
        return Ok(DateValue(zoned));
    }
    if let Ok(timestamp) = parsed.to_timestamp() {
        return Ok(DateValue(timestamp.to_zoned(TimeZone::UTC)));
    }
    let local = parsed
        .to_datetime()
        .or_else(|_| parsed.to_date().map(Into::into))
        .map_err(wrong)?;
    local.to_zoned(TimeZone::UTC).map(DateValue).map_err(wrong)
}

fn epoch(number: f64) -> Option<DateValue> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "out of range becomes no date"
    )]
    let milliseconds = if number.abs() >= MILLISECONDS_FROM {
        number as i64
    } else {
        (number * 1000.0) as i64
    };
    let timestamp = Timestamp::from_millisecond(milliseconds).ok()?;
    Some(DateValue(timestamp.to_zoned(TimeZone::UTC)))
}

fn no_date(text: &str) -> Error {
    invalid(format!(
        "\"{text}\" is no date: ISO 8601, RFC 2822 and epochs are read, others with date(text, format)"
    ))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
