//! Exchanges are noted as they come, and written without secrets once all secrets are known.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::shorten::Shorten;
use super::{Answered, Asked, Exchange, Head, Tape, TapeError};
use crate::formats::{Hints, Packed, each_unpacked};
use crate::plan::Redactor;
use crate::secret_names::names_secret;

/// Headers of answers that are kept, whatever the spec reads.
const KEPT: [&str; 12] = [
    "content-type",
    "content-range",
    "content-disposition",
    "link",
    "location",
    "retry-after",
    "etag",
    "last-modified",
    "x-total",
    "x-total-count",
    "x-next-page",
    "x-page",
];
/// Beginnings of such headers.
const KEPT_BEGINNINGS: [&str; 6] = [
    "x-ratelimit",
    "x-rate-limit",
    "ratelimit",
    "x-wp-total",
    "x-pagination",
    "x-shopify-shop-api-call-limit",
];
/// Headers that are never kept.
const NEVER: [&str; 4] = ["set-cookie", "cookie", "authorization", "www-authenticate"];

/// What is noted of a run.
#[derive(Debug)]
pub struct Recorder {
    head: Head,
    /// The spec's text, in small letters: headers that it names are kept.
    spec: String,
    /// How answers are made shorter, where they are.
    shorten: Option<Shorten>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Begins a tape of the spec with this text.
    pub fn new(head: Head, spec: &str, shorten: Option<Shorten>) -> Self {
        Self {
            head,
            spec: spec.to_lowercase(),
            shorten,
            exchanges: Mutex::default(),
        }
    }

    /// How many lines of a body are kept, where the rest is not needed.
    pub fn lines(&self, content_type: &str, path: &str) -> Option<usize> {
        self.shorten.as_ref()?.lines(content_type, path)
    }

    /// Whether a header of an answer is kept.
    pub fn keeps(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let is_known = KEPT.contains(&name.as_str())
            || KEPT_BEGINNINGS
                .iter()
                .any(|beginning| name.starts_with(beginning));
        !NEVER.contains(&name.as_str()) && (is_known || self.names(&name))
    }

    /// Whether the spec names a header: in quotes, or as the value of a key.
    fn names(&self, name: &str) -> bool {
        let is_end = |c: char| c.is_whitespace() || matches!(c, ',' | '}' | '\'' | '"');
        self.spec.match_indices(name).any(|(at, _)| {
            let before = &self.spec[..at];
            let behind = &self.spec[at + name.len()..];
            before.ends_with(['\'', '"']) && behind.starts_with(['\'', '"'])
                || before.ends_with(": ") && (behind.is_empty() || behind.starts_with(is_end))
        })
    }

    /// Notes an exchange, secrets and all.
    pub fn note(&self, request: Asked, answer: Answered) {
        let mut exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        exchanges.push(Exchange { request, answer });
    }

    /// The tape, its secrets replaced by names. What an answer has under the name of a token or a password
    /// is a secret too, whoever reads it.
    pub fn tape(&self, redactor: &Redactor) -> Result<Tape, TapeError> {
        let exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for exchange in exchanges.iter() {
            learn_body(&exchange.answer.body, redactor);
        }
        let masked = |text: &String| redactor.masked(text);
        let exchanges = exchanges.iter().map(|Exchange { request, answer }| {
            let request = Asked {
                method: request.method.clone(),
                url: masked(&request.url),
                body: request.body.as_ref().map(masked),
            };
            if let Some(name) = hidden_in(&answer.binary(), redactor) {
                let Asked { method, url, .. } = request;
                return Err(TapeError::Secret { method, url, name });
            }
            let headers = answer.headers.iter();
            let answer = Answered {
                status: answer.status,
                headers: headers
                    // What kind of body it is holds no secret.
                    .map(|(name, value)| match name.as_str() {
                        "content-type" => (name.clone(), value.clone()),
                        _ => (name.clone(), masked(value)),
                    })
                    .collect(),
                body: masked(&match &self.shorten {
                    Some(shorten) => shorten.body(answer.body.clone()),
                    None => answer.body.clone(),
                }),
                base64: answer.base64.clone(),
            };
            Ok(Exchange { request, answer })
        });
        Ok(Tape {
            head: self.head.clone(),
            exchanges: exchanges.collect::<Result<_, _>>()?,
        })
    }
}

/// The name of a secret in what is no text in UTF-8: in another encoding, or packed.
fn hidden_in(binary: &[u8], redactor: &Redactor) -> Option<String> {
    let mut found = redactor.is_in_other_encoding(binary);
    let all = Box::new(binary);
    // What can't be unpacked is no packing.
    let _ = each_unpacked(
        all,
        Packed::Unknown,
        None,
        &Hints::default(),
        &mut |inner, _| {
            let inner = inner.bytes()?;
            let text = String::from_utf8_lossy(&inner);
            found = found
                .take()
                .or_else(|| redactor.name_in(&text))
                .or_else(|| redactor.is_in_other_encoding(&inner));
            Ok(())
        },
    );
    found
}

/// What is shorter is a word.
const SHORTEST: usize = 8;

/// Hides a value, unless it is an ordinary word: `"secret": "required"`.
fn hide(value: &str, redactor: &Redactor) {
    let is_word = value.chars().all(char::is_lowercase) && value.len() < 2 * SHORTEST;
    if value.len() >= SHORTEST && !is_word && !value.contains(' ') {
        redactor.add(value);
    }
}

/// Hides what a body has under the name of a secret: JSON, JSON lines, a form, XML.
fn learn_body(body: &str, redactor: &Redactor) {
    let body = body.trim_start_matches('\u{feff}').trim_start();
    if body.starts_with(['{', '[']) {
        if let Ok(json) = serde_json::from_str(body) {
            learn(&json, redactor);
        } else {
            for json in body
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
            {
                learn(&json, redactor);
            }
        }
    }
    for part in body.split(['<', '&', '?', '\n']) {
        // `name=value` of a form or an address, `name>value` of XML.
        let Some((name, value)) = part.split_once(['=', '>']) else {
            continue;
        };
        if names_secret(name) {
            let end = value
                .find(['&', '"', '\'', '<', ' ', ','])
                .unwrap_or(value.len());
            hide(&value[..end], redactor);
        }
    }
}

/// Hides what stands under the name of a secret.
fn learn(json: &Value, redactor: &Redactor) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_secret = names_secret(name);
                match value {
                    Value::String(text) if is_secret => hide(text, redactor),
                    Value::Array(items) if is_secret => {
                        items
                            .iter()
                            .filter_map(Value::as_str)
                            .for_each(|text| hide(text, redactor));
                    }
                    other => learn(other, redactor),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| learn(item, redactor)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
