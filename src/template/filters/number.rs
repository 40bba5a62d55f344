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

/// A decimal number with so many digits behind the point, halves away from zero; nothing for what is
/// written otherwise.
pub fn rounded(text: &str, digits: usize) -> Option<String> {
    let (sign, plain) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let kept = fraction.get(..digits.min(fraction.len()))?;
    let mut all: Vec<u8> = format!("{whole}{kept:0<digits$}").into_bytes();
    if fraction
        .as_bytes()
        .get(digits)
        .is_some_and(|next| *next >= b'5')
    {
        let mut at = all.len();
        loop {
            if at == 0 {
                all.insert(0, b'1');
                break;
            }
            at -= 1;
            if all[at] == b'9' {
                all[at] = b'0';
            } else {
                all[at] += 1;
                break;
            }
        }
    }
    let is_zero = all.iter().all(|digit| *digit == b'0');
    let mut made = String::from_utf8(all).ok()?;
    if digits > 0 {
        made.insert(made.len() - digits, '.');
    }
    Some(if is_zero {
        made
    } else {
        format!("{sign}{made}")
    })
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
        // As it is written: 9.995 is no 9.99499999….
        rounded(&real.to_string(), style.digits)
            .unwrap_or_else(|| format!("{real:.*}", style.digits))
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

#[cfg(test)]
mod rounding {
    use super::rounded;

    #[test]
    fn halves_go_away_from_zero_as_they_are_written() {
        for (text, digits, expected) in [
            ("9.995", 2, "10.00"),
            ("1.005", 2, "1.01"),
            ("2.674999", 2, "2.67"),
            ("-0.001", 2, "0.00"),
            ("-1.5", 0, "-2"),
            ("99999999999999999.99", 2, "99999999999999999.99"),
            ("7", 2, "7.00"),
            ("9.9", 0, "10"),
        ] {
            assert_eq!(rounded(text, digits).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(rounded("1e21", 2), None);
        assert_eq!(rounded("", 2), None);
    }
}
