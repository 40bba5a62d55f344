//! Reading a spec's file.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{FileError, SpecErrors, as_text};
use crate::plan::{Loaded, load};

/// Reads and compiles a spec.
pub fn load_file(path: &Path) -> Result<Loaded, FileError> {
    let text = FileError::read(path)?;
    Ok(load(&path.display().to_string(), &text)?)
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
