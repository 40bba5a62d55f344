//! What stands around the rows of a file, and why one can't be made.

use std::io;

use super::xml::XmlRows;
use crate::text_encoding::TextEncoding;

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk says no.
    #[error("{0}")]
    Disk(#[from] io::Error),
    /// A value can't stand in the file.
    #[error("{0}")]
    Row(String),
    /// The run was stopped.
    #[error("stopped")]
    Stopped,
    /// A sheet has limits.
    #[error("{0}")]
    Sheet(String),
}

/// What the author says stands around the rows, worked out.
#[derive(Debug, Clone, Copy)]
pub struct Said<'s> {
    /// Before the first.
    pub header: Option<&'s str>,
    /// After the last.
    pub footer: Option<&'s str>,
    /// How text is encoded; UTF-8 where nothing is said.
    pub encoding: Option<TextEncoding>,
}

/// What stands around rows that are text.
#[derive(Debug, Default)]
pub struct RowsAround {
    /// Before the first.
    pub before: String,
    /// Between two.
    pub between: &'static str,
    /// After the last.
    pub after: String,
    /// Before the rows of each part that follows the first: what ends the one and begins the other.
    pub later: Vec<String>,
    /// What rows of XML must fit into, in each part.
    pub(super) parts: Vec<XmlRows>,
}

/// What a part of a file has of a row.
#[derive(Debug, Default)]
pub struct PartText {
    /// The text; empty where the part leaves the row out.
    pub text: String,
    /// Of rows with the same key the part has the first.
    pub key: Option<u128>,
}

impl PartText {
    /// Makes room for another row.
    pub fn clear(&mut self) {
        self.text.clear();
        self.key = None;
    }
}

impl RowsAround {
    /// Lines: a header is one too.
    pub(super) fn of_lines(said: Said<'_>, line_end: &str) -> Self {
        let mut before = said.header.unwrap_or_default().to_owned();
        // A mark alone is no line.
        if !before.is_empty() && before != "\u{feff}" && !before.ends_with('\n') {
            before.push_str(line_end);
        }
        Self {
            before,
            after: said.footer.unwrap_or_default().to_owned(),
            ..Self::default()
        }
    }
}
