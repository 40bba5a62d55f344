//! `target`: where an export's rows go.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Log;

/// Where rows go. In `export-delta` an entry for each kind of change, run in the order written; a
/// kind without an entry is not read.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// Rows that are new since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub new: Option<Entry>,
    /// Rows that have changed since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub modified: Option<Entry>,
    /// Rows that are gone since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub deleted: Option<Entry>,
    /// Rows that are as they were.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub unchanged: Option<Entry>,
}

/// What happens to the rows of one kind of change.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// What is logged for this kind of change alone: `start` before its rows are asked for, `row`,
    /// `batch`, and `finish` after its last row.
    pub log: Vec<Log>,
}
