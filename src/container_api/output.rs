//! Writing rows. A write has no key, so one whose answer is lost is never repeated.

use bytes::Bytes;
use reqwest::Method;

use super::call::CallAnswer;
use super::client::ContainerApi;
use super::wait::Waits;
use crate::columns::Finished;
use crate::retry::{Attempt, RetryEnd, retry};

/// Where rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFile {
    /// The rows of a data source or a data service.
    Output,
    /// What became of an export's rows.
    Feedback,
}

impl OutputFile {
    /// The word in the path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Feedback => "feedback",
        }
    }
}

/// A write that is not known to be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// It surely was not done.
    #[error("POST /output/{file}: {reason}")]
    NotDone {
        /// The file.
        file: &'static str,
        /// What was answered.
        reason: String,
    },
    /// It may have been done or not.
    #[error("POST /output/{file}: {reason}")]
    InDoubt {
        /// The file.
        file: &'static str,
        /// What was answered.
        reason: String,
    },
}

impl ContainerApi {
    /// Writes rows; an empty batch is not sent (the API answers 400 to it). It is done only when
    /// a 2xx arrived whole, with JSON or no body.
    pub async fn write(&self, file: OutputFile, rows: &Finished) -> Result<(), WriteError> {
        if rows.is_empty() {
            return Ok(());
        }
        let path = format!("/output/{}", file.word());
        let body = Bytes::from_owner(rows.clone());
        let file = file.word();
        let mut waits = Waits::default();
        let written = retry(self.stop(), async |_| {
            let answer = self.send(&Method::POST, &path, Some(&body)).await;
            if answer.is_accepted() {
                return Attempt::Done(());
            }
            let reason = answer.describe();
            if answer.is_surely_not_done() {
                let wait = waits.after_not_done(&answer);
                return Attempt::Again(WriteError::NotDone { file, reason }, wait);
            }
            Attempt::Failed(match answer {
                CallAnswer::Whole {
                    status: 400..=499, ..
                } => WriteError::NotDone { file, reason },
                CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                    WriteError::InDoubt { file, reason }
                }
            })
        });
        written.await.map_err(RetryEnd::into_error)
    }
}
