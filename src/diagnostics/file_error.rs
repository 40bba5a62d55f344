//! Why a file that an author wrote can't be used.

use super::diagnostic::SpecErrors;

/// A spec or a test file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be opened.
    #[error("{file}: {}", in_words(error))]
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

/// What an error of a file says, without the numbers of the system.
pub fn in_words(error: &std::io::Error) -> String {
    use std::io::ErrorKind;

    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "it may not be read or written".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::AlreadyExists => "it is there already".to_owned(),
        _ => {
            let text = error.to_string();
            let end = text.find(" (os error").unwrap_or(text.len());
            text[..end].to_owned()
        }
    }
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
