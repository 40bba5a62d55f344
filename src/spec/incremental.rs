//! `incremental`: only what changed since the last run.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Template;
use super::values::Duration;

/// What is remembered from run to run, with `state` or `--state`; it is `since` in templates.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incremental {
    /// A record's date or number; the newest is kept.
    pub value: Template,
    /// `since` of the first run; nothing where nothing is said.
    #[serde(default)]
    pub start: Option<Template>,
    /// Taken off what was kept, for records that appear late.
    #[serde(default)]
    pub lookback: Option<Duration>,
}
