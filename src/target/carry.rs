//! One sending: a request, steps or a job, until it is known what came of it.

use std::sync::Arc;

use super::sender::Sender;
use crate::http::{Accepted, Answer, Delivery, Failure, Fate, SendError};
use crate::plan::request::RequestPlan;
use crate::plan::target::TargetKind;
use crate::template::Frame;

/// What came of one sending.
#[derive(Debug)]
pub enum Came {
    /// The channel took it.
    Done(Accepted),
    /// A rule passes the rows over.
    Skipped(String),
    /// It is too much at once.
    Split(Fault),
    /// It surely was not done.
    Failed(Fault),
    /// Nobody knows whether it was done.
    Unknown(String),
    /// The run was stopped before it was sent.
    NotSent,
}

/// Why a sending failed.
#[derive(Debug)]
pub struct Fault {
    /// The channel's code: the status.
    pub code: Option<String>,
    /// In words, for the row's outcome.
    pub message: String,
    /// In words, for those who do not know which request it was.
    pub whole: String,
    /// What kind of fault it is.
    pub kind: FaultKind,
}

/// What a fault means beyond its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing.
    OfRows,
    /// `ok` does not hold: `results` may say more.
    NotOk,
    /// A rule ends the run by it.
    Abort,
    /// Nobody was reached, or nobody knows us.
    Unreachable,
    /// It was forbidden: for all rows, if it is so for the first.
    Forbidden,
}

/// What came of one sending, and what was answered.
#[derive(Debug)]
pub struct Carried {
    pub came: Came,
    /// Answers by name: of steps, `submit`, `poll`, `response`.
    pub answers: Vec<(Arc<str>, Arc<Answer>)>,
    /// The answer that decides.
    pub answer: Option<Arc<Answer>>,
    /// How often the request was sent.
    pub attempts: u32,
}

impl Fault {
    /// What is known of a request that failed; `prefix` says which of several it was.
    pub fn of(error: &SendError, prefix: &str) -> Self {
        Self {
            code: error.failure.status().map(|status| status.to_string()),
            message: format!("{prefix}{}", error.failure.reason()),
            whole: error.to_string(),
            kind: match &error.failure {
                Failure::Rule { is_abort: true, .. } => FaultKind::Abort,
                Failure::Status { status: 403, .. } => FaultKind::Forbidden,
                failure if failure.is_of_channel() => FaultKind::Unreachable,
                _ => FaultKind::OfRows,
            },
        }
    }

    /// What was answered is not what it should be.
    pub fn said(message: String) -> Self {
        Self {
            code: None,
            whole: message.clone(),
            message,
            kind: FaultKind::OfRows,
        }
    }
}

impl Came {
    /// The same with words in front of what is told.
    pub fn behind(self, prefix: &str) -> Self {
        match self {
            Self::Failed(fault) => Self::Failed(Fault {
                message: format!("{prefix}{}", fault.message),
                ..fault
            }),
            Self::Unknown(message) => Self::Unknown(format!("{prefix}{message}")),
            other => other,
        }
    }

    /// What a delivery came to.
    pub fn of(fate: &Fate, prefix: &str) -> Self {
        match fate {
            Fate::Done(said) => Self::Done(said.clone()),
            Fate::Skipped(message) => Self::Skipped(message.clone()),
            Fate::Split(error) => Self::Split(Fault::of(error, prefix)),
            Fate::Failed(error) => Self::Failed(Fault::of(error, prefix)),
            Fate::Unknown(error) => Self::Unknown(format!("{prefix}{}", error.failure.reason())),
            Fate::NotSent => Self::NotSent,
        }
    }
}

impl Sender {
    /// Sends what a frame sees by the target's means.
    pub(super) async fn carry(&self, frame: &Arc<Frame>) -> Carried {
        match &self.plan.kind {
            TargetKind::Request(request) => self.by_request(request, frame).await,
            TargetKind::Steps(steps) => self.by_steps(steps, frame).await,
            TargetKind::Job(job) => self.by_job(job, frame).await,
            // Rows of a file are not sent one by one.
            TargetKind::File(_) => Carried {
                came: Came::NotSent,
                answers: Vec::new(),
                answer: None,
                attempts: 0,
            },
        }
    }

    async fn by_request(&self, request: &RequestPlan, frame: &Arc<Frame>) -> Carried {
        let Delivery {
            fate,
            answer,
            attempts,
        } = self.context.http.deliver(request, frame).await;
        let mut came = Came::of(&fate, "");
        if let (Came::Done(Accepted::ByStatus), Some(answer)) = (&came, &answer) {
            if let Err(other) = self.is_ok(answer, frame) {
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
        }
    }

    /// `ok`.
    pub(super) fn is_ok(&self, answer: &Arc<Answer>, frame: &Arc<Frame>) -> Result<(), Came> {
        let Some(ok) = &self.plan.ok else {
            return Ok(());
        };
        if self.context.http.rehearsal().is_some() {
            return Ok(());
        }
        let seen = Arc::new(Frame::on(frame).with("response", answer.to_value()));
        match ok.holds(&seen) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let text = self.context.http.excerpt(answer.text());
                let what = "`ok` does not hold for the answer";
                let message = match text.as_str() {
                    "" => what.to_owned(),
                    text => format!("{what}: {text}"),
                };
                Err(Came::Failed(Fault {
                    kind: FaultKind::NotOk,
                    ..Fault::said(message)
                }))
            }
            // The channel took it, as far as the status tells.
            Err(error) => Err(Came::Unknown(format!("ok: {error}"))),
        }
    }
}
