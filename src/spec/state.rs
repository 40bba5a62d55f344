//! `state`: where a connector remembers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::Placed;

/// Where a connector keeps what it remembers from run to run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// A file of the platform's bucket, which the portal links to the connector: fetched before anything
    /// is read, written once after success. Letters, digits, `.`, `_` and `-`, with `/` between folders.
    pub bucket: Placed<String>,
}
