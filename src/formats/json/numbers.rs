//! `NaN`, `Infinity` and `-Infinity` in what is otherwise JSON: Python and JavaScript write them, and
//! JSON has no word for them.

/// The text with `null` in their place, and how many there were; nothing where there are none.
pub fn without_numbers_that_are_none(text: &str) -> Option<(String, usize)> {
    const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    if !WORDS[..2].iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut clean = String::with_capacity(text.len());
    let (mut count, mut at, mut copied) = (0, 0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b'N' | b'I' | b'-' => {
                let word = WORDS.iter().find(|word| text[at..].starts_with(**word));
                if let Some(word) = word {
                    clean.push_str(&text[copied..at]);
                    clean.push_str("null");
                    at += word.len();
                    copied = at;
                    count += 1;
                } else {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    clean.push_str(&text[copied..]);
    (count > 0).then_some((clean, count))
}

/// Where a string ends that begins at `at`: behind its closing quote.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_become_null_outside_strings() {
        let clean = |text| without_numbers_that_are_none(text);
        let text = r#"[NaN,{"a":-Infinity,"NaN":"NaN \" Infinity","b":Infinity},"\u00e4é",-1]"#;
        let wanted = r#"[null,{"a":null,"NaN":"NaN \" Infinity","b":null},"\u00e4é",-1]"#;
        assert_eq!(clean(text), Some((wanted.to_owned(), 3)));
        assert_eq!(clean(r#"{"a":"NaN"}"#), None);
        assert_eq!(clean("[1]"), None);
        assert_eq!(clean(r#"["open NaN"#), None);
        assert_eq!(clean(r#"["NaN\"#), None);
    }
}
