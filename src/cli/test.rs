//! `runner test [FILE…]`: the cases of test files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::arguments::{TestArguments, TestFormat};
use super::run::in_runtime;
use super::signals;
use super::spec_file::load_file;
use super::spec_files::{is_test_file, walk};
use crate::diagnostics::FileError;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::spec::Mode;
use crate::spec::compose::compose;
use crate::spec::tree::{Entry, Node};
use crate::stop::Stop;
use crate::tape::NOT_ON_TAPE;
use crate::testing::{
    Actual, Case, CaseReport, Difference, FileReport, TestFile, as_github, as_json, as_junit,
    as_text, beside, compare, run_case, updated,
};

/// Runs the cases of all files; exit 1 if one failed, 2 if a file can't be used.
pub fn test(arguments: &TestArguments) -> Exit {
    let files = match files(&arguments.files) {
        Ok(files) => files,
        Err(message) => {
            eprintln!("{message}");
            return Exit::Wrong;
        }
    };
    in_runtime(async {
        let stop = match signals::listen() {
            Ok(stop) => stop,
            Err(error) => {
                eprintln!("signals can't be listened for: {error}");
                return Exit::Failed;
            }
        };
        let mut exit = Exit::Done;
        let mut reports = Vec::new();
        for file in files {
            match of_file(&file, arguments, &stop).await {
                Ok(report) => reports.push(report),
                Err(error) => {
                    exit = Exit::Wrong;
                    if arguments.format == TestFormat::Text {
                        eprintln!("{error}");
                    } else {
                        reports.push(FileReport::unusable(&error.into_report()));
                    }
                }
            }
            if let Some(signal) = stop.signal() {
                return signal.exit();
            }
        }
        let failed = reports.iter().flat_map(|report| &report.cases);
        let failed = failed.filter(|case| !case.differences.is_empty()).count();
        if !reports.is_empty() || arguments.format != TestFormat::Text {
            show(&reports, failed, arguments.format);
        }
        if failed > 0 && exit == Exit::Done {
            exit = Exit::Failed;
        }
        exit
    })
}

fn show(reports: &[FileReport], failed: usize, format: TestFormat) {
    match format {
        TestFormat::Text => {
            for report in reports {
                say_inline!("{}", as_text(report));
            }
            let all: usize = reports.iter().map(|report| report.cases.len()).sum();
            let cases = if all == 1 { "case" } else { "cases" };
            say!("{all} {cases}: {} ok, {failed} failed", all - failed);
        }
        TestFormat::Json => say!("{:#}", as_json(reports)),
        TestFormat::Junit => say_inline!("{}", as_junit(reports)),
        TestFormat::Github => {
            for report in reports {
                say_inline!("{}", as_github(report));
            }
        }
    }
}

/// The test files that are named; of a folder all in it, of a spec the one beside it. Where nothing is
/// named, those of the folder one is in.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let here = [PathBuf::from(".")];
    let named = if named.is_empty() { &here } else { named };
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = files.len();
            walk(path, &is_test, &mut files)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            if files.len() == before {
                return Err(format!(
                    "{}: no test file is in this folder: write NAME.test.yaml beside NAME.yaml",
                    path.display()
                ));
            }
        } else if is_test(path) {
            files.push(path.clone());
        } else {
            files.push(beside(path));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    is_test_file(&path.to_string_lossy())
}

async fn of_file(
    path: &Path,
    arguments: &TestArguments,
    stop: &Stop,
) -> Result<FileReport, FileError> {
    let mut file = TestFile::read(path)?;
    let loaded = load_file(&file.spec)?;
    let plan = Arc::new(loaded.plan);
    let spec_text = std::fs::read_to_string(&file.spec).unwrap_or_default();
    let mut ran = Vec::new();
    for case in &file.keys.cases {
        let began = Instant::now();
        let actual = run_case(&file, &case.value, &plan, stop.clone()).await;
        ran.push((actual, began.elapsed().as_secs_f64()));
    }
    if arguments.update {
        let actuals: Vec<Option<&Actual>> =
            ran.iter().map(|(actual, _)| actual.as_ref().ok()).collect();
        // What is expected now is held against what came: what people look for by parts is theirs.
        file = write_updated(&file, &plan, &actuals)?;
    }
    let cases = file.keys.cases.iter().zip(ran).map(|(case, (actual, seconds))| {
        let mut differences = match actual {
            Err(error) => vec![Difference::at(&error.place, error.message)],
            Ok(_) if case.expect.value.is_empty() => {
                let message = "it expects nothing: write rows, some, by, count, requests, feedback, logs or exit, or let --update write them";
                vec![Difference::at(&case.expect.span, message.to_owned())]
            }
            Ok(actual) => {
                let mut found = compare(&case.expect.value, &actual);
                found.extend(unfit(&case.value, &plan, &actual));
                found
            }
        };
        for difference in &mut differences {
            let column = difference.column.as_deref();
            difference.made_by = column.and_then(|column| made_by(&file.spec, &spec_text, column));
        }
        CaseReport {
            name: case.value.name.clone(),
            place: case.span.clone(),
            differences,
            seconds,
        }
    });
    Ok(FileReport {
        file: path.display().to_string(),
        cases: cases.collect(),
        source: Arc::clone(&file.source),
    })
}

/// What makes a case say less than it seems to: a request that nothing answered, rows that the mode does
/// not have, columns that no row has.
fn unfit(case: &Case, plan: &Plan, actual: &Actual) -> Vec<Difference> {
    let mut found = Vec::new();
    let expect = &case.expect;
    let failure = actual.failure.as_deref().unwrap_or_default();
    // Another exit than the expected one is told with its reason.
    let expected = expect.value.exit.as_ref().map_or(0, |exit| exit.value);
    if failure.contains(NOT_ON_TAPE) && expected == actual.exit {
        found.push(Difference::at(&expect.span, failure.to_owned()));
    }
    if let (Some(feedback), false) = (&expect.value.feedback, plan.mode.is_export()) {
        let message = "only an export has feedback".to_owned();
        found.push(Difference::at(&feedback.span, message));
    }
    if let (Some(input), Mode::DataSource) = (&case.input, plan.mode) {
        let message = "a data source reads no rows of the site".to_owned();
        found.push(Difference::at(&input.span, message));
    }
    let of_plan = plan.mapping.columns.iter().map(|column| &*column.name);
    let is_open = of_plan
        .clone()
        .any(|name| name.contains('*') || name.contains("{{"));
    let is_column = |name: &str| {
        let of_input = case.input.iter().flat_map(|rows| rows.items());
        is_open
            || of_plan.clone().any(|known| known == name)
            || actual.rows.iter().any(|row| row.contains_key(name))
            || of_input
                .flat_map(Node::entries)
                .any(|entry| entry.key == name)
    };
    let lists = [&expect.value.rows, &expect.value.some]
        .into_iter()
        .flatten();
    let rows = lists.flat_map(|rows| rows.items()).flat_map(Node::entries);
    let by = expect.value.by.iter().flat_map(|by| by.entries());
    let inner = by.clone().flat_map(|column| column.value.entries());
    let inner = inner.flat_map(|row| row.value.entries());
    if actual.rows.is_empty() {
        return found;
    }
    // That a cell is not there is no other than that it is empty: what holds a text is told anyway.
    let is_empty = |entry: &&Entry| {
        let text = entry.value.scalar().map(|scalar| scalar.text.as_str());
        matches!(text, Some("" | "~" | "null"))
    };
    for entry in rows.chain(inner).filter(is_empty).chain(by) {
        if !is_column(&entry.key) {
            let message = format!("no row has a column `{}`", entry.key);
            found.push(Difference::at(&entry.key_span, message).of_column(&entry.key));
        }
    }
    found
}

/// Writes what came into the file; the file as it is then.
fn write_updated(
    file: &TestFile,
    plan: &Plan,
    actuals: &[Option<&Actual>],
) -> Result<TestFile, FileError> {
    let failed = |error| FileError::Read {
        file: file.path.display().to_string(),
        error,
    };
    let text = updated(file, plan, actuals)
        .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    if *text != *file.source {
        std::fs::write(&file.path, &text).map_err(failed)?;
    }
    TestFile::of_text(&file.path, text)
}

/// Where a column is made, and by what.
fn made_by(spec: &Path, text: &str, column: &str) -> Option<String> {
    let tree = compose(text, &mut Vec::new())?;
    let columns = [
        tree.get("columns"),
        tree.get("feedback")
            .and_then(|feedback| feedback.get("columns")),
    ];
    let entry = columns.into_iter().flatten().flat_map(Node::entries);
    let entry = entry.into_iter().find(|entry| entry.key == column)?;
    let line = text[..entry.key_span.start].matches('\n').count() + 1;
    let template = entry.value.scalar()?.text.trim().replace('\n', " ");
    Some(format!(
        "`{column}` is made by {}:{line}: {template}",
        spec.display()
    ))
}
