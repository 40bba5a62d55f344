//! Carries a plan out: reads rows, maps them, writes them, and says what was done.

mod data_service;
mod data_source;
mod dispatch;
mod error;
mod export;
mod feedback;
mod file_dispatch;
mod ledger;
mod messages;
mod pipeline;
mod preview;
mod progress;
#[cfg(feature = "sandbox")]
mod shapes;
mod spool;
mod summary;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub use error::RunError;
pub use preview::{Preview, PreviewRow, Sending, preview};
pub use progress::Progress;
#[cfg(feature = "sandbox")]
pub use shapes::shapes;
pub use summary::Summary;

use crate::columns::{Mapper, RowError};
use crate::container_api::{BucketError, ContainerApi};
use crate::counters::Counters;
use crate::exit::Exit;
use crate::http::{Http, HttpParts, Rehearsal, Trace};
use crate::plan::{OptionValues, Plan, Redactor};
use crate::source::{Newest, Observations, PageSizes, Said, since_of};
use crate::spec::{FailAt, LogAt, LogLevel, Mode, NotifyAt};
use crate::state::{State, StateError, StatePlace, ToKeep};
use crate::tape::TapeUse;
use crate::template::{Frame, Value};

/// Mapping errors that are logged one by one; the rest is counted.
const ERRORS_LOGGED: u64 = 20;

/// Reasons for which rows did not go through that are shown.
const REASONS_SHOWN: usize = 5;

/// A run under way: what its parts share.
pub struct Run {
    plan: Arc<Plan>,
    api: ContainerApi,
    counters: Arc<Counters>,
    /// `options`, `run` and `since`.
    base: Arc<Frame>,
    http: Arc<Http>,
    state: Arc<State>,
    /// Where records were looked for in vain.
    observations: Arc<Observations>,
    /// What was learned of how many records servers give at a time.
    sizes: Arc<PageSizes>,
    /// What is said once.
    said: Arc<Said>,
    /// What is to be kept once the run has succeeded.
    newest: Mutex<Option<ToKeep>>,
    progress: Progress,
    /// The directory that is shared with the Container API.
    shared: PathBuf,
    /// Files that were delivered: another of the same name would take their place.
    delivered: Mutex<HashSet<String>>,
    /// After how many records a data source ends, where it does.
    most_records: Option<u64>,
    /// A hash of the options by which lookups ask; nothing where they remember nothing.
    asked_by: Option<Arc<str>>,
}

/// What a run is given besides its plan.
pub struct RunInput<'g> {
    /// The options' values.
    pub options: &'g OptionValues,
    /// Hides their secrets, and those that are fetched.
    pub redactor: Redactor,
    /// The Container API.
    pub api: ContainerApi,
    /// What is kept from run to run.
    pub state: State,
    /// How far the run is, for people.
    pub progress: Progress,
    /// The directory that is shared with the Container API.
    pub shared: PathBuf,
    /// Where a target's requests are noted instead of sent: nothing is written anywhere then.
    pub rehearsal: Option<Arc<Rehearsal>>,
    /// The tape onto which exchanges are written, or from which answers are taken.
    pub tape: Option<Arc<TapeUse>>,
    /// After how many records a data source ends, where it does.
    pub most_records: Option<u64>,
}

impl<'g> RunInput<'g> {
    /// A run with nothing kept, nothing shown, nothing rehearsed and no tape.
    pub fn new(options: &'g OptionValues, api: ContainerApi, shared: impl Into<PathBuf>) -> Self {
        Self {
            redactor: options.redactor(),
            options,
            api,
            state: State::default(),
            progress: Progress::silent(),
            shared: shared.into(),
            rehearsal: None,
            tape: None,
            most_records: None,
        }
    }
}

/// Runs a plan to its end and tells the Container API how it went.
pub async fn run(plan: Arc<Plan>, given: RunInput<'_>) -> Summary {
    let began = Instant::now();
    let (run, result) = match Run::new(plan, given, None) {
        Ok(run) => {
            let result = run.carry_out().await;
            if result.is_err() {
                run.store_what_is_true().await;
            }
            (run, result)
        }
        Err((run, error)) => (*run, Err(error)),
    };
    run.progress.finish();
    let (exit, failure) = match result {
        Ok(()) => (Exit::Done, None),
        Err(error) => run.failed(&error).await,
    };
    Summary {
        exit,
        failure,
        counters: run.counters.snapshot(),
        reasons: run.reasons(REASONS_SHOWN),
        mode: run.plan.mode,
        is_dry_run: run.http.rehearsal().is_some(),
        seconds: began.elapsed().as_secs_f64(),
    }
}

impl Run {
    /// A run; where `since` can't be worked out it comes with why, to say so.
    fn new(
        plan: Arc<Plan>,
        given: RunInput<'_>,
        trace: Option<Arc<Trace>>,
    ) -> Result<Self, (Box<Self>, RunError)> {
        let mut wrong = None;
        let plan = plan.settled(given.options).unwrap_or_else(|error| {
            wrong = Some(RunError::Setting(error));
            plan
        });
        let counters = Arc::new(Counters::new(plan.mode, given.rehearsal.is_some()));
        let redactor = given.redactor.clone();
        let mut base = Frame::default()
            .with("options", given.options.to_value())
            .with("run", Value::from_dyn_object(Arc::clone(&counters)));
        let state = Arc::new(given.state);
        if let Some(incremental) = &plan.incremental {
            match since_of(incremental, &state, &Arc::new(base.clone())) {
                Ok(since) => base.set("since", since),
                Err(error) => wrong = Some(RunError::Incremental(error)),
            }
        }
        let base = Arc::new(base);
        let http = Http::new(HttpParts {
            plan: Arc::clone(&plan),
            base: Arc::clone(&base),
            redactor: redactor.clone(),
            stop: given.api.stop().clone(),
            counters: Arc::clone(&counters),
            state: Arc::clone(&state),
            trace,
            rehearsal: given.rehearsal.clone(),
            tape: given.tape.clone(),
        });
        // A tape has all that was asked, and what is on one is asked there.
        let remembers = state.is_kept() && given.tape.is_none();
        let asked_by = remembers.then(|| Arc::from(given.options.digest()));
        let run = Self {
            plan,
            api: given.api.with_redactor(redactor),
            counters,
            base,
            http: Arc::new(http),
            state,
            observations: Arc::default(),
            sizes: Arc::default(),
            said: Arc::default(),
            newest: Mutex::default(),
            delivered: Mutex::default(),
            progress: given.progress,
            shared: given.shared,
            most_records: given.most_records,
            asked_by,
        };
        match wrong {
            Some(error) => Err((Box::new(run), error)),
            None => Ok(run),
        }
    }
}

impl Run {
    async fn carry_out(&self) -> Result<(), RunError> {
        let mapper = Mapper::new(Arc::clone(&self.plan), &self.base, self.api.spare())?;
        self.log(LogAt::Start, &self.plan.log, &self.base).await;
        self.fail_when(FailAt::Start)?;
        self.say_full().await;
        match self.plan.mode {
            Mode::DataSource => self.data_source(mapper).await?,
            Mode::DataService => Box::pin(self.data_service(mapper)).await?,
            Mode::Export | Mode::ExportDelta => Box::pin(self.export(mapper)).await?,
        }
        self.judge_limits(true)?;
        self.report_skipped().await;
        self.log(LogAt::Finish, &self.plan.log, &self.base).await;
        self.none_accepted()?;
        self.fail_when(FailAt::Finish)?;
        let newest = self
            .newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(newest) = newest {
            self.state.keep_since(newest)?;
        }
        self.keep_found()?;
        self.store_state().await?;
        self.notify(NotifyAt::Finish, &self.base).await;
        Ok(())
    }

    /// Brings what is kept to the bucket.
    async fn store_state(&self) -> Result<(), RunError> {
        match self.state.take_unsaved() {
            Some((name, content)) => {
                let stored = self.api.to_bucket(&self.shared, &name, &content).await;
                stored.map_err(|error| match error {
                    BucketError::Stopped => RunError::Stopped,
                    BucketError::Failed(reason) => RunError::State(StateError::Write {
                        place: StatePlace::Bucket(name),
                        reason,
                    }),
                })
            }
            None => Ok(()),
        }
    }

    /// Whether a file of this name was delivered in this run.
    fn is_delivered(&self, name: &str) -> bool {
        let delivered = self.delivered.lock();
        let delivered = delivered.unwrap_or_else(PoisonError::into_inner);
        delivered.contains(name)
    }

    fn note_delivered(&self, name: &str) {
        let delivered = self.delivered.lock();
        let mut delivered = delivered.unwrap_or_else(PoisonError::into_inner);
        delivered.insert(name.to_owned());
    }

    /// Keeps what lookups found. Who only looks writes nothing.
    fn keep_found(&self) -> Result<(), StateError> {
        match self.http.rehearsal() {
            Some(_) => Ok(()),
            None => self.state.keep_found(),
        }
    }

    /// After a failed run what lookups found is as true as before, and tokens are ahead of the bucket:
    /// those before them are used up.
    async fn store_what_is_true(&self) {
        if let Err(error) = self.keep_found() {
            let message = format!("what lookups found is not remembered: {error}");
            self.api.log(LogLevel::Warning, &message, None).await;
        }
        if let Err(error) = self.store_state().await {
            let message = format!(
                "what was to be remembered, such as a refresh token that was given in place of another, is lost: {error}"
            );
            self.api.log(LogLevel::Error, &message, None).await;
        }
    }

    /// Without a state every run is full, which is said.
    async fn say_full(&self) {
        if self.plan.incremental.is_some() && !self.state.is_kept() {
            let message = "incremental: without `state` or --state nothing is remembered, so this run reads everything";
            self.api.log(LogLevel::Info, message, None).await;
        }
        let mut lookups = self.plan.lookups.iter();
        if lookups.any(|lookup| lookup.cache.is_some()) && !self.state.is_kept() {
            let message = "lookups: without `state` or --state `cache` remembers nothing, so this run asks for everything";
            self.api.log(LogLevel::Info, message, None).await;
        }
    }

    /// The commonest reasons for which rows did not go through.
    fn reasons(&self, most: usize) -> Vec<(String, u64)> {
        let mut reasons = self.counters.reasons(most);
        for (reason, _) in &mut reasons {
            *reason = self.api.redacted(reason);
        }
        reasons
    }

    /// Keeps the newest value for the end of the run.
    fn keep_newest(&self, newest: &Newest) {
        let to_keep = newest.to_keep(&self.state);
        if to_keep.all.is_some() || !to_keep.by.is_empty() {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            *newest = Some(to_keep);
        }
    }

    /// `fail_when`.
    fn fail_when(&self, at: FailAt) -> Result<(), RunError> {
        for rule in self.plan.fail_when.iter().filter(|rule| rule.at == at) {
            let holds = rule.when.holds(&self.base).map_err(RunError::FailWhen)?;
            if holds {
                let message = rule.message.text(&self.base).map_err(RunError::FailWhen)?;
                return Err(RunError::Asked(message));
            }
        }
        Ok(())
    }

    /// An export of which nothing arrived, and whose author says nothing of how it may end.
    fn none_accepted(&self) -> Result<(), RunError> {
        let counts = self.counters.snapshot();
        let refused = counts.failed + counts.unknown + counts.rejected;
        let is_judged = !self.plan.fail_when.is_empty();
        let sends = self.plan.entries.iter().any(|entry| entry.target.is_some());
        let ok = if sends {
            counts.ok.saturating_sub(self.counters.not_sent())
        } else {
            counts.ok
        };
        if self.plan.mode.is_export() && ok == 0 && refused > 0 && !is_judged {
            return Err(RunError::NoneAccepted);
        }
        Ok(())
    }

    /// `max_errors` and `max_failures`.
    fn judge_limits(&self, at_end: bool) -> Result<(), RunError> {
        let counts = self.counters.snapshot();
        let known = counts.mapped();
        if let Some(limit) = self.plan.max_errors {
            if limit.is_passed(counts.errors, known, at_end) {
                return Err(RunError::TooManyErrors {
                    errors: counts.errors,
                    limit: limit.to_string(),
                });
            }
        }
        if let Some(limit) = self.plan.max_failures {
            let failed = counts.failed + counts.unknown;
            if limit.is_passed(failed, known, at_end) {
                return Err(RunError::TooManyFailures {
                    failed: counts.failed,
                    unknown: counts.unknown,
                    limit: limit.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Rows whose mapping failed: logged one by one at first, then counted.
    async fn report_errors(&self, errors: &[RowError]) {
        for error in errors {
            if self.counters.add_error() <= ERRORS_LOGGED {
                self.api
                    .log(LogLevel::Warning, &error.to_string(), None)
                    .await;
            }
        }
    }

    async fn report_skipped(&self) {
        let errors = self.counters.snapshot().errors;
        if errors > ERRORS_LOGGED {
            let more = errors - ERRORS_LOGGED;
            let message = format!("{more} more rows could not be mapped, {errors} in all");
            self.api.log(LogLevel::Warning, &message, None).await;
        }
    }

    /// Whether a signal asks the run to stop.
    fn check_stop(&self) -> Result<(), RunError> {
        match self.api.stop().signal() {
            Some(_) => Err(RunError::Stopped),
            None => Ok(()),
        }
    }

    /// Tells why the run failed.
    async fn failed(&self, error: &RunError) -> (Exit, Option<String>) {
        let signal = self.api.stop().signal();
        // What was under way when a limit was passed counts too.
        let recounted = self.judge_limits(true).err();
        let error = match (error, &recounted) {
            (RunError::TooManyErrors { .. }, Some(now @ RunError::TooManyErrors { .. }))
            | (RunError::TooManyFailures { .. }, Some(now @ RunError::TooManyFailures { .. })) => {
                now
            }
            (error, _) => error,
        };
        let done = self.counters.snapshot().done(self.plan.mode);
        let (exit, message) = match (error, signal) {
            (RunError::Stopped, Some(signal)) => (
                signal.exit(),
                format!("Stopped by {}: {done}", signal.name()),
            ),
            (RunError::Asked(message), _) => (Exit::Failed, message.clone()),
            (error, _) if self.counters.snapshot().read > 0 => {
                let error = error.to_string();
                let stop = if error.ends_with(['.', '?', '!']) {
                    ""
                } else {
                    "."
                };
                (Exit::Failed, format!("{error}{stop} {done}"))
            }
            (error, _) => (Exit::Failed, error.to_string()),
        };
        let row = match error {
            RunError::Row(row) => Value::from(row.number),
            _ => Value::UNDEFINED,
        };
        let step = match error {
            RunError::Source(error) => error.step().map_or(Value::UNDEFINED, Value::from),
            _ => Value::UNDEFINED,
        };
        let error = Value::from_pairs([
            ("message", Value::from(message.as_str())),
            ("step", step),
            ("row", row),
        ]);
        let frame = Arc::new(Frame::on(&self.base).with("error", error));
        self.log(LogAt::Failure, &self.plan.log, &frame).await;
        self.notify(NotifyAt::Failure, &frame).await;
        self.api.log(LogLevel::Error, &message, None).await;
        (exit, Some(self.api.redacted(&message)))
    }
}
