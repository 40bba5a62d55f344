//! Requests of a target that are only shown: `--dry-run` and `preview`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderMap;

use super::Http;
use super::answer::Answer;
use super::body;
use super::render::Prepared;
use crate::plan::request::{AddressPlan, RequestPlan};
use crate::template::{Frame, Template};

/// Requests that would be sent, without secrets; credentials are not fetched.
#[derive(Debug, Default)]
pub struct Rehearsal {
    requests: Mutex<Vec<Rehearsed>>,
    /// Who is given them at once, where they are not kept.
    show: Option<fn(&Rehearsed)>,
}

/// A request that would be sent.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// Method and URL.
    pub request: String,
    /// Its headers; those that carry credentials are added when it is sent.
    pub headers: Vec<(String, String)>,
    /// Its body as text.
    pub body: Option<String>,
}

impl Rehearsal {
    /// Requests are given to somebody at once.
    pub fn shown_by(show: fn(&Rehearsed)) -> Self {
        Self {
            show: Some(show),
            ..Self::default()
        }
    }

    /// Notes a request, and answers it with nothing.
    pub(super) fn note(&self, http: &Http, prepared: &Prepared) -> Arc<Answer> {
        let redact = |text: &str| http.redactor.redact(text);
        let headers = prepared
            .headers
            .iter()
            .filter(|(name, _)| *name != "accept");
        let noted = Rehearsed {
            request: redact(&format!("{} {}", prepared.method, prepared.url)),
            headers: headers
                .map(|(name, value)| {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    (name.as_str().to_owned(), redact(&text))
                })
                .collect(),
            body: prepared.body.as_ref().map(|body| redact(&body.shown())),
        };
        self.add(noted);
        Arc::new(Answer::made(200, HeaderMap::new(), prepared.url.clone()))
    }

    /// Notes a request that can't be worked out before another one is answered: what the author wrote
    /// stands where its values would. `only` is what decides whether it is sent.
    pub fn note_depending(
        &self,
        http: &Http,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        only: Option<&Template>,
    ) {
        let address = match &plan.address {
            AddressPlan::Path(template) | AddressPlan::Url(template) => template.source(),
        };
        let method = plan.method.as_deref().unwrap_or(match plan.body {
            Some(_) => "POST",
            None => "GET",
        });
        let mut request = format!("{method} {}", address.unwrap_or_default());
        if let Some(condition) = only.and_then(Template::source) {
            request = format!("(where {condition})\n{request}");
        }
        let (mut headers, mut body) = (Vec::new(), None);
        match plan.body.as_ref().map(|body| body::render(body, frame)) {
            Some(Ok(rendered)) => {
                headers.push(("content-type".to_owned(), rendered.kind));
                body = Some(String::from_utf8_lossy(&rendered.bytes).into_owned());
            }
            Some(Err(error)) => body = Some(format!("(its body depends on an answer: {error})")),
            None => {}
        }
        self.add(Rehearsed {
            request: http.redactor.redact(&request),
            headers,
            body: body.map(|body| http.redactor.redact(&body)),
        });
    }

    /// Notes what would be done.
    pub fn add(&self, noted: Rehearsed) {
        match self.show {
            Some(show) => show(&noted),
            None => self.lock().push(noted),
        }
    }

    /// What was noted since the last time.
    pub fn take(&self) -> Vec<Rehearsed> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rehearsed>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.request)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        if let Some(body) = &self.body {
            writeln!(f, "\n{}", body.trim_end())?;
        }
        Ok(())
    }
}
