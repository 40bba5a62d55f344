//! Rows in the making: a body for `POST /output/{file}`.

use minijinja::value::ValueKind;

use crate::row::text::write_string;
use crate::row::{Batch, LARGEST, ScanError, Scanner, Spare};
use crate::template::{NumberText, Value, is_nothing, text_of};

/// How the body begins: nested values don't occur, as lists and maps are flattened here.
const HEAD: &[u8] = b"{\"meta\":{\"separator\":\"-\"},\"data\":[";
const TAIL: &[u8] = b"]}";

/// A value that no cell can hold.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CellError {
    /// JSON has neither `inf` nor `nan`.
    #[error("{0} is no number that can be written")]
    NotFinite(f64),
    /// The batch has grown past 2 GiB.
    #[error("the batch has more than 2 GiB")]
    TooLarge,
}

/// A finished body.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    rows: usize,
    spare: Spare,
}

impl Body {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The body itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The rows, to be read again. The batch's bytes are the body.
    pub fn into_batch(mut self, scanner: &mut Scanner) -> Result<Batch, ScanError> {
        let bytes = std::mem::take(&mut self.bytes);
        scanner.answer(bytes).map_err(|refused| refused.error)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.spare.give_back(std::mem::take(&mut self.bytes));
    }
}

/// Writes rows one after another.
#[derive(Debug)]
pub struct BodyWriter {
    bytes: Vec<u8>,
    rows: usize,
    row_start: usize,
    spare: Spare,
}

impl BodyWriter {
    /// An empty body, with room for `expected` bytes.
    pub fn new(spare: Spare, expected: usize) -> Self {
        let mut bytes = spare.bytes(expected);
        bytes.extend_from_slice(HEAD);
        Self {
            bytes,
            rows: 0,
            row_start: 0,
            spare,
        }
    }

    /// How many rows are written.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether no row is written.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many bytes are written.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Begins a row.
    #[inline]
    pub fn start_row(&mut self) {
        if self.rows > 0 {
            self.bytes.push(b',');
        }
        self.row_start = self.bytes.len();
        self.bytes.push(b'{');
    }

    /// Ends the row.
    #[inline]
    pub fn end_row(&mut self) -> Result<(), CellError> {
        self.bytes.push(b'}');
        if self.bytes.len() > LARGEST {
            self.undo_row();
            return Err(CellError::TooLarge);
        }
        self.rows += 1;
        Ok(())
    }

    /// Takes back the row that was begun and not ended.
    pub fn undo_row(&mut self) {
        // A comma stands before every row but the first.
        let comma = usize::from(self.rows > 0);
        self.bytes.truncate(self.row_start - comma);
    }

    /// Puts a comma before every cell of a row but its first.
    #[inline]
    fn separate(&mut self) {
        if self.bytes.len() > self.row_start + 1 {
            self.bytes.push(b',');
        }
    }

    /// Cells as they came: `"name":value,"name":value`.
    #[inline]
    pub fn raw_cells(&mut self, cells: &[u8]) {
        self.separate();
        self.bytes.extend_from_slice(cells);
    }

    /// Begins a cell whose name is written already: `"name":`. Its value is to follow.
    #[inline]
    pub fn start_cell(&mut self, name: &[u8]) -> &mut Vec<u8> {
        self.separate();
        self.bytes.extend_from_slice(name);
        &mut self.bytes
    }

    /// A whole row as it came.
    pub fn raw_row(&mut self, row: &str) -> Result<(), CellError> {
        self.start_row();
        self.bytes
            .extend_from_slice(&row.as_bytes()[1..row.len() - 1]);
        self.end_row()
    }

    /// A cell of a value that is no list and no map.
    pub fn cell(&mut self, name: &str, value: &Value) -> Result<(), CellError> {
        refuse_infinite(value)?;
        self.separate();
        write_string(name, &mut self.bytes);
        self.bytes.push(b':');
        write_value(value, &mut self.bytes);
        Ok(())
    }

    /// The finished body.
    pub fn finish(mut self) -> Body {
        self.bytes.extend_from_slice(TAIL);
        Body {
            bytes: self.bytes,
            rows: self.rows,
            spare: self.spare,
        }
    }
}

/// JSON has neither `inf` nor `nan`.
pub fn refuse_infinite(value: &Value) -> Result<(), CellError> {
    let real = match value.kind() {
        ValueKind::Number if !value.is_integer() => f64::try_from(value.clone()).ok(),
        _ => None,
    };
    match real {
        Some(real) if !real.is_finite() => Err(CellError::NotFinite(real)),
        _ => Ok(()),
    }
}

/// Writes a value that is finite and no list or map. Nothing is `""`; booleans and dates are text;
/// numbers stay numbers.
pub fn write_value(value: &Value, out: &mut Vec<u8>) {
    let number = value.downcast_object_ref::<NumberText>();
    if is_nothing(value) {
        out.extend_from_slice(b"\"\"");
    } else if let Some(number) = number.filter(|number| is_json_number(number.text())) {
        out.extend_from_slice(number.text().as_bytes());
    } else if value.kind() == ValueKind::Number {
        out.extend_from_slice(text_of(value).as_bytes());
    } else {
        write_string(&text_of(value), out);
    }
}

/// `+1`, `0x1F` and `.5` are numbers in YAML and none in JSON.
fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
}
