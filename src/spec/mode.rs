//! `mode`: what kind of connector a spec describes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of connector this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Imports rows from a third-party system.
    DataSource,
    /// Validates, enriches or reshapes the rows of a site.
    DataService,
    /// Sends all rows to a channel, every run.
    Export,
    /// Sends new, modified and deleted rows to a channel.
    ExportDelta,
}

impl Mode {
    /// The word in the spec.
    pub fn word(self) -> &'static str {
        match self {
            Self::DataSource => "data-source",
            Self::DataService => "data-service",
            Self::Export => "export",
            Self::ExportDelta => "export-delta",
        }
    }

    /// Whether rows go to a channel, and feedback to the platform.
    pub fn is_export(self) -> bool {
        matches!(self, Self::Export | Self::ExportDelta)
    }
}
