//! `job` of a target: rows that the channel takes in as work of its own.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Placed, by_shape};
use super::request::{Request, RequestKeys};
use super::target::TargetStep;
use super::values::{Duration, Path};
use super::{Condition, Template};

/// Submitted, and asked about until it is over.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetJob {
    /// What starts it: a request, or several in turn, of which the last one's answer is `submit`.
    ///
    /// ```yaml
    /// submit:
    ///   - { name: document, request: { path: /documents, json: {} } }
    ///   - { request: { method: PUT, url: "{{ document.body.url }}", jsonl: "{{ items }}" } }
    ///   - { request: { path: /feeds, json: { document: "{{ document.body.id }}" } } }
    /// ```
    pub submit: Placed<Requests>,
    /// How it is asked about; the answer is `poll`.
    pub poll: TargetPoll,
    /// Whether it is over.
    pub until: Condition,
    /// Whether it failed, once it is over.
    #[serde(default)]
    pub failed: Option<Condition>,
    /// Whether a job that failed has applied nothing: then its batch is sent again in halves, until the
    /// rows that it fails for stand alone.
    #[serde(default)]
    pub all_or_nothing: Placed<bool>,
    /// Sent when nobody waits for it any more.
    #[serde(default)]
    pub cancel: Option<Placed<Request>>,
    /// Where the fates of its rows are.
    #[serde(default)]
    pub download: Option<Placed<Request>>,
}

/// A request, or several in turn.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Requests {
    /// Its path.
    #[schemars(with = "String")]
    Path(Template),
    /// All of it.
    One(Box<RequestKeys>),
    /// In turn; each sees the answers before it by their names.
    Several(Vec<TargetStep>),
}

impl Requests {
    /// The one request, where it is one.
    pub fn one(&self) -> Option<Request> {
        match self {
            Self::Path(path) => Some(Request::Path(path.clone())),
            Self::One(keys) => Some(Request::Whole(keys.clone())),
            Self::Several(_) => None,
        }
    }

    /// Those in turn, where there are several.
    pub fn several(&self) -> &[TargetStep] {
        match self {
            Self::Several(steps) => steps,
            Self::Path(_) | Self::One(_) => &[],
        }
    }
}

by_shape!(Requests { Scalar => Path, Map => One, List => Several });

/// How a job is asked about.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetPoll {
    /// The request.
    pub request: Placed<Request>,
    /// The wait before each; 10 seconds where nothing is said, or what `Retry-After` asks for. Said, it is
    /// the shortest.
    #[serde(default)]
    pub every: Option<Duration>,
    /// After how long it is given up; an hour where nothing is said.
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// One request asks about all jobs that are open: it sees `jobs`, what each is known by.
    ///
    /// ```yaml
    /// jobs: { id: "{{ submit.body.id }}", list: "$.jobs[*]", match: "{{ result.id }}" }
    /// ```
    #[serde(default)]
    pub jobs: Option<PollJobs>,
}

/// One request for many jobs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollJobs {
    /// What a job is known by.
    pub id: Template,
    /// Where the answer lists them; the whole answer where nothing is said. `poll.body` is the element.
    #[serde(default)]
    pub list: Option<Path>,
    /// What an element, `result`, knows its job by.
    #[serde(rename = "match")]
    pub matching: Template,
    /// How many are asked about at once; 1000 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub most: Option<u32>,
}
