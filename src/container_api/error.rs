//! Why a call to the Container API failed.

use super::call::CallAnswer;

/// A failed call: method, path, what happened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The call has no usable answer.
    #[error("{method} {path}: {reason}")]
    Call {
        /// The method.
        method: &'static str,
        /// Path and query.
        path: String,
        /// Status and the API's own message, or what broke.
        reason: String,
    },
    /// Rows that were read again are not those of before.
    #[error("{path}: the connection broke, and the input read again is not the same: {reason}")]
    Changed {
        /// Path and query.
        path: String,
        /// What differs.
        reason: String,
    },
    /// The platform counts other rows than were read.
    #[error("{path}: the platform counts {counted} rows, and {read} were read")]
    Count {
        /// Path.
        path: String,
        /// The platform's count.
        counted: u64,
        /// Rows read.
        read: u64,
    },
    /// SIGTERM or SIGINT came while the call was waited for.
    #[error("stopped")]
    Stopped,
}

impl ApiError {
    /// A call that was answered, or not, in a way that ends it.
    pub(super) fn call(method: &'static str, path: &str, answer: &CallAnswer) -> Self {
        Self::Call {
            method,
            path: path.to_owned(),
            reason: answer.describe(),
        }
    }
}
