//! `runner check FILE...`: every mistake at once.

use super::arguments::{CheckArguments, Format};
use super::spec_file::{SpecFileError, load_file};
use crate::diagnostics::{as_json, as_text};
use crate::exit::Exit;

/// Checks specs; exit 2 if one has mistakes.
pub fn check(arguments: &CheckArguments) -> Exit {
    let mut exit = Exit::Done;
    let mut entries = Vec::new();
    for path in &arguments.files {
        let report = match load_file(path) {
            Ok(loaded) => {
                if arguments.format == Format::Text && loaded.warnings.warnings.is_empty() {
                    say!("{}: fine", path.display());
                }
                loaded.warnings
            }
            Err(SpecFileError::Mistakes(report)) => {
                exit = Exit::Wrong;
                report
            }
            Err(error @ SpecFileError::Read { .. }) => {
                eprintln!("{error}");
                exit = Exit::Wrong;
                continue;
            }
        };
        match arguments.format {
            Format::Json => entries.extend(as_json(&report)),
            Format::Text => say_inline!("{}", as_text(&report)),
        }
    }
    if arguments.format == Format::Json {
        say!("{:#}", serde_json::Value::Array(entries));
    }
    exit
}
