//! `POST /output/{file}`: rows that were written, as JSON Lines at once and as CSV at the end.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::StatusCode;
use indexmap::{IndexMap, IndexSet};
use serde_json::value::RawValue;

use super::answer::Answer;
use super::cells::{RawRow, flat, text};
use crate::row::{Batch, Scanner, Shape};

/// Rows that are shown in the summary.
const SHOWN: usize = 5;

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
    /// The first rows.
    pub first: Vec<IndexMap<String, String>>,
}

#[derive(serde::Deserialize)]
struct Body<'b> {
    meta: Option<Meta>,
    #[serde(borrow)]
    data: Option<&'b RawValue>,
}

#[derive(serde::Deserialize)]
struct Meta {
    separator: Option<String>,
}

impl Output {
    /// An empty file, written to `folder` where there is one.
    pub fn new(name: &'static str, folder: Option<&PathBuf>) -> Self {
        Self {
            name,
            folder: folder.cloned(),
            lines: None,
            rows: 0,
            columns: IndexSet::new(),
            last_shape: None,
            scanner: Scanner::default(),
            first: Vec::new(),
        }
    }

    /// Takes a body's rows.
    pub fn append(&mut self, body: &[u8]) -> Answer {
        let Ok(body) = serde_json::from_slice::<Body>(body) else {
            return Answer::bad("The request body is not valid JSON.", None);
        };
        let refused = |error: &str| Answer::bad("Validation failed.", Some(("data", error)));
        let Some(data) = body.data else {
            return refused("This value should not be blank.");
        };
        if !data.get().starts_with('[') {
            return refused("This value should be a list of objects.");
        }
        let Ok(batch) = self.scanner.rows(data.get().as_bytes().to_vec()) else {
            return refused("This value should be a list of objects.");
        };
        if batch.is_empty() {
            return refused("This value should not be blank.");
        }
        let separator = body.meta.and_then(|meta| meta.separator);
        match self.store(&batch, separator.as_deref().unwrap_or("-")) {
            Ok(()) => Answer::message(StatusCode::CREATED, "Written successfully."),
            Err(error) => Answer::message(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("The sandbox can't write {}: {error}", self.name),
            ),
        }
    }

    fn lines(&mut self) -> io::Result<Option<&mut BufWriter<File>>> {
        if let (Some(folder), None) = (&self.folder, &self.lines) {
            let file = File::create(folder.join(format!("{}.jsonl", self.name)))?;
            self.lines = Some(BufWriter::with_capacity(1 << 20, file));
        }
        Ok(self.lines.as_mut())
    }

    fn store(&mut self, batch: &Batch, separator: &str) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(batch.bytes().len());
        for row in batch.rows() {
            let is_plain = (0..row.len()).all(|cell| !row.raw_value(cell).starts_with(['[', '{']));
            if is_plain && !row.json().contains('\n') {
                let is_known = self
                    .last_shape
                    .as_ref()
                    .is_some_and(|shape| Arc::ptr_eq(shape, row.shape()));
                if !is_known {
                    self.last_shape = Some(Arc::clone(row.shape()));
                    self.columns.extend(row.shape().names().map(str::to_owned));
                }
                bytes.extend_from_slice(row.json().as_bytes());
                if self.first.len() < SHOWN {
                    self.show(&serde_json::from_slice(row.json().as_bytes())?);
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

    /// Writes the CSV: all columns, in the order in which they were first seen.
    pub fn write_csv(&mut self) -> io::Result<()> {
        self.flush()?;
        let (Some(folder), Some(_)) = (&self.folder, &self.lines) else {
            return Ok(());
        };
        let lines = BufReader::new(File::open(folder.join(format!("{}.jsonl", self.name)))?);
        let mut csv = csv::Writer::from_path(folder.join(format!("{}.csv", self.name)))?;
        csv.write_record(&self.columns)?;
        for line in lines.lines() {
            let line = line?;
            let row: RawRow = serde_json::from_str(&line)?;
            let cells = self.columns.iter().map(|column| {
                let value = row.get(column.as_str());
                value.map_or(Cow::Borrowed(""), |value| text(value))
            });
            for cell in cells {
                csv.write_field(cell.as_ref())?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
        csv.flush()
    }
}
