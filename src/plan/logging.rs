//! `log`, `notify` and `fail_when`, compiled.

use std::sync::Arc;

use crate::spec::{FailAt, LogAt, LogLevel, NotifyAt, NotifyType};
use crate::template::Template;

/// A log message.
#[derive(Debug)]
pub struct LogRule {
    /// When it is logged.
    pub at: LogAt,
    /// Its level.
    pub level: LogLevel,
    /// Whether it is logged.
    pub when: Option<Template>,
    /// The message.
    pub message: Template,
    /// What goes with it.
    pub context: Vec<(Arc<str>, Template)>,
}

/// A notification.
#[derive(Debug)]
pub struct NotifyRule {
    /// When it is sent.
    pub at: NotifyAt,
    /// What kind of news it is.
    pub kind: NotifyType,
    /// The message.
    pub message: Template,
}

/// A reason for which the run fails.
#[derive(Debug)]
pub struct FailRule {
    /// When it is judged.
    pub at: FailAt,
    /// Whether the run fails.
    pub when: Template,
    /// The reason.
    pub message: Template,
}
