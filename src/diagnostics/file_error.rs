//! Why a file that an author wrote can't be used.

use super::diagnostic::SpecErrors;

/// A spec or a test file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be opened.
    #[error("{file}: {error}")]
    Read {
        /// As it was named.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// It has mistakes.
    #[error("{0}")]
    Mistakes(#[from] SpecErrors),
}

impl FileError {
    /// Reads the text of a file.
    pub fn read(path: &std::path::Path) -> Result<String, Self> {
        std::fs::read_to_string(path).map_err(|error| Self::Read {
            file: path.display().to_string(),
            error,
        })
    }

    /// What is wrong, as a report.
    pub fn into_report(self) -> SpecErrors {
        match self {
            Self::Mistakes(report) => report,
            Self::Read { file, error } => SpecErrors::unreadable(&file, &error),
        }
    }
}
