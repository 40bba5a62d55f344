//! One case, run in the sandbox.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;

use super::actual::Actual;
use super::compare::json_text;
use super::file::{Case, TestFile, WrittenAnswer};
use crate::clock;
use crate::container_api::ContainerApi;
use crate::plan::{Environment, OptionValues, Plan, flag_of};
use crate::run::RunInput;
use crate::sandbox::{Config, Sandbox};
use crate::spec::Tree;
use crate::spec::tree::{Node, ScalarKind};
use crate::stop::Stop;
use crate::tape::{Answered, Asked, Exchange, Player, Tape, TapeUse, option_flags};

/// The present, where neither case nor tape says one.
const NOW: &str = "2026-01-01T00:00:00Z";

/// Why a case can't be run, and where that is said in the test file.
pub struct CantRun {
    /// Bytes of the test file.
    pub place: std::ops::Range<usize>,
    /// Why.
    pub message: String,
}

fn cant(place: &std::ops::Range<usize>, message: impl Into<String>) -> CantRun {
    CantRun {
        place: place.clone(),
        message: message.into(),
    }
}

/// Runs a case; what came of it.
pub async fn run_case(
    file: &TestFile,
    case: &Case,
    plan: &Arc<Plan>,
    stop: Stop,
) -> Result<Actual, CantRun> {
    let tape = tape_of(file, case)?;
    let now = match &case.now {
        Some(now) => (&now.value, now.span.clone()),
        None if tape.head.now.is_empty() => (&NOW.to_owned(), 0..0),
        None => (&tape.head.now, 0..0),
    };
    let now: Timestamp = now
        .0
        .parse()
        .map_err(|_| cant(&now.1, format!("`{}` is no date such as {NOW}", now.0)))?;
    clock::fix(now, true);
    let options = options_of(case, plan, &tape)?;
    let folder = TempDir::new().map_err(|error| cant(&(0..0), error.to_string()))?;
    let config = Config {
        host: None,
        port: 0,
        inputs: inputs_of(case, folder.path())?,
        out: Some(folder.path().join("out")),
    };
    let failed = |error: &dyn std::fmt::Display| cant(&(0..0), error.to_string());
    let sandbox = Sandbox::start(&config)
        .await
        .map_err(|error| failed(&error))?;
    let api = ContainerApi::new(&sandbox.url(), options.redactor(), stop)
        .map_err(|error| failed(&error))?;
    let written = case.answers.iter().map(|answer| written(answer)).collect();
    let tape_use = Arc::new(TapeUse::Replay(Player::with_written(&tape, written)));
    let given = RunInput {
        tape: Some(Arc::clone(&tape_use)),
        most_records: tape.head.records,
        ..RunInput::new(&options, api, sandbox.shared())
    };
    let summary = crate::run::run(Arc::clone(plan), given).await;
    sandbox.finish().map_err(|error| failed(&error))?;
    let mut actual = Actual::of_folder(&folder.path().join("out"));
    actual.exit = i64::from(summary.exit.code());
    actual.failure = summary.failure;
    if let TapeUse::Replay(player) = &*tape_use {
        actual.requests = player.asked();
    }
    Ok(actual)
}

/// The tape that a case names, else the one beside the spec, if it is there and nothing is written.
fn tape_of(file: &TestFile, case: &Case) -> Result<Tape, CantRun> {
    if let Some(named) = &case.tape {
        let path = file.path.with_file_name(&named.value);
        return Tape::read(&path).map_err(|error| cant(&named.span, error.to_string()));
    }
    let beside = Tape::beside(&file.spec);
    if !case.answers.is_empty() || !beside.exists() {
        return Ok(Tape::default());
    }
    Tape::read(&beside).map_err(|error| cant(&(0..0), error.to_string()))
}

fn options_of(case: &Case, plan: &Plan, tape: &Tape) -> Result<OptionValues, CantRun> {
    let mut values = option_flags(&plan.options, &tape.head);
    for (name, value) in &case.options {
        let flag = flag_of(&name.text);
        if !plan.options.iter().any(|option| option.flag == flag) {
            let known: Vec<&str> = plan
                .options
                .iter()
                .map(|option| option.name.as_str())
                .collect();
            let help = crate::diagnostics::nearest::hint(&name.text, known);
            return Err(cant(
                &name.span,
                format!("the spec has no option `{}`: {help}", name.text),
            ));
        }
        let texts = match value.items() {
            [] => value.scalar().map(option_text).into_iter().collect(),
            items => vec![format!(
                "[{}]",
                items.iter().map(json_text).collect::<Vec<_>>().join(",")
            )],
        };
        values.insert(flag, texts);
    }
    let environment = Environment::new(std::iter::empty());
    OptionValues::resolve(&plan.options, &values, &environment)
        .map_err(|errors| cant(&(0..0), errors.to_string()))
}

fn option_text(scalar: &crate::spec::tree::Scalar) -> String {
    match scalar.kind {
        ScalarKind::Null => String::new(),
        ScalarKind::Bool(flag) => (if flag { "1" } else { "0" }).to_owned(),
        ScalarKind::Integer | ScalarKind::Float | ScalarKind::Text => scalar.text.clone(),
    }
}

/// Writes the rows that the platform would give into files, as the sandbox reads them.
fn inputs_of(case: &Case, folder: &Path) -> Result<Vec<String>, CantRun> {
    let kinds: [(&str, &Option<Tree>); 5] = [
        ("input", &case.input),
        ("new", &case.new),
        ("modified", &case.modified),
        ("deleted", &case.deleted),
        ("unchanged", &case.unchanged),
    ];
    let mut inputs = Vec::new();
    for (kind, rows) in kinds {
        let Some(rows) = rows else { continue };
        let mut text = String::new();
        for row in rows.items() {
            let cells: Vec<String> = row
                .entries()
                .iter()
                .map(|entry| {
                    format!(
                        "{}:{}",
                        json_string(&entry.key),
                        json_string(&cell_text(&entry.value))
                    )
                })
                .collect();
            // Writing into a string does not fail.
            let _ = writeln!(text, "{{{}}}", cells.join(","));
        }
        let file = folder.join(format!("{kind}.jsonl"));
        std::fs::write(&file, text).map_err(|error| cant(&rows.span, error.to_string()))?;
        inputs.push(format!("{kind}={}", file.display()));
    }
    Ok(inputs)
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A cell as the platform has it: text, as it was written.
fn cell_text(node: &Node) -> String {
    match node.scalar() {
        Some(scalar) if scalar.kind == ScalarKind::Null => String::new(),
        Some(scalar) => scalar.text.clone(),
        None => json_text(node),
    }
}

/// An answer that the test has written, as a tape has it.
fn written(answer: &WrittenAnswer) -> Exchange {
    let (method, url) = match answer.request.split_once(' ') {
        Some((method, url)) => (method, url.trim()),
        None => ("", answer.request.as_str()),
    };
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.text.to_lowercase(), cell_text(value)))
        .collect();
    let body = match (&answer.json, &answer.body) {
        (Some(json), _) => {
            let has_kind = headers.iter().any(|(name, _)| name == "content-type");
            if !has_kind {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            json_text(json)
        }
        (None, body) => body.clone().unwrap_or_default(),
    };
    Exchange {
        request: Asked {
            method: method.to_owned(),
            url: url.to_owned(),
            body: None,
        },
        answer: Answered::new(answer.status, headers, body.as_bytes()),
    }
}
