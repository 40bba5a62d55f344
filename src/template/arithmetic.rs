//! Arithmetic: whole numbers stay whole and exact, dates take durations, nothing is an error that
//! names the path.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::date::{DateValue, parse_date};
use super::duration::DurationValue;
use super::number::plain;
use super::operators::symbol;
use super::text::is_nothing;

/// A number as arithmetic sees it.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        if value.kind() != ValueKind::Number {
            return None;
        }
        if value.is_integer() {
            if let Ok(whole) = i128::try_from(value.clone()) {
                return Some(Self::Whole(whole));
            }
        }
        f64::try_from(value.clone()).ok().map(Self::Real)
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "a real number is what was asked for"
    )]
    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

/// Works out `left OP right`. `sources` are both sides as they were written, for the error.
pub fn apply(
    filter: &str,
    left: &Value,
    right: &Value,
    sources: (&str, &str),
) -> Result<Value, Error> {
    for (value, source) in [(left, sources.0), (right, sources.1)] {
        if is_nothing(value) {
            return Err(invalid(format!(
                "{source} is nothing, and `{}` needs a value: write {source} | default(0)",
                symbol(filter)
            )));
        }
    }
    let (left, right) = (plain(left), plain(right));
    if let (Some(a), Some(b)) = (Number::of(&left), Number::of(&right)) {
        return numbers(filter, a, b, sources);
    }
    if let Some(result) = dates(filter, &left, &right)? {
        return Ok(result);
    }
    if filter == "__add" {
        if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
            return Ok(Value::from(format!("{a}{b}")));
        }
        if left.kind() == ValueKind::Seq && right.kind() == ValueKind::Seq {
            return Ok(left.try_iter()?.chain(right.try_iter()?).collect());
        }
    }
    let culprit = if Number::of(&left).is_none() {
        (sources.0, &left)
    } else {
        (sources.1, &right)
    };
    let kind = culprit.1.kind();
    let mend = match (kind, filter) {
        (ValueKind::String, "__add") => {
            format!("write {} | to_number to add, or ~ to join texts", culprit.0)
        }
        (ValueKind::String, _) => format!("write {} | to_number", culprit.0),
        _ => "it takes numbers".to_owned(),
    };
    let kind = if kind == ValueKind::String {
        "text".to_owned()
    } else {
        format!("a {kind}")
    };
    Err(invalid(format!(
        "{} is {kind}, and `{}` can't work with that: {mend}",
        culprit.0,
        symbol(filter)
    )))
}

fn numbers(
    filter: &str,
    left: Number,
    right: Number,
    sources: (&str, &str),
) -> Result<Value, Error> {
    let is_zero = match right {
        Number::Whole(whole) => whole == 0,
        Number::Real(real) => real == 0.0,
    };
    if is_zero && matches!(filter, "__div" | "__floordiv" | "__rem") {
        return Err(invalid(format!(
            "{} is zero: nothing can be divided by it",
            sources.1
        )));
    }
    if let (Number::Whole(a), Number::Whole(b)) = (left, right) {
        let whole = match filter {
            "__add" => a.checked_add(b),
            "__sub" => a.checked_sub(b),
            "__mul" => a.checked_mul(b),
            "__floordiv" => a.checked_div_euclid(b).map(|quotient| {
                if b < 0 && a.rem_euclid(b) != 0 {
                    quotient - 1
                } else {
                    quotient
                }
            }),
            "__rem" => a.checked_rem(b).map(|rest| {
                if rest != 0 && (rest < 0) != (b < 0) {
                    rest + b
                } else {
                    rest
                }
            }),
            "__pow" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::from(whole));
        }
    }
    let (a, b) = (left.real(), right.real());
    let real = match filter {
        "__add" => a + b,
        "__sub" => a - b,
        "__mul" => a * b,
        "__div" => a / b,
        "__floordiv" => (a / b).floor(),
        "__rem" => a - b * (a / b).floor(),
        _ => a.powf(b),
    };
    Ok(Value::from(real))
}

/// Date ± duration, date − date, duration ± duration; text beside a date or a duration is read as
/// a date.
fn dates(filter: &str, left: &Value, right: &Value) -> Result<Option<Value>, Error> {
    if !matches!(filter, "__add" | "__sub") {
        return Ok(None);
    }
    let subtract = filter == "__sub";
    let left_duration = left.downcast_object_ref::<DurationValue>();
    let right_duration = right.downcast_object_ref::<DurationValue>();
    let is_date = |value: &Value| value.downcast_object_ref::<DateValue>().is_some();
    match (left_duration, right_duration) {
        (Some(a), Some(b)) => Ok(Some(Value::from_object(a.combine(b, subtract)?))),
        (None, Some(duration)) if is_date(left) || left.as_str().is_some() => {
            let Some(date) = parse_date(left)? else {
                return Ok(Some(Value::UNDEFINED));
            };
            Ok(Some(date.shift(duration, subtract)?.into_value()))
        }
        (Some(duration), None) if !subtract && (is_date(right) || right.as_str().is_some()) => {
            let Some(date) = parse_date(right)? else {
                return Ok(Some(Value::UNDEFINED));
            };
            Ok(Some(date.shift(duration, false)?.into_value()))
        }
        (None, None) if subtract && (is_date(left) || is_date(right)) => {
            match (parse_date(left)?, parse_date(right)?) {
                (Some(a), Some(b)) => Ok(Some(Value::from_object(a.since(&b)))),
                _ => Ok(Some(Value::UNDEFINED)),
            }
        }
        _ => Ok(None),
    }
}

/// `-value`.
pub fn negate(value: &Value, source: &str) -> Result<Value, Error> {
    apply("__sub", &Value::from(0), value, ("0", source))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
