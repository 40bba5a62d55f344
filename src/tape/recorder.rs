//! Exchanges are noted as they come, and written without secrets once all secrets are known.

use std::sync::{Mutex, PoisonError};

use super::{Answered, Asked, Exchange, Head, Tape};
use crate::plan::Redactor;

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
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Begins a tape of the spec with this text.
    pub fn new(head: Head, spec: &str) -> Self {
        Self {
            head,
            spec: spec.to_lowercase(),
            exchanges: Mutex::default(),
        }
    }

    /// After how many records the run ends, where it does.
    pub fn records(&self) -> Option<u64> {
        self.head.records
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

    /// The tape, its secrets replaced by names.
    pub fn tape(&self, redactor: &Redactor) -> Tape {
        let exchanges = self
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let masked = |text: &String| redactor.masked(text);
        let exchanges = exchanges
            .iter()
            .map(|Exchange { request, answer }| Exchange {
                request: Asked {
                    method: request.method.clone(),
                    url: masked(&request.url),
                    body: request.body.as_ref().map(masked),
                },
                answer: Answered {
                    status: answer.status,
                    headers: answer
                        .headers
                        .iter()
                        .map(|(name, value)| (name.clone(), masked(value)))
                        .collect(),
                    body: masked(&answer.body),
                    base64: answer.base64.clone(),
                },
            });
        Tape {
            head: self.head.clone(),
            exchanges: exchanges.collect(),
        }
    }
}
