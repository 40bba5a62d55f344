//! Patterns of file names.

use globset::{GlobBuilder, GlobMatcher};

/// What is wrong with a pattern.
#[derive(Debug, thiserror::Error)]
pub enum GlobError {
    /// A folder has no pattern.
    #[error("a `*` stands in the name of the file, not in its folder")]
    InFolder,
    /// It is none.
    #[error(transparent)]
    Pattern(#[from] globset::Error),
}

/// The folder of a path, and the pattern of names in it; no pattern where the path is one file.
pub fn split_glob(path: &str) -> Result<(&str, Option<GlobMatcher>), GlobError> {
    let has_glob = |text: &str| text.contains(['*', '?', '[', '{']);
    if !has_glob(path) {
        return Ok((path, None));
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    if has_glob(folder) {
        return Err(GlobError::InFolder);
    }
    let folder = if folder.is_empty() { "/" } else { folder };
    Ok((folder, Some(glob(name)?)))
}

pub fn glob(text: &str) -> Result<GlobMatcher, GlobError> {
    let glob = GlobBuilder::new(text).literal_separator(true).build()?;
    Ok(glob.compile_matcher())
}
