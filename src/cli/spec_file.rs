//! Reading a spec's file.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{SpecErrors, as_text};
use crate::plan::{Loaded, load};

/// Why a spec's file gives no plan.
#[derive(Debug, thiserror::Error)]
pub enum SpecFileError {
    /// It can't be read.
    #[error("{file}: {error}")]
    Read {
        /// As named on the command line.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// It has mistakes.
    #[error("{0}")]
    Mistakes(#[from] SpecErrors),
}

/// Reads and compiles a spec.
pub fn load_file(path: &Path) -> Result<Loaded, SpecFileError> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| SpecFileError::Read {
        file: file.clone(),
        error,
    })?;
    Ok(load(&file, &text)?)
}

/// What is suspicious but allowed, as text; nothing where there is none.
pub fn warnings(loaded: &Loaded) -> Option<String> {
    let SpecErrors {
        file,
        source_text,
        warnings,
        ..
    } = &loaded.warnings;
    // Hints are for who writes the spec.
    let told = SpecErrors::new(
        file,
        Arc::clone(source_text),
        Vec::new(),
        warnings.clone(),
        Vec::new(),
    );
    (!warnings.is_empty()).then(|| as_text(&told))
}
