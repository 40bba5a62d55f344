//! Rows as a sheet of an Excel file.

use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::formats::WriteError;
use crate::formats::cells::{Cells, Kept};

/// What a sheet holds at most, the header included.
const ROWS: u32 = 1_048_576;
/// Columns of a sheet at most.
const COLUMNS: usize = 16_384;
/// Digits that a number of a sheet keeps.
const DIGITS: usize = 15;

/// Writes a sheet into the file at `path`, row by row: memory does not grow with them.
pub fn write(
    path: &Path,
    name: Option<&str>,
    has_header: bool,
    mut rows: Kept,
) -> Result<(), WriteError> {
    let said = |error: XlsxError| WriteError::Sheet(error.to_string());
    if rows.names.len() > COLUMNS {
        let count = rows.names.len();
        let message = format!("a sheet has {COLUMNS} columns at most, and here are {count}");
        return Err(WriteError::Sheet(message));
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(said)?;
    if let Some(name) = name {
        sheet.set_name(name).map_err(said)?;
    }
    let mut line = 0;
    if has_header {
        let bold = Format::new().set_bold();
        for (column, name) in (0_u16..).zip(&rows.names) {
            sheet
                .write_string_with_format(0, column, name, &bold)
                .map_err(said)?;
        }
        line = 1;
    }
    let names = rows.names.clone();
    let mut cells = Cells::new(&names);
    while let Some(batch) = rows.next_batch()? {
        for row in batch.rows() {
            if line >= ROWS {
                let message = format!("a sheet has {ROWS} rows at most; write csv instead");
                return Err(WriteError::Sheet(message));
            }
            for (column, place) in (0_u16..).zip(cells.of(row)) {
                let Some(cell) = *place else { continue };
                let raw = row.raw_value(cell);
                let is_number = raw.starts_with(|c: char| c.is_ascii_digit() || c == '-');
                if is_number && fits_number(raw) {
                    // It was read as a number.
                    let number: f64 = raw.parse().unwrap_or_default();
                    sheet.write_number(line, column, number).map_err(said)?;
                    continue;
                }
                let text = row.text(cell);
                if !text.is_empty() {
                    sheet.write_string(line, column, &*text).map_err(said)?;
                }
            }
            line += 1;
        }
    }
    book.save(path).map_err(said)
}

/// Whether a sheet would show the number as it is: longer ones lose digits, and stay text.
fn fits_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
}
