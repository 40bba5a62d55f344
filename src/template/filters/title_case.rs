//! `title_case`: words with large letters, but for the small words of a language.

use minijinja::{Error, Value};

use super::invalid;
use crate::template::text_of;

/// The languages whose small words are known.
pub const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "it", "nl"];

/// Words that stay small inside a title.
const SMALL: [&[&str]; 6] = [
    &[
        "a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "nor", "of", "off",
        "on", "onto", "or", "over", "per", "the", "to", "up", "via", "with",
    ],
    &[
        "als", "am", "an", "auf", "aus", "bei", "das", "dem", "den", "der", "des", "die", "ein",
        "eine", "einem", "einen", "einer", "für", "im", "in", "inkl.", "mit", "nach", "oder",
        "ohne", "pro", "und", "unter", "vom", "von", "vor", "zu", "zum", "zur", "über",
    ],
    &[
        "à", "au", "aux", "avec", "de", "des", "du", "en", "et", "la", "le", "les", "ou", "par",
        "pour", "sans", "sur", "un", "une",
    ],
    &[
        "a", "al", "con", "de", "del", "el", "en", "la", "las", "los", "o", "para", "por", "sin",
        "un", "una", "y",
    ],
    &[
        "a", "al", "alla", "con", "da", "dei", "del", "della", "di", "e", "i", "il", "in", "la",
        "le", "lo", "o", "per", "senza", "su", "un", "una",
    ],
    &[
        "aan", "als", "bij", "de", "een", "en", "het", "in", "met", "naar", "of", "om", "op", "te",
        "tot", "uit", "van", "voor", "zonder",
    ],
];

/// Each word begins with a large letter, small words only at the beginning and the end. What has large
/// letters inside stays as it is (`iPhone`, `USB`), unless all of the text has large letters.
pub fn title_case(value: &Value, language: Option<&str>) -> Result<String, Error> {
    let language = language.unwrap_or("en");
    let at = LANGUAGES.iter().position(|known| *known == language);
    let small = at.map(|at| SMALL[at]).ok_or_else(|| {
        let known = LANGUAGES.join(", ");
        invalid(format!(
            "small words are known of {known}, and not of `{language}`"
        ))
    })?;
    let text = text_of(value);
    let is_loud = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
    let words: Vec<&str> = text.split(' ').collect();
    let last = words.iter().rposition(|word| !word.is_empty()).unwrap_or(0);
    let first = words.iter().position(|word| !word.is_empty()).unwrap_or(0);
    let cased = words.iter().enumerate().map(|(at, word)| {
        let lower = word.to_lowercase();
        if at != first && at != last && small.contains(&lower.as_str()) {
            return lower;
        }
        let has_inner = word.chars().skip(1).any(char::is_uppercase);
        if has_inner && !is_loud {
            return (*word).to_owned();
        }
        // Parts of a word: `two-piece`, `dog/cat`.
        let mut is_start = true;
        lower
            .chars()
            .flat_map(|c| {
                let made: Vec<char> = if is_start {
                    c.to_uppercase().collect()
                } else {
                    vec![c]
                };
                is_start = matches!(c, '-' | '/' | '(' | '"' | '“' | '„');
                made
            })
            .collect()
    });
    Ok(cased.collect::<Vec<String>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_words_are_those_of_the_language() {
        let of = |text: &str, language| title_case(&Value::from(text), language).unwrap();
        assert_eq!(of("the lord of the rings", None), "The Lord of the Rings");
        assert_eq!(of("SHIRT FOR MEN", None), "Shirt for Men");
        assert_eq!(
            of("iPhone case with USB-C port", None),
            "iPhone Case with USB-C Port"
        );
        assert_eq!(of("kleid für damen", Some("de")), "Kleid für Damen");
        assert_eq!(of("two-piece  (new)", None), "Two-Piece  (New)");
        assert_eq!(of("", None), "");
        assert!(title_case(&Value::from("a"), Some("xx")).is_err());
    }
}
