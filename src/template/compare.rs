//! Comparing: nothing is never ordered, text is never compared with a number in silence, a date
//! beside text reads the text as a date.

use std::cmp::Ordering;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::date::{DateValue, parse_date};
use super::duration::DurationValue;
use super::number::plain;
use super::operators::Comparison;
use super::text::is_nothing;

/// `==`. Nothing equals nothing; text never equals a number.
pub fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    if is_nothing(left) || is_nothing(right) {
        return Ok(is_nothing(left) && is_nothing(right));
    }
    let (left, right) = (plain(left), plain(right));
    if let Some(ordering) = dates(&left, &right)? {
        return Ok(ordering == Ordering::Equal);
    }
    if left.kind() == ValueKind::Seq && right.kind() == ValueKind::Seq {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (a, b) in left.try_iter()?.zip(right.try_iter()?) {
            if !equal(&a, &b)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    Ok(left == right)
}

/// The order of two values: nothing where one of them is nothing. `sources` are both sides as
/// they were written, for the error.
pub fn order(
    left: &Value,
    right: &Value,
    sources: (&str, &str),
) -> Result<Option<Ordering>, Error> {
    if is_nothing(left) || is_nothing(right) {
        return Ok(None);
    }
    let (left, right) = (plain(left), plain(right));
    if let Some(ordering) = dates(&left, &right)? {
        return Ok(Some(ordering));
    }
    match (left.kind(), right.kind()) {
        (ValueKind::String, ValueKind::Number | ValueKind::Bool) => {
            Err(text_beside_number(sources.0))
        }
        (ValueKind::Number | ValueKind::Bool, ValueKind::String) => {
            Err(text_beside_number(sources.1))
        }
        (a, b) if a == b => Ok(Some(left.cmp(&right))),
        (ValueKind::Number | ValueKind::Bool, ValueKind::Number | ValueKind::Bool) => {
            Ok(Some(left.cmp(&right)))
        }
        (a, b) => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "{} is a {a} and {} is a {b}: they have no order",
                sources.0, sources.1
            ),
        )),
    }
}

fn text_beside_number(text_side: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "{text_side} is text, and text has no order beside a number: write {text_side} | to_number"
        ),
    )
}

/// The order of two dates, of a date and a text, or of two durations.
fn dates(left: &Value, right: &Value) -> Result<Option<Ordering>, Error> {
    let as_duration = |value: &Value| {
        value
            .downcast_object_ref::<DurationValue>()
            .map(DurationValue::seconds)
    };
    if let (Some(a), Some(b)) = (as_duration(left), as_duration(right)) {
        return Ok(a.partial_cmp(&b));
    }
    let pair = match (
        left.downcast_object_ref::<DateValue>(),
        right.downcast_object_ref::<DateValue>(),
    ) {
        (Some(a), Some(b)) => Some((a.timestamp(), b.timestamp())),
        (Some(a), None) if right.as_str().is_some() => {
            parse_date(right)?.map(|b| (a.timestamp(), b.timestamp()))
        }
        (None, Some(b)) if left.as_str().is_some() => {
            parse_date(left)?.map(|a| (a.timestamp(), b.timestamp()))
        }
        _ => None,
    };
    Ok(pair.map(|(a, b)| a.cmp(&b)))
}

/// `in`: text in text, an element of a list, a key of a map. Nothing holds nothing.
pub fn contains(container: &Value, wanted: &Value) -> Result<bool, Error> {
    if is_nothing(container) {
        return Ok(false);
    }
    if let Some(text) = container.as_str() {
        return match wanted.as_str() {
            Some(wanted) => Ok(text.contains(wanted)),
            None if is_nothing(wanted) => Ok(false),
            None => Ok(text.contains(&*super::text_of(wanted))),
        };
    }
    if container.kind() == ValueKind::Map {
        return Ok(!is_nothing(&container.get_item(wanted)?));
    }
    for element in container.try_iter()? {
        if equal(&element, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a comparison holds; nothing is in no order.
pub fn holds(
    op: Comparison,
    left: &Value,
    right: &Value,
    sources: (&str, &str),
) -> Result<bool, Error> {
    match op {
        Comparison::Eq => equal(left, right),
        Comparison::Ne => equal(left, right).map(|equal| !equal),
        op => order(left, right, sources).map(|order| order.is_some_and(|order| op.holds(order))),
    }
}

/// A comparison as a test, where the sides have no source text.
pub fn test(op: Comparison, left: &Value, right: &Value) -> Result<bool, Error> {
    holds(op, left, right, ("the value", "the other value"))
}
