//! Shows mistakes: with excerpts for people, as JSON for programs.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report,
};

use super::code::{Code, Severity};
use super::diagnostic::{Diagnostic, SpecErrors};

/// Every mistake, warning and hint with file, line, column, excerpt and hint.
pub fn as_text(report: &SpecErrors) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_links(false)
        .with_width(100)
        .with_context_lines(1);
    let mut text = String::new();
    for (entry, severity) in report.entries() {
        let shown = Report::new(miette_diagnostic(entry, severity)).with_source_code(
            NamedSource::new(&report.file, report.source_text.to_string()),
        );
        // Writing into a string does not fail.
        let _ = handler.render_report(&mut text, shown.as_ref());
        text.push('\n');
    }
    let count = report.errors.len();
    match count {
        0 => {}
        1 => {
            let _ = writeln!(text, "{}: 1 mistake", report.file);
        }
        _ => {
            let _ = writeln!(text, "{}: {count} mistakes", report.file);
        }
    }
    text
}

fn miette_diagnostic(entry: &Diagnostic, severity: Severity) -> MietteDiagnostic {
    let severity = match severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
        Severity::Hint => miette::Severity::Advice,
    };
    let length = entry.span.end.saturating_sub(entry.span.start);
    let mut shown = MietteDiagnostic::new(&entry.message)
        .with_severity(severity)
        .with_label(LabeledSpan::new(None, entry.span.start, length));
    shown.help.clone_from(&entry.hint);
    // What merely does not go together has no more to be explained than it says itself.
    if entry.code != Code::Refused {
        shown = shown.with_code(entry.code.word());
    }
    shown
}

/// Every mistake, warning and hint as an object: `file`, `severity`, `code`, `line` and `column` (from 1),
/// `offset` and `length` (bytes), `message`, `hint`.
pub fn as_json(report: &SpecErrors) -> Vec<serde_json::Value> {
    let entry = |(entry, severity): (&Diagnostic, Severity)| {
        let (line, column) = position(&report.source_text, entry.span.start);
        serde_json::json!({
            "file": report.file,
            "severity": severity.word(),
            "code": entry.code.word(),
            "line": line,
            "column": column,
            "offset": entry.span.start,
            "length": entry.span.end.saturating_sub(entry.span.start),
            "message": entry.message,
            "hint": entry.hint,
        })
    };
    report.entries().map(entry).collect()
}

/// Line and column, both from 1, the column in characters.
pub(super) fn position(source: &str, byte: usize) -> (usize, usize) {
    let before = &source[..byte.min(source.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
