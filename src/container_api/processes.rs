//! Files that the Container API delivers, and the processes that do it.

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::call::Answer;
use super::client::ContainerApi;
use super::error::ApiError;
use super::wait::Waits;

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

/// How a process stands.
#[derive(Debug, PartialEq, Eq)]
pub enum ProcessState {
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
        loop {
            let answer = self.send(&Method::POST, path, Some(&body)).await;
            let told = || format!("POST {path}: {}", answer.describe());
            let wait = match &answer {
                Answer::Whole { body, .. } if answer.is_success() => {
                    return id_of(body).ok_or_else(|| {
                        StartError::InDoubt(format!("POST {path}: the answer names no process"))
                    });
                }
                Answer::Whole { retry_after, .. } if answer.is_surely_not_done() => {
                    waits.after_busy(*retry_after)
                }
                Answer::Refused(_) => waits.after_refusal(),
                Answer::Whole {
                    status: 400..=499, ..
                } => return Err(StartError::NotDone(told())),
                _ => return Err(StartError::InDoubt(told())),
            };
            match wait {
                Some(wait) => self.wait(wait).await.map_err(|_| StartError::Stopped)?,
                None => return Err(StartError::NotDone(told())),
            }
        }
    }

    /// `GET /processes/{id}`.
    pub async fn process(&self, id: &str) -> Result<ProcessState, ApiError> {
        let body = self.get_repeatable(&format!("/processes/{id}")).await?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        // The process stands below `data`, or is the answer itself.
        let process = answer.get("data").unwrap_or(&answer);
        Ok(state_of(process))
    }
}

fn id_of(body: &[u8]) -> Option<String> {
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
