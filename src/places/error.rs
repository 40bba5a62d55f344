//! Why a file could not be had or put, and whether that may pass.

use super::glob::GlobError;
use crate::work_thread::BrokeOff;

/// Why a file could not be found, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It surely was not done.
    #[error("{reason}")]
    Failed {
        /// What went wrong.
        reason: String,
        /// Whether it may have passed a moment later.
        is_passing: bool,
    },
    /// A file may be there or not.
    #[error("{0}")]
    Unknown(String),
    /// The run was stopped before.
    #[error("the run was stopped")]
    Stopped,
}

impl PlaceError {
    pub(super) fn passing(reason: String) -> Self {
        Self::Failed {
            reason,
            is_passing: true,
        }
    }

    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            is_passing: false,
        }
    }

    pub(super) fn of_disk(error: &std::io::Error) -> Self {
        Self::lasting(error.to_string())
    }

    /// Whether it may be done a moment later. What may have been done is not done again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Failed { is_passing, .. } => *is_passing,
            Self::Unknown(_) | Self::Stopped => false,
        }
    }

    /// The same behind the path that it is about.
    pub(super) fn of(self, path: &str) -> Self {
        match self {
            Self::Failed { reason, is_passing } => Self::Failed {
                reason: format!("{path}: {reason}"),
                is_passing,
            },
            Self::Unknown(reason) => Self::Unknown(format!("{path}: {reason}")),
            Self::Stopped => Self::Stopped,
        }
    }
}

impl From<GlobError> for PlaceError {
    fn from(error: GlobError) -> Self {
        Self::lasting(error.to_string())
    }
}

impl From<BrokeOff> for PlaceError {
    fn from(_: BrokeOff) -> Self {
        Self::lasting("a bug in runner: a file's thread broke off; please report it")
    }
}
