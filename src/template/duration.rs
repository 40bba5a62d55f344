//! Durations: `500ms`, `10s`, `5m`, `2h`, `30d`, and ISO 8601 (`P1M`, `PT12H`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Unit};
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Error, ErrorKind, Value};

use super::{plain, text_of};

/// A span of time, in calendar units where it was given in them.
#[derive(Debug, Clone, Copy, Default)]
pub struct DurationValue(pub Span);

impl DurationValue {
    /// Reads a duration. A number alone is seconds.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with(['P', 'p', '-', '+']) {
            return text.parse().ok().map(Self);
        }
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let count: i64 = text[..digits].parse().ok()?;
        let span = Span::new();
        let span = match text[digits..].trim() {
            "ms" => span.try_milliseconds(count),
            "s" | "" => span.try_seconds(count),
            "m" => span.try_minutes(count),
            "h" => span.try_hours(count),
            "d" => span.try_days(count),
            _ => return None,
        };
        span.ok().map(Self)
    }

    /// So many times as long; as long as it can be where that is too long.
    #[must_use]
    pub fn times(&self, count: i64) -> Self {
        Self(self.0.checked_mul(count).unwrap_or(self.0))
    }

    /// Its length in seconds; a month counts 30 days, a year 365.
    pub fn seconds(&self) -> f64 {
        let days = i64::from(self.0.get_years()) * 365 + i64::from(self.0.get_months()) * 30;
        let rest = self.0.years(0).months(0);
        let rest = rest
            .total((Unit::Second, SpanRelativeTo::days_are_24_hours()))
            .unwrap_or(0.0);
        #[allow(
            clippy::cast_precision_loss,
            reason = "days of a calendar span are few"
        )]
        let days = days as f64;
        days * 86_400.0 + rest
    }

    /// The sum, or the difference, of two durations.
    pub fn combine(&self, other: &Self, subtract: bool) -> Result<Self, Error> {
        let relative = SpanRelativeTo::days_are_24_hours();
        let result = if subtract {
            self.0.checked_sub((other.0, relative))
        } else {
            self.0.checked_add((other.0, relative))
        };
        result.map(Self).map_err(|error| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("{self} and {other} can't be combined: {error}"),
            )
        })
    }
}

impl fmt::Display for DurationValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Object for DurationValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A wait that a template gave: seconds, or a duration; nothing for anything else.
pub fn wait_of(value: &Value) -> Option<Duration> {
    let value = plain(value);
    if let Some(duration) = value.downcast_object_ref::<DurationValue>() {
        return Duration::try_from_secs_f64(duration.seconds()).ok();
    }
    if let Ok(seconds) = f64::try_from(value.clone()) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let text = text_of(&value);
    let duration = DurationValue::parse(&text)?;
    Duration::try_from_secs_f64(duration.seconds()).ok()
}
