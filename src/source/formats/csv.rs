//! CSV: a record a line, with the names of the header.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::{Found, ReadError, Sink};
use crate::plan::format::CsvPlan;
use crate::template::Value;

/// What may stand between cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads lines to the end.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    plan: &CsvPlan,
    sink: &mut Sink<'_>,
) -> Result<Found, ReadError> {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let mut skipped = Vec::new();
    for _ in 0..plan.skip {
        skipped.clear();
        input.read_until(b'\n', &mut skipped)?;
    }
    let delimiter = match plan.delimiter {
        Some(delimiter) => delimiter,
        None => likeliest(input.fill_buf()?),
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(plan.quote.is_some())
        .quote(plan.quote.unwrap_or(b'"'))
        .from_reader(input);
    let mut record = ByteRecord::new();
    let mut names: Vec<Arc<str>> = plan
        .names
        .iter()
        .map(|name| Arc::from(name.as_str()))
        .collect();
    if plan.header && next(&mut reader, &mut record)? && names.is_empty() {
        names = header(&record)?;
    }
    let found = Found {
        probes: Vec::new(),
        keys: names.iter().map(ToString::to_string).collect(),
    };
    let keys: Vec<Value> = names
        .iter()
        .map(|name| Value::from(Arc::clone(name)))
        .collect();
    while next(&mut reader, &mut record)? {
        let line = record.position().map_or(0, csv::Position::line) + plan.skip;
        // A line without anything is no record.
        if record.len() == 1 && record[0].is_empty() {
            continue;
        }
        if names.is_empty() {
            let keys =
                (0..record.len()).map(|number| Value::from(format!("column_{}", number + 1)));
            let pairs = keys.zip(cells(&record, line)?);
            sink(Value::from_pairs(pairs.collect::<Vec<_>>()))?;
            continue;
        }
        if record.iter().skip(names.len()).any(|cell| !cell.is_empty()) {
            return Err(ReadError::Broken {
                format: "CSV",
                reason: format!(
                    "line {line} has {} cells, and there are {} names; is a quote missing, or another `delimiter` meant than {:?}?",
                    record.len(),
                    names.len(),
                    char::from(delimiter)
                ),
            });
        }
        let pairs = keys.iter().cloned().zip(cells(&record, line)?);
        sink(Value::from_pairs(pairs.collect::<Vec<_>>()))?;
    }
    Ok(found)
}

fn next<R: Read>(reader: &mut csv::Reader<R>, record: &mut ByteRecord) -> Result<bool, ReadError> {
    reader.read_byte_record(record).map_err(|error| {
        if error.is_io_error() {
            match error.into_kind() {
                csv::ErrorKind::Io(error) => ReadError::Io(error),
                other => ReadError::Asked(format!("{other:?}")),
            }
        } else {
            ReadError::Broken {
                format: "CSV",
                reason: error.to_string(),
            }
        }
    })
}

fn cells(record: &ByteRecord, line: u64) -> Result<Vec<Value>, ReadError> {
    record
        .iter()
        .map(|cell| match std::str::from_utf8(cell) {
            Ok(text) => Ok(Value::from(text)),
            Err(_) => Err(not_utf8(line)),
        })
        .collect()
}

fn not_utf8(line: u64) -> ReadError {
    ReadError::Broken {
        format: "UTF-8",
        reason: format!(
            "line {line} has other bytes; say the encoding: format: {{ csv: {{ encoding: windows-1252 }} }}"
        ),
    }
}

/// The names of the header. One that comes again gets a number, so that no column is lost.
fn header(record: &ByteRecord) -> Result<Vec<Arc<str>>, ReadError> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for (index, cell) in record.iter().enumerate() {
        let text = std::str::from_utf8(cell).map_err(|_| not_utf8(1))?.trim();
        let base = match text {
            "" => format!("column_{}", index + 1),
            text => text.to_owned(),
        };
        let mut name = base.clone();
        let mut count = 1;
        while names.iter().any(|known| **known == *name) {
            count += 1;
            name = format!("{base}_{count}");
        }
        names.push(Arc::from(name));
    }
    Ok(names)
}

/// The delimiter that stands most often in the first line, quoted text aside.
fn likeliest(beginning: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in beginning {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            byte if !is_quoted => {
                if let Some(index) = DELIMITERS.iter().position(|known| known == byte) {
                    counts[index] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    let index = counts
        .iter()
        .position(|count| *count == most)
        .unwrap_or_default();
    DELIMITERS[index]
}
