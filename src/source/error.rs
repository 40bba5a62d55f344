//! Why a step gave no records.

use crate::http::{Failure, RuleEnd, SendError};
use crate::template::TemplateError;

/// Why a step gave no records.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// A template of a step failed.
    #[error("{step}: {message}")]
    Step {
        /// "step `product`".
        step: String,
        /// What went wrong.
        message: String,
    },
    /// A request failed for good.
    #[error(transparent)]
    Send(#[from] SendError),
    /// An answer or a file could not be read.
    #[error("{step}: {origin}: {reason}")]
    Read {
        /// "step `product`".
        step: String,
        /// Which request, or which file.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The run was stopped.
    #[error("stopped")]
    Stopped,
}

impl SourceError {
    /// A template of a step failed.
    pub fn of_template(step: &str, error: TemplateError) -> Self {
        Self::Step {
            step: step.to_owned(),
            message: error.to_string(),
        }
    }

    /// Whether `on_error: skip` may go on after it: the other side failed, not the spec.
    pub fn can_be_skipped(&self) -> bool {
        match self {
            Self::Send(error) => !matches!(
                error.failure,
                Failure::Stopped
                    | Failure::Template(_)
                    | Failure::Rule {
                        end: RuleEnd::Aborts,
                        ..
                    }
            ),
            Self::Read { .. } => true,
            Self::Step { .. } | Self::Stopped => false,
        }
    }

    /// The step it happened in.
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Step { step, .. } | Self::Read { step, .. } => Some(step),
            Self::Send(error) => Some(&error.label),
            Self::Stopped => None,
        }
    }

    /// Whether the run was stopped.
    pub fn is_stop(&self) -> bool {
        match self {
            Self::Stopped => true,
            Self::Send(error) => matches!(error.failure, Failure::Stopped),
            _ => false,
        }
    }
}
