//! When things go wrong: `retry`, `rate_limit`, `on_response`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Placed, by_shape};
use super::tree::{Node, NodeValue};
use super::values::Duration;
use super::{Condition, Template};

/// How often a request is sent: a number of attempts, or more about it.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Retry {
    /// Attempts in all.
    Attempts(#[schemars(range(min = 1, max = 100))] u32),
    /// All of it.
    Whole(RetryKeys),
}

by_shape!(Retry { Scalar => Attempts, Map => Whole });

/// When a request is sent again. Waits double, with jitter.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryKeys {
    /// Attempts in all; 5 where nothing is said.
    #[schemars(range(min = 1, max = 100))]
    pub attempts: Option<u32>,
    /// The statuses after which it is sent again: 408, 425, 429, 500, 502, 503, 504 where nothing is
    /// said.
    pub statuses: Option<Vec<u16>>,
    /// The first wait; 1 second where nothing is said.
    pub wait: Option<Duration>,
    /// The longest wait; 5 minutes where nothing is said.
    pub max_wait: Option<Duration>,
    /// A header that says how long to wait, besides `Retry-After`: seconds, an epoch or a date.
    pub wait_header: Option<String>,
}

/// A rate, several rates, or more about it.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum RateLimit {
    /// One rate: `10/s`.
    Rate(Template),
    /// Several rates.
    Rates(Vec<Template>),
    /// All of it.
    Whole(Box<RateLimitKeys>),
}

by_shape!(RateLimit { Scalar => Rate, List => Rates, Map => Whole });

/// How fast requests are sent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimitKeys {
    /// One rate, or several.
    pub rate: Option<super::values::TemplateOrList>,
    /// The header that says how many requests are left.
    pub remaining: Option<String>,
    /// The header that says when there are more: seconds, an epoch or a date.
    pub reset: Option<String>,
    /// After each accepted answer: seconds, or a duration, to wait before the next request.
    pub pause: Option<Template>,
}

/// A rule: where all its conditions hold, it says what the answer means.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnResponse {
    /// A status, a class of them (`5xx`), or a list of both.
    #[serde(default)]
    pub status: Option<Statuses>,
    /// Text that the body contains.
    #[serde(default)]
    pub body: Option<String>,
    /// A condition over `response`.
    #[serde(default)]
    pub when: Option<Condition>,
    /// What happens then.
    pub then: Placed<Then>,
    /// What is said about it.
    #[serde(default)]
    pub message: Option<Template>,
    /// How long to wait before it is sent again.
    #[serde(default)]
    pub wait: Option<Template>,
}

/// Statuses of a rule, each as it was written.
#[derive(Debug, Clone)]
pub struct Statuses(pub Vec<Node>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        Ok(Self(match node.value {
            NodeValue::List(items) => items,
            NodeValue::Scalar(_) | NodeValue::Map(_) | NodeValue::Refused => vec![node],
        }))
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

/// Statuses of a rule.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "Statuses")]
#[allow(dead_code, reason = "it says how statuses are written")]
enum Written {
    /// One.
    Number(#[schemars(range(min = 100, max = 599))] u16),
    /// A class: `5xx`.
    Class(#[schemars(regex(pattern = "^[1-5](xx|[0-9]{2})$"))] String),
    /// Several.
    Many(Vec<super::Tree>),
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It is a good answer; in a target the rows went through.
    Ok,
    /// The request is sent again, counted in `attempts`.
    Retry,
    /// In a source no records from here, and the message is logged as a warning; in a target the rows
    /// are skipped.
    Skip,
    /// In a source no records from here, and no further pages.
    Stop,
    /// In a source the run ends; in a target the rows fail.
    Fail,
    /// The run ends.
    Abort,
    /// In the `steps` of a target they begin anew, counted in `attempts`: what was looked up has changed
    /// meanwhile.
    Restart,
    /// New credentials are fetched, and the request is sent once more.
    RefreshAuth,
    /// Below `windows` the window is read again in halves; in a target the batch is sent again in
    /// halves, until the bad rows are alone.
    Split,
}
