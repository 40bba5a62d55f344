//! One exchange, and what is known after it.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, Response};

use crate::row::{PADDING, Spare};

/// What is known after a request was sent.
pub enum CallAnswer {
    /// An answer that arrived whole.
    Whole {
        /// The HTTP status.
        status: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<Duration>,
        /// The body.
        body: Vec<u8>,
    },
    /// The connection was refused: surely nothing was done.
    Refused(String),
    /// No answer, or a broken one: nobody knows what was done.
    Lost(String),
}

impl CallAnswer {
    /// Whether the answer is a 2xx that arrived whole.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Whole { status, .. } if (200..300).contains(status))
    }

    /// Whether it is a 2xx with JSON or no body: an answer of the API, not of something before it.
    pub fn is_accepted(&self) -> bool {
        match self {
            Self::Whole { body, .. } if self.is_success() => is_json_or_empty(body),
            _ => false,
        }
    }

    /// Whether it is sure that nothing was done, so that the call may be repeated as it is.
    pub fn is_surely_not_done(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Whole { status, .. } => matches!(status, 429 | 503),
            Self::Lost(_) => false,
        }
    }

    /// Status and the API's own message, or what broke.
    pub fn describe(&self) -> String {
        match self {
            Self::Refused(reason) | Self::Lost(reason) => reason.clone(),
            Self::Whole { status, body, .. } if self.is_success() && !self.is_accepted() => {
                let length = body.len();
                format!("status {status}, and a body of {length} bytes that is no JSON")
            }
            Self::Whole { status, body, .. } => match api_message(body) {
                Some(message) => format!("status {status}: {message}"),
                None => format!("status {status}"),
            },
        }
    }
}

fn is_json_or_empty(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
        || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// `{"message": "…", "errors": {"field": "…"} or []}`.
fn api_message(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let mut message = answer.get("message")?.as_str()?.to_owned();
    let errors = answer.get("errors").and_then(serde_json::Value::as_object);
    for (field, error) in errors.into_iter().flatten() {
        let error = error
            .as_str()
            .map_or_else(|| error.to_string(), str::to_owned);
        // Writing into a string does not fail.
        let _ = write!(message, " ({field}: {error})");
    }
    Some(message)
}

/// Sends a request and waits for the whole answer, which is put into a buffer of `spare` if that is
/// given: one with rows, that comes back.
pub async fn send(
    client: &Client,
    method: &Method,
    url: &str,
    body: Option<&Bytes>,
    spare: Option<&Spare>,
) -> CallAnswer {
    let mut request = client.request(method.clone(), url);
    if let Some(body) = body {
        request = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return broken(&error),
    };
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    match whole_body(response, spare).await {
        Ok(body) => CallAnswer::Whole {
            status,
            retry_after,
            body,
        },
        Err(error) => CallAnswer::Lost(format!("the answer broke off: {}", innermost(&error))),
    }
}

/// No more than this is set aside for a body whose length was only announced.
const LONGEST_BODY: usize = 64 << 20;

/// The parts go into one buffer as they come: each is free again before the next is there.
async fn whole_body(mut response: Response, spare: Option<&Spare>) -> reqwest::Result<Vec<u8>> {
    let length = response.content_length().unwrap_or(0);
    // A length that is a lie ends in an error of its own.
    let room = usize::try_from(length).unwrap_or(0).min(LONGEST_BODY) + PADDING;
    let mut body = spare.map_or_else(|| Vec::with_capacity(room), |spare| spare.bytes(room));
    while let Some(part) = response.chunk().await? {
        body.extend_from_slice(&part);
    }
    Ok(body)
}

fn broken(error: &reqwest::Error) -> CallAnswer {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::ConnectionRefused {
                return CallAnswer::Refused("connection refused".to_owned());
            }
        }
        source = cause.source();
    }
    // A name that can't be resolved, or a host that can't be reached: nothing was sent either.
    if error.is_connect() {
        return CallAnswer::Refused(format!("can't connect: {}", innermost(error)));
    }
    CallAnswer::Lost(format!("no answer: {}", innermost(error)))
}

/// The reason at the end of the chain: the others only say "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
