//! One mistake in a spec, and all mistakes of a spec.

use std::ops::Range;
use std::sync::Arc;

use super::code::{Code, Severity};
use super::file_error::in_words;

/// A mistake: where, what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
    /// Bytes of the spec's source.
    pub span: Range<usize>,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A mistake without a hint.
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// All mistakes of one spec (`errors`), and what is suspicious but allowed (`warnings`).
#[derive(Debug, thiserror::Error)]
#[error("{}", crate::diagnostics::as_text(self))]
pub struct SpecErrors {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub source_text: Arc<str>,
    /// Mistakes, in the order of their places.
    pub errors: Vec<Diagnostic>,
    /// Warnings, in the order of their places.
    pub warnings: Vec<Diagnostic>,
    /// What is allowed and may not be meant, in the order of their places; told by `check` alone.
    pub hints: Vec<Diagnostic>,
}

impl SpecErrors {
    /// The report of a file that can't be read.
    pub fn unreadable(file: &str, error: &std::io::Error) -> Self {
        let error = Diagnostic::new(Code::Unreadable, 0..0, in_words(error));
        Self::new(file, Arc::from(""), vec![error], Vec::new(), Vec::new())
    }

    /// Every entry with its weight: mistakes, then warnings, then hints.
    pub fn entries(&self) -> impl Iterator<Item = (&Diagnostic, Severity)> {
        let errors = self.errors.iter().map(|entry| (entry, Severity::Error));
        let warnings = self.warnings.iter();
        let warnings = warnings.map(|entry| (entry, Severity::Warning));
        let hints = self.hints.iter().map(|entry| (entry, Severity::Hint));
        errors.chain(warnings).chain(hints)
    }

    /// A report whose entries are in the order of their places, each said once.
    pub fn new(
        file: impl Into<String>,
        source_text: Arc<str>,
        mut errors: Vec<Diagnostic>,
        mut warnings: Vec<Diagnostic>,
        mut hints: Vec<Diagnostic>,
    ) -> Self {
        for list in [&mut errors, &mut warnings, &mut hints] {
            list.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
            // One place is compiled for each use of it.
            list.dedup_by(|second, first| {
                second.span == first.span && second.message == first.message
            });
        }
        Self {
            file: file.into(),
            source_text,
            errors,
            warnings,
            hints,
        }
    }
}
