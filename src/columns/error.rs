//! Why a row becomes nothing.

use minijinja::value::ValueKind;

use super::body::CellError;
use super::emit::EmitError;
use crate::template::TemplateError;

/// Why the mapping of a row failed.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// A template failed, in the part of the spec that is named first.
    #[error("{0}: {1}")]
    Template(String, TemplateError),
    /// What is split is no list.
    #[error("split: a list is needed, and this is a {0}")]
    NoList(ValueKind),
    /// A value that no cell can hold, or a row that is too long.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// The finished row can't be written.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

impl MappingError {
    /// What makes an error of one in a part of the spec.
    pub(super) fn at(place: &str) -> impl FnOnce(TemplateError) -> Self {
        move |error| Self::Template(place.to_owned(), error)
    }
}
