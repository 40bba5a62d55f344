//! `POST /output/{file}`: rows that were written, as JSON Lines at once and as CSV at the end.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::StatusCode;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::SandboxAnswer;
use super::cells::{RawRow, flat, text};
use crate::row::{Batch, Scanner, Shape, Spare};

/// Rows that are shown in the summary.
const SHOWN: usize = 5;

/// Lines that are read at a time for the CSV.
const LINES: usize = 999;

/// Small writes are gathered up to this; a whole batch goes to the file as it is.
const BUFFER: usize = 64 << 10;

/// One output file.
#[derive(Debug)]
pub struct Output {
    name: &'static str,
    /// Where it is written, if it is.
    folder: Option<PathBuf>,
    lines: Option<BufWriter<File>>,
    /// Rows written.
    pub rows: u64,
    /// All columns, in the order in which they were first seen.
    pub columns: IndexSet<String>,
    /// The shape of the last row: most rows have the same.
    last_shape: Option<Arc<Shape>>,
    scanner: Scanner,
    /// The lines of one batch.
    taken: Vec<u8>,
    /// The first rows.
    pub first: Vec<IndexMap<String, String>>,
}

#[derive(Default, serde::Deserialize)]
struct Meta {
    separator: Option<String>,
}

/// What is wrong with a body that has no rows.
fn refusal(body: &[u8]) -> SandboxAnswer {
    match serde_json::from_slice::<Value>(body) {
        Err(_) => SandboxAnswer::bad("The request body is not valid JSON.", None),
        Ok(body) => match body.get("data") {
            Some(Value::Array(rows)) if !rows.is_empty() => {
                refused("data", "This value should be a list of objects.")
            }
            None | Some(Value::Null | Value::Array(_)) => {
                refused("data", "This value should not be blank.")
            }
            Some(_) => refused("data", "This value should be a list of objects."),
        },
    }
}

fn refused(field: &str, error: &str) -> SandboxAnswer {
    SandboxAnswer::bad("Validation failed.", Some((field, error)))
}

impl Output {
    /// An empty file, written to `folder` where there is one.
    pub fn new(name: &'static str, folder: Option<&PathBuf>, spare: &Spare) -> Self {
        Self {
            name,
            folder: folder.cloned(),
            lines: None,
            rows: 0,
            columns: IndexSet::new(),
            last_shape: None,
            scanner: Scanner::new(spare.clone()),
            taken: Vec::new(),
            first: Vec::new(),
        }
    }

    /// Takes a body's rows.
    pub fn append(&mut self, body: Vec<u8>) -> SandboxAnswer {
        let batch = match self.scanner.answer(body) {
            Ok(batch) if !batch.is_empty() => batch,
            Ok(batch) => return refusal(batch.bytes()),
            Err(refused) => return refusal(&refused.bytes),
        };
        let meta: Meta = match batch.meta() {
            // An empty map may be written as a list.
            "" | "null" | "[]" => Meta::default(),
            meta => match serde_json::from_str(meta) {
                Ok(read) if meta.starts_with('{') => read,
                _ => return refused("meta", "This value should be an object."),
            },
        };
        match self.store(&batch, meta.separator.as_deref().unwrap_or("-")) {
            Ok(()) => SandboxAnswer::message(StatusCode::CREATED, "Written successfully."),
            Err(error) => SandboxAnswer::message(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("The sandbox can't write {}: {error}", self.name),
            ),
        }
    }

    fn lines(&mut self) -> io::Result<Option<&mut BufWriter<File>>> {
        if let (Some(folder), None) = (&self.folder, &self.lines) {
            let file = File::create(folder.join(format!("{}.jsonl", self.name)))?;
            self.lines = Some(BufWriter::with_capacity(BUFFER, file));
        }
        Ok(self.lines.as_mut())
    }

    fn store(&mut self, batch: &Batch, separator: &str) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.taken);
        bytes.clear();
        for row in batch.rows() {
            let is_nested = (0..row.len()).any(|cell| row.is_nested(cell));
            if !is_nested && !row.shape().has_line_break() {
                let is_known = self
                    .last_shape
                    .as_ref()
                    .is_some_and(|shape| Arc::ptr_eq(shape, row.shape()));
                if !is_known {
                    self.last_shape = Some(Arc::clone(row.shape()));
                    self.columns.extend(row.shape().names().map(str::to_owned));
                }
                // An empty row may be written as a list.
                let json = if row.is_empty() { "{}" } else { row.json() };
                bytes.extend_from_slice(json.as_bytes());
                if self.first.len() < SHOWN {
                    self.show(&serde_json::from_str(json)?);
                }
            } else {
                let row: RawRow = serde_json::from_slice(row.json().as_bytes())?;
                let row = flat(&row, separator)?;
                self.last_shape = None;
                self.columns.extend(row.keys().cloned());
                serde_json::to_writer(&mut bytes, &row)?;
                if self.first.len() < SHOWN {
                    self.show(&row);
                }
            }
            bytes.push(b'\n');
        }
        self.rows += batch.len() as u64;
        if let Some(lines) = self.lines()? {
            lines.write_all(&bytes)?;
        }
        self.taken = bytes;
        Ok(())
    }

    /// Keeps a row that is shown in the summary.
    fn show(&mut self, row: &IndexMap<String, &RawValue>) {
        let cells = row.iter();
        let cells = cells.map(|(name, value)| (name.clone(), text(value).into_owned()));
        self.first.push(cells.collect());
    }

    /// Writes what is still held back.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.lines {
            Some(lines) => lines.flush(),
            None => Ok(()),
        }
    }

    /// The next rows of a file of JSON Lines, nothing at its end.
    fn next_lines(&mut self, lines: &mut impl BufRead) -> io::Result<Option<Batch>> {
        let mut text = vec![b'['];
        for _ in 0..LINES {
            if lines.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            // Every line ends in a line break: a list needs a comma there, and a bracket at its end.
            if let Some(end) = text.last_mut() {
                *end = b',';
            }
        }
        if text.len() == 1 {
            return Ok(None);
        }
        if let Some(end) = text.last_mut() {
            *end = b']';
        }
        let batch = self.scanner.rows(text);
        batch.map(Some).map_err(|refused| {
            let message = format!("{}.jsonl was changed: {refused}", self.name);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }

    /// Writes the CSV: all columns, in the order in which they were first seen.
    pub fn write_csv(&mut self) -> io::Result<()> {
        self.flush()?;
        let (Some(folder), Some(_)) = (&self.folder, &self.lines) else {
            return Ok(());
        };
        let mut lines = BufReader::new(File::open(folder.join(format!("{}.jsonl", self.name)))?);
        let mut csv = csv::Writer::from_path(folder.join(format!("{}.csv", self.name)))?;
        csv.write_record(&self.columns)?;
        let mut cells: Option<(Arc<Shape>, Vec<Option<usize>>)> = None;
        while let Some(batch) = self.next_lines(&mut lines)? {
            for row in batch.rows() {
                let found = match cells.take() {
                    Some((shape, found)) if Arc::ptr_eq(&shape, row.shape()) => found,
                    _ => {
                        let columns = self.columns.iter();
                        columns.map(|column| row.shape().find(column)).collect()
                    }
                };
                for cell in &found {
                    let text = cell.map_or(Cow::Borrowed(""), |cell| row.text(cell));
                    csv.write_field(text.as_ref())?;
                }
                csv.write_record(None::<&[u8]>)?;
                cells = Some((Arc::clone(row.shape()), found));
            }
        }
        csv.flush()
    }
}
