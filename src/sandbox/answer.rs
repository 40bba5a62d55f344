//! Answers as the Container API writes them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use serde_json::{Value, json};

/// An answer: a status, and a body where there is one.
pub struct SandboxAnswer {
    status: StatusCode,
    body: Vec<Bytes>,
}

impl SandboxAnswer {
    /// A status with a JSON body.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            body: vec![body.to_string().into()],
        }
    }

    /// A 200 with a body that is JSON already, in parts that are sent as they are.
    pub fn parts(body: Vec<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    /// A message.
    pub fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// A 204.
    pub fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Vec::new(),
        }
    }

    /// A 400; without a field `errors` is an empty array, as PHP writes it.
    pub fn bad(message: &str, field: Option<(&str, &str)>) -> Self {
        let errors = match field {
            Some((field, error)) => json!({ field: error }),
            None => json!([]),
        };
        let body = json!({ "message": message, "errors": errors });
        Self::json(StatusCode::BAD_REQUEST, &body)
    }

    /// A 404.
    pub fn not_found(message: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for SandboxAnswer {
    fn into_response(self) -> Response {
        if self.body.is_empty() {
            return self.status.into_response();
        }
        let headers = [(header::CONTENT_TYPE, "application/json")];
        let body = Body::new(Parts(self.body.into()));
        (self.status, headers, body).into_response()
    }
}

/// A body of parts that are there already.
struct Parts(VecDeque<Bytes>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}
