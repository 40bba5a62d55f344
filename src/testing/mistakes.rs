//! What is wrong in a test file beyond its keys: what expects nothing, or could never be compared.

use std::collections::BTreeMap;
use std::ops::Range;

use super::file::{Case, Expect, TestKeys, WrittenAnswer};
use crate::diagnostics::nearest::hint;
use crate::diagnostics::{Code, Diagnostic};
use crate::spec::tree::{Node, NodeValue};
use crate::spec::{LogLevel, Tree};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
/// All mistakes of a test file.
pub fn mistakes(keys: &TestKeys, whole: &Range<usize>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if keys.cases.is_empty() {
        let message = "there is no case: nothing would be tested";
        found.push(Diagnostic::new(Code::MissingKey, whole.clone(), message));
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, case) in keys.cases.iter().enumerate() {
        if let Some(first) = names.insert(&case.name, number) {
            let message = format!("case {} has the name of case {}", number + 1, first + 1);
            let told = Diagnostic::new(Code::WrongValue, case.span.clone(), message);
            found.push(told.hint("reports tell cases by their names: give each its own"));
        }
        of_case(&case.value, &mut found);
    }
    found
}

fn wrong_type(node: &Node, message: &str, found: &mut Vec<Diagnostic>) {
    found.push(Diagnostic::new(Code::WrongType, node.span.clone(), message));
}

fn of_case(case: &Case, found: &mut Vec<Diagnostic>) {
    let inputs = [
        &case.input,
        &case.new,
        &case.modified,
        &case.deleted,
        &case.unchanged,
    ];
    for rows in inputs.into_iter().flatten() {
        each_row(rows, found);
    }
    for answer in &case.answers {
        of_answer(&answer.value, &answer.span, found);
    }
    of_expect(&case.expect.value, found);
}

/// A list of maps.
fn each_row(rows: &Tree, found: &mut Vec<Diagnostic>) {
    let NodeValue::List(rows) = &rows.value else {
        wrong_type(rows, "a list of rows belongs here", found);
        return;
    };
    for row in rows {
        if !matches!(row.value, NodeValue::Map(_) | NodeValue::Refused) {
            wrong_type(
                row,
                "a row is a map of columns: { id: A1, title: Shoe }",
                found,
            );
        }
    }
}

fn of_answer(answer: &WrittenAnswer, span: &Range<usize>, found: &mut Vec<Diagnostic>) {
    let mut wrong = |message: String, help: &str| {
        found.push(Diagnostic::new(Code::WrongValue, span.clone(), message).hint(help));
    };
    if answer.json.is_some() && answer.body.is_some() {
        wrong(
            "the answer has both `json` and `body`".to_owned(),
            "leave out one: the body is JSON, or text",
        );
    }
    if !(100..=599).contains(&answer.status) {
        let message = format!("`{}` is no status of an answer", answer.status);
        wrong(message, "a status is 100 to 599");
    }
    let place = Node::refused(span.clone());
    of_line(&answer.request, &place, found);
}

/// `GET /products`, a path alone, a whole address, or `*`.
fn of_line(line: &str, place: &Node, found: &mut Vec<Diagnostic>) {
    let (method, address) = line.split_once(' ').unwrap_or(("", line));
    let mut wrong = |message: String, help: String| {
        found.push(Diagnostic::new(Code::WrongValue, place.span.clone(), message).hint(help));
    };
    if !method.is_empty() && !METHODS.contains(&method) {
        wrong(format!("`{method}` is no method"), hint(method, METHODS));
    } else if !address.trim().starts_with(['/', '*']) && !address.contains("://") {
        wrong(
            format!("`{line}` is no request"),
            "write GET /products, a whole address, or *".to_owned(),
        );
    }
}

fn of_expect(expect: &Expect, found: &mut Vec<Diagnostic>) {
    for rows in [&expect.rows, &expect.feedback].into_iter().flatten() {
        each_row(rows, found);
        no_lists(rows, found);
    }
    if let Some(some) = &expect.some {
        each_row(some, found);
        expects_something(some, found);
        no_lists(some, found);
        let all = some.items().iter();
        for row in all.filter(|row| matches!(&row.value, NodeValue::Map(all) if all.is_empty())) {
            wrong_type(row, "every row is like this one: name a column", found);
        }
    }
    if let Some(requests) = &expect.requests {
        let keys = ["request", "json", "body"];
        let shape = "a request is text, or { request: POST /offers, json: … }";
        each_entry(requests, &keys, shape, found);
        for request in requests.items() {
            let line = request
                .scalar()
                .or_else(|| request.get("request")?.scalar());
            let line = line.map_or("", |line| line.text.as_str());
            if !line.is_empty() {
                of_line(line, request, found);
            }
            if request.get("json").is_some() && request.get("body").is_some() {
                wrong_type(request, "a request has `json` or `body`, not both", found);
            }
        }
    }
    if let Some(logs) = &expect.logs {
        let shape = "a log is a part of its text, or { level: warning, message: … }";
        each_entry(logs, &["level", "message"], shape, found);
        expects_something(logs, found);
        let is_empty = |log: &&Node| {
            let text = log.scalar().or_else(|| log.get("message")?.scalar());
            text.is_some_and(|text| text.text.trim().is_empty())
        };
        for log in logs.items().iter().filter(is_empty) {
            wrong_type(
                log,
                "every log holds nothing: write a part of the one that is meant",
                found,
            );
        }
        for level in logs.items().iter().filter_map(|log| log.get("level")) {
            let word = level.as_text().unwrap_or_default();
            let levels = LogLevel::ALL.map(LogLevel::word);
            if !levels.contains(&word) {
                let message = format!("`{word}` is no level of a log");
                let told = Diagnostic::new(Code::WrongValue, level.span.clone(), message);
                found.push(told.hint(hint(word, levels)));
            }
        }
    }
    if let Some(by) = &expect.by {
        of_by(by, found);
    }
}

/// A cell is text: a list or a map is never one.
fn no_lists(rows: &Tree, found: &mut Vec<Diagnostic>) {
    for cell in rows.items().iter().flat_map(Node::entries) {
        if matches!(cell.value.value, NodeValue::List(_) | NodeValue::Map(_)) {
            wrong_type(&cell.value, "a cell is text", found);
        }
    }
}

fn expects_something(list: &Tree, found: &mut Vec<Diagnostic>) {
    if matches!(&list.value, NodeValue::List(items) if items.is_empty()) {
        let message = "an empty list expects nothing here: it would always hold";
        found.push(Diagnostic::new(
            Code::WrongValue,
            list.span.clone(),
            message,
        ));
    }
}

/// Texts, or maps that have these keys alone.
fn each_entry(list: &Tree, keys: &[&str], shape: &str, found: &mut Vec<Diagnostic>) {
    let NodeValue::List(items) = &list.value else {
        wrong_type(list, "a list belongs here", found);
        return;
    };
    for item in items {
        match &item.value {
            NodeValue::Scalar(_) | NodeValue::Refused => {}
            NodeValue::List(_) => wrong_type(item, shape, found),
            NodeValue::Map(entries) => {
                for entry in entries
                    .iter()
                    .filter(|one| !keys.contains(&one.key.as_str()))
                {
                    let message = format!("nothing is known here as `{}`", entry.key);
                    let told = Diagnostic::new(Code::UnknownKey, entry.key_span.clone(), message);
                    found.push(told.hint(hint(&entry.key, keys.iter().copied())));
                }
                if item.get("request").is_none() && item.get("message").is_none() {
                    wrong_type(item, shape, found);
                }
            }
        }
    }
}

fn of_by(by: &Tree, found: &mut Vec<Diagnostic>) {
    let shape = "a map of columns, each with a map of its values, belongs here: { id: { A1: { title: Shoe } } }";
    if by.entries().is_empty() {
        wrong_type(by, shape, found);
    }
    for column in by.entries() {
        if column.value.entries().is_empty() {
            wrong_type(&column.value, shape, found);
        }
        for row in column.value.entries() {
            let is_none = row.value.as_text() == Some("none");
            if row.value.entries().is_empty() && !is_none {
                let shape =
                    "a map of columns belongs here, or none where no row may have the value";
                wrong_type(&row.value, shape, found);
            }
        }
    }
}
