//! Secrets, and keeping them out of what is shown.

use std::fmt::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use super::secret_forms::{Finder, places};

/// A password. It has no `Display` and no `Serialize`, so that showing it does not compile.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret at the door.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for a request or a condition.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// What stands for a secret option on a tape: nothing in it is encoded anywhere.
pub fn hidden_name(option: &str) -> String {
    format!("HIDDEN-{}", option.to_ascii_uppercase())
}

/// How the names of other secrets begin.
const NUMBERED: &str = "HIDDEN-TOKEN-";

/// Whether a text is such a name.
fn is_numbered(text: &str) -> bool {
    let number = text.strip_prefix(NUMBERED);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// What stands where a secret stood.
const HIDDEN: &str = "[hidden]";

/// Takes secrets out of texts that are shown; rows are never changed by it. Clones share what they
/// hide: a token that is fetched is hidden by all of them.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Arc<RwLock<Vec<Hidden>>>,
}

/// A secret, and what stands for it on a tape.
#[derive(Debug)]
struct Hidden {
    finder: Finder,
    mask: Arc<str>,
}

impl Redactor {
    /// Hides these secrets.
    pub fn new(secrets: Vec<Secret>) -> Self {
        let redactor = Self::default();
        for secret in secrets {
            redactor.add(secret.expose());
        }
        redactor
    }

    /// Hides one more secret, in any way it may be written.
    pub fn add(&self, secret: &str) {
        self.add_as(secret, None);
    }

    /// The same; on a tape it has the name.
    pub fn add_named(&self, secret: &str, name: &str) {
        self.add_as(secret, Some(name));
    }

    fn add_as(&self, secret: &str, name: Option<&str>) {
        if secret.is_empty() {
            return;
        }
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        if secrets.iter().any(|known| known.finder.secret() == secret) {
            return;
        }
        // Those that are fetched have no names but their number, and come in the same order each time.
        let mask: Arc<str> = if let Some(name) = name {
            Arc::from(hidden_name(name))
        } else if is_numbered(secret) {
            // A tape that is replayed answers with the names: they stay what they are.
            Arc::from(secret)
        } else {
            let masks = secrets.iter().map(|known| &*known.mask);
            let numbered = masks.filter(|mask| mask.starts_with(NUMBERED)).count();
            Arc::from(format!("{NUMBERED}{}", numbered + 1))
        };
        let finder = Finder::new(secret);
        secrets.push(Hidden { finder, mask });
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for (place, _) in places(finders(&secrets), text) {
            shown.push_str(&text[from..place.start]);
            shown.push_str(HIDDEN);
            from = place.end;
        }
        shown.push_str(&text[from..]);
        shown
    }

    /// The text with a name for each secret, always the same: what is written onto a tape. JSON stays
    /// JSON: a number that is a secret becomes a text.
    pub fn masked(&self, text: &str) -> String {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let found = places(finders(&secrets), text);
        if found.is_empty() {
            return text.to_owned();
        }
        let start = text.trim_start_matches('\u{feff}').trim_start();
        let is_json = start.starts_with(['{', '[']);
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        let mut is_inside = false;
        for (place, number) in found {
            if place.start < from {
                continue;
            }
            let mask = &secrets[number].mask;
            let before = &text[from..place.start];
            is_inside ^= has_odd_quotes(before);
            if !is_json || is_inside {
                shown.push_str(before);
                shown.push_str(mask);
                from = place.end;
                continue;
            }
            // Outside of quotes it is a number, or a part of one.
            let kept = before.trim_end_matches(is_of_number);
            let behind = &text[place.end..];
            let rest = behind.trim_start_matches(is_of_number);
            shown.push_str(kept);
            // Writing into a string does not fail.
            let _ = write!(shown, "\"{mask}\"");
            from = text.len() - rest.len();
        }
        shown.push_str(&text[from..]);
        shown
    }

    /// The name on a tape of a secret that a text holds.
    pub fn name_in(&self, text: &str) -> Option<String> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let (_, number) = places(finders(&secrets), text).into_iter().next()?;
        Some(secrets[number].mask.to_string())
    }

    /// The secrets that are so short that they can't be told from other words, by their names.
    pub fn short(&self) -> Vec<String> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let short = secrets.iter().filter(|one| one.finder.is_short());
        short.map(|one| one.mask.to_string()).collect()
    }

    /// The name on a tape of a secret that bytes hold in another encoding than UTF-8.
    pub fn is_in_other_encoding(&self, bytes: &[u8]) -> Option<String> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let wide = |of: fn([u8; 2]) -> u16| {
            let units = bytes.as_chunks::<2>().0.iter().map(|pair| of(*pair));
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect::<String>()
        };
        let texts = [latin, wide(u16::from_le_bytes), wide(u16::from_be_bytes)];
        let long = finders(&secrets).filter(|finder| !finder.is_short());
        let mut found = texts.iter().flat_map(|text| places(long.clone(), text));
        let (_, number) = found.next()?;
        let secret = secrets.iter().filter(|one| !one.finder.is_short());
        secret.map(|one| one.mask.to_string()).nth(number)
    }

    /// The value without secrets, in names and in texts.
    pub fn redact_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (self.redact(name), self.redact_json(value)))
                .collect(),
            // A secret may be a number, and then it stands here as one.
            Value::Number(number) => {
                let text = number.to_string();
                let shown = self.redact(&text);
                if shown == text {
                    value.clone()
                } else {
                    Value::String(shown)
                }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }
}

fn finders(secrets: &[Hidden]) -> impl Iterator<Item = &Finder> + Clone {
    secrets.iter().map(|secret| &secret.finder)
}

/// Whether a part of JSON begins or ends inside quotes, and not both.
fn has_odd_quotes(json: &str) -> bool {
    let mut is_odd = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => is_odd = !is_odd,
            _ => {}
        }
    }
    is_odd
}

fn is_of_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_a_number_that_is_a_secret_stays_json() {
        let redactor = Redactor::default();
        redactor.add_named("123456", "PIN");
        redactor.add_named("geheim!!", "KEY");
        let json = r#"{"a":123456,"b":"x\"123456","c":[-1234567.5,2],"d":"geheim!!"}"#;
        let masked =
            r#"{"a":"HIDDEN-PIN","b":"x\"HIDDEN-PIN","c":["HIDDEN-PIN",2],"d":"HIDDEN-KEY"}"#;
        assert_eq!(redactor.masked(json), masked);
        assert_eq!(redactor.masked("p=123456"), "p=HIDDEN-PIN");
        assert_eq!(redactor.redact("p=123456 GEHEIM!!"), "p=[hidden] [hidden]");
        let wide: Vec<u8> = "x geheim!!"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let found = redactor.is_in_other_encoding(&wide);
        assert_eq!(found.as_deref(), Some("HIDDEN-KEY"));
        assert_eq!(redactor.is_in_other_encoding(&[0xff, 0, b'1']), None);
    }
}
