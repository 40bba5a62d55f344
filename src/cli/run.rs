//! `runner --spec FILE`: runs a connector.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{RunArguments, Verbosity};
use super::signals;
use super::spec_flags::SpecFlags;
use super::tapes::{Recording, Tapes};
use crate::container_api::{ContainerApi, InBucket};
use crate::exit::Exit;
use crate::http::Rehearsal;
use crate::plan::{Plan, Redactor};
use crate::run::{Progress, RunInput, Summary};
use crate::spec::LogLevel;
use crate::state::{State, StateError, StatePlace};

/// Runs the connector, or only checks that it could be.
pub fn run(arguments: &RunArguments, flags: &SpecFlags) -> Exit {
    let plan = match flags.plan() {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    if arguments.health_check {
        return Exit::Done;
    }
    let show = Show::of(&arguments.verbosity, std::io::stderr().is_terminal());
    if let (Some(warnings), true) = (flags.warnings(), show.summary) {
        eprint!("{warnings}");
    }
    in_runtime(async {
        let how = How {
            url: &arguments.container_api,
            state: arguments.state.as_ref(),
            progress: show.progress(),
            is_dry_run: arguments.dry_run,
            shared: arguments.shared.clone(),
            says_mistakes: std::io::stderr().is_terminal(),
            tapes: Tapes::default(),
        };
        let summary = connector(plan, flags, how).await;
        match summary {
            Ok(summary) => {
                if show.summary {
                    if let Some(failure) = &summary.failure {
                        eprintln!("error: {failure}");
                    }
                    eprintln!("{summary}");
                }
                summary.exit
            }
            Err(exit) => exit,
        }
    })
}

/// What is shown on standard error: the platform shows all that stands there as errors.
#[derive(Debug, Clone, Copy)]
pub struct Show {
    /// The line that is kept up to date.
    pub line: bool,
    /// The summary at the end.
    pub summary: bool,
}

impl Show {
    /// What these flags and this terminal ask for.
    pub fn of(verbosity: &Verbosity, is_terminal: bool) -> Self {
        Self {
            line: is_terminal && !verbosity.quiet,
            summary: (is_terminal || verbosity.verbose) && !verbosity.quiet,
        }
    }

    /// The progress line.
    pub fn progress(self) -> Progress {
        if self.line {
            Progress::shown()
        } else {
            Progress::silent()
        }
    }
}

/// How a connector is run.
pub struct How<'h> {
    /// Where the Container API is.
    pub url: &'h str,
    /// Where the state is kept, other than the spec says.
    pub state: Option<&'h StatePlace>,
    /// How far the run is, for people.
    pub progress: Progress,
    /// Whether requests of the target are printed instead of sent.
    pub is_dry_run: bool,
    /// The directory that is shared with the Container API.
    pub shared: PathBuf,
    /// Whether options that can't be and a state that can't be read are said on standard error, beside
    /// the log. What could not be logged always is.
    pub says_mistakes: bool,
    /// Tapes that are recorded and replayed.
    pub tapes: Tapes<'h>,
}

/// Runs the plan against the Container API.
pub async fn connector(plan: Arc<Plan>, flags: &SpecFlags, how: How<'_>) -> Result<Summary, Exit> {
    let How {
        url,
        state,
        progress,
        is_dry_run,
        shared,
        says_mistakes,
        tapes,
    } = how;
    if is_dry_run && !plan.mode.is_export() {
        eprintln!(
            "error: --dry-run prints what an export would send, and this spec's mode is {}; see its rows with runner preview",
            plan.mode.word()
        );
        return Err(Exit::Wrong);
    }
    let rehearsal = is_dry_run.then(|| Arc::new(Rehearsal::shown_by(|request| say!("{request}"))));
    let stop = signals::listen().map_err(|error| {
        eprintln!("signals can't be listened for: {error}");
        Exit::Failed
    })?;
    let api = ContainerApi::new(url, Redactor::default(), stop).map_err(|error| {
        eprintln!("{error}");
        Exit::Failed
    })?;
    let given = match flags.resolve(&plan, tapes.deck.replayed.as_ref()) {
        Ok(options) => match fetch(&api, &plan, state, &shared).await {
            Ok(state) => Ok((options, state)),
            Err(error) => Err(error.to_string()),
        },
        Err(errors) => Err(errors.to_string()),
    };
    match given {
        Ok((options, state)) => {
            let mut redactor = options.redactor();
            let mut tape = tapes.deck.tape;
            if let Some(record) = &tapes.record {
                let begun = Recording::begin(&plan, &options, record, tapes.deck.records);
                let begun = begun.map_err(|error| {
                    eprintln!("error: {error}");
                    Exit::Wrong
                })?;
                let recording = record.into.get_or_init(|| begun);
                redactor = recording.redactor();
                tape = Some(recording.tape());
            }
            let given = RunInput {
                options: &options,
                redactor,
                api,
                state,
                progress,
                shared,
                rehearsal,
                tape,
                most_records: tapes.deck.records,
            };
            Ok(crate::run::run(plan, given).await)
        }
        Err(message) => {
            progress.finish();
            if let Some(signal) = api.stop().signal() {
                return Err(signal.exit());
            }
            let delivered = api.log(LogLevel::Error, &message, None).await;
            if delivered && says_mistakes {
                eprintln!("error: {message}");
            }
            Err(Exit::Failed)
        }
    }
}

/// What was kept by the run before: of the file or the bucket that the command line names, else the
/// spec.
async fn fetch(
    api: &ContainerApi,
    plan: &Plan,
    place: Option<&StatePlace>,
    shared: &Path,
) -> Result<State, StateError> {
    let of_spec = plan.state.clone().map(StatePlace::Bucket);
    let (place, name) = match place.cloned().or(of_spec) {
        None => return Ok(State::default()),
        Some(StatePlace::File(file)) => return State::open(&file, &plan.name),
        Some(StatePlace::Bucket(name)) => (StatePlace::Bucket(name.clone()), name),
    };
    let bytes = match api.from_bucket(shared, &name).await {
        Ok(InBucket::File(bytes)) => Some(bytes),
        Ok(InBucket::None(said)) => {
            // Whether it is that, only its words tell.
            let words = ["exist", "found", "no such"];
            let is_plain = words.iter().any(|word| said.to_lowercase().contains(word));
            let level = if is_plain {
                LogLevel::Info
            } else {
                LogLevel::Warning
            };
            let message = format!(
                "the bucket has no {name} yet ({}): nothing is remembered of an earlier run",
                said.trim()
            );
            api.log(level, &message, None).await;
            None
        }
        Err(error) => {
            let reason = error.to_string();
            return Err(StateError::Read { place, reason });
        }
    };
    State::of(place, bytes.as_deref(), &plan.name)
}

/// Runs to the end on this thread. Mapping that takes long has one of its own: always the same, as
/// each thread keeps memory to itself.
pub fn in_runtime(work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let exit = tokio::task::LocalSet::new().block_on(&runtime, work);
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            eprintln!("the runtime can't start: {error}");
            Exit::Failed
        }
    }
}
