//! `feedback`: what each row's fate is told back as.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Template;
use super::places::Keyed;

/// What each row's fate is told back as.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Which rows are reported.
    #[serde(default)]
    pub rows: FeedbackRows,
    /// The columns of a feedback row; they may use `row`, `outcome` and `change`.
    ///
    /// ```yaml
    /// columns: { id: "{{ row.id }}", error: "{{ outcome.message }}" }
    /// ```
    pub columns: Keyed<Template>,
}

/// Which rows are reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackRows {
    /// Every row that was read, but for those `where` left out.
    #[default]
    All,
    /// Failed, rejected and unknown ones.
    Failed,
}
