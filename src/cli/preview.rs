//! `runner preview`: the first rows that a connector would write, and where they come from.

use std::sync::Arc;

use comfy_table::Table;
use serde_json::{Map, Value, json};

use super::arguments::{Format, PreviewArguments};
use super::profile;
use super::run::in_runtime;
use super::signals;
use super::spec_flags::SpecFlags;
use super::tapes::Deck;
use crate::container_api::{ContainerApi, SHARED};
use crate::exit::Exit;
use crate::http::{Rehearsal, TraceEntry};
use crate::plan::{Plan, Redactor};
use crate::run::{Preview, RunInput, Sending};
use crate::sandbox::{Config, Sandbox};
use crate::state::State;
use crate::target::rows_in_words;

/// Characters of a cell that are shown.
const CELL: usize = 60;

/// Shows the first rows.
pub fn preview(arguments: PreviewArguments, flags: &SpecFlags) -> Exit {
    let plan = match flags.plan() {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    if let Some(warnings) = flags.warnings() {
        eprint!("{warnings}");
    }
    in_runtime(async {
        match look(plan, flags, &arguments).await {
            Ok((preview, logs)) => {
                match arguments.format {
                    Format::Text => show(&preview, &logs, &arguments),
                    Format::Json => say!("{:#}", as_json(&preview, &logs, &arguments)),
                }
                if preview.failure.is_some() {
                    Exit::Failed
                } else {
                    Exit::Done
                }
            }
            Err((exit, message)) => {
                eprintln!("error: {message}");
                exit
            }
        }
    })
}

/// Levels and messages, and how many more there are.
type Logs = (Vec<(&'static str, String)>, u64);

/// Reads and maps against an embedded Container API, which is given nothing but logs.
async fn look(
    plan: Arc<Plan>,
    flags: &SpecFlags,
    arguments: &PreviewArguments,
) -> Result<(Preview, Logs), (Exit, String)> {
    let failed = |error: &dyn std::fmt::Display| (Exit::Failed, error.to_string());
    let spec = arguments.spec.clone().unwrap_or_default();
    let deck = Deck::replay(&spec, arguments.replay.as_ref())
        .map_err(|error| (Exit::Wrong, error.to_string()))?;
    let stop = signals::listen().map_err(|error| failed(&error))?;
    let options = flags
        .resolve(&plan, deck.replayed.as_ref())
        .map_err(|errors| failed(&errors))?;
    let state = match &arguments.state {
        Some(file) => State::open(file, &plan.name).map_err(|error| failed(&error))?,
        None => State::default(),
    };
    let config = Config {
        host: None,
        port: 0,
        inputs: arguments.input.clone(),
        out: None,
    };
    let sandbox = Sandbox::start(&config)
        .await
        .map_err(|error| (Exit::Wrong, error.to_string()))?;
    let api = ContainerApi::new(&sandbox.url(), Redactor::default(), stop)
        .map_err(|error| failed(&error))?;
    let given = RunInput {
        state,
        rehearsal: Some(Arc::new(Rehearsal::default())),
        tape: deck.tape,
        most_records: deck.records,
        ..RunInput::new(&options, api, SHARED)
    };
    let preview = crate::run::preview(plan, given, arguments.rows).await;
    Ok((preview, sandbox.logs()))
}

fn show(preview: &Preview, logs: &Logs, arguments: &PreviewArguments) {
    if arguments.requests {
        for entry in &preview.requests {
            show_request(entry);
        }
    }
    if arguments.record {
        for (number, row) in preview.rows.iter().enumerate() {
            say!("row {}", number + 1);
            say!("  from {}", row.record);
            for (name, text) in &row.cells {
                say!("  {name}: {text}");
            }
            say!();
        }
    } else if !preview.rows.is_empty() {
        say!("{}", table_of(preview));
    }
    if arguments.profile && !preview.rows.is_empty() {
        say!("{}", profile::table(preview, shortened));
    }
    for sending in &preview.sendings {
        show_sending(sending);
    }
    match preview.rows.len() {
        0 => say!("no row, of {} read", preview.read),
        1 => say!("1 row, of {} read", preview.read),
        rows => say!("{rows} rows, of {} read", preview.read),
    }
    for sentence in preview.looked.iter().chain(&preview.empty) {
        say!("warning: {sentence}");
    }
    let (logs, more) = logs;
    for (level, message) in logs {
        say!("{level}: {message}");
    }
    match more {
        0 => {}
        1 => say!("… and 1 more log, no graver than these"),
        more => say!("… and {more} more logs, none graver than these"),
    }
    for error in &preview.errors {
        say!("error: {error}");
    }
    if let Some(failure) = &preview.failure {
        eprintln!("error: {failure}");
    }
}

/// What an export would send, behind the rows that it is for.
fn show_sending(sending: &Sending) {
    let numbers: Vec<u64> = sending.rows.iter().map(|row| *row as u64).collect();
    let rows = match numbers.as_slice() {
        [] => "all rows".to_owned(),
        numbers => rows_in_words(numbers),
    };
    match &sending.note {
        Some(note) => say!("{rows}: {note}"),
        None => say!("{rows} would be sent:"),
    }
    for request in &sending.requests {
        for line in request.to_string().trim_end().lines() {
            say!("  {line}");
        }
    }
    say!();
}

fn show_request(entry: &TraceEntry) {
    say!("{}", entry.request);
    for (name, value) in &entry.headers {
        say!("  > {name}: {value}");
    }
    if let Some(body) = &entry.body {
        say!("  > {body}");
    }
    match entry.status {
        Some(status) => {
            let kind = entry.kind.as_deref().unwrap_or("no content type");
            let milliseconds = entry.took.as_millis();
            say!(
                "  < {status}, {kind}, {} bytes, {milliseconds} ms",
                entry.bytes
            );
            if !entry.answer.is_empty() {
                say!("  < {}", entry.answer);
            }
        }
        None => say!("  < no answer"),
    }
    say!();
}

fn table_of(preview: &Preview) -> Table {
    let mut columns: Vec<&str> = Vec::new();
    for row in &preview.rows {
        for (name, _) in &row.cells {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    let mut table = crate::table::table();
    table.set_header(&columns);
    for row in &preview.rows {
        table.add_row(columns.iter().map(|column| {
            let cell = row.cells.iter().find(|(name, _)| name == column);
            cell.map_or(String::new(), |(_, text)| shortened(text))
        }));
    }
    table
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= CELL {
        return text.to_owned();
    }
    let start: String = text.chars().take(CELL - 1).collect();
    format!("{start}…")
}

fn as_json(preview: &Preview, logs: &Logs, arguments: &PreviewArguments) -> Value {
    let rows = preview.rows.iter().map(|row| {
        let cells: Map<String, Value> = row
            .cells
            .iter()
            .map(|(name, text)| (name.clone(), text.as_str().into()))
            .collect();
        Value::from(cells)
    });
    let mut shown = json!({
        "rows": rows.collect::<Vec<_>>(),
        "read": preview.read,
        "warnings": preview.looked.iter().chain(&preview.empty).collect::<Vec<_>>(),
        "errors": preview.errors,
        "logs_not_shown": logs.1,
        "logs": logs.0.iter().map(|(level, message)| json!({ "level": level, "message": message })).collect::<Vec<_>>(),
        "failure": preview.failure,
    });
    if !preview.sendings.is_empty() {
        let sendings = preview.sendings.iter().map(|sending| {
            let requests = sending.requests.iter().map(|request| {
                let headers: Map<String, Value> = request
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().into()))
                    .collect();
                json!({
                    "where": request.only,
                    "needs_answers": request.depends,
                    "request": request.request,
                    "headers": headers,
                    "body": request.body,
                })
            });
            json!({
                "rows": sending.rows,
                "requests": requests.collect::<Vec<_>>(),
                "note": sending.note,
            })
        });
        shown["sendings"] = sendings.collect::<Vec<Value>>().into();
    }
    if arguments.profile {
        shown["profile"] = profile::as_json(preview);
    }
    if arguments.record {
        let records = preview.rows.iter().map(|row| {
            let read = serde_json::from_str::<Value>(&row.record);
            read.unwrap_or_else(|_| row.record.as_str().into())
        });
        shown["records"] = records.collect::<Vec<Value>>().into();
    }
    if arguments.requests {
        let requests = preview.requests.iter().map(|entry| {
            let headers: Map<String, Value> = entry
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect();
            json!({
                "request": entry.request,
                "headers": headers,
                "body": entry.body,
                "status": entry.status,
                "content_type": entry.kind,
                "answer": entry.answer,
                "bytes": entry.bytes,
            })
        });
        shown["requests"] = requests.collect::<Vec<Value>>().into();
    }
    shown
}
