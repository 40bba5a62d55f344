//! Arithmetic: whole numbers stay whole and exact, dates take durations, nothing is an error that
//! names the path.

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::date::{DateValue, parse_date};
use super::duration::DurationValue;
use super::number::plain;
use super::operators::Arithmetic;
use super::text::is_nothing;

/// A number as arithmetic sees it.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// Exact.
    Whole(i128),
    /// As a computer has it.
    Real(f64),
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Whole(whole) => Self::from(whole),
            Number::Real(real) => Self::from(real),
        }
    }
}

impl Number {
    /// The number a value is; nothing where it is none.
    pub fn of(value: &Value) -> Option<Self> {
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
    /// The nearest real number.
    pub fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

/// Works out `left OP right`. `sources` are both sides as they were written, for the error.
pub fn apply(
    op: Arithmetic,
    left: &Value,
    right: &Value,
    sources: (&str, &str),
) -> Result<Value, Error> {
    for (value, source) in [(left, sources.0), (right, sources.1)] {
        if is_nothing(value) {
            return Err(invalid(format!(
                "{source} is nothing, and `{}` needs a value: write {source} | default(0)",
                op.symbol()
            )));
        }
    }
    let (left, right) = (plain(left), plain(right));
    if let (Some(a), Some(b)) = (Number::of(&left), Number::of(&right)) {
        return numbers(op, a, b, sources.1).map(Value::from);
    }
    if let Some(result) = dates(op, &left, &right)? {
        return Ok(result);
    }
    if op == Arithmetic::Add {
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
    let mend = match (kind, op) {
        (ValueKind::String, Arithmetic::Add) => {
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
        op.symbol()
    )))
}

/// Works out `left OP right` of two numbers. Whole numbers stay whole where the result is; the
/// error is a division by zero, which `right_source` is then said to be.
pub fn numbers(
    op: Arithmetic,
    left: Number,
    right: Number,
    right_source: &str,
) -> Result<Number, Error> {
    let is_zero = match right {
        Number::Whole(whole) => whole == 0,
        Number::Real(real) => real == 0.0,
    };
    if is_zero && matches!(op, Arithmetic::Div | Arithmetic::FloorDiv | Arithmetic::Rem) {
        return Err(invalid(format!(
            "{right_source} is zero: nothing can be divided by it"
        )));
    }
    if let (Number::Whole(a), Number::Whole(b)) = (left, right) {
        let whole = match op {
            Arithmetic::Add => a.checked_add(b),
            Arithmetic::Sub => a.checked_sub(b),
            Arithmetic::Mul => a.checked_mul(b),
            Arithmetic::FloorDiv => a.checked_div_euclid(b).map(|quotient| {
                if b < 0 && a.rem_euclid(b) != 0 {
                    quotient - 1
                } else {
                    quotient
                }
            }),
            Arithmetic::Rem => a.checked_rem(b).map(|rest| {
                if rest != 0 && (rest < 0) != (b < 0) {
                    rest + b
                } else {
                    rest
                }
            }),
            Arithmetic::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            Arithmetic::Div => None,
        };
        if let Some(whole) = whole {
            return Ok(Number::Whole(whole));
        }
    }
    let (a, b) = (left.real(), right.real());
    let real = match op {
        Arithmetic::Add => a + b,
        Arithmetic::Sub => a - b,
        Arithmetic::Mul => a * b,
        Arithmetic::Div => a / b,
        Arithmetic::FloorDiv => (a / b).floor(),
        Arithmetic::Rem => a - b * (a / b).floor(),
        Arithmetic::Pow => a.powf(b),
    };
    Ok(Number::Real(real))
}

/// Date ± duration, date − date, duration ± duration; text beside a date or a duration is read as
/// a date.
fn dates(op: Arithmetic, left: &Value, right: &Value) -> Result<Option<Value>, Error> {
    if !matches!(op, Arithmetic::Add | Arithmetic::Sub) {
        return Ok(None);
    }
    let subtract = op == Arithmetic::Sub;
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
    apply(Arithmetic::Sub, &Value::from(0), value, ("0", source))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
