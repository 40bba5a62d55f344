//! What must come of a case against what came of it.

use serde_json::Value;

use super::actual::{Actual, Row, line_of, path_of};
use super::file::Expect;
use super::report::Difference;
use crate::spec::tree::{Node, NodeValue, ScalarKind};
use crate::tape::Asked;

/// Names columns of rows in messages, so that the row is found in the data.
fn called(row: &Row) -> String {
    let is_id = |(name, _): &(&String, &Value)| name.eq_ignore_ascii_case("id");
    let first = row.iter().find(is_id).or_else(|| row.iter().next());
    first.map_or_else(String::new, |(name, value)| {
        format!(" ({name} {})", text_of(value))
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// All differences, in the order of the test file.
pub fn compare(expect: &Expect, actual: &Actual) -> Vec<Difference> {
    let mut found = Vec::new();
    exit(expect, actual, &mut found);
    if let Some(rows) = &expect.rows {
        all_rows("row", rows, &actual.rows, &mut found);
    }
    if let Some(some) = &expect.some {
        for wanted in some.items() {
            if !actual.rows.iter().any(|row| is_part_of(wanted, row)) {
                found.push(not_among(wanted, actual));
            }
        }
    }
    if let Some(by) = &expect.by {
        by_column(by, actual, &mut found);
    }
    if let Some(count) = &expect.count {
        let rows = i64::try_from(actual.rows.len()).unwrap_or(i64::MAX);
        if count.value != rows {
            let message = format!("expected {} rows, and there are {rows}", count.value);
            found.push(Difference::at(&count.span, message));
        }
    }
    if let Some(requests) = &expect.requests {
        all_requests(requests, &actual.requests, &mut found);
    }
    if let Some(feedback) = &expect.feedback {
        all_rows("feedback row", feedback, &actual.feedback, &mut found);
    }
    for wanted in expect.logs.iter().flat_map(|logs| logs.items()) {
        logged(wanted, actual, &mut found);
    }
    found
}

fn exit(expect: &Expect, actual: &Actual, found: &mut Vec<Difference>) {
    let wanted = expect.exit.as_ref().map_or(0, |exit| exit.value);
    if wanted == actual.exit {
        return;
    }
    let why = actual.failure.as_ref();
    let why = why.map_or_else(String::new, |failure| format!(": {failure}"));
    let message = format!("expected exit {wanted}, and it is {}{why}", actual.exit);
    let place = expect.exit.as_ref().map_or(0..0, |exit| exit.span.clone());
    found.push(Difference::at(&place, message));
}

/// Whether a cell is as it was written in the test.
fn is_cell(wanted: &Node, cell: Option<&Value>) -> bool {
    let cell = cell.map(text_of).unwrap_or_default();
    match &wanted.value {
        NodeValue::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => cell.is_empty(),
            ScalarKind::Bool(_) | ScalarKind::Integer | ScalarKind::Float | ScalarKind::Text => {
                scalar.text == cell
            }
        },
        NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Refused => false,
    }
}

fn shown(wanted: &Node) -> String {
    match wanted.scalar() {
        Some(scalar) if scalar.kind == ScalarKind::Null => "nothing".to_owned(),
        Some(scalar) => format!("{:?}", scalar.text),
        None => "no cell: a cell is text".to_owned(),
    }
}

fn is_part_of(wanted: &Node, row: &Row) -> bool {
    let mut cells = wanted.entries().iter();
    cells.all(|entry| is_cell(&entry.value, row.get(&entry.key)))
}

/// Columns that are other than expected; with `all` also those that nobody expects.
fn cells(place: &str, wanted: &Node, row: &Row, all: bool, found: &mut Vec<Difference>) {
    for entry in wanted.entries() {
        let cell = row.get(&entry.key);
        if is_cell(&entry.value, cell) {
            continue;
        }
        let is = match cell {
            Some(cell) => format!("{:?}", text_of(cell)),
            None => "no such column".to_owned(),
        };
        let message = format!(
            "{place}{}, column `{}`: expected {}, and it is {is}",
            called(row),
            entry.key,
            shown(&entry.value)
        );
        found.push(Difference::at(&entry.value.span, message).of_column(&entry.key));
    }
    for (name, value) in row.iter().filter(|_| all) {
        if wanted.get(name).is_none() {
            let message = format!(
                "{place}{}, column `{name}`: nobody expects it, and it is {:?}",
                called(row),
                text_of(value)
            );
            found.push(Difference::at(&wanted.span, message).of_column(name));
        }
    }
}

fn all_rows(what: &str, wanted: &Node, rows: &[Row], found: &mut Vec<Difference>) {
    for (index, row) in rows.iter().enumerate() {
        let place = format!("{what} {}", index + 1);
        if let Some(wanted) = wanted.items().get(index) {
            cells(&place, wanted, row, true, found);
        } else {
            let row = Value::Object(row.clone());
            let message = format!("{place}: nobody expects it: {row}");
            found.push(Difference::at(&wanted.span, message));
        }
    }
    for (index, wanted) in wanted.items().iter().enumerate().skip(rows.len()) {
        let message = format!("{what} {}: expected, and it is not there", index + 1);
        found.push(Difference::at(&wanted.span, message));
    }
}

/// A row that was looked for in vain, and how the most alike differs.
fn not_among(wanted: &Node, actual: &Actual) -> Difference {
    let alike = |row: &&Row| {
        let same = wanted
            .entries()
            .iter()
            .filter(|entry| is_cell(&entry.value, row.get(&entry.key)));
        same.count()
    };
    let nearest = actual.rows.iter().max_by_key(alike);
    let how = match nearest.filter(|row| alike(row) > 0) {
        None => format!("none of {} rows has any of it", actual.rows.len()),
        Some(row) => {
            let mut other = Vec::new();
            cells("the most alike", wanted, row, false, &mut other);
            let other: Vec<String> = other.into_iter().map(|one| one.message).collect();
            other.join("; ")
        }
    };
    Difference::at(
        &wanted.span,
        format!(
            "{}: not among the rows that were written: {how}",
            json_text(wanted)
        ),
    )
}

fn by_column(by: &Node, actual: &Actual, found: &mut Vec<Difference>) {
    for column in by.entries() {
        for wanted in column.value.entries() {
            let has = |row: &&Row| {
                row.get(&column.key)
                    .is_some_and(|cell| text_of(cell) == wanted.key)
            };
            let rows: Vec<&Row> = actual.rows.iter().filter(has).collect();
            let is_none = wanted.value.as_text() == Some("none");
            match (rows.as_slice(), is_none) {
                ([], true) => {}
                ([], false) => {
                    let message = format!("no row has `{}` {:?}", column.key, wanted.key);
                    found.push(Difference::at(&wanted.key_span, message));
                }
                (_, true) => {
                    let message = format!(
                        "a row has `{}` {:?}, and none was to",
                        column.key, wanted.key
                    );
                    found.push(Difference::at(&wanted.key_span, message));
                }
                (rows, false) => {
                    for row in rows {
                        cells("the row", &wanted.value, row, false, found);
                    }
                }
            }
        }
    }
}

fn all_requests(wanted: &Node, asked: &[Asked], found: &mut Vec<Difference>) {
    let items = wanted.items();
    for (index, asked) in asked.iter().enumerate() {
        let Some(wanted) = items.get(index) else {
            let message = format!(
                "request {}: nobody expects it: {}",
                index + 1,
                line_of(asked)
            );
            found.push(Difference::at(&wanted.span, message));
            continue;
        };
        let line = wanted
            .as_text()
            .or_else(|| wanted.get("request")?.as_text());
        let line = line.unwrap_or_default();
        if !is_request(line, asked) {
            let message = format!(
                "request {}: expected {line}, and it is {}",
                index + 1,
                line_of(asked)
            );
            found.push(Difference::at(&wanted.span, message));
        }
        let body = asked.body.as_deref().unwrap_or_default();
        if let Some(text) = wanted.get("body") {
            let text_wanted = text
                .scalar()
                .map(|scalar| scalar.text.as_str())
                .unwrap_or_default();
            if text_wanted != body {
                let message = format!(
                    "request {}: expected the body {text_wanted:?}, and it is {body:?}",
                    index + 1
                );
                found.push(Difference::at(&text.span, message));
            }
        }
        if let Some(json) = wanted.get("json") {
            let wanted = json_text(json);
            let same = serde_json::from_str::<Value>(&wanted).ok()
                == serde_json::from_str::<Value>(body).ok();
            if !same {
                let message = format!(
                    "request {}: expected the body {wanted}, and it is {body}",
                    index + 1
                );
                found.push(Difference::at(&json.span, message));
            }
        }
    }
    for (index, wanted) in items.iter().enumerate().skip(asked.len()) {
        let message = format!("request {}: expected, and it was not sent", index + 1);
        found.push(Difference::at(&wanted.span, message));
    }
}

fn is_request(line: &str, asked: &Asked) -> bool {
    let (method, address) = line.split_once(' ').unwrap_or(("", line));
    let is_same = if address.starts_with('/') {
        address == path_of(&asked.url)
    } else {
        address == asked.url
    };
    is_same && (method.is_empty() || method == asked.method)
}

fn logged(wanted: &Node, actual: &Actual, found: &mut Vec<Difference>) {
    let part = wanted.scalar().or_else(|| wanted.get("message")?.scalar());
    let part = part.map(|scalar| scalar.text.as_str()).unwrap_or_default();
    let level = wanted.get("level").and_then(Node::as_text);
    let is_meant =
        |log: &&(String, String)| log.1.contains(part) && level.is_none_or(|level| level == log.0);
    if actual.logs.iter().find(is_meant).is_none() {
        let logs: Vec<String> = actual
            .logs
            .iter()
            .map(|(level, text)| format!("{level}: {text}"))
            .collect();
        let logs = if logs.is_empty() {
            "nothing".to_owned()
        } else {
            logs.join("; ")
        };
        let message = format!("{part:?} was not logged; logged was {logs}");
        found.push(Difference::at(&wanted.span, message));
    }
}

/// A node as JSON, numbers as they were written.
pub fn json_text(node: &Node) -> String {
    match &node.value {
        NodeValue::Refused => "null".to_owned(),
        NodeValue::Scalar(scalar) => match scalar.kind {
            ScalarKind::Null => "null".to_owned(),
            ScalarKind::Bool(flag) => flag.to_string(),
            // A number that JSON writes otherwise is text.
            ScalarKind::Integer | ScalarKind::Float
                if serde_json::from_str::<serde_json::Number>(&scalar.text).is_ok() =>
            {
                scalar.text.clone()
            }
            ScalarKind::Integer | ScalarKind::Float | ScalarKind::Text => {
                Value::from(scalar.text.as_str()).to_string()
            }
        },
        NodeValue::List(items) => {
            let items: Vec<String> = items.iter().map(json_text).collect();
            format!("[{}]", items.join(","))
        }
        NodeValue::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| {
                    format!(
                        "{}:{}",
                        Value::from(entry.key.as_str()),
                        json_text(&entry.value)
                    )
                })
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}
