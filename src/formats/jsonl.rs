//! JSON Lines: a value a line.

use std::io::{BufRead as _, BufReader, Read};

use serde_json::value::RawValue;

use super::json::{collect, is_list, keys_of};
use super::shape::Shape;
use super::{
    FormatKind, PageFindings, ReadError, Signs, Sink, Wanted, WrittenFormat, WrittenName, detect,
};
use crate::json_path::PathStep;
use crate::template::{Value, document, is_nothing};

/// How JSON Lines are told.
pub const SIGNS: Signs = Signs {
    by_name: |hints, _| {
        hints.ends(&[".jsonl", ".ndjson"]) || hints.holds(&["ndjson", "jsonl", "json-seq"])
    },
    by_beginning: |hints, start| {
        detect::first(start) == Some(&b'{')
            && !hints.holds(&["application/json"])
            && detect::is_lines(start)
    },
    perhaps: |_, _| false,
    kind: || FormatKind::Jsonl,
};

/// The content type of a file.
pub const CONTENT_TYPE: &str = "application/x-ndjson";

/// By which endings of its name a file is written so.
pub const WRITTEN: [WrittenName; 2] = [
    (".jsonl", || WrittenFormat::Jsonl),
    (".ndjson", || WrittenFormat::Jsonl),
];

/// Reads values to the end; a path is followed in each. Mostly a line is one; several on a line, and one
/// over several lines, are read too.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let mut reader = BufReader::with_capacity(256 * 1024, input);
    let mut line = Vec::new();
    let mut found = PageFindings::default();
    let mut number = 0_u64;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let first = number;
        let broken = |error: serde_json::Error| ReadError::Broken {
            format: "JSON Lines",
            reason: format!("line {first}: {error}"),
        };
        if let Ok(raw) = serde_json::from_slice::<Box<RawValue>>(&line) {
            let value = document::read(raw).map_err(broken)?;
            take(&value, wanted, &mut found, sink)?;
            continue;
        }
        // So many lines are read before it is tried again: the work must not grow with their square.
        let mut more = 1;
        loop {
            let mut values = serde_json::Deserializer::from_slice(&line).into_iter();
            let mut open = None;
            for raw in values.by_ref() {
                let raw: Box<RawValue> = match raw {
                    Ok(raw) => raw,
                    Err(error) if error.is_eof() => {
                        open = Some(error);
                        break;
                    }
                    Err(error) => return Err(broken(error)),
                };
                let value = document::read(raw).map_err(broken)?;
                take(&value, wanted, &mut found, sink)?;
            }
            let end = values.byte_offset();
            let Some(open) = open else {
                break;
            };
            line.drain(..end);
            let before = line.len();
            for _ in 0..more {
                number += u64::from(reader.read_until(b'\n', &mut line)? > 0);
            }
            if line.len() == before {
                return Err(broken(open));
            }
            more *= 2;
        }
    }
}

/// The records of a value.
fn take(
    value: &Value,
    wanted: Wanted<'_>,
    found: &mut PageFindings,
    sink: &mut Sink<'_>,
) -> Result<(), ReadError> {
    if found.keys.is_empty() {
        found.keys = keys_of(value);
    }
    let Some(path) = wanted.records else {
        found.shape = Shape::List;
        // `null` is no record.
        if !is_nothing(value) {
            sink(value.clone())?;
        }
        return Ok(());
    };
    // One value that has the place is enough.
    if matches!(found.shape, Shape::Nothing | Shape::Missing(_)) {
        found.shape = match Shape::of(value, &path.steps) {
            missing @ Shape::Missing(_) => missing,
            _ => Shape::List,
        };
    }
    let mut nodes = Vec::new();
    collect(value, &path.steps, &mut nodes);
    let spreads = path.steps.last() != Some(&PathStep::Each);
    for node in nodes {
        if spreads && is_list(&node) {
            let items = node.try_iter().into_iter().flatten();
            for item in items.filter(|item| !is_nothing(item)) {
                sink(item)?;
            }
        } else if !is_nothing(&node) {
            sink(node)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Result<Vec<String>, String> {
        let mut ids = Vec::new();
        let wanted = Wanted {
            records: None,
            probes: &[],
        };
        let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let read = read(input, wanted, &mut |record| {
            ids.push(record.get_attr("id").unwrap_or_default().to_string());
            Ok(())
        });
        read.map(|_| ids).map_err(|error| error.to_string())
    }

    #[test]
    fn values_stand_on_lines_beside_each_other_and_over_several() {
        assert_eq!(
            ids("{\"id\":1}\n\n{\"id\":2}"),
            Ok(vec!["1".into(), "2".into()])
        );
        let text = "{\"id\":1}{\"id\":2}\n{\"id\":3,\n\"t\":\"x\"} {\"id\":4}\n{\n\"id\": 5\n}\n";
        let all = ids(text).unwrap();
        assert_eq!(all, ["1", "2", "3", "4", "5"]);
    }

    #[test]
    fn what_breaks_off_is_an_error_that_names_its_line() {
        for (text, line) in [
            ("{\"id\":1}\n{\"id\":2", "line 2"),
            ("{\"id\":1,\n{\"id\":2}\n", "line 1"),
            ("{\"id\":\"a\n{\"id\":2}\n", "line 1"),
            ("{\"id\":1}\nError: too many\n", "line 2"),
        ] {
            let error = ids(text).unwrap_err();
            assert!(error.contains(line), "{text}: {error}");
        }
    }
}
