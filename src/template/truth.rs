//! What is true in a condition. Cells of the platform, CSV and XML know text only: `false`, `0`, `no`
//! and `off` mean what they say there.

use minijinja::Value;
use minijinja::value::ValueKind;

/// Words that mean no, in any case.
const NO: [&str; 4] = ["false", "0", "no", "off"];
/// Words that mean yes.
const YES: [&str; 4] = ["true", "1", "yes", "on"];

/// Whether a value is true in a condition.
pub fn is_true(value: &Value) -> bool {
    match value.as_str() {
        Some(text) => is_true_text(text),
        None => match text_of_element(value) {
            Some(text) => is_true(&text),
            None => value.is_true(),
        },
    }
}

/// The text of an XML element that has attributes beside it, and no elements in it.
pub fn text_of_element(value: &Value) -> Option<Value> {
    if value.kind() != ValueKind::Map {
        return None;
    }
    let mut text = None;
    for key in value.try_iter().ok()? {
        match key.as_str() {
            Some("#text") => text = value.get_item(&key).ok(),
            Some(key) if key.starts_with('@') => {}
            Some(_) | None => return None,
        }
    }
    text
}

/// Whether text is true in a condition: unless it is empty, or a word that means no.
pub fn is_true_text(text: &str) -> bool {
    // No word is longer.
    if text.len() > 32 {
        return true;
    }
    let word = text.trim();
    !text.is_empty() && !NO.iter().any(|no| word.eq_ignore_ascii_case(no))
}

/// What text says, where it is one of the words for yes and no, or empty.
pub fn said(text: &str) -> Option<bool> {
    let word = text.trim();
    if word.is_empty() || NO.iter().any(|no| word.eq_ignore_ascii_case(no)) {
        return Some(false);
    }
    let is_yes = YES.iter().any(|yes| word.eq_ignore_ascii_case(yes));
    is_yes.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_false_where_it_says_so() {
        for no in ["", "false", "FALSE", "0", "no", "Off", " no "] {
            assert!(!is_true_text(no), "{no:?}");
        }
        for yes in [
            "true", "1", "yes", "on", " ", "0.00", "nothing", "null", "00",
        ] {
            assert!(is_true_text(yes), "{yes:?}");
        }
        let element = |text: &str| Value::from_pairs([("@type", "boolean"), ("#text", text)]);
        assert!(!is_true(&element("false")));
        assert!(is_true(&element("true")));
        let with_more = Value::from_pairs([("#text", "false"), ("child", "x")]);
        assert!(is_true(&with_more));
        assert_eq!(said("Yes"), Some(true));
        assert_eq!(said(" "), Some(false));
        assert_eq!(said("maybe"), None);
    }
}
