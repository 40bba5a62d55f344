//! `unit`, `currency`: numbers with what they count behind them.

use minijinja::{Error, Value};

use super::invalid;
use super::number::rounded;
use super::to_number;
use crate::template::text_of;

/// Digits behind the point at most: no currency has more than four.
const MOST_DIGITS: u32 = 8;

/// `2` with `unit('kg')` is `2 kg`; nothing and empty text stay without.
pub fn unit(value: &Value, unit: &str) -> Value {
    let text = text_of(value);
    if text.trim().is_empty() {
        return Value::UNDEFINED;
    }
    Value::from(format!("{text} {unit}"))
}

/// `9.9` with `currency('EUR')` is `9.90 EUR`; empty text stays without.
pub fn currency(value: &Value, code: &str, digits: Option<u32>) -> Result<Value, Error> {
    if text_of(value).trim().is_empty() {
        return Ok(Value::UNDEFINED);
    }
    let digits = digits.unwrap_or(2);
    if digits > MOST_DIGITS {
        return Err(invalid(format!("{digits} digits are too many")));
    }
    let digits = digits as usize;
    // What is plainly written keeps all its digits.
    let text = text_of(value);
    let amount = if let Some(amount) = rounded(text.trim(), digits) {
        amount
    } else {
        let read = to_number::read(value, None)?;
        let read = text_of(&read);
        rounded(&read, digits).ok_or_else(|| invalid(format!("\"{text}\" is no price")))?
    };
    if code.is_empty() {
        return Ok(Value::from(amount));
    }
    Ok(Value::from(format!("{amount} {code}")))
}
