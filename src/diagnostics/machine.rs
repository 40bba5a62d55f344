//! Mistakes for programs: SARIF 2.1.0 (OASIS) for code scanning, and the workflow commands of GitHub.

use std::ops::Range;

use serde_json::{Value, json};

use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, SpecErrors};
use super::render::position;

/// Lines and columns from 1, the end behind the last character.
fn region(source: &str, span: &Range<usize>) -> [usize; 4] {
    let (line, column) = position(source, span.start);
    let (end_line, end_column) = position(source, span.end.max(span.start));
    [line, column, end_line, end_column]
}

/// One SARIF document of several reports.
pub fn as_sarif(reports: &[SpecErrors]) -> Value {
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|code| json!({ "id": code.word(), "shortDescription": { "text": code.about() } }))
        .collect();
    let results: Vec<Value> = reports
        .iter()
        .flat_map(|report| {
            report
                .entries()
                .map(move |(entry, severity)| sarif_result(report, entry, severity))
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "runner",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn sarif_result(report: &SpecErrors, entry: &Diagnostic, severity: Severity) -> Value {
    let [line, column, end_line, end_column] = region(&report.source_text, &entry.span);
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    };
    json!({
        "ruleId": entry.code.word(),
        "level": level,
        "message": { "text": whole(entry) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": report.file },
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        } }],
    })
}

fn whole(entry: &Diagnostic) -> String {
    match &entry.hint {
        Some(hint) => format!("{}\n{hint}", entry.message),
        None => entry.message.clone(),
    }
}

/// A line for each entry, which a GitHub workflow shows beside the changed line.
pub fn as_github(report: &SpecErrors) -> String {
    let mut text = String::new();
    for (entry, severity) in report.entries() {
        let [line, column, end_line, end_column] = region(&report.source_text, &entry.span);
        let command = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "notice",
        };
        // Columns are taken within one line alone.
        let columns = if line == end_line {
            format!(",col={column},endColumn={end_column}")
        } else {
            format!(",col={column}")
        };
        let place = format!("line={line},endLine={end_line}{columns}");
        text.push_str(&workflow_command(
            command,
            (&report.file, &place),
            entry.code.word(),
            &whole(entry),
        ));
    }
    text
}

/// A command of a GitHub workflow: what is told at a place of a file, `place` as its properties.
pub fn workflow_command(
    command: &str,
    (file, place): (&str, &str),
    title: &str,
    text: &str,
) -> String {
    format!(
        "::{command} file={},{place},title={}::{}\n",
        property(file),
        property(title),
        message(text)
    )
}

/// The escapes of workflow commands (GitHub, `@actions/core`).
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
