//! `incremental`: only what changed since the last run.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Template;
use super::places::Placed;
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
    /// What has a value of its own: with it `since` is that of the step which it names, for each of its
    /// records, and not one of all. One that is new begins with `start`.
    ///
    /// ```yaml
    /// by: "{{ shop.id }}"
    /// ```
    #[serde(default)]
    pub by: Option<Placed<Template>>,
    /// Taken off what was kept, for records that appear late.
    #[serde(default)]
    pub lookback: Option<Duration>,
}
