//! `money(digits)`: smallest units to text.

use minijinja::{Error, Value};

use super::{by_value, invalid};
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// `1234` is `12.34`; `digits` says how many there are behind the point.
pub fn money(value: &Value, digits: Option<u32>) -> Result<String, Error> {
    let text = text_of(value);
    let units: i128 = text
        .trim()
        .parse()
        .map_err(|_| invalid(format!("\"{text}\" is no whole number of smallest units")))?;
    let digits = digits.unwrap_or(2);
    let Some(base) = 10_i128.checked_pow(digits) else {
        return Err(invalid(format!("{digits} digits are too many")));
    };
    if digits == 0 {
        return Ok(units.to_string());
    }
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (
        units.unsigned_abs() / base.unsigned_abs(),
        units.unsigned_abs() % base.unsigned_abs(),
    );
    Ok(format!(
        "{sign}{whole}.{rest:0width$}",
        width = digits as usize
    ))
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let digits = match arguments.first() {
        None => None,
        Some(digits) => Some(u32::try_from(digits.as_count()?).map_err(|_| Doubt)?),
    };
    by_value(&value, |value| money(value, digits).map(Value::from))
}
