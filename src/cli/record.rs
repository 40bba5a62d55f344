//! `runner record`: a run in the sandbox whose requests and answers are kept on a tape.

use std::cell::OnceCell;

use super::arguments::RecordArguments;
use super::run::Show;
use super::sandbox::run_in_sandbox;
use super::spec_flags::SpecFlags;
use super::tapes::{Deck, Record, Tapes};
use crate::exit::Exit;
use crate::tape::Tape;

/// Runs and records; the tape is written however the run ended. One that is there stays where the run
/// failed: the new one is then written beside it.
pub fn record(arguments: RecordArguments, flags: &SpecFlags) -> Exit {
    let spec = arguments.spec.clone().unwrap_or_default();
    let file = arguments
        .tape
        .clone()
        .unwrap_or_else(|| Tape::beside(&spec));
    if let Err(error) = Tape::can_be_written(&file) {
        eprintln!("error: {error}");
        return Exit::Wrong;
    }
    let recording = OnceCell::new();
    let tapes = Tapes {
        deck: Deck {
            records: arguments.records,
            ..Deck::default()
        },
        record: Some(Record {
            source: flags.text().to_owned(),
            columns: Vec::new(),
            into: &recording,
        }),
    };
    let show = Show::of(
        &arguments.verbosity,
        std::io::IsTerminal::is_terminal(&std::io::stderr()),
    );
    let how = super::sandbox::InSandbox {
        served: arguments.served,
        state: arguments.state,
        is_dry_run: false,
        show,
        is_quiet: arguments.verbosity.quiet,
        tapes,
    };
    let exit = run_in_sandbox(flags, how);
    let has_recorded = recording.get().is_some();
    let file = match exit {
        Exit::Done => file,
        _ if has_recorded && file.exists() => {
            let failed = file.with_extension("failed.jsonl");
            if !arguments.verbosity.quiet {
                say!(
                    "the run failed: {} stays, and what was recorded is {}",
                    file.display(),
                    failed.display()
                );
            }
            failed
        }
        _ => file,
    };
    match recording.get().map(|recording| recording.write(&file)) {
        None => exit,
        Some(Ok(exchanges)) => {
            if !arguments.verbosity.quiet {
                say!("{}: {}", file.display(), in_words(exchanges));
            }
            exit
        }
        Some(Err(error)) => {
            eprintln!("error: {error}");
            Exit::Failed
        }
    }
}

fn in_words(exchanges: usize) -> String {
    match exchanges {
        1 => "1 request and its answer".to_owned(),
        _ => format!("{exchanges} requests and their answers"),
    }
}
