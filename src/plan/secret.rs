//! Secrets, and keeping them out of what is shown.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{
    GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD,
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

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

/// What stands where a secret stood.
const HIDDEN: &str = "[hidden]";

/// Takes secrets out of texts that are shown; rows are never changed by it. Clones share what they
/// hide: a token that is fetched is hidden by all of them.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Secrets as they are and as requests carry them, the longest first.
    secrets: Arc<RwLock<Vec<Shown>>>,
}

/// A secret in a form in which it may be shown.
#[derive(Debug)]
struct Shown {
    text: Secret,
    /// What stands for it on a tape.
    mask: Arc<str>,
    /// It is so short that it stands in any text: it is hidden only where it stands alone.
    is_short: bool,
}

/// A secret of fewer characters tells too little, and stands in too many words.
const SHORT: usize = 4;

impl Redactor {
    /// Hides these secrets.
    pub fn new(secrets: Vec<Secret>) -> Self {
        let redactor = Self::default();
        for secret in secrets {
            redactor.add(secret.expose());
        }
        redactor
    }

    /// Hides one more secret: as it is, URL-encoded and in base64.
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
        if secrets.iter().any(|known| known.text.0 == secret) {
            return;
        }
        // Those that are fetched have no names but their number, and come in the same order each time.
        let mask: Arc<str> = if let Some(name) = name {
            Arc::from(hidden_name(name))
        } else {
            let masks: BTreeSet<&str> = secrets.iter().map(|known| &*known.mask).collect();
            let numbered = masks
                .iter()
                .filter(|mask| mask.starts_with(NUMBERED))
                .count();
            Arc::from(format!("{NUMBERED}{}", numbered + 1))
        };
        let is_short = secret.chars().count() < SHORT;
        for form in forms(secret) {
            if !secrets.iter().any(|known| known.text.0 == form) {
                let text = Secret(form);
                let mask = Arc::clone(&mask);
                secrets.push(Shown {
                    text,
                    mask,
                    is_short,
                });
            }
        }
        // A secret that holds another must go first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.text.0.len()));
    }

    /// The text without secrets.
    pub fn redact(&self, text: &str) -> String {
        self.replaced(text, |_| HIDDEN)
    }

    /// The text with a name for each secret, always the same: what is written onto a tape.
    pub fn masked(&self, text: &str) -> String {
        self.replaced(text, |secret| &secret.mask)
    }

    fn replaced(&self, text: &str, by: impl Fn(&Shown) -> &str) -> String {
        let mut text = text.to_owned();
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets.iter() {
            let form = &secret.text.0;
            if !text.contains(form) {
                continue;
            }
            text = if secret.is_short {
                without_alone(&text, form, by(secret))
            } else {
                text.replace(form, by(secret))
            };
        }
        text
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

/// The text without a secret where it stands alone: with no letter and no digit before or behind it.
fn without_alone(text: &str, secret: &str, by: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let behind = &from[secret.len()..];
        let is_alone =
            !shown.ends_with(char::is_alphanumeric) && !behind.starts_with(char::is_alphanumeric);
        if is_alone {
            shown.push_str(by);
            rest = behind;
        } else {
            // The next one may begin inside this one.
            let first = secret.chars().next().map_or(1, char::len_utf8);
            shown.push_str(&from[..first]);
            rest = &from[first..];
        }
    }
    shown.push_str(rest);
    shown
}

/// What URLs leave as it is.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the URL Standard encodes in a query, a path and in front of a host.
const QUERY: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\'');
const PATH: AsciiSet = QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');
const USERINFO: AsciiSet = PATH
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'|');
/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: AsciiSet = UNRESERVED
    .remove(b'!')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

/// A secret as it may stand in what is shown. Forms that are too short to tell are left out.
fn forms(secret: &str) -> Vec<String> {
    let encoded = utf8_percent_encode(secret, &UNRESERVED).to_string();
    let json = Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let mut forms = vec![
        secret.to_owned(),
        encoded.replace("%20", "+"),
        encoded,
        json.replace('/', "\\/"),
        json,
    ];
    // As JSON is written for HTML and for ASCII alone, and as XML has it.
    for form in [escaped(secret, "&<>'"), escaped(secret, "")] {
        forms.push(form.replace('/', "\\/"));
        forms.push(form);
    }
    let xml = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    forms.push(xml.replace('"', "&quot;"));
    forms.push(xml.replace('"', "&#34;"));
    forms.push(xml);
    for set in [&QUERY, &PATH, &USERINFO, &COMPONENT] {
        forms.push(utf8_percent_encode(secret, set).to_string());
    }
    let lower: Vec<String> = forms.iter().map(|form| lower_hex(form)).collect();
    forms.extend(lower);
    if secret.len() > 3 {
        forms.extend([
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ]);
    }
    if secret.len() >= LONG_ENOUGH {
        for before in 0..3 {
            forms.push(inside_base64(&STANDARD_NO_PAD, secret, before));
            forms.push(inside_base64(&URL_SAFE_NO_PAD, secret, before));
        }
    }
    forms
}

/// A text in JSON, with these characters and all beyond ASCII as `\u0000`.
fn escaped(text: &str, also: &str) -> String {
    let json = Value::from(text).to_string();
    let mut escaped = String::new();
    for c in json[1..json.len() - 1].chars() {
        if c.is_ascii() && !also.contains(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing into a string does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

/// A secret that is shorter leaves too few characters inside other base64 to be told by.
const LONG_ENOUGH: usize = 8;

/// A secret as it stands inside the base64 of a longer text, with so many bytes (of three) before it:
/// the characters that it alone decides.
fn inside_base64(engine: &GeneralPurpose, secret: &str, before: usize) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret.as_bytes());
    let encoded = engine.encode(&bytes);
    let start = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    encoded[start..end].to_owned()
}

/// `%2F` as `%2f`, which some servers write.
fn lower_hex(encoded: &str) -> String {
    let mut hex = 0;
    let lower = |c: char| {
        if c == '%' {
            hex = 2;
            return c;
        }
        if hex > 0 {
            hex -= 1;
            return c.to_ascii_lowercase();
        }
        c
    };
    encoded.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_hidden_where_it_stands_alone() {
        let redactor = Redactor::new(vec![
            Secret::new("p".to_owned()),
            Secret::new("12".to_owned()),
        ]);
        for (text, shown) in [
            ("stopped by SIGTERM", "stopped by SIGTERM"),
            ("ftp://u:p@127.0.0.1", "ftp://u:[hidden]@127.0.0.1"),
            ("p", "[hidden]"),
            ("p p", "[hidden] [hidden]"),
            ("key=12&n=123", "key=[hidden]&n=123"),
            ("1212", "1212"),
            ("äpä p", "äpä [hidden]"),
        ] {
            assert_eq!(redactor.redact(text), shown);
        }
        let redactor = Redactor::new(vec![Secret::new("p&ss/wörd".to_owned())]);
        for form in [r"p\u0026ss\/w\u00f6rd", r"p&ss/w\u00f6rd", "p&amp;ss/wörd"] {
            assert_eq!(redactor.redact(form), "[hidden]", "{form}");
        }
        let redactor = Redactor::new(vec![Secret::new("a@b".to_owned())]);
        assert_eq!(redactor.redact("u:a%40b@host"), "u:[hidden]@host");
        let redactor = Redactor::new(vec![Secret::new("pass".to_owned())]);
        assert_eq!(redactor.redact("compassion"), "com[hidden]ion");
    }
}
