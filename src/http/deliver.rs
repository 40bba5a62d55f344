//! A request that changes something at the other side: what surely became of it, or that nobody knows.

use std::sync::Arc;
use std::time::Duration;

use super::Http;
use super::answer::Answer;
use super::error::{Failure, SendError};
use super::judge::Accepted;
use super::making::{GivenBody, Made, Making};
use super::render::Elsewhere;
use super::send::{Course, Ended};
use crate::plan::request::RequestPlan;
use crate::template::Frame;

/// What became of a request.
#[derive(Debug)]
pub struct Delivery {
    /// Its fate.
    pub fate: Fate,
    /// The last answer, if one came.
    pub answer: Option<Arc<Answer>>,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether nobody knows if an attempt was carried out that came to nothing: one before the last, or
    /// the last where a rule says what to do next, and not what became of it.
    pub is_doubtful: bool,
}

/// The fate of a request that changes something. Messages are without secrets.
#[derive(Debug)]
pub enum Fate {
    /// It was carried out.
    Done(Accepted),
    /// A rule passes it over.
    Skipped(String),
    /// A rule says that it is too much at once.
    Split(SendError),
    /// A rule says that the steps begin anew.
    Restart {
        /// Why.
        error: SendError,
        /// How long to wait before, where that is said.
        wait: Option<Duration>,
    },
    /// It was surely not carried out.
    Failed(SendError),
    /// Nobody knows whether it was carried out.
    Unknown(SendError),
    /// The last attempt failed, and nobody knows whether one before it was carried out.
    UnknownBefore(SendError),
    /// It was not sent, as the run was stopped.
    NotSent,
}

/// The fate of a request for those who send it no other way: nothing is split, nothing begins anew.
#[derive(Debug)]
pub enum DeliveryEnd {
    /// It was carried out.
    Done(Accepted),
    /// A rule passes it over.
    Skipped(String),
    /// It was surely not carried out.
    Failed(SendError),
    /// Nobody knows whether it was carried out.
    Unknown(SendError),
    /// It was not sent, as the run was stopped.
    NotSent,
}

impl From<Fate> for DeliveryEnd {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Done(accepted) => Self::Done(accepted),
            Fate::Skipped(message) => Self::Skipped(message),
            Fate::Failed(error) | Fate::Split(error) | Fate::Restart { error, .. } => {
                Self::Failed(error)
            }
            Fate::Unknown(error) | Fate::UnknownBefore(error) => Self::Unknown(error),
            Fate::NotSent => Self::NotSent,
        }
    }
}

impl Http {
    /// Sends a request that changes something. It is sent again only where nothing can come of it
    /// twice, and its answer is waited for a moment though the run is stopped.
    pub async fn deliver(&self, plan: &RequestPlan, frame: &Arc<Frame>) -> Delivery {
        let making = Making::new(plan, frame, None);
        self.deliver_made(&making).await
    }

    /// The same with a body that is given, and an address if that is given too.
    pub async fn upload(
        &self,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        address: Option<Elsewhere<'_>>,
        given: GivenBody,
    ) -> Delivery {
        let making = Making {
            given: Some(given),
            ..Making::new(plan, frame, address)
        };
        self.deliver_made(&making).await
    }

    async fn deliver_made(&self, making: &Making<'_>) -> Delivery {
        let Making { plan, frame, .. } = *making;
        let mut course = Course::default();
        // Nobody is asked in a rehearsal, for credentials neither.
        let made = match &self.rehearsal {
            Some(_) => making.rehearsed(),
            None => self.make(making).await,
        };
        let shown = made.as_ref().map(Made::shown).unwrap_or_default();
        // Who knows a request by its key answers what became of it, whichever attempt it was.
        let has_key = made
            .as_ref()
            .is_ok_and(|made| made.prepared.headers.contains_key("idempotency-key"));
        let result = match (made, &self.rehearsal) {
            (made, Some(rehearsal)) => {
                let prepared = made.map(|made| made.prepared);
                rehearsal.note(self, plan, frame, prepared).map(|answer| {
                    course.attempts = 1;
                    course.answer = Some(Arc::clone(&answer));
                    Ended::Good(answer, None, Accepted::ByStatus)
                })
            }
            (Ok(made), None) => self.attempt(making, made, &mut course).await,
            (Err(failure), None) => Err(failure),
        };
        let error = |failure: Failure| SendError {
            label: plan.label.to_string(),
            request: self.redactor.redact(&shown),
            attempts: course.attempts,
            failure: self.redacted(failure),
        };
        let goes_on = matches!(result, Ok(Ended::Split(_) | Ended::Restart(..)));
        let is_answered_for = has_key && matches!(result, Ok(Ended::Good(..)));
        let is_doubtful = course.was_in_doubt && !is_answered_for || goes_on && course.in_doubt;
        let fate = match result {
            Ok(Ended::Good(_, _, Accepted::ByRule(said))) => {
                let said = said.map(|said| self.redactor.redact(&said));
                Fate::Done(Accepted::ByRule(said))
            }
            Ok(Ended::Good(_, _, Accepted::ByStatus)) => Fate::Done(Accepted::ByStatus),
            Ok(Ended::Skip(message)) => Fate::Skipped(self.redactor.redact(&message)),
            // Halves have keys of their own, by which nobody knows what was sent before.
            Ok(Ended::Split(failure)) if course.was_in_doubt && has_key => {
                Fate::UnknownBefore(error(failure))
            }
            Ok(Ended::Split(failure)) => Fate::Split(error(failure)),
            Ok(Ended::Restart(wait, failure)) => Fate::Restart {
                error: error(failure),
                wait,
            },
            Ok(Ended::Stop) => Fate::Failed(error(Failure::Template(
                "`then: stop` is not for a target".to_owned(),
            ))),
            Err(Failure::Stopped) if !course.in_doubt && !course.was_in_doubt => {
                match &course.answer {
                    // It was answered, and would have been sent once more.
                    Some(answer) => Fate::Failed(error(Failure::Status {
                        status: answer.status,
                        body: self.excerpt(answer.text()),
                    })),
                    None => Fate::NotSent,
                }
            }
            Err(failure) if course.in_doubt => Fate::Unknown(error(failure)),
            // A later attempt that was refused says nothing of an earlier one.
            Err(failure) if course.was_in_doubt => Fate::UnknownBefore(error(failure)),
            Err(failure) => Fate::Failed(error(failure)),
        };
        Delivery {
            fate,
            answer: course.answer,
            attempts: course.attempts,
            is_doubtful,
        }
    }
}
