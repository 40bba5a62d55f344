//! CSV: a record a line, with the names of the header.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::names::distinct;
use super::unpack::Unpacked;
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
    // Decoded, so that readers before it may have given less.
    let input = Unpacked::new(Box::new(input))?;
    let delimiter = match plan.delimiter {
        Some(delimiter) => delimiter,
        None => likeliest(input.beginning()),
    };
    let input = input.into_read();
    let quotes = Rc::new(Cell::new(0));
    let input = Counting {
        input,
        quote: plan.quote,
        count: Rc::clone(&quotes),
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
    let mut last = ByteRecord::new();
    while next(&mut reader, &mut record)? {
        last.clone_from(&record);
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
    // A quote that is never closed swallows all lines behind it.
    let is_open = quotes.get() % 2 == 1;
    if is_open && last.iter().any(|cell| cell.contains(&b'\n')) {
        let line = last.position().map_or(0, csv::Position::line) + plan.skip;
        return Err(ReadError::Broken {
            format: "CSV",
            reason: format!(
                "line {line} has a quote that is never closed; where quotes are no quotes, say format: {{ csv: {{ quote: \"\" }} }}"
            ),
        });
    }
    Ok(found)
}

/// Counts quotes on their way.
struct Counting<R> {
    input: R,
    quote: Option<u8>,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.input.read(into)?;
        if let Some(quote) = self.quote {
            let quotes = memchr::memchr_iter(quote, &into[..count]).count();
            self.count.set(self.count.get() + quotes as u64);
        }
        Ok(count)
    }
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

/// The names of the header.
fn header(record: &ByteRecord) -> Result<Vec<Arc<str>>, ReadError> {
    let cells: Vec<&str> = record
        .iter()
        .map(|cell| std::str::from_utf8(cell).map_err(|_| not_utf8(1)))
        .collect::<Result<_, _>>()?;
    let names = distinct(cells.into_iter());
    Ok(names.into_iter().map(Arc::from).collect())
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
