//! `on_error`: what happens when the mapping of a row fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens when the mapping of a row fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The run ends with exit 1.
    #[default]
    Fail,
    /// The row is left out, and counted.
    Skip,
    /// The row goes on as it came, and is counted; only in a data service.
    Keep,
}
