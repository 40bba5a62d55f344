//! `log`: what is logged, and when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::places::{Keyed, Placed};
use super::{Condition, Template, Tree};

/// A log message.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// When it is logged.
    pub at: Placed<LogAt>,
    /// The platform's level.
    #[serde(default)]
    pub level: LogLevel,
    /// Where it does not hold nothing is logged.
    #[serde(default)]
    pub when: Option<Condition>,
    /// The message.
    pub message: Template,
    /// More to go with the message, as the platform keeps it; templates at any depth.
    #[serde(default)]
    pub context: Keyed<Tree>,
}

/// When something is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogAt {
    /// Before the first row is asked for; in an entry of `target`, before that entry's.
    Start,
    /// After each batch was written: `rows`, `batch`.
    Batch,
    /// For each row that `where` let through, after its outcome is known: `row`, `outcome`.
    Row,
    /// Once all rows are written, before `fail_when` is judged.
    Finish,
    /// When the run has failed: `error`.
    Failure,
}

impl LogAt {
    /// The word in the spec.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Batch => "batch",
            Self::Row => "row",
            Self::Finish => "finish",
            Self::Failure => "failure",
        }
    }
}

/// The platform's ten levels (`POST /logs/{level}`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something went well.
    Success,
    /// For those who look for a fault.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What may be of interest.
    Notice,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
    /// Something that must be mended went wrong.
    Critical,
    /// Somebody has to act at once.
    Alert,
    /// Nothing works.
    Emergency,
    /// For the report of the run.
    Report,
}

impl LogLevel {
    /// All ten, in the platform's order.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
        Self::Report,
    ];

    /// The word in the spec and in the path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
            Self::Report => "report",
        }
    }
}
