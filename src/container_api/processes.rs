//! Files that the Container API delivers, and the processes that do it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::call::CallAnswer;
use super::client::ContainerApi;
use super::error::ApiError;
use super::wait::Waits;
use crate::retry::{Attempt, RetryEnd, retry};

/// Where a connector and the Container API share files, as the vendor's own compose files have it.
pub const SHARED: &str = "/data/productsup";

/// Why a process was not started.
#[derive(Debug)]
pub enum StartError {
    /// It surely was not.
    NotDone(String),
    /// It may have been or not.
    InDoubt(String),
    /// The run was stopped before.
    Stopped,
}

/// The wait before each question.
const EVERY: Duration = Duration::from_secs(2);
/// After how long it is given up: words for the state of a process are not public, and one that is
/// over may be called what nobody here knows.
const LONGEST: Duration = Duration::from_secs(2 * 3600);
/// The first answers come sooner.
const FIRST: Duration = Duration::from_millis(100);

/// How long a run that is stopped still waits for one that may be about to end.
const GRACE: Duration = Duration::from_secs(2);

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    /// Well.
    Done,
    /// Not well; what is said about it.
    Failed(String),
    /// Nobody knows, and why.
    Unknown(String),
    /// The run was stopped while it was under way.
    Stopped,
}

/// How a process stands.
#[derive(Debug, PartialEq, Eq)]
enum ProcessState {
    /// It is not over.
    Running,
    /// It ended well.
    Done,
    /// It did not; what is said about it.
    Failed(String),
}

impl ContainerApi {
    /// `POST /store/to-transport`: a file of the shared directory is uploaded by the site's own
    /// transport. Both paths begin with a `/`. Gives the process's id.
    pub async fn to_transport(&self, source: &str, remote: &str) -> Result<String, StartError> {
        let path = "/store/to-transport";
        let body = serde_json::json!({ "source_file": source, "remote_file": remote });
        let body = Bytes::from(body.to_string());
        let mut waits = Waits::default();
        let started = retry(self.stop(), async |_| {
            let answer = self.send(&Method::POST, path, Some(&body)).await;
            let told = || format!("POST {path}: {}", answer.describe());
            if answer.is_surely_not_done() {
                return Attempt::Again(StartError::NotDone(told()), waits.after_not_done(&answer));
            }
            match &answer {
                CallAnswer::Whole { body, .. } if answer.is_success() => match id_of(body) {
                    Some(id) => Attempt::Done(id),
                    None => Attempt::Failed(StartError::InDoubt(format!(
                        "POST {path}: the answer names no process"
                    ))),
                },
                CallAnswer::Whole {
                    status: 400..=499, ..
                } => Attempt::Failed(StartError::NotDone(told())),
                CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                    Attempt::Failed(StartError::InDoubt(told()))
                }
            }
        });
        started.await.map_err(|end| match end {
            RetryEnd::Failed(error) => error,
            RetryEnd::Stopped(_) => StartError::Stopped,
        })
    }

    /// Waits for the end of a process; where the run is stopped, a moment longer.
    pub async fn process_end(&self, id: &str) -> ProcessEnd {
        let mut wait = FIRST;
        let deadline = Instant::now() + LONGEST;
        let mut grace = None;
        while Instant::now() < deadline {
            if !self.stop.sleep(wait).await {
                let until = *grace.get_or_insert_with(|| Instant::now() + GRACE);
                if Instant::now() >= until {
                    return ProcessEnd::Stopped;
                }
                tokio::time::sleep(FIRST).await;
            }
            wait = (wait * 2).min(EVERY);
            match self.process(id).await {
                Ok(ProcessState::Running) => {}
                Ok(ProcessState::Done) => return ProcessEnd::Done,
                Ok(ProcessState::Failed(reason)) => return ProcessEnd::Failed(reason),
                Err(ApiError::Stopped) => return ProcessEnd::Stopped,
                Err(error) => {
                    return ProcessEnd::Unknown(format!("process {id} was started: {error}"));
                }
            }
        }
        let hours = LONGEST.as_secs() / 3600;
        ProcessEnd::Unknown(format!("process {id} was not over within {hours} hours"))
    }

    /// `GET /processes/{id}`.
    async fn process(&self, id: &str) -> Result<ProcessState, ApiError> {
        let body = self.get_repeatable(&format!("/processes/{id}")).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        // The process stands below `data`, or is the answer itself.
        let process = answer.get("data").unwrap_or(&answer);
        Ok(state_of(process))
    }
}

/// The id of the process that an answer names.
pub(super) fn id_of(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let id = answer.get("data").unwrap_or(&answer).get("id")?;
    match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The words of `status` are not public: the exit code decides, where there is one.
fn state_of(process: &Value) -> ProcessState {
    let status = process.get("status").and_then(Value::as_str);
    let status = status.unwrap_or_default().to_ascii_lowercase();
    let code = process.get("exit-code").or(process.get("exit_code"));
    let code = code.and_then(|code| match code {
        Value::Number(code) => code.as_i64(),
        Value::String(code) => code.parse().ok(),
        _ => None,
    });
    let is_going_on = ["pending", "running", "queued", "started", "waiting", "new"]
        .iter()
        .any(|word| status == *word);
    let failed = || {
        let code = code.map_or(String::new(), |code| format!(", exit code {code}"));
        ProcessState::Failed(format!("its process ended as `{status}`{code}"))
    };
    match (code, status.as_str()) {
        (Some(0), _) if !is_going_on => ProcessState::Done,
        (Some(code), _) if code != 0 => failed(),
        (_, "success" | "succeeded" | "done" | "finished" | "completed") => ProcessState::Done,
        (_, "failed" | "failure" | "error" | "cancelled" | "canceled" | "aborted") => failed(),
        _ => ProcessState::Running,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_process_is_over_by_its_exit_code_or_its_status() {
        let running = [
            json!({ "status": "pending", "exit-code": null }),
            json!({ "status": "running", "exit-code": 0 }),
            json!({}),
        ];
        for process in running {
            assert_eq!(state_of(&process), ProcessState::Running, "{process}");
        }
        for process in [
            json!({ "status": "success" }),
            json!({ "exit-code": 0, "status": "x" }),
        ] {
            assert_eq!(state_of(&process), ProcessState::Done, "{process}");
        }
        for process in [json!({ "status": "failed" }), json!({ "exit-code": 3 })] {
            assert!(
                matches!(state_of(&process), ProcessState::Failed(_)),
                "{process}"
            );
        }
    }
}
