//! `job`: work that the other side does meanwhile.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Condition;
use super::places::Placed;
use super::request::Request;
use super::values::Duration;

/// Submitted, polled until it is done, then downloaded.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The request that starts it; its answer is `submit`.
    pub submit: Placed<Request>,
    /// The request that asks how it stands; its answer is `poll`.
    pub poll: Poll,
    /// Whether it is over.
    pub until: Condition,
    /// Whether it failed, once it is over.
    #[serde(default)]
    pub failed: Option<Condition>,
    /// Sent when the run is stopped while it waits.
    #[serde(default)]
    pub cancel: Option<Placed<Request>>,
    /// Where its records are.
    #[serde(default)]
    pub download: Option<Placed<Request>>,
}

/// How a job is asked about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The request.
    pub request: Placed<Request>,
    /// The wait before each; 10 seconds where nothing is said.
    #[serde(default)]
    pub every: Option<Duration>,
    /// After how long it is given up; an hour where nothing is said.
    #[serde(default)]
    pub timeout: Option<Duration>,
}
