//! Rows in the making: a body for `POST /output/{file}` that can be read as a [`Batch`] again.

use super::batch::{Batch, Cell, RowPlace};
use super::text::write_string;
use crate::template::{NumberText, Value, is_nothing, text_of};
use minijinja::value::ValueKind;

/// How the body begins: nested values don't occur, as lists and maps are flattened here.
const HEAD: &[u8] = b"{\"meta\":{\"separator\":\"-\"},\"data\":[";
const TAIL: &[u8] = b"]}";

/// A value that no cell can hold.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CellError {
    /// JSON has neither `inf` nor `nan`.
    #[error("{0} is no number that can be written")]
    NotFinite(f64),
    /// The batch has grown past 4 GiB.
    #[error("the batch has more than 4 GiB")]
    TooLarge,
}

/// Writes rows one after another.
#[derive(Debug)]
pub struct BatchWriter {
    batch: Batch,
    row_start: usize,
    first_cell: usize,
}

impl Default for BatchWriter {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a row that ends past 32 bits is refused by end_row"
)]
impl BatchWriter {
    /// An empty body.
    pub fn new() -> Self {
        Self {
            batch: Batch {
                buffer: HEAD.to_vec(),
                ..Batch::default()
            },
            row_start: 0,
            first_cell: 0,
        }
    }

    /// How many rows are written.
    pub fn len(&self) -> usize {
        self.batch.rows.len()
    }

    /// Whether no row is written.
    pub fn is_empty(&self) -> bool {
        self.batch.rows.is_empty()
    }

    /// How many bytes are written.
    pub fn byte_len(&self) -> usize {
        self.batch.buffer.len()
    }

    /// Begins a row.
    pub fn start_row(&mut self) {
        if !self.batch.rows.is_empty() {
            self.batch.buffer.push(b',');
        }
        self.row_start = self.batch.buffer.len();
        self.first_cell = self.batch.cells.len();
        self.batch.buffer.push(b'{');
    }

    /// Ends the row.
    pub fn end_row(&mut self) -> Result<(), CellError> {
        self.batch.buffer.push(b'}');
        if u32::try_from(self.batch.buffer.len()).is_err() {
            return Err(CellError::TooLarge);
        }
        self.batch.rows.push(RowPlace {
            start: self.row_start as u32,
            end: self.batch.buffer.len() as u32,
            first_cell: self.first_cell as u32,
            last_cell: self.batch.cells.len() as u32,
        });
        Ok(())
    }

    /// Takes back the row that was begun.
    pub fn undo_row(&mut self) {
        let end = if self.batch.rows.is_empty() {
            self.row_start
        } else {
            self.row_start - 1
        };
        self.batch.buffer.truncate(end);
        self.batch.cells.truncate(self.first_cell);
    }

    /// Takes back the last row that was ended.
    pub fn undo_last(&mut self) {
        if let Some(row) = self.batch.rows.pop() {
            self.row_start = row.start as usize;
            self.first_cell = row.first_cell as usize;
            self.undo_row();
        }
    }

    /// The row that was ended last.
    pub fn last_row(&self) -> Option<super::Row<'_>> {
        let last = self.batch.len().checked_sub(1)?;
        Some(self.batch.row(last))
    }

    /// Puts a comma before every cell of a row but its first.
    fn separate(&mut self) {
        if self.batch.cells.len() > self.first_cell {
            self.batch.buffer.push(b',');
        }
    }

    /// A cell whose name (inside its quotes) and value are JSON already.
    pub fn raw_cell(&mut self, raw_name: &str, raw_value: &str) {
        self.separate();
        self.batch.buffer.push(b'"');
        let name_start = self.batch.buffer.len() as u32;
        self.batch.buffer.extend_from_slice(raw_name.as_bytes());
        let name_end = self.batch.buffer.len() as u32;
        self.batch.buffer.extend_from_slice(b"\":");
        let value_start = self.batch.buffer.len() as u32;
        self.batch.buffer.extend_from_slice(raw_value.as_bytes());
        self.push_cell(name_start, name_end, value_start);
    }

    /// A cell as it came: `"name":value`, the name `name_length` bytes long.
    pub fn copied_cell(&mut self, cell: &[u8], raw_name: &str, raw_value: &str) {
        self.separate();
        let start = self.batch.buffer.len();
        self.batch.buffer.extend_from_slice(cell);
        let name_start = start as u32 + 1;
        let value_start = (start + cell.len() - raw_value.len()) as u32;
        self.push_cell(name_start, name_start + raw_name.len() as u32, value_start);
    }

    fn push_cell(&mut self, name_start: u32, name_end: u32, value_start: u32) {
        self.batch.cells.push(Cell {
            name_start,
            name_end,
            value_start,
            value_end: self.batch.buffer.len() as u32,
        });
    }

    /// A cell of a value that is no list and no map. Nothing is `""`; booleans and dates are text;
    /// numbers stay numbers.
    pub fn cell(&mut self, name: &str, value: &Value) -> Result<(), CellError> {
        let finite = match value.kind() {
            ValueKind::Number if !value.is_integer() => f64::try_from(value.clone()).ok(),
            _ => None,
        };
        if let Some(number) = finite.filter(|number| !number.is_finite()) {
            return Err(CellError::NotFinite(number));
        }
        self.separate();
        let name_start = self.batch.buffer.len() as u32 + 1;
        write_string(name, &mut self.batch.buffer);
        let name_end = self.batch.buffer.len() as u32 - 1;
        self.batch.buffer.push(b':');
        let value_start = self.batch.buffer.len() as u32;
        let number = value.downcast_object_ref::<NumberText>();
        if is_nothing(value) {
            self.batch.buffer.extend_from_slice(b"\"\"");
        } else if let Some(number) = number.filter(|number| is_json_number(number.text())) {
            self.batch
                .buffer
                .extend_from_slice(number.text().as_bytes());
        } else if value.kind() == ValueKind::Number {
            self.batch
                .buffer
                .extend_from_slice(text_of(value).as_bytes());
        } else {
            write_string(&text_of(value), &mut self.batch.buffer);
        }
        self.push_cell(name_start, name_end, value_start);
        Ok(())
    }

    /// The batch: its bytes are the body.
    pub fn finish(mut self) -> Batch {
        self.batch.buffer.extend_from_slice(TAIL);
        self.batch
    }
}

/// `+1`, `0x1F` and `.5` are numbers in YAML and none in JSON.
fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}
