//! Waiting for work that the other side does meanwhile, compiled.

use std::time::Duration;

use super::request::RequestPlan;
use crate::template::Template;

/// How the end of a job is waited for.
#[derive(Debug)]
pub struct PollPlan {
    /// Asks how it stands.
    pub request: RequestPlan,
    /// The wait before each question.
    pub every: Duration,
    /// After how long it is given up.
    pub timeout: Duration,
    /// Whether it is over.
    pub until: Template,
    /// Whether it failed.
    pub failed: Option<Template>,
    /// Sent when nobody waits for it any more, though it may not be over.
    pub cancel: Option<RequestPlan>,
}
