//! Writing rows. A write has no key, so one whose answer is lost is never repeated.

use bytes::Bytes;
use reqwest::Method;

use super::call::CallAnswer;
use super::client::ContainerApi;
use super::wait::Waits;
use crate::columns::Finished;

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
        loop {
            let answer = self.send(&Method::POST, &path, Some(&body)).await;
            let wait = match &answer {
                _ if answer.is_accepted() => return Ok(()),
                CallAnswer::Whole { retry_after, .. } if answer.is_surely_not_done() => {
                    waits.after_busy(*retry_after)
                }
                CallAnswer::Refused(_) => waits.after_refusal(),
                CallAnswer::Whole {
                    status: 400..=499, ..
                } => {
                    let reason = answer.describe();
                    return Err(WriteError::NotDone { file, reason });
                }
                _ => {
                    let reason = answer.describe();
                    return Err(WriteError::InDoubt { file, reason });
                }
            };
            let waited = match wait {
                Some(wait) => self.wait(wait).await.is_ok(),
                None => false,
            };
            if !waited {
                let reason = answer.describe();
                return Err(WriteError::NotDone { file, reason });
            }
        }
    }
}
