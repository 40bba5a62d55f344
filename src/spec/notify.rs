//! `notify`: what the end user is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Template;

/// A notification.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// When it is sent.
    pub at: NotifyAt,
    /// What kind of news it is.
    #[serde(rename = "type")]
    pub kind: NotifyType,
    /// The message.
    pub message: Template,
}

/// When a notification is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyAt {
    /// Once all rows are written.
    Finish,
    /// When the run has failed: `error`.
    Failure,
}

/// What kind of news a notification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyType {
    /// Good news.
    Success,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}
