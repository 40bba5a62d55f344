//! A test file whose expectations are what came.

use std::ops::Range;

use serde_json::Value;

use super::actual::{Actual, Row, line_of};
use super::file::{Case, TestFile};
use crate::plan::Plan;
use crate::spec::tree::{Node, NodeValue};
use crate::tape::NOT_ON_TAPE;

/// Why a test file can't be updated; nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CantUpdate {
    /// What came is no answer to the spec.
    #[error(
        "case {0}: it asked what neither its answers nor its tape have, which nobody expects: {1}"
    )]
    Unanswered(String, String),
    /// The new text can't be read.
    #[error("what would be written is no test file any more, so nothing is: {0}")]
    Broken(String),
    /// Cases share an expectation.
    #[error(
        "case {0}: it shares what it expects with another case (`&` and `*`): write it out, or change it by hand"
    )]
    Shared(String),
}

/// The text of a test file with what came in the place of what was expected: of each case those of
/// `exit`, `rows`, `count`, `requests` and `feedback` that it has, and `exit` where the run failed; of one
/// that expects nothing the rows, and of an export requests and feedback. What is looked for by parts
/// (`some`, `by`, `logs`) is people's. Comments inside a list that changes are gone.
pub fn updated(
    file: &TestFile,
    plan: &Plan,
    actuals: &[Option<&Actual>],
) -> Result<String, CantUpdate> {
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (case, actual) in file.keys.cases.iter().zip(actuals) {
        let Some(actual) = actual else { continue };
        let name = || case.value.name.clone();
        let failure = actual.failure.as_ref();
        if let Some(failure) = failure.filter(|failure| failure.contains(NOT_ON_TAPE)) {
            return Err(CantUpdate::Unanswered(name(), failure.clone()));
        }
        let of_case = of_case(file, case.span.start, &case.value, plan, actual);
        // What stands behind an alias is another's.
        let is_own =
            |place: &Range<usize>| case.span.start <= place.start && place.end <= case.span.end;
        if !is_own(&case.value.expect.span) || of_case.iter().any(|(place, _)| !is_own(place)) {
            return Err(CantUpdate::Shared(name()));
        }
        changes.extend(of_case);
    }
    changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = file.source.to_string();
    let ends = if text.contains("\r\n") { "\r\n" } else { "\n" };
    for (place, new) in changes {
        text.replace_range(place, &new.replace('\n', ends));
    }
    match TestFile::of_text(&file.path, text.clone()) {
        Ok(_) => Ok(text),
        Err(error) => Err(CantUpdate::Broken(error.to_string())),
    }
}

fn of_case(
    file: &TestFile,
    case_start: usize,
    case: &Case,
    plan: &Plan,
    actual: &Actual,
) -> Vec<(Range<usize>, String)> {
    let source = &file.source;
    let expect = &case.expect.value;
    let mut changes = Vec::new();
    if expect.is_empty() {
        let indent = " ".repeat(column_of(source, line_indent(source, case.expect.span.start)) + 2);
        let mut lines = Vec::new();
        if actual.exit != 0 {
            lines.push(format!("exit: {}", actual.exit));
        }
        if plan.mode.is_export() {
            lines.push(format!("requests:{}", block(&indent, &requests(actual))));
            lines.push(format!(
                "feedback:{}",
                block(&indent, &rows(&actual.feedback))
            ));
        } else {
            lines.push(format!("rows:{}", block(&indent, &rows(&actual.rows))));
        }
        let place = trimmed(source, &case.expect.span);
        if source[case_start..].starts_with('{') || is_in_flow(source, place.start) {
            let lists = if plan.mode.is_export() {
                let of = [
                    ("requests", requests(actual)),
                    ("feedback", rows(&actual.feedback)),
                ];
                of.map(|(key, items)| format!("{key}: [{}]", items.join(", ")))
                    .join(", ")
            } else {
                format!("rows: [{}]", rows(&actual.rows).join(", "))
            };
            let exit = if actual.exit == 0 {
                String::new()
            } else {
                format!("exit: {}, ", actual.exit)
            };
            changes.push((place, format!("{{ {exit}{lists} }}")));
            return changes;
        }
        let joined = lines
            .iter()
            .fold(String::new(), |joined, line| joined + "\n" + &indent + line);
        // What stands behind the key goes, with the space before it.
        changes.push((source[..place.start].trim_end().len()..place.end, joined));
        return changes;
    }
    let is_flow =
        source[case.expect.span.start..].starts_with('{') || source[case_start..].starts_with('{');
    match &expect.exit {
        Some(exit) => changes.push((exit.span.clone(), actual.exit.to_string())),
        None if actual.exit == 0 => {}
        None if is_flow => {
            let behind = case.expect.span.start + 1;
            changes.push((behind..behind, format!(" exit: {},", actual.exit)));
        }
        None => {
            let start = case.expect.span.start;
            let indent = " ".repeat(column_of(source, start));
            changes.push((start..start, format!("exit: {}\n{indent}", actual.exit)));
        }
    }
    if let Some(count) = &expect.count {
        changes.push((count.span.clone(), actual.rows.len().to_string()));
    }
    let lists = [
        (&expect.rows, rows(&actual.rows)),
        (&expect.requests, requests(actual)),
        (&expect.feedback, rows(&actual.feedback)),
    ];
    for (node, items) in lists {
        let Some(node) = node else { continue };
        // A comment behind the last element is not the list's.
        let place = node.span.start..end_of(source, node);
        if is_flow {
            changes.push((place, format!("[{}]", items.join(", "))));
            continue;
        }
        let start = list_start(source, place.start);
        let is_inline = source[line_start(source, start)..start].contains(':');
        let of_key = if is_inline {
            line_indent(source, start)
        } else {
            line_indent(source, line_start(source, start).saturating_sub(1))
        };
        let indent = " ".repeat(column_of(source, of_key));
        // What stands behind the key goes, with the space before it.
        let start = source[..start].trim_end().len();
        changes.push((start..place.end, block(&indent, &items)));
    }
    changes
}

/// Whether a place stands inside braces that began on its line: then a block can't begin there.
fn is_in_flow(source: &str, at: usize) -> bool {
    let line = &source[line_start(source, at)..at];
    let mut open = 0_i32;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(of), c) if of == c => quote = None,
            (None, '{') => open += 1,
            (None, '}') => open -= 1,
            _ => {}
        }
    }
    open > 0
}

/// Where the last thing inside a node ends.
fn end_of(source: &str, node: &Node) -> usize {
    let is_flow = source[node.span.start..].starts_with(['{', '[']);
    let last = match &node.value {
        NodeValue::List(items) if !is_flow => items.last(),
        NodeValue::Map(entries) if !is_flow => entries.last().map(|entry| &entry.value),
        NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Scalar(_) | NodeValue::Refused => None,
    };
    last.map_or_else(
        || trimmed(source, &node.span).end,
        |last| end_of(source, last),
    )
}

/// Where a list begins: its first dash may stand before its place.
fn list_start(source: &str, at: usize) -> usize {
    let before = source[..at].trim_end_matches(' ');
    if before.ends_with('-') {
        before.len() - 1
    } else {
        at
    }
}

/// A list behind its key: on one line where it is empty.
fn block(indent: &str, items: &[String]) -> String {
    if items.is_empty() {
        return " []".to_owned();
    }
    items.iter().fold(String::new(), |list, item| {
        list + "\n" + indent + "  - " + item
    })
}

/// Rows as YAML on a line each. JSON is YAML, but for keys that read better without quotes.
fn rows(rows: &[Row]) -> Vec<String> {
    rows.iter().map(row).collect()
}

fn row(row: &Row) -> String {
    let cells: Vec<String> = row
        .iter()
        .map(|(name, value)| {
            let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && name.starts_with(|c: char| c.is_ascii_alphabetic());
            let name = if is_plain {
                name.clone()
            } else {
                Value::from(name.as_str()).to_string()
            };
            let text = match value {
                Value::String(text) => Value::from(text.as_str()).to_string(),
                other => Value::from(other.to_string()).to_string(),
            };
            format!("{name}: {text}")
        })
        .collect();
    format!("{{ {} }}", cells.join(", "))
}

fn requests(actual: &Actual) -> Vec<String> {
    let of = |asked: &crate::tape::Asked| {
        let line = Value::from(line_of(asked)).to_string();
        match &asked.body {
            None => line,
            Some(body) => match serde_json::from_str::<serde::de::IgnoredAny>(body) {
                // Tabs and line breaks in it would be read as YAML's own.
                Ok(_) if !body.contains(['\t', '\n', '\r']) => {
                    format!("{{ request: {line}, json: {body} }}")
                }
                Ok(_) | Err(_) => format!(
                    "{{ request: {line}, body: {} }}",
                    Value::from(body.as_str())
                ),
            },
        }
    };
    actual.requests.iter().map(of).collect()
}

fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Where the first thing of a line stands that is no dash.
fn line_indent(source: &str, at: usize) -> usize {
    let start = line_start(source, at);
    let line = source[start..].lines().next().unwrap_or_default();
    let rest = line.trim_start();
    let dash = rest.len() - rest.trim_start_matches("- ").trim_start().len();
    start + (line.len() - rest.len()) + dash
}

fn column_of(source: &str, at: usize) -> usize {
    at - line_start(source, at)
}

/// A place without the white space behind it.
fn trimmed(source: &str, place: &Range<usize>) -> Range<usize> {
    let text = &source[place.clone()];
    place.start..place.start + text.trim_end().len()
}
