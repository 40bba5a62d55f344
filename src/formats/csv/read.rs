//! CSV: a record a line, with the names of the header.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::CsvPlan;
use super::watch::{CsvFault, Dialect, Watch};
use crate::formats::names::distinct;
use crate::formats::unpack::Unpacked;
use crate::formats::{PageFindings, ReadError, Sink};
use crate::template::Value;

/// What may stand between cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads lines to the end.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    plan: &CsvPlan,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let mut input = BufReader::with_capacity(256 * 1024, input);
    let mut skipped = Vec::new();
    for _ in 0..plan.skip {
        skipped.clear();
        input.read_until(b'\n', &mut skipped)?;
    }
    // Decoded, so that readers before it may have given less.
    let input = Unpacked::new(Box::new(input))?;
    let said = said_delimiter(input.beginning())
        .filter(|(said, _)| plan.delimiter.is_none_or(|delimiter| delimiter == *said));
    let delimiter = match (plan.delimiter, said) {
        (Some(delimiter), _) | (None, Some((delimiter, _))) => delimiter,
        (None, None) => likeliest(input.beginning()),
    };
    let mut skipped_lines = plan.skip;
    let mut input = input;
    if let Some((_, length)) = said {
        input.pass_over(length);
        skipped_lines += 1;
    }
    let escape = plan.escape.filter(|_| plan.quote.is_some());
    let dialect = Dialect {
        delimiter,
        quote: plan.quote,
        escape,
        cell: plan.max_cell,
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(64 * 1024)
        .delimiter(delimiter)
        .quoting(plan.quote.is_some())
        .quote(plan.quote.unwrap_or(b'"'))
        .escape(escape)
        .from_reader(Watch::new(input.into_read(), dialect, skipped_lines));
    let mut record = ByteRecord::new();
    let mut names: Vec<Arc<str>> = plan
        .names
        .iter()
        .map(|name| Arc::from(name.as_str()))
        .collect();
    if plan.header && next(&mut reader, &mut record)? && names.is_empty() {
        names = header(&record)?;
    }
    let mut found = PageFindings {
        keys: names.iter().map(ToString::to_string).collect(),
        ..PageFindings::default()
    };
    let keys: Vec<Value> = names
        .iter()
        .map(|name| Value::from(Arc::clone(name)))
        .collect();
    let mut ahead = ByteRecord::new();
    let mut is_there = next(&mut reader, &mut record)?;
    let (mut are_full, mut last) = (true, (0, 0));
    while is_there {
        is_there = next(&mut reader, &mut ahead)?;
        if !is_there {
            without_tail(&mut record);
        }
        let line = record.position().map_or(0, csv::Position::line) + skipped_lines;
        // A line without anything is no record.
        let is_empty = record.len() == 1 && record[0].is_empty();
        if !is_empty {
            are_full &= last.1 == 0 || last.0 >= keys.len();
            last = (record.len(), line);
            sink(value_of(&record, line, &keys, delimiter)?)?;
        }
        std::mem::swap(&mut record, &mut ahead);
    }
    let (cells, line) = last;
    if are_full && cells < keys.len() && line > 0 && !reader.get_ref().ends_a_line() {
        found.is_cut = true;
        found.warnings.push(format!(
            "line {line}, the last, has {cells} of {} cells and no end: it may be cut off",
            keys.len()
        ));
    }
    Ok(found)
}

/// A line as a record.
fn value_of(
    record: &ByteRecord,
    line: u64,
    keys: &[Value],
    delimiter: u8,
) -> Result<Value, ReadError> {
    let cells = cells(record, line)?;
    if keys.is_empty() {
        let keys = (0..record.len()).map(|number| Value::from(format!("column_{}", number + 1)));
        return Ok(Value::from_pairs(keys.zip(cells).collect::<Vec<_>>()));
    }
    if record.iter().skip(keys.len()).any(|cell| !cell.is_empty()) {
        return Err(ReadError::Broken {
            format: "CSV",
            reason: format!(
                "line {line} has {} cells, and there are {} names; is a quote missing, or another `delimiter` meant than {:?}?",
                record.len(),
                keys.len(),
                char::from(delimiter)
            ),
        });
    }
    let pairs = keys.iter().cloned().zip(cells);
    Ok(Value::from_pairs(pairs.collect::<Vec<_>>()))
}

/// Takes off what old programs put behind the last line: Ctrl-Z, or zeros up to the end of a block.
fn without_tail(last: &mut ByteRecord) {
    let is_tail = |byte: &u8| matches!(byte, 0 | 0x1A);
    let Some(cell) = last.iter().next_back() else {
        return;
    };
    let kept = cell.iter().rposition(|byte| !is_tail(byte));
    let kept = kept.map_or(0, |at| at + 1);
    if kept == cell.len() {
        return;
    }
    let cell = cell[..kept].to_vec();
    let position = last.position().cloned();
    let mut record = last.iter().take(last.len() - 1).collect::<ByteRecord>();
    record.push_field(&cell);
    record.set_position(position);
    *last = record;
}

/// The line in which Excel writes what stands between cells: `sep=;`. What it says, and how long the
/// line is.
fn said_delimiter(beginning: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr(b'\n', beginning)? + 1;
    let line = beginning[..end].trim_ascii_end();
    // A tab is white space.
    let line = if line.to_ascii_lowercase().ends_with(b"sep=") {
        beginning.get(..line.len() + 1)?
    } else {
        line
    };
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let (word, said) = line.split_at_checked(4)?;
    if !word.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    match said {
        // A file that was saved once more has as many cells in this line as in others.
        [delimiter, rest @ ..] if !matches!(delimiter, b'\r' | b'\n') => {
            let is_filled = |by: u8| rest.iter().all(|byte| *byte == by);
            let is_said = is_filled(*delimiter) || is_filled(b',') || is_filled(b';');
            is_said.then_some((*delimiter, end))
        }
        _ => None,
    }
}

fn next<R: Read>(reader: &mut csv::Reader<R>, record: &mut ByteRecord) -> Result<bool, ReadError> {
    reader.read_byte_record(record).map_err(|error| {
        if error.is_io_error() {
            match error.into_kind() {
                csv::ErrorKind::Io(error) => match error.downcast::<CsvFault>() {
                    Ok(fault) => ReadError::Broken {
                        format: "CSV",
                        reason: fault.to_string(),
                    },
                    Err(error) => ReadError::Io(error),
                },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_excel_says_what_stands_between_cells() {
        let said = |text: &str| said_delimiter(text.as_bytes());
        assert_eq!(said("sep=;\na;b\n"), Some((b';', 6)));
        assert_eq!(said("SEP=|\r\na|b\r\n"), Some((b'|', 7)));
        assert_eq!(said("sep=;;;\na;b\n"), Some((b';', 8)));
        assert_eq!(said("sep=;,,\na;b\n"), Some((b';', 8)));
        assert_eq!(said("\"sep=,\"\na,b\n"), Some((b',', 8)));
        assert_eq!(said("sep=\t\na\tb\n"), Some((b'\t', 6)));
        for header in ["sep=ab\n1\n", "sep\n1\n", "id,sep=\n1,2\n", "sep=\n1\n"] {
            assert_eq!(said(header), None, "{header:?}");
        }
    }
}
