//! `reject` and `fail_when`: conditions that end a row, or the run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Template};

/// A reason for which a row fails before it is sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The row fails where this holds.
    pub when: Condition,
    /// The reason, as `outcome.message` in `feedback`.
    pub message: Template,
}

/// A reason for which the run fails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// The run fails where this holds.
    pub when: Condition,
    /// The reason.
    pub message: Template,
    /// When it is judged.
    #[serde(default)]
    pub at: FailAt,
}

/// When `fail_when` is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailAt {
    /// Before the first row is asked for.
    Start,
    /// Once all rows are written.
    #[default]
    Finish,
}
