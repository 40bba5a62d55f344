//! What a tape beside a spec tells the check.

use std::path::Path;
use std::sync::Arc;

use super::run::in_runtime;
use crate::clock;
use crate::container_api::{ContainerApi, SHARED};
use crate::exit::Exit;
use crate::plan::{Environment, OptionValues, Plan};
use crate::run::{Progress, RunInput, shapes};
use crate::sandbox::{Config, Sandbox};
use crate::state::State;
use crate::stop;
use crate::tape::{Player, Tape, TapeUse, option_flags};
use crate::template::shapes::Shapes;

/// The shapes on the tape beside a spec; nothing where there is no tape that can be replayed.
pub fn shapes_of(plan: &Arc<Plan>, spec: &Path, steps: &[String]) -> Option<Shapes> {
    let file = Tape::beside(spec);
    if !file.exists() {
        return None;
    }
    let tape = Tape::read(&file).ok()?;
    clock::fix(tape.head.now.parse().ok()?, true);
    let flags = option_flags(&plan.options, &tape.head);
    let environment = Environment::new(std::iter::empty());
    let options = OptionValues::resolve(&plan.options, &flags, &environment).ok()?;
    let mut found = None;
    in_runtime(async {
        let Ok(sandbox) = Sandbox::start(&Config::default()).await else {
            return Exit::Failed;
        };
        let (_sender, stop) = stop::channel();
        let redactor = options.redactor();
        let Ok(api) = ContainerApi::new(&sandbox.url(), redactor.clone(), stop) else {
            return Exit::Failed;
        };
        let given = RunInput {
            options: &options,
            redactor,
            api,
            state: State::default(),
            progress: Progress::silent(),
            shared: SHARED.into(),
            rehearsal: None,
            tape: Some(Arc::new(TapeUse::Replay(Player::new(&tape)))),
            most_records: tape.head.records,
        };
        found = Some(shapes(Arc::clone(plan), &tape, given, steps).await);
        Exit::Done
    });
    found
}
