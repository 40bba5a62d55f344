//! `to_number`, `int` and `float`: text to number.

use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::{invalid, optional_text};
use crate::template::arithmetic::Number;
use crate::template::is_nothing;
use crate::template::native::{Doubt, Plain};

/// Text to a number, whole ones stay whole; `decimal=','` says which sign is the decimal one; the
/// argument is the value for nothing.
pub fn to_number(
    value: &Value,
    other: Option<&Value>,
    decimal: Option<&str>,
) -> Result<Value, Error> {
    Ok(or_other(read(value, decimal)?, other))
}

/// A whole number; what is behind the point is cut off.
pub fn int(value: &Value, other: Option<&Value>) -> Result<Value, Error> {
    let number = read(value, None)?;
    if is_nothing(&number) || number.is_integer() {
        return Ok(or_other(number, other));
    }
    let real = f64::try_from(number)?;
    whole(real)
        .map(Value::from)
        .ok_or_else(|| invalid(format!("{} is no whole number", real.trunc())))
}

/// The whole part of a real number.
fn whole(real: f64) -> Option<i128> {
    let real = real.trunc();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked against i128's range"
    )]
    (real.is_finite() && real.abs() < 1e38).then_some(real as i128)
}

/// A number with a point.
pub fn float(value: &Value, other: Option<&Value>) -> Result<Value, Error> {
    let number = read(value, None)?;
    if is_nothing(&number) {
        return Ok(or_other(number, other));
    }
    f64::try_from(number).map(Value::from)
}

fn or_other(number: Value, other: Option<&Value>) -> Value {
    if is_nothing(&number) {
        other.cloned().unwrap_or_default()
    } else {
        number
    }
}

/// The number a value is; empty text is nothing.
pub fn read(value: &Value, decimal: Option<&str>) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Number => return Ok(value.clone()),
        ValueKind::Bool => return Ok(Value::from(i32::from(value.is_true()))),
        _ => {}
    }
    let Some(text) = value.as_str() else {
        return Err(invalid(format!("a {} is no number", value.kind())));
    };
    if text.trim().is_empty() {
        return Ok(Value::UNDEFINED);
    }
    parse(text, decimal)
        .map(Value::from)
        .ok_or_else(|| invalid(format!("\"{text}\" is no number")))
}

/// `1234` and `12.50`: what most feeds have.
fn plainly_written(text: &str) -> Option<Number> {
    let is_short = (1..=15).contains(&text.len());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_short || !is_digits(whole) || fraction.is_some_and(|part| !is_digits(part)) {
        return None;
    }
    match fraction {
        None => text.parse().ok().map(Number::Whole),
        Some(_) => text.parse().ok().map(Number::Real),
    }
}

/// The plain form of [`to_number`].
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let decimal = optional_text(arguments, 1)?;
    Ok(match read_plain(&value, decimal)? {
        Some(number) => Plain::Number(number),
        None => other(arguments),
    })
}

/// The plain form of [`int`].
pub fn native_int<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    Ok(match read_plain(&value, None)? {
        Some(Number::Real(real)) => Plain::Number(Number::Whole(whole(real).ok_or(Doubt)?)),
        Some(number) => Plain::Number(number),
        None => other(arguments),
    })
}

/// The plain form of [`float`].
pub fn native_float<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    Ok(match read_plain(&value, None)? {
        Some(number) => Plain::Number(Number::Real(number.real())),
        None => other(arguments),
    })
}

fn other<'r>(arguments: &[Plain<'r>]) -> Plain<'r> {
    arguments.first().cloned().unwrap_or(Plain::Nothing)
}

/// As [`read`]; what is an error there is a doubt.
fn read_plain(value: &Plain<'_>, decimal: Option<&str>) -> Result<Option<Number>, Doubt> {
    match value {
        Plain::Nothing => Ok(None),
        Plain::Number(number) => Ok(Some(*number)),
        // It would have been made a number before.
        Plain::Written(_) => Err(Doubt),
        Plain::Bool(value) => Ok(Some(Number::Whole(i128::from(*value)))),
        Plain::Text(text) if text.trim().is_empty() => Ok(None),
        Plain::Text(text) => parse(text, decimal).map(Some).ok_or(Doubt),
    }
}

/// Reads `1.234,56`, `1,234.56`, `12,5`, `1 234`, `12.99 EUR`, `€ 12`, `1e3`.
fn parse(text: &str, decimal: Option<&str>) -> Option<Number> {
    if let Some(number) = plainly_written(text).filter(|_| decimal.is_none()) {
        return Some(number);
    }
    let text = without_currency(text.trim());
    let (negative, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) {
        return None;
    }
    let plain = normalize(unsigned, decimal)?;
    let signed = if negative { format!("-{plain}") } else { plain };
    if let Ok(whole) = signed.parse::<i128>() {
        return Some(Number::Whole(whole));
    }
    signed
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .map(Number::Real)
}

/// The digits with at most one `.` between: of two signs the last is the decimal one, a sign that
/// comes twice groups, a lone one is the decimal.
fn normalize(unsigned: &str, decimal: Option<&str>) -> Option<String> {
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let is_sign = |c: char| matches!(c, '.' | ',');
    let decimal = match decimal {
        Some(sign) => sign.chars().next(),
        None => mantissa
            .chars()
            .rfind(|c| is_sign(*c))
            .filter(|last| mantissa.matches(*last).count() == 1),
    };
    let mut plain = String::with_capacity(unsigned.len());
    for c in mantissa.chars() {
        match c {
            c if c.is_ascii_digit() => plain.push(c),
            c if Some(c) == decimal => plain.push('.'),
            // Grouping signs, also the Swiss one and the spaces of French typography.
            '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => {}
            _ => return None,
        }
    }
    if plain.matches('.').count() > 1 || !plain.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    plain.push_str(exponent);
    Some(plain)
}

/// The text without a currency sign or a three-letter code at one of its ends.
fn without_currency(text: &str) -> &str {
    let is_symbol = |c: char| {
        matches!(
            c,
            '$' | '€' | '£' | '¥' | '₹' | '₺' | '₽' | '₩' | '₪' | '₫' | '฿' | '₴' | '₦'
        )
    };
    let text = text
        .trim_start_matches(is_symbol)
        .trim_end_matches(is_symbol)
        .trim();
    let is_code =
        |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some((rest, code)) = text
        .len()
        .checked_sub(3)
        .and_then(|at| text.split_at_checked(at))
    {
        if is_code(code) {
            return rest.trim_end();
        }
    }
    match text.split_at_checked(3) {
        Some((code, rest)) if is_code(code) => rest.trim_start(),
        _ => text,
    }
}
