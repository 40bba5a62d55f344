//! What came of the cases: for people, and for programs.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostics::{SpecErrors, workflow_command};

/// Something that is other than expected.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Bytes of the test file; empty where it is about no part of it.
    pub place: Range<usize>,
    /// What is expected, and what is.
    pub message: String,
    /// The column that it is about.
    pub column: Option<String>,
    /// Where that column is made, and by what: `shop.yaml:14: {{ record.title }}`.
    pub made_by: Option<String>,
}

impl Difference {
    /// A difference that is told of at a place.
    pub fn at(place: &Range<usize>, message: String) -> Self {
        Self {
            place: place.clone(),
            message,
            column: None,
            made_by: None,
        }
    }

    /// It is about this column.
    #[must_use]
    pub fn of_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }
}

/// What came of a case.
#[derive(Debug)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Bytes of it in the test file.
    pub place: Range<usize>,
    /// What is other than expected; none where all is well.
    pub differences: Vec<Difference>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What came of a test file.
#[derive(Debug)]
pub struct FileReport {
    /// As it was named.
    pub file: String,
    /// Its text.
    pub source: Arc<str>,
    /// Its cases.
    pub cases: Vec<CaseReport>,
}

impl FileReport {
    /// The report of a file of which no case could be run: it has these mistakes, or its spec has.
    pub fn unusable(report: &SpecErrors) -> Self {
        let told = report.errors.iter().map(|error| {
            let message = match &error.hint {
                Some(hint) => format!("{}; {hint}", error.message),
                None => error.message.clone(),
            };
            Difference::at(&error.span, message)
        });
        let differences = told.collect();
        let case = CaseReport {
            name: "the file can be used".to_owned(),
            place: 0..0,
            differences,
            seconds: 0.0,
        };
        Self {
            file: report.file.clone(),
            source: Arc::clone(&report.source_text),
            cases: vec![case],
        }
    }

    /// The line, from 1, of a difference; of its case where it is about no part of it.
    fn line(&self, case: &CaseReport, difference: &Difference) -> usize {
        let place = if difference.place.is_empty() {
            case.place.start
        } else {
            difference.place.start
        };
        self.source[..place.min(self.source.len())]
            .matches('\n')
            .count()
            + 1
    }

    fn failed(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| !case.differences.is_empty())
            .count()
    }
}

/// For people.
pub fn as_text(report: &FileReport) -> String {
    let mut text = String::new();
    for case in &report.cases {
        let word = if case.differences.is_empty() {
            "ok  "
        } else {
            "FAIL"
        };
        // Writing into a string does not fail.
        let _ = writeln!(text, "{word} {}: {}", report.file, case.name);
        for difference in &case.differences {
            let line = report.line(case, difference);
            let _ = writeln!(
                text,
                "       {}:{line}: {}",
                report.file, difference.message
            );
            if let Some(made_by) = &difference.made_by {
                let _ = writeln!(text, "           {made_by}");
            }
        }
    }
    text
}

/// For programs: an object a case.
pub fn as_json(reports: &[FileReport]) -> Value {
    let of_case = |report: &FileReport, case: &CaseReport| {
        let differences: Vec<Value> = case
            .differences
            .iter()
            .map(|difference| {
                json!({
                    "line": report.line(case, difference),
                    "message": difference.message,
                    "column": difference.column,
                    "made_by": difference.made_by,
                })
            })
            .collect();
        json!({
            "file": report.file,
            "name": case.name,
            "ok": case.differences.is_empty(),
            "seconds": case.seconds,
            "differences": differences,
        })
    };
    let cases = reports.iter();
    cases
        .flat_map(|report| report.cases.iter().map(move |case| of_case(report, case)))
        .collect()
}

/// For CI systems: XML as `JUnit` writes it.
pub fn as_junit(reports: &[FileReport]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for report in reports {
        let seconds: f64 = report.cases.iter().map(|case| case.seconds).sum();
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" time=\"{seconds:.3}\">",
            escaped(&report.file),
            report.cases.len(),
            report.failed()
        );
        for case in &report.cases {
            let _ = write!(
                text,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escaped(&report.file),
                escaped(&case.name),
                case.seconds
            );
            if case.differences.is_empty() {
                text.push_str("/>\n");
                continue;
            }
            text.push_str(">\n");
            let lines: Vec<String> = case
                .differences
                .iter()
                .map(|difference| {
                    let line = report.line(case, difference);
                    let made_by = difference.made_by.as_ref();
                    let made_by =
                        made_by.map_or_else(String::new, |made_by| format!("\n    {made_by}"));
                    format!("{}:{line}: {}{made_by}", report.file, difference.message)
                })
                .collect();
            let first = case.differences.first().map(|first| first.message.as_str());
            let _ = writeln!(
                text,
                "      <failure message=\"{}\">{}</failure>\n    </testcase>",
                escaped(first.unwrap_or_default()),
                escaped(&lines.join("\n"))
            );
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// For a GitHub workflow: a command for each difference.
pub fn as_github(report: &FileReport) -> String {
    let mut text = String::new();
    for case in &report.cases {
        for difference in &case.differences {
            let made_by = difference.made_by.as_ref();
            let made_by = made_by.map_or_else(String::new, |made_by| format!("\n{made_by}"));
            let place = format!("line={}", report.line(case, difference));
            let told = format!("{}{made_by}", difference.message);
            text.push_str(&workflow_command(
                "error",
                (&report.file, &place),
                &case.name,
                &told,
            ));
        }
    }
    text
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| crate::template::is_xml_char(*c))
        .collect();
    kept.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
