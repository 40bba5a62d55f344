//! `runner check FILE...`: every mistake at once.

use std::sync::Arc;

use super::arguments::{CheckArguments, CheckFormat};
use super::spec_files::{Part, SpecText, texts};
#[cfg(feature = "sandbox")]
use super::tape_shapes::{shapes_of, with_gap};
use crate::diagnostics::{SpecErrors, as_github, as_json, as_sarif, as_text, in_words};
use crate::exit::Exit;
#[cfg(feature = "sandbox")]
use crate::plan::load_beside;
use crate::plan::{Loaded, load};
use crate::spec::lint_part;
#[cfg(feature = "sandbox")]
use crate::testing::TestFile;

/// Checks specs; exit 2 if one has mistakes.
pub fn check(arguments: &CheckArguments) -> Exit {
    let mut exit = Exit::Done;
    let mut reports = Vec::new();
    for text in texts(&arguments.files) {
        let line = text.as_ref().ok().and_then(|text| text.line);
        let report = match text {
            Ok(text) => checked(&text),
            Err(error) if arguments.format == CheckFormat::Text => {
                eprintln!("{}: {}", error.file, in_words(&error.error));
                exit = Exit::Wrong;
                continue;
            }
            Err(error) => SpecErrors::unreadable(&error.file, &error.error),
        };
        if !report.errors.is_empty() {
            exit = Exit::Wrong;
        }
        match arguments.format {
            CheckFormat::Text => {
                if report.errors.is_empty() && report.warnings.is_empty() {
                    let line = line.map_or_else(String::new, |line| format!(":{line}"));
                    say!("{}{line}: fine", report.file);
                }
                say_inline!("{}", as_text(&report));
            }
            CheckFormat::Github => say_inline!("{}", as_github(&report)),
            CheckFormat::Json | CheckFormat::Sarif => reports.push(report),
        }
    }
    match arguments.format {
        CheckFormat::Text | CheckFormat::Github => {}
        CheckFormat::Json => {
            let entries = reports.iter().flat_map(as_json).collect();
            say!("{:#}", serde_json::Value::Array(entries));
        }
        CheckFormat::Sarif => say!("{:#}", as_sarif(&reports)),
    }
    exit
}

fn checked(text: &SpecText) -> SpecErrors {
    match text.part {
        #[cfg(feature = "sandbox")]
        Part::Test => {
            match TestFile::of_text(std::path::Path::new(&text.file), text.text.clone()) {
                Ok(_) => SpecErrors::new(
                    &text.file,
                    Arc::from(text.text.as_str()),
                    Vec::new(),
                    Vec::new(),
                    Vec::new(),
                ),
                Err(error) => error.into_report(),
            }
        }
        Part::Whole => match load(&text.file, &text.text) {
            Ok(loaded) => beside_tape(text, loaded),
            Err(report) => report,
        },
        Part::Keys | Part::Yaml => {
            let errors = lint_part(&text.text, text.part == Part::Keys);
            let source = Arc::from(text.text.as_str());
            SpecErrors::new(&text.file, source, errors, Vec::new(), Vec::new())
        }
    }
}

/// What is suspicious in a spec; where a tape lies beside it, by what is on the tape too.
fn beside_tape(text: &SpecText, loaded: Loaded) -> SpecErrors {
    #[cfg(feature = "sandbox")]
    {
        let Loaded {
            plan,
            steps,
            warnings,
        } = loaded;
        let spec = std::path::Path::new(&text.file);
        let Some(told) = shapes_of(&Arc::new(plan), spec, &steps) else {
            return warnings;
        };
        let report = match load_beside(&text.file, &text.text, Arc::new(told.shapes)) {
            Ok(loaded) => loaded.warnings,
            Err(report) => report,
        };
        with_gap(report, told.gap.as_deref())
    }
    #[cfg(not(feature = "sandbox"))]
    {
        let _ = text;
        loaded.warnings
    }
}
