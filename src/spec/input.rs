//! `input` and `batch_size`: what is asked of the platform when rows are read.

use schemars::JsonSchema;
use serde::Deserialize;

/// What is asked of the platform.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    /// Whether columns whose names begin with two underscores are read too.
    pub show_hidden: bool,
    /// Reads category-specific attributes of this classification.
    pub classification_id: Option<u64>,
}

/// Rows a batch: 1 to 999.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct BatchSize(#[schemars(range(min = 1, max = 999))] pub u32);

impl Default for BatchSize {
    /// The most the platform hands out at a time.
    fn default() -> Self {
        Self(999)
    }
}

impl serde::Serialize for BatchSize {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}
