//! Sheets of Excel and `OpenDocument`: a record a row, with the names of the header row.

use std::io::{Cursor, Read as _};
use std::sync::Arc;

use calamine::{Data, Reader as _, Sheets, open_workbook_auto_from_rs};

use super::XlsxPlan;
use crate::formats::names::distinct;
use crate::formats::{PageFindings, ReadError, Sink};
use crate::template::{DurationValue, Frame, Value};

/// Reads a sheet.
pub fn read(
    plan: &XlsxPlan,
    bytes: Vec<u8>,
    frame: &Arc<Frame>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let broken = |reason: String| ReadError::Broken {
        format: "sheet",
        reason,
    };
    if is_encrypted(&bytes) {
        return Err(ReadError::Asked(
            "the workbook is encrypted: save it without a password".to_owned(),
        ));
    }
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
    let is_ods = matches!(book, Sheets::Ods(_));
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
    let mut odd = Odd::default();
    let first_column = range.start().map_or(0, |(_, column)| column);
    let mut empty = Vec::new();
    for (index, row) in (first_row + skip + 1..).zip(rows) {
        if row.iter().all(|cell| matches!(cell, Data::Empty)) {
            continue;
        }
        for (column, cell) in (first_column..).zip(row) {
            match cell {
                Data::Error(error) => odd.errors.note(index, column, error),
                Data::String(text) if is_ods && is_error(text) => {
                    odd.errors.note(index, column, text);
                }
                Data::Empty => empty.push((index, column)),
                _ => {}
            }
        }
        let cells = row.iter().map(|cell| match cell {
            Data::String(text) if is_ods && is_error(text) => Value::UNDEFINED,
            cell => value_of(cell),
        });
        let pairs: Vec<(String, Value)> = header.iter().cloned().zip(cells).collect();
        sink(Value::from_pairs(pairs))?;
    }
    if !empty.is_empty() {
        let formulas = book
            .worksheet_formula(&sheet)
            .map_err(|error| broken(error.to_string()))?;
        for (row, column) in empty {
            if let Some(formula) = formulas.get_value((row, column)).filter(|f| !f.is_empty()) {
                odd.formulas.note(row, column, formula);
            }
        }
    }
    let mut warnings = odd.sentences(&sheet);
    if range.is_empty() && names.len() > 1 && plan.sheet.is_none() {
        warnings.push(format!(
            "the first sheet, `{sheet}`, is empty; there are {}: say format: {{ xlsx: {{ sheet: {} }} }}",
            names.join(", "),
            names.get(1).map_or("", String::as_str),
        ));
    }
    let keys = if range.is_empty() {
        names.iter().map(|name| format!("sheet `{name}`")).collect()
    } else {
        header
    };
    Ok(PageFindings {
        keys,
        warnings,
        ..PageFindings::default()
    })
}

/// Cells that have no value though something stands in them.
#[derive(Default)]
struct Odd {
    errors: Counted,
    formulas: Counted,
}

/// How many there are, and the first.
#[derive(Default)]
struct Counted {
    count: u64,
    first: Option<String>,
}

impl Counted {
    fn note(&mut self, row: u32, column: u32, what: &impl std::fmt::Display) {
        self.count += 1;
        if self.first.is_none() {
            self.first = Some(format!("{}{} ({what})", letters(column), row + 1));
        }
    }
}

impl Odd {
    fn sentences(&self, sheet: &str) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(first) = &self.errors.first {
            sentences.push(format!(
                "sheet `{sheet}`: {} cells hold errors and were read as nothing, the first is {first}",
                self.errors.count
            ));
        }
        if let Some(first) = &self.formulas.first {
            sentences.push(format!(
                "sheet `{sheet}`: {} formulas have no value and were read as nothing, the first is {first}: open and save the file where formulas are worked out",
                self.formulas.count
            ));
        }
        sentences
    }
}

/// Whether the text of a cell is how `OpenDocument` writes an error.
fn is_error(text: &str) -> bool {
    const WORDS: [&str; 7] = [
        "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!",
    ];
    let number = text.strip_prefix("Err:");
    WORDS.contains(&text)
        || number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// The name of a column: `A`, `Z`, `AA`.
fn letters(column: u32) -> String {
    let mut name = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        name.insert(0, char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    name.into_iter().collect()
}

/// A workbook with a password is kept in a stream of this name.
fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let is_of_excel =
        bytes.starts_with(b"\xD0\xCF\x11\xE0") && memchr::memmem::find(bytes, &name).is_some();
    is_of_excel || is_encrypted_package(bytes).unwrap_or_default()
}

/// Of an `OpenDocument` the manifest says which parts are encrypted (part 2, 3.8).
fn is_encrypted_package(bytes: &[u8]) -> Option<bool> {
    let mut package = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut manifest = String::new();
    let part = package.by_name("META-INF/manifest.xml").ok()?;
    part.take(1 << 20).read_to_string(&mut manifest).ok()?;
    Some(manifest.contains("encryption-data"))
}

/// Whole numbers up to this are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn value_of(cell: &Data) -> Value {
    match cell {
        Data::Empty | Data::Error(_) => Value::UNDEFINED,
        Data::Bool(value) => Value::from(*value),
        Data::Int(number) => Value::from(*number),
        #[allow(clippy::cast_possible_truncation, reason = "a whole number that fits")]
        Data::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
            Value::from(*number as i64)
        }
        Data::Float(number) => Value::from(*number),
        other => Value::from(text_of(other)),
    }
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::DateTime(date) if date.is_duration() => hours(date.as_f64()),
        // A time of day is a part of a day.
        Data::DateTime(date) if (0.0..1.0).contains(&date.as_f64()) => hours(date.as_f64()),
        Data::DateTime(date) => {
            let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second, milli) {
                (0, 0, 0, 0) => day,
                (_, _, _, 0) => format!("{day}T{hour:02}:{minute:02}:{second:02}"),
                _ => format!("{day}T{hour:02}:{minute:02}:{second:02}.{milli:03}"),
            }
        }
        Data::DurationIso(text) => match DurationValue::parse(text) {
            Some(duration) => hours(duration.seconds() / 86_400.0),
            None => text.clone(),
        },
        Data::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(text).to_owned(),
        other => other.to_string(),
    }
}

/// Days as `hours:minutes:seconds`; a duration may have more than 24 hours.
fn hours(days: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a cell's time in milliseconds"
    )]
    let all = (days * 86_400_000.0).round() as i64;
    let sign = if all < 0 { "-" } else { "" };
    let all = all.unsigned_abs();
    let (seconds, milli) = (all / 1000, all % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if milli == 0 {
        format!("{sign}{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{sign}{hour:02}:{minute:02}:{second:02}.{milli:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_with_a_password_is_known() {
        let document = |manifest: &str| {
            let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
            let options = zip::write::SimpleFileOptions::default();
            package
                .start_file("META-INF/manifest.xml", options)
                .unwrap();
            std::io::Write::write_all(&mut package, manifest.as_bytes()).unwrap();
            package.finish().unwrap().into_inner()
        };
        let entry = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
        assert!(is_encrypted(&document(entry)));
        assert!(!is_encrypted(&document("<manifest:file-entry/>")));
        assert!(!is_encrypted(b"PK"));
    }

    #[test]
    fn errors_of_opendocument_are_known() {
        for error in ["#DIV/0!", "#N/A", "Err:502"] {
            assert!(is_error(error), "{error}");
        }
        for text in ["#1", "Err:", "Err:5a", "N/A", "#DIV/0! is an error"] {
            assert!(!is_error(text), "{text}");
        }
    }

    #[test]
    fn times_are_times() {
        assert_eq!(hours(0.295_138_888_888_888_9), "07:05:00");
        assert_eq!(hours(1.253_472_222_222_222), "30:05:00");
        assert_eq!(hours(0.5 + 0.25 / 86_400.0), "12:00:00.250");
        assert_eq!(hours(-0.5), "-12:00:00");
        let iso = |text: &str| text_of(&Data::DurationIso(text.to_owned()));
        assert_eq!(iso("PT07H05M00S"), "07:05:00");
        assert_eq!(iso("PT30H05M00S"), "30:05:00");
    }

    #[test]
    fn columns_have_letters() {
        let names = [0, 25, 26, 701, 702].map(letters);
        assert_eq!(names, ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
