//! Sheets of Excel and `OpenDocument`: a record a row, with the names of the header row.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Reader as _, open_workbook_auto_from_rs};

use super::names::distinct;
use super::{Found, ReadError, Sink};
use crate::plan::format::XlsxPlan;
use crate::template::{Frame, Value};

/// Reads a sheet.
pub fn read(
    plan: &XlsxPlan,
    bytes: Vec<u8>,
    frame: &Arc<Frame>,
    sink: &mut Sink<'_>,
) -> Result<Found, ReadError> {
    let broken = |reason: String| ReadError::Broken {
        format: "sheet",
        reason,
    };
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes))
        .map_err(|error| broken(error.to_string()))?;
    let names = book.sheet_names();
    let wanted = match &plan.sheet {
        Some(sheet) => Some(
            sheet
                .text(frame)
                .map_err(|error| ReadError::Asked(error.message))?,
        ),
        None => None,
    };
    let sheet = match wanted.filter(|name| !name.is_empty()) {
        Some(name) if names.contains(&name) => name,
        Some(name) => {
            return Err(ReadError::Asked(format!(
                "there is no sheet `{name}`: there are {}",
                names.join(", ")
            )));
        }
        None => names
            .first()
            .cloned()
            .ok_or_else(|| broken("it has no sheet".to_owned()))?,
    };
    let range = book
        .worksheet_range(&sheet)
        .map_err(|error| broken(error.to_string()))?;
    // The range begins at the first cell that holds something.
    let first_row = range.start().map_or(0, |(row, _)| row);
    let skip = (plan.header_row.max(1) - 1).saturating_sub(first_row);
    let mut rows = range.rows().skip(skip as usize);
    let cells: Vec<String> = rows
        .next()
        .unwrap_or_default()
        .iter()
        .map(text_of)
        .collect();
    let header = distinct(cells.iter().map(String::as_str));
    for row in rows {
        if row.iter().all(|cell| matches!(cell, Data::Empty)) {
            continue;
        }
        let cells = row.iter().map(value_of);
        let pairs: Vec<(String, Value)> = header.iter().cloned().zip(cells).collect();
        sink(Value::from_pairs(pairs))?;
    }
    Ok(Found {
        probes: Vec::new(),
        keys: header,
    })
}

fn value_of(cell: &Data) -> Value {
    match cell {
        Data::Empty | Data::Error(_) => Value::UNDEFINED,
        Data::Bool(value) => Value::from(*value),
        Data::Int(number) => Value::from(*number),
        #[allow(clippy::cast_possible_truncation, reason = "a whole number that fits")]
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Value::from(*number as i64)
        }
        Data::Float(number) => Value::from(*number),
        other => Value::from(text_of(other)),
    }
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        other => other.to_string(),
    }
}
