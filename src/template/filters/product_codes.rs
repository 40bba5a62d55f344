//! `gtin`, and the tests `gtin` and `isbn`: numbers of products with their check digits.

use minijinja::Value;

use super::invalid;
use crate::template::text_of;

/// How many digits a GTIN has.
const LENGTHS: [usize; 4] = [8, 12, 13, 14];

/// A GTIN without separators, its leading zeros restored; nothing where the check digit is another.
pub fn gtin(value: &Value, digits: Option<u32>) -> Result<Value, minijinja::Error> {
    let wanted = digits.map(|digits| digits as usize);
    if wanted.is_some_and(|wanted| !LENGTHS.contains(&wanted)) {
        return Err(invalid("a GTIN has 8, 12, 13 or 14 digits"));
    }
    let text = text_of(value);
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{ad}'))
        .collect();
    Ok(normalised(&plain, wanted).map_or(Value::UNDEFINED, Value::from))
}

fn normalised(plain: &str, wanted: Option<usize>) -> Option<String> {
    let is_number = !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    // A sheet takes zeros away: they come back up to the next length.
    let length = LENGTHS.into_iter().find(|length| plain.len() <= *length)?;
    let whole = format!("{plain:0>length$}");
    if plain.len() < 7 || !has_check_digit(&whole) {
        return None;
    }
    match wanted {
        None => Some(whole),
        Some(wanted) if wanted >= whole.len() => Some(format!("{whole:0>wanted$}")),
        // What is longer fits where it begins with zeros alone.
        Some(wanted) => {
            let (zeros, rest) = whole.split_at(whole.len() - wanted);
            zeros
                .bytes()
                .all(|byte| byte == b'0')
                .then(|| rest.to_owned())
        }
    }
}

/// Whether a text is a GTIN as it stands: 8, 12, 13 or 14 digits, the last of which checks the others.
pub fn is_gtin(value: &Value) -> bool {
    let text = text_of(value);
    LENGTHS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && has_check_digit(&text)
}

/// From the right the digits count once and three times in turn; the sum ends in 0 (GS1 General
/// Specifications, 7.9).
fn has_check_digit(digits: &str) -> bool {
    let weighted = digits.bytes().rev().enumerate().map(|(at, byte)| {
        let digit = u32::from(byte - b'0');
        if at % 2 == 0 { digit } else { 3 * digit }
    });
    // Zeros alone check themselves, and are no product.
    weighted.sum::<u32>() % 10 == 0 && digits.bytes().any(|byte| byte != b'0')
}

/// Whether a text is an ISBN of 10 or 13 digits, with or without its dashes.
pub fn is_isbn(value: &Value) -> bool {
    let text = text_of(value);
    let plain: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'-' | b' '))
        .collect();
    match plain.len() {
        13 => {
            let is_number = plain.iter().all(u8::is_ascii_digit);
            let is_book = plain.starts_with(b"978") || plain.starts_with(b"979");
            is_number && is_book && has_check_digit(&String::from_utf8_lossy(&plain))
        }
        // The last may be X, which is 10 (ISO 2108).
        10 => {
            let digits = plain.iter().enumerate().map(|(at, byte)| match byte {
                b'0'..=b'9' => Some(u32::from(byte - b'0')),
                b'X' | b'x' if at == 9 => Some(10),
                _ => None,
            });
            let weighted: Option<Vec<u32>> = digits
                .zip((1..=10).rev())
                .map(|(digit, weight)| digit.map(|digit| digit * weight))
                .collect();
            weighted.is_some_and(|weighted| weighted.iter().sum::<u32>() % 11 == 0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards() {
        let is = |text: &str| is_gtin(&Value::from(text));
        for good in [
            "4006381333931",
            "96385074",
            "036000291452",
            "10614141000415",
        ] {
            assert!(is(good), "{good}");
        }
        for bad in [
            "4006381333930",
            "400638133393",
            "",
            "40063813339ab",
            "00000000",
            " 96385074",
        ] {
            assert!(!is(bad), "{bad}");
        }
        let isbn = |text: &str| is_isbn(&Value::from(text));
        for good in [
            "978-3-16-148410-0",
            "9783161484100",
            "0-306-40615-2",
            "097522980X",
        ] {
            assert!(isbn(good), "{good}");
        }
        for bad in [
            "978-3-16-148410-1",
            "0-306-40615-3",
            "X306406152",
            "4006381333931",
            "1",
        ] {
            assert!(!isbn(bad), "{bad}");
        }
    }

    #[test]
    fn a_gtin_is_made_whole_or_nothing() {
        let of = |text: &str, digits| {
            let made = gtin(&Value::from(text), digits).unwrap();
            made.as_str().map(str::to_owned)
        };
        assert_eq!(
            of("4006381-333 931", None).as_deref(),
            Some("4006381333931")
        );
        assert_eq!(of("36000291452", None).as_deref(), Some("036000291452"));
        assert_eq!(
            of("036000291452", Some(14)).as_deref(),
            Some("00036000291452")
        );
        assert_eq!(
            of("0036000291452", Some(12)).as_deref(),
            Some("036000291452")
        );
        for none in ["4006381333930", "4.00638E+12", "", "12", "123456789012345"] {
            assert_eq!(of(none, None), None, "{none}");
        }
        assert_eq!(of("4006381333931", Some(12)), None);
        assert!(gtin(&Value::from("1"), Some(9)).is_err());
    }
}
