//! One sending: a request, steps or a job, until it is known what came of it.

use std::sync::Arc;
use std::time::Duration;

use super::readable::{Unreadable, unreadable};
use super::sender::BatchSender;
use super::steps::StepsFor;
use super::traces::{DOUBTED, Traces};
use crate::http::{Accepted, Answer, Delivery, Failure, Fate, RuleEnd, SendError};
use crate::plan::reads::BodyReads;
use crate::plan::request::{Repeat, RequestPlan};
use crate::plan::target::{TargetKind, TargetStepPlan};
use crate::template::{Frame, is_nothing};

/// What came of one sending.
#[derive(Debug)]
pub enum CarryEnd {
    /// The channel took it.
    Done(Accepted),
    /// A rule passes the rows over.
    Skipped(String),
    /// It is too much at once.
    Split(CarryError),
    /// The steps begin anew.
    Restart {
        /// Why.
        fault: CarryError,
        /// How long to wait before, where that is said.
        wait: Option<Duration>,
    },
    /// It surely was not done.
    Failed(CarryError),
    /// Nobody knows whether it was done.
    Unknown(CarryError),
    /// The run was stopped before it was sent.
    NotSent,
}

/// Why a sending failed.
#[derive(Debug)]
pub struct CarryError {
    /// The channel's code: the status.
    pub code: Option<String>,
    /// In words, for the row's outcome.
    pub message: String,
    /// In words, for those who do not know which request it was.
    pub whole: String,
    /// What kind of fault it is.
    pub kind: CarryErrorKind,
    /// Whether an answer was understood, and says so: not one that is lost, refused or not given.
    pub is_said: bool,
}

/// What a fault means beyond its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarryErrorKind {
    /// Nothing.
    OfRows,
    /// The answer as a whole says no: `results` may say more.
    NotOk,
    /// The job failed: `results` may say more.
    JobFailed,
    /// What was answered is no answer: a page for people, or nothing.
    NoAnswer,
    /// The spec can't make out what became of it.
    Unknowable,
    /// A rule ends the run by it.
    Abort,
    /// Nobody was reached, or nobody knows us.
    Unreachable,
    /// It was forbidden: for all rows, if it is so for the first.
    Forbidden,
    /// The same behind a step that was let in: of the row, unless it is so for several.
    ShutOut,
    /// The request could not be made.
    Unmade,
}

/// What came of one sending, and what was answered.
#[derive(Debug)]
pub struct Carried {
    pub came: CarryEnd,
    /// Answers by name: of steps, `submit`, `poll`, `response`.
    pub answers: Vec<(Arc<str>, Arc<Answer>)>,
    /// The answer that decides.
    pub answer: Option<Arc<Answer>>,
    /// How often the request was sent.
    pub attempts: u32,
    /// What is left behind of it, and of those before it, where it came to no good end.
    pub traces: Traces,
}

impl CarryError {
    /// What is known of a request that failed; `prefix` says which of several it was.
    pub fn of(error: &SendError, prefix: &str) -> Self {
        Self {
            code: error.failure.status().map(|status| status.to_string()),
            message: format!("{prefix}{}", error.failure.reason()),
            whole: error.to_string(),
            kind: match &error.failure {
                Failure::Rule {
                    end: RuleEnd::Aborts,
                    ..
                } => CarryErrorKind::Abort,
                Failure::Status { status: 403, .. } => CarryErrorKind::Forbidden,
                Failure::Template(_) => CarryErrorKind::Unmade,
                failure if failure.is_of_channel() => CarryErrorKind::Unreachable,
                _ => CarryErrorKind::OfRows,
            },
            is_said: error.failure.is_said(),
        }
    }

    /// Something went wrong here, or nothing was answered.
    pub fn new(message: String) -> Self {
        Self {
            code: None,
            whole: message.clone(),
            message,
            kind: CarryErrorKind::OfRows,
            is_said: false,
        }
    }

    /// What was answered says so.
    pub fn said(message: String) -> Self {
        Self {
            is_said: true,
            ..Self::new(message)
        }
    }

    /// What was answered is no answer.
    fn of_no_answer(answer: &Answer, message: String) -> Self {
        Self {
            kind: CarryErrorKind::NoAnswer,
            code: Some(answer.status.to_string()),
            ..Self::new(message)
        }
    }

    fn behind(self, prefix: &str) -> Self {
        Self {
            message: format!("{prefix}{}", self.message),
            ..self
        }
    }

    /// The same with words behind what is told.
    #[must_use]
    pub fn with_words(self, words: &str) -> Self {
        Self {
            message: format!("{}{words}", self.message),
            ..self
        }
    }
}

impl CarryEnd {
    /// The same with words in front of what is told.
    pub fn behind(self, prefix: &str) -> Self {
        match self {
            Self::Failed(fault) => Self::Failed(fault.behind(prefix)),
            Self::Unknown(fault) => Self::Unknown(fault.behind(prefix)),
            other => other,
        }
    }

    /// What becomes of a request to which no answer came that can be read: nothing was changed by one that
    /// only asks.
    fn of_no_answer(request: &RequestPlan, fault: CarryError) -> Self {
        if request.repeat == Repeat::Asks {
            Self::Failed(fault)
        } else {
            Self::Unknown(fault)
        }
    }

    /// What a delivery came to.
    pub fn of(fate: &Fate, prefix: &str) -> Self {
        match fate {
            Fate::Done(said) => Self::Done(said.clone()),
            Fate::Skipped(message) => Self::Skipped(message.clone()),
            Fate::Split(error) => Self::Split(CarryError::of(error, prefix)),
            Fate::Restart { error, wait } => Self::Restart {
                fault: CarryError::of(error, prefix),
                wait: *wait,
            },
            Fate::Failed(error) => Self::Failed(CarryError::of(error, prefix)),
            Fate::Unknown(error) => Self::Unknown(CarryError::of(error, prefix)),
            Fate::UnknownBefore(error) => {
                Self::Unknown(CarryError::of(error, prefix).with_words(DOUBTED))
            }
            Fate::NotSent => Self::NotSent,
        }
    }
}

impl BatchSender {
    /// Sends what a frame sees by the target's means.
    /// `before` is what earlier sendings of the same rows left behind.
    pub(super) async fn carry(&self, frame: &Arc<Frame>, before: Traces) -> Carried {
        let mut carried = match &self.plan.kind {
            TargetKind::Request(request) => self.by_request(request, frame).await,
            TargetKind::Steps(steps) => self.by_steps(steps, frame, StepsFor::Rows, before).await,
            TargetKind::Job(job) => self.by_job(job, frame, before).await,
            // Rows of a file and of a database go other ways.
            TargetKind::File(_) | TargetKind::Sql(_) => Carried {
                came: CarryEnd::NotSent,
                answers: Vec::new(),
                answer: None,
                attempts: 0,
                traces: Traces::default(),
            },
        };
        carried.traces = carried.traces.and(before);
        carried
    }

    async fn by_request(&self, request: &RequestPlan, frame: &Arc<Frame>) -> Carried {
        let Delivery {
            fate,
            answer,
            attempts,
            is_doubtful,
        } = self.context.http.deliver(request, frame).await;
        let mut came = CarryEnd::of(&fate, "");
        if let (CarryEnd::Done(Accepted::ByStatus), Some(answer)) = (&came, &answer) {
            let judged = self
                .is_answer(request, answer)
                .and_then(|()| self.says_something(request, answer))
                .and_then(|()| self.is_ok(answer, frame));
            if let Err(other) = judged {
                came = other;
            }
        }
        let answers = answer
            .iter()
            .map(|answer| ("response".into(), Arc::clone(answer)));
        Carried {
            came,
            answers: answers.collect(),
            answer,
            attempts,
            traces: Traces {
                is_doubtful,
                has_changed: false,
            },
        }
    }

    /// Whether what was answered is an answer: a page for people is of a login, a router or a CDN, and
    /// says nothing of what became of a request.
    pub(super) fn is_answer(&self, request: &RequestPlan, answer: &Answer) -> Result<(), CarryEnd> {
        if self.context.http.rehearsal().is_some() || !answer.is_page() {
            return Ok(());
        }
        let fault = CarryError::of_no_answer(
            answer,
            format!(
                "a web page was answered{}: is the address right, and is a login needed? If pages are its answers, say on_response: [{{ status: {}, then: ok }}]. It begins with {:?}",
                match request.repeat {
                    Repeat::Asks => "",
                    Repeat::Said(_) | Repeat::ByMethod =>
                        ", and nobody knows whether anything was done",
                },
                answer.status,
                self.context
                    .http
                    .excerpt(answer.text())
                    .chars()
                    .take(100)
                    .collect::<String>(),
            ),
        );
        Err(CarryEnd::of_no_answer(request, fault))
    }

    /// Whether there is something in an answer that the spec reads. Of a DELETE only its status is waited
    /// for.
    pub(super) fn says_something(
        &self,
        request: &RequestPlan,
        answer: &Answer,
    ) -> Result<(), CarryEnd> {
        let is_delete = request
            .method
            .as_deref()
            .is_some_and(|method| method.eq_ignore_ascii_case("DELETE"));
        let feedback = self.context.plan.feedback.as_ref();
        // Of what feedback looks for in a few words there is nothing, and no more is known of the row.
        let by_feedback = feedback
            .filter(|_| !is_delete)
            .map(|plan| plan.reads.min(BodyReads::AsData));
        let plan = &self.plan;
        let reads = plan.results_read.max(plan.ok_reads);
        self.is_readable(request, answer, reads.max(by_feedback.unwrap_or_default()))
    }

    /// Whether there is something in a step's answer that `ok` or what comes after it reads.
    pub(super) fn says_something_to_steps(
        &self,
        step: &TargetStepPlan,
        answer: &Answer,
        is_judged: bool,
    ) -> Result<(), CarryEnd> {
        let by_ok = if is_judged {
            self.plan.ok_reads
        } else {
            BodyReads::Nothing
        };
        self.is_readable(&step.request, answer, step.reads.max(by_ok))
    }

    /// Whether an answer can be read as it is.
    pub(super) fn is_readable(
        &self,
        request: &RequestPlan,
        answer: &Answer,
        reads: BodyReads,
    ) -> Result<(), CarryEnd> {
        if self.context.http.rehearsal().is_some() {
            return Ok(());
        }
        let what = match unreadable(request, answer, reads) {
            None => return Ok(()),
            Some(Unreadable::Empty) => "the answer is empty".to_owned(),
            Some(Unreadable::Broken) => {
                let text = self.context.http.excerpt(answer.text());
                let end = text.char_indices().rev().nth(30).map_or(0, |(at, _)| at);
                format!(
                    "the answer breaks off or is broken, it ends with {:?}",
                    &text[end..]
                )
            }
            Some(Unreadable::Text) => format!(
                "the answer holds no names: {}",
                self.context.http.excerpt(answer.text())
            ),
            Some(Unreadable::NotGraphQl) => format!(
                "{} has neither `data` nor `errors`, as an answer of GraphQL has",
                self.context.http.excerpt(answer.text())
            ),
        };
        let fault = CarryError::of_no_answer(
            answer,
            format!(
                "{what}, and the spec reads it: nobody knows whether anything was done. If that is its answer, say on_response: [{{ status: {}, then: ok }}]",
                answer.status
            ),
        );
        Err(CarryEnd::of_no_answer(request, fault))
    }

    /// `ok`.
    pub(super) fn is_ok(&self, answer: &Arc<Answer>, frame: &Arc<Frame>) -> Result<(), CarryEnd> {
        let Some(ok) = &self.plan.ok else {
            return Ok(());
        };
        if self.context.http.rehearsal().is_some() {
            return Ok(());
        }
        let seen = Arc::new(Frame::on(frame).with("response", answer.to_value()));
        match ok.holds(&seen) {
            Ok(true) => Ok(()),
            // It holds for none of what might stand there.
            Ok(false) if self.plan.ok_reads.any() && is_nothing(&answer.body()) => {
                Err(CarryEnd::Unknown(CarryError::of_no_answer(
                    answer,
                    "nothing was answered, and `ok` reads it".to_owned(),
                )))
            }
            Ok(false) => {
                let text = self.context.http.excerpt(answer.text());
                let what = "`ok` does not hold for the answer";
                let message = match text.as_str() {
                    "" => what.to_owned(),
                    text => format!("{what}: {text}"),
                };
                Err(CarryEnd::Failed(CarryError {
                    kind: CarryErrorKind::NotOk,
                    ..CarryError::said(message)
                }))
            }
            // The channel took it, as far as the status tells.
            Err(error) => Err(CarryEnd::Unknown(CarryError {
                kind: CarryErrorKind::Unknowable,
                ..CarryError::new(format!("ok: {error}"))
            })),
        }
    }
}
