//! What a tape beside a spec tells the check.

use std::path::Path;
use std::sync::Arc;

use super::run::in_runtime;
use super::stage::Stage;
use crate::clock;
use crate::container_api::SHARED;
use crate::diagnostics::{Code, Diagnostic, SpecErrors};
use crate::exit::Exit;
use crate::plan::{Environment, OptionValues, Plan};
use crate::run::{RunInput, shapes};
use crate::tape::{Player, Tape, TapeUse, option_flags};
use crate::template::shapes::Shapes;

/// What the tape beside a spec tells: the shapes on it, and why they may not be all.
#[derive(Debug, Default)]
pub struct Told {
    /// What records and answers look like.
    pub shapes: Shapes,
    /// Why nothing more is known, in a sentence.
    pub gap: Option<String>,
}

impl Told {
    fn nothing(error: impl ToString) -> Self {
        Self {
            shapes: Shapes::new(),
            gap: Some(error.to_string()),
        }
    }
}

/// A report with why the tape may not tell all.
pub fn with_gap(mut report: SpecErrors, gap: Option<&str>) -> SpecErrors {
    if let Some(gap) = gap {
        let warning = Diagnostic::new(Code::TapeUnread, 0..0, gap)
            .hint("record it again with runner record --spec FILE");
        report.warnings.insert(0, warning);
    }
    report
}

/// What the tape beside a spec tells; nothing where there is no tape.
pub fn shapes_of(plan: &Arc<Plan>, spec: &Path, steps: &[String]) -> Option<Told> {
    let file = Tape::beside(spec);
    if !file.exists() {
        return None;
    }
    let tape = match Tape::read(&file) {
        Ok(tape) => tape,
        Err(error) => return Some(Told::nothing(error)),
    };
    if tape.head.spec != plan.name {
        let message = format!(
            "the tape is one of `{}`, and this is `{}`",
            tape.head.spec, plan.name
        );
        return Some(Told::nothing(message));
    }
    let Ok(now) = tape.head.now.parse() else {
        return Some(Told::nothing(format!("`{}` is no date", tape.head.now)));
    };
    clock::fix(now, true);
    let flags = option_flags(&plan.options, &tape.head);
    let environment = Environment::new(std::iter::empty());
    let options = match OptionValues::resolve(&plan.options, &flags, &environment) {
        Ok(options) => options,
        Err(errors) => return Some(Told::nothing(errors)),
    };
    let mut found = None;
    in_runtime(async {
        let told = replayed(plan, &tape, &options, steps).await;
        found = Some(told.unwrap_or_else(Told::nothing));
        Exit::Done
    });
    found
}

async fn replayed(
    plan: &Arc<Plan>,
    tape: &Tape,
    options: &OptionValues,
    steps: &[String],
) -> Result<Told, String> {
    let stage = Stage::set(options).await?;
    let given = RunInput {
        tape: Some(Arc::new(TapeUse::Replay(Player::new(tape)))),
        most_records: tape.head.records,
        ..RunInput::new(options, stage.api.clone(), SHARED)
    };
    let (shapes, gap) = shapes(Arc::clone(plan), tape, given, steps).await;
    Ok(Told { shapes, gap })
}
