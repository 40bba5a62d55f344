//! Requests of a target that are only shown: `--dry-run` and `preview`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderMap;

use super::Http;
use super::answer::Answer;
use super::body;
use super::error::Failure;
use super::render::{Prepared, parse, render};
use crate::plan::request::{AddressPlan, Awaits, RequestPlan};
use crate::plan::target::TargetStepPlan;
use crate::template::{Frame, Template};

/// Requests that would be sent, without secrets; credentials are not fetched.
#[derive(Debug, Default)]
pub struct Rehearsal {
    requests: Mutex<Vec<Rehearsed>>,
    /// Who is given them at once, where they are not kept.
    show: Option<fn(&Rehearsed)>,
}

/// A request that would be sent.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    /// The condition that decides whether it is sent, where an answer before it is needed for that.
    pub only: Option<String>,
    /// Whether it takes something of an answer before it, which nobody gave.
    pub depends: bool,
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

    /// Notes a request, and answers it with nothing. One that needs an answer before it is noted though
    /// it can't be worked out.
    pub(super) fn note(
        &self,
        http: &Http,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        prepared: Result<Prepared, Failure>,
    ) -> Result<Arc<Answer>, Failure> {
        // What it takes of credentials is not known either: nobody is asked for them.
        let awaits = match plan.awaits {
            Awaits::Nothing if plan.takes_credentials() => Awaits::Elsewhere,
            awaits => awaits,
        };
        let url = match (awaits, prepared) {
            (Awaits::Nothing, Err(failure)) => return Err(failure),
            (Awaits::Nothing, Ok(prepared)) => {
                self.add(Rehearsed::of(http, &prepared));
                prepared.url
            }
            (Awaits::InAddress | Awaits::Elsewhere, prepared) => {
                let prepared = prepared.ok();
                self.note_depending(http, plan, frame, prepared.as_ref(), None);
                match prepared {
                    Some(prepared) => prepared.url,
                    // Of an address that is not known yet.
                    None => parse("http://answer.invalid")?,
                }
            }
        };
        Ok(Arc::new(Answer::made(200, HeaderMap::new(), url)))
    }

    /// Notes a step that an answer before it decides on; whether it is one.
    pub fn notes_depending(&self, http: &Http, step: &TargetStepPlan, frame: &Arc<Frame>) -> bool {
        if step.when_depends {
            let prepared = render(&step.request, frame, frame, None).ok();
            let only = step.when.as_ref();
            self.note_depending(http, &step.request, frame, prepared.as_ref(), only);
        }
        step.when_depends
    }

    /// Notes a request that is sent after another one is answered: what it takes of the answer is left
    /// out, or, where it can't be worked out without (nothing is `prepared`), what the author wrote stands
    /// there. `only` is what decides whether it is sent.
    fn note_depending(
        &self,
        http: &Http,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        prepared: Option<&Prepared>,
        only: Option<&Template>,
    ) {
        let noted = match (plan.awaits, prepared) {
            (Awaits::Nothing | Awaits::Elsewhere, Some(prepared)) => Rehearsed::of(http, prepared),
            (Awaits::InAddress, _) | (_, None) => Rehearsed::as_written(http, plan, frame),
        };
        let only = only.and_then(Template::source);
        self.add(Rehearsed {
            only: only.map(|only| http.redactor.redact(&only)),
            depends: plan.awaits != Awaits::Nothing,
            ..noted
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

impl Rehearsed {
    fn of(http: &Http, prepared: &Prepared) -> Self {
        let redact = |text: &str| http.redactor.redact(text);
        let headers = prepared
            .headers
            .iter()
            .filter(|(name, _)| *name != "accept");
        Self {
            request: redact(&format!("{} {}", prepared.method, prepared.url)),
            headers: headers
                .map(|(name, value)| {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    (name.as_str().to_owned(), redact(&text))
                })
                .collect(),
            body: prepared.body.as_ref().map(|body| redact(&body.shown())),
            ..Self::default()
        }
    }

    /// What the author wrote stands where its values would.
    fn as_written(http: &Http, plan: &RequestPlan, frame: &Arc<Frame>) -> Self {
        let address = match &plan.address {
            AddressPlan::Path(template) | AddressPlan::Url(template) => template.source(),
        };
        let method = plan.method.as_deref().unwrap_or(match plan.body {
            Some(_) => "POST",
            None => "GET",
        });
        let base = match (&plan.address, &plan.base_url) {
            (AddressPlan::Path(_), Some(base)) => base.text(frame).unwrap_or_default(),
            (AddressPlan::Path(_) | AddressPlan::Url(_), _) => String::new(),
        };
        let base = base.trim_end_matches('/');
        let request = format!("{method} {base}{}", address.unwrap_or_default());
        let (mut headers, mut body) = (Vec::new(), None);
        match plan.body.as_ref().map(|body| body::render(body, frame)) {
            Some(Ok(rendered)) => {
                headers.push(("content-type".to_owned(), rendered.kind));
                body = Some(String::from_utf8_lossy(&rendered.bytes).into_owned());
            }
            Some(Err(error)) => body = Some(format!("(its body needs an answer: {error})")),
            None => {}
        }
        Self {
            request: http.redactor.redact(&request),
            headers,
            body: body.map(|body| http.redactor.redact(&body)),
            ..Self::default()
        }
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(only) = &self.only {
            writeln!(f, "(where {only})")?;
        }
        if self.depends {
            writeln!(f, "(without what answers before it say)")?;
        }
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
