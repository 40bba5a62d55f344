//! JSON Lines: a value a line.

use std::io::{BufRead as _, BufReader, Read};

use serde_json::value::RawValue;

use super::json::{collect, is_list, keys_of};
use super::shape::Shape;
use super::{
    FormatKind, PageFindings, ReadError, Signs, Sink, Wanted, WrittenFormat, WrittenName, detect,
};
use crate::json_path::PathStep;
use crate::template::{document, is_nothing};

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

/// Reads lines to the end; a path is followed in each.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let mut reader = BufReader::with_capacity(256 * 1024, input);
    let mut line = Vec::new();
    let mut found = PageFindings::default();
    let mut number = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let broken = |error: serde_json::Error| ReadError::Broken {
            format: "JSON Lines",
            reason: format!("line {number}: {error}"),
        };
        let raw: Box<RawValue> = serde_json::from_slice(&line).map_err(broken)?;
        let value = document::read(raw).map_err(broken)?;
        if found.keys.is_empty() {
            found.keys = keys_of(&value);
        }
        let Some(path) = wanted.records else {
            found.shape = Shape::List;
            // `null` is no record.
            if !is_nothing(&value) {
                sink(value)?;
            }
            continue;
        };
        // One line that has the place is enough.
        if matches!(found.shape, Shape::Nothing | Shape::Missing(_)) {
            found.shape = match Shape::of(&value, &path.steps) {
                missing @ Shape::Missing(_) => missing,
                _ => Shape::List,
            };
        }
        let mut nodes = Vec::new();
        collect(&value, &path.steps, &mut nodes);
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
    }
}
