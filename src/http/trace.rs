//! Requests and answers as they went, for `preview --requests`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::HeaderMap;

use super::Http;
use super::answer::Answer;
use super::render::Prepared;

/// What was sent and answered, without the secrets that were known then.
#[derive(Debug, Default)]
pub struct Trace {
    entries: Mutex<Vec<TraceEntry>>,
}

/// One exchange.
#[derive(Debug, Clone)]
pub struct TraceEntry {
    /// Method and URL, without credentials.
    pub request: String,
    /// Headers as they were sent; those of credentials without their value.
    pub headers: Vec<(String, String)>,
    /// The first part of the body.
    pub body: Option<String>,
    /// The answer's status; nothing where none came.
    pub status: Option<u16>,
    /// Its content type.
    pub kind: Option<String>,
    /// Its first part.
    pub answer: String,
    /// Bytes that were read of it.
    pub bytes: usize,
    /// From sending to reading.
    pub took: Duration,
    began: Instant,
}

impl Trace {
    /// Notes a request; its number.
    pub(super) fn begin(
        &self,
        http: &Http,
        prepared: &Prepared,
        url: &Url,
        headers: &HeaderMap,
    ) -> usize {
        let shown = |value: &reqwest::header::HeaderValue| {
            if value.is_sensitive() {
                "[hidden]".to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            }
        };
        let entry = TraceEntry {
            request: format!("{} {url}", prepared.method),
            headers: headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), shown(value)))
                .collect(),
            body: prepared
                .body
                .as_ref()
                .map(|body| http.excerpt(&body.shown())),
            status: None,
            kind: None,
            answer: String::new(),
            bytes: 0,
            took: Duration::ZERO,
            began: Instant::now(),
        };
        let mut entries = self.lock();
        entries.push(entry);
        entries.len() - 1
    }

    /// Notes its answer.
    pub(super) fn end(&self, http: &Http, number: usize, answer: &Answer) {
        if let Some(entry) = self.lock().get_mut(number) {
            entry.status = Some(answer.status);
            entry.kind = answer.header("content-type").map(str::to_owned);
            entry.answer = http.excerpt(answer.text());
            entry.bytes = answer.held.len();
            entry.took = entry.began.elapsed();
        }
    }

    /// All exchanges so far.
    pub fn entries(&self) -> Vec<TraceEntry> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TraceEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
