//! The platform's bucket: files that outlive a run, moved between it and the shared directory.
//!
//! Paths and answers are those of the vendor's `OpenAPI` document 0.1.0: 202 with a process, or 400 whose
//! `errors` name `remoteFile` or `sourceFile`.

use std::path::Path;

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::call::CallAnswer;
use super::client::ContainerApi;
use super::error::ApiError;
use super::processes::{ProcessEnd, id_of};

/// Why a file was not fetched or stored.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// What went wrong.
    #[error("{0}")]
    Failed(String),
    /// The run was stopped before.
    #[error("stopped")]
    Stopped,
}

impl From<ApiError> for BucketError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Stopped => Self::Stopped,
            error => Self::Failed(error.to_string()),
        }
    }
}

impl ContainerApi {
    /// `GET /buckets/exchange/download/{remoteFile}`: what the bucket's file holds, by way of the shared
    /// directory, where it does not stay.
    pub async fn from_bucket(&self, shared: &Path, name: &str) -> Result<InBucket, BucketError> {
        let path = format!("/buckets/exchange/download/{name}");
        let local = shared.join(name);
        let in_words = |error| BucketError::Failed(format!("{}: {error}", local.display()));
        make_folder(&local).map_err(in_words)?;
        // What an earlier run left there is not what the bucket holds.
        match std::fs::remove_file(&local) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(in_words(error));
            }
            Ok(()) | Err(_) => {}
        }
        let answer = self.repeated(&Method::GET, &path, None).await?;
        if let (false, Some(said)) = (answer.is_success(), no_file(&answer)) {
            return Ok(InBucket::None(said));
        }
        self.end_of("GET", &path, &answer).await?;
        let bytes = std::fs::read(&local).map_err(|error| {
            BucketError::Failed(format!(
                "GET {path} was done, and its file is not at {}: {error}; `--shared` names the directory that is shared with the Container API",
                local.display()
            ))
        })?;
        let _ = std::fs::remove_file(&local);
        Ok(InBucket::File(bytes))
    }

    /// `PUT /buckets/exchange/upload/{remoteFile}`: a file of the bucket is made, or replaced, by way of
    /// the shared directory. The same file may be stored twice, so a lost answer is asked for again.
    pub async fn to_bucket(
        &self,
        shared: &Path,
        name: &str,
        content: &[u8],
    ) -> Result<(), BucketError> {
        let path = format!("/buckets/exchange/upload/{name}");
        let local = shared.join(name);
        make_folder(&local)
            .and_then(|()| std::fs::write(&local, content))
            .map_err(|error| BucketError::Failed(format!("{}: {error}", local.display())))?;
        let body = serde_json::json!({ "source_file": format!("/{name}") });
        let body = Bytes::from(body.to_string());
        let stored = match self.repeated(&Method::PUT, &path, Some(&body)).await {
            Ok(answer) => self.end_of("PUT", &path, &answer).await,
            Err(error) => Err(error.into()),
        };
        // Where nobody waited for the end it may be needed yet.
        if !matches!(stored, Err(BucketError::Stopped)) {
            let _ = std::fs::remove_file(&local);
        }
        stored
    }

    /// Waits for the process that an answer names.
    async fn end_of(
        &self,
        method: &'static str,
        path: &str,
        answer: &CallAnswer,
    ) -> Result<(), BucketError> {
        let body = match answer {
            CallAnswer::Whole { body, .. } if answer.is_success() => body,
            CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                return Err(ApiError::call(method, path, answer).into());
            }
        };
        let failed = |reason: String| BucketError::Failed(format!("{method} {path}: {reason}"));
        let Some(id) = id_of(body) else {
            return Err(failed("the answer names no process".to_owned()));
        };
        match self.process_end(&id).await {
            ProcessEnd::Done => Ok(()),
            ProcessEnd::Stopped => Err(BucketError::Stopped),
            ProcessEnd::Failed(reason) | ProcessEnd::Unknown(reason) => Err(failed(reason)),
        }
    }
}

/// On the platform the directory is there.
fn make_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) => std::fs::create_dir_all(folder),
        None => Ok(()),
    }
}

/// What a bucket holds under a name.
#[derive(Debug)]
pub enum InBucket {
    /// These bytes.
    File(Vec<u8>),
    /// Nothing; what the API says about it.
    None(String),
}

/// What the API says where the bucket has no such file.
fn no_file(answer: &CallAnswer) -> Option<String> {
    let (status, body) = match answer {
        CallAnswer::Whole {
            status: status @ (400 | 404),
            body,
            ..
        } => (*status, body),
        CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => return None,
    };
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    let of_file = ["remoteFile", "remote_file"]
        .iter()
        .find_map(|key| read.get("errors")?.get(key));
    match (status, of_file.or(read.get("message"))) {
        (404, None) => Some(String::from_utf8_lossy(body).into_owned()),
        (400, _) if of_file.is_none() => None,
        (_, said) => said.map(|said| match said.as_str() {
            Some(text) => text.to_owned(),
            None => said.to_string(),
        }),
    }
}
