//! Waiting for work that the other side does meanwhile, compiled.

use std::sync::Arc;
use std::time::Duration;

use super::reads::BodyReads;
use super::request::RequestPlan;
use super::source::ReadingPlan;
use crate::template::Template;

/// How the end of a job is waited for.
#[derive(Debug)]
pub struct PollPlan {
    /// Asks how it stands.
    pub request: RequestPlan,
    /// The wait before each question.
    pub every: Duration,
    /// Whether the author says it: then it is the shortest, and else the other side may ask for another.
    pub every_is_said: bool,
    /// After how long it is given up.
    pub timeout: Duration,
    /// Whether it is over.
    pub until: Template,
    /// What both read of an answer.
    pub reads: BodyReads,
    /// Whether it failed.
    pub failed: Option<Template>,
    /// Where one request asks about all jobs that are open.
    pub jobs: Option<PollJobsPlan>,
    /// Sent when nobody waits for it any more, though it may not be over.
    pub cancel: Option<RequestPlan>,
}

/// One request for many jobs.
#[derive(Debug)]
pub struct PollJobsPlan {
    /// What a job is known by.
    pub id: Template,
    /// Where the answer lists them.
    pub reading: Arc<ReadingPlan>,
    /// What an element knows its job by.
    pub matching: Template,
    /// How many are asked about at once.
    pub most: usize,
}
