//! Values of queries.

use jiff::Timestamp;
#[cfg(any(feature = "sql", test))]
use jiff::tz::TimeZone;
use minijinja::value::ValueKind;

use crate::template::date::DateValue;
use crate::template::{Value, is_nothing, text_of};

/// A value of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlValue {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, with all its digits.
    Number(String),
    /// A text; lists and maps as JSON.
    Text(String),
    /// A point in time.
    Instant(Timestamp),
}

impl SqlValue {
    /// The value that a template gives.
    pub fn of(value: &Value) -> Self {
        if is_nothing(value) {
            return Self::Null;
        }
        if let Some(date) = value.downcast_object_ref::<DateValue>() {
            return Self::Instant(date.timestamp());
        }
        let text = || text_of(value).into_owned();
        match value.kind() {
            ValueKind::Bool => Self::Bool(value.is_true()),
            ValueKind::Number => {
                let text = text();
                text.parse().map_or(Self::Number(text), Self::Int)
            }
            _ => Self::Text(text()),
        }
    }
}

/// A point in time as databases write them, in UTC and without a zone: `2024-01-31 12:00:00.5`. One at midnight is
/// a day, so that it stands before all of that day where dates are texts.
#[cfg(any(feature = "sql", test))]
pub fn instant(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC).datetime();
    if at.time() == jiff::civil::Time::midnight() {
        return at.date().to_string();
    }
    format!("{} {}", at.date(), at.time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_have_all_their_digits() {
        let of = |text: &str| instant(text.parse().unwrap());
        assert_eq!(
            of("2024-01-31T12:00:00.123456+01:00"),
            "2024-01-31 11:00:00.123456"
        );
        assert_eq!(of("2024-01-31T00:00:00Z"), "2024-01-31");
        assert_eq!(of("2024-01-31T00:00:01Z"), "2024-01-31 00:00:01");
    }
}
