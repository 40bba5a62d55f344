//! `number('1.234,56')`: a number printed like the example.

use minijinja::{Error, Value};

use super::{by_value, invalid, to_number};
use crate::template::native::{Doubt, Plain};

/// How the example writes numbers.
struct Style {
    group: Option<char>,
    decimal: char,
    digits: usize,
}

impl Style {
    /// Of two signs the last is the decimal one; a sign that comes twice groups; a lone one is the
    /// decimal.
    fn of(example: &str) -> Option<Self> {
        let signs: Vec<(usize, char)> = example
            .char_indices()
            .filter(|(_, c)| !c.is_ascii_digit())
            .collect();
        if example.is_empty() || signs.iter().any(|(_, c)| c.is_alphanumeric()) {
            return None;
        }
        let digits_behind = |at: usize, sign: char| example.len() - at - sign.len_utf8();
        let (last_at, last) = match signs.last() {
            None => {
                return Some(Self {
                    group: None,
                    decimal: '.',
                    digits: 0,
                });
            }
            Some(last) => *last,
        };
        let times = signs.iter().filter(|(_, c)| *c == last).count();
        if times > 1 {
            return Some(Self {
                group: Some(last),
                decimal: '.',
                digits: 0,
            });
        }
        let group = signs.iter().map(|(_, c)| *c).find(|c| *c != last);
        Some(Self {
            group,
            decimal: last,
            digits: digits_behind(last_at, last),
        })
    }
}

/// Whether a text is an example of a number.
pub fn is_example(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && !text.contains('#')
        && Style::of(text).is_some()
}

/// A number (or text that is one) printed like the example.
pub fn number(value: &Value, example: &str) -> Result<Value, Error> {
    let style = Style::of(example)
        .ok_or_else(|| invalid(format!("\"{example}\" is no example of a number: 1.234,56")))?;
    let number = to_number::read(value, None)?;
    let plain = if number.is_integer() {
        let whole = number.to_string();
        if style.digits == 0 {
            whole
        } else {
            format!("{whole}.{}", "0".repeat(style.digits))
        }
    } else if let Ok(real) = f64::try_from(number.clone()) {
        format!("{real:.*}", style.digits)
    } else {
        return Ok(Value::UNDEFINED);
    };
    let (sign, unsigned) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut text = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if let Some(group) = style.group {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                text.push(group);
            }
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(style.decimal);
        text.push_str(fraction);
    }
    Ok(Value::from(text))
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let [example] = arguments else {
        return Err(Doubt);
    };
    let example = example.as_text()?;
    by_value(&value, |value| number(value, example))
}
