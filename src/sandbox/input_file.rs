//! An input: a CSV, JSON Lines or JSON file, kept as the bytes that are handed out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::cells::{RawRow, flat, text};
use crate::row::text::write_string;

/// Rows as the API hands them out: JSON objects of strings, commas between.
#[derive(Debug)]
pub struct InputFile {
    /// Rows without hidden columns.
    visible: Rows,
    /// Rows with them, where there are any.
    all: Option<Rows>,
}

/// Rows in one buffer, commas between.
#[derive(Debug)]
struct Rows {
    buffer: Bytes,
    /// Where each row ends.
    ends: Vec<usize>,
}

/// An input in the making.
#[derive(Debug, Default)]
struct InputWriter {
    visible: RowsWriter,
    all: Option<RowsWriter>,
}

/// Rows in the making.
#[derive(Debug, Default, Clone)]
struct RowsWriter {
    buffer: Vec<u8>,
    ends: Vec<usize>,
}

/// Why a file can't be an input.
#[derive(Debug, thiserror::Error)]
pub enum InputFileError {
    /// It can't be read.
    #[error("{}: {error}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no CSV, JSON Lines or JSON.
    #[error("{}: {reason}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        reason: RowsError,
    },
}

/// What is wrong with rows.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// Nobody says what they are.
    #[error("the ending says what a file is: .csv, .tsv, .jsonl or .json")]
    Ending,
    /// A row is an object: one of two columns of the same name would be lost.
    #[error("two columns are named `{0}`")]
    Twice(String),
    /// They are no CSV.
    #[error(transparent)]
    Csv(#[from] ::csv::Error),
    /// A line is no JSON.
    #[error("line {0}: {1}")]
    Line(usize, serde_json::Error),
    /// They are no list.
    #[error("a list of objects: {0}")]
    NoList(serde_json::Error),
}

impl InputFile {
    /// Reads a file; its ending says what it is: `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.json`.
    pub fn read(path: &Path) -> Result<Self, InputFileError> {
        let bytes = std::fs::read(path).map_err(|error| InputFileError::Read {
            path: path.to_owned(),
            error,
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let ending = path.extension().and_then(|ending| ending.to_str());
        let read = match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
            "csv" => csv(bytes, b','),
            "tsv" => csv(bytes, b'\t'),
            "jsonl" | "ndjson" => json_lines(bytes),
            "json" => json(bytes),
            _ => Err(RowsError::Ending),
        };
        read.map_err(|reason| InputFileError::Format {
            path: path.to_owned(),
            reason,
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.visible.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.visible.ends.is_empty()
    }

    /// The bytes of rows `from..to`, commas between.
    pub fn rows(&self, from: usize, to: usize, show_hidden: bool) -> Bytes {
        let rows = match &self.all {
            Some(all) if show_hidden => all,
            _ => &self.visible,
        };
        if from >= to {
            return Bytes::new();
        }
        let start = from
            .checked_sub(1)
            .map_or(0, |before| rows.ends[before] + 1);
        rows.buffer.slice(start..rows.ends[to - 1])
    }
}

impl InputWriter {
    fn finish(self) -> InputFile {
        InputFile {
            visible: self.visible.finish(),
            all: self.all.map(RowsWriter::finish),
        }
    }

    fn push(&mut self, cells: &[(String, String)]) {
        let has_hidden = cells.iter().any(|(name, _)| is_hidden(name));
        if has_hidden && self.all.is_none() {
            // Rows until now had no hidden column, so both are the same.
            self.all = Some(self.visible.clone());
        }
        self.visible
            .push(cells.iter().filter(|(name, _)| !is_hidden(name)));
        if let Some(all) = &mut self.all {
            all.push(cells.iter());
        }
    }
}

impl RowsWriter {
    fn finish(self) -> Rows {
        Rows {
            buffer: self.buffer.into(),
            ends: self.ends,
        }
    }

    fn push<'c>(&mut self, cells: impl Iterator<Item = &'c (String, String)>) {
        if !self.ends.is_empty() {
            self.buffer.push(b',');
        }
        self.buffer.push(b'{');
        for (index, (name, value)) in cells.enumerate() {
            if index > 0 {
                self.buffer.push(b',');
            }
            write_string(name, &mut self.buffer);
            self.buffer.push(b':');
            write_string(value, &mut self.buffer);
        }
        self.buffer.push(b'}');
        self.ends.push(self.buffer.len());
    }
}

/// Columns whose names begin with two underscores are hidden.
fn is_hidden(name: &str) -> bool {
    name.starts_with("__")
}

fn csv(bytes: &[u8], delimiter: u8) -> Result<InputFile, RowsError> {
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(bytes);
    let header = reader.headers()?.clone();
    let mut names = HashSet::new();
    if let Some(twice) = header.iter().find(|name| !names.insert(*name)) {
        return Err(RowsError::Twice(twice.to_owned()));
    }
    let mut file = InputWriter::default();
    for record in reader.records() {
        let record = record?;
        let cells: Vec<(String, String)> = header
            .iter()
            .zip(&record)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        file.push(&cells);
    }
    Ok(file.finish())
}

fn json_lines(bytes: &[u8]) -> Result<InputFile, RowsError> {
    let mut file = InputWriter::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let at_line = |error: serde_json::Error| RowsError::Line(index + 1, error);
        let row: RawRow = serde_json::from_slice(line).map_err(at_line)?;
        file.push(&texts(&row).map_err(at_line)?);
    }
    Ok(file.finish())
}

fn json(bytes: &[u8]) -> Result<InputFile, RowsError> {
    let rows: Vec<RawRow> = serde_json::from_slice(bytes).map_err(RowsError::NoList)?;
    let mut file = InputWriter::default();
    for row in &rows {
        file.push(&texts(row).map_err(RowsError::NoList)?);
    }
    Ok(file.finish())
}

/// Cells as reads hand them back: texts.
fn texts(row: &RawRow<'_>) -> Result<Vec<(String, String)>, serde_json::Error> {
    let cells = flat(row, "-")?.into_iter();
    Ok(cells
        .map(|(name, value)| (name, text(value).into_owned()))
        .collect())
}
