//! Answers as the Container API writes them.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An answer: a status, and a body where there is one.
pub struct Answer {
    status: StatusCode,
    body: Option<Vec<u8>>,
}

impl Answer {
    /// A status with a JSON body.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self {
            status,
            body: Some(body.to_string().into_bytes()),
        }
    }

    /// A 200 with a body that is JSON already.
    pub fn bytes(body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body),
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
            body: None,
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

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.body {
            None => self.status.into_response(),
            Some(body) => (
                self.status,
                [(header::CONTENT_TYPE, "application/json")],
                Body::from(body),
            )
                .into_response(),
        }
    }
}
