//! Rows of one entry on their way to the channel: sent as many at a time as the spec allows, and told
//! back in the order read.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Run;
use super::error::RunError;
use super::feedback::FeedbackWriter;
use super::ledger::{Ledger, OpenChunk};
use super::messages::finished_frame;
use crate::columns::{Finished, Mapped, Outcome, Status};
use crate::container_api::OutputFile;
use crate::plan::EntryPlan;
use crate::plan::target::{TargetKind, TargetPlan};
use crate::row::row_value;
use crate::spec::{LogAt, LogLevel};
use crate::target::rows_in_words;
use crate::target::{BEHIND, BatchSender, End, Gatherer, RowOutcome, Sent, Unit};
use crate::template::Frame;

/// Units that may be ahead of the first one that is not told yet, for each one that is sent at a time.
const AHEAD: u64 = 4;

/// Units in a row that nobody took: then nothing more is sent.
const UNREACHABLE: u32 = 3;

/// What comes in.
pub(super) enum Incoming {
    /// Mapped rows.
    Rows(Mapped),
    /// That was all: input and mapping ended well.
    End,
}

/// Sends the rows of one entry.
pub(super) struct Dispatch<'r> {
    run: &'r Run,
    entry: &'r EntryPlan,
    target: &'r TargetPlan,
    base: &'r Arc<Frame>,
    feedback: Option<FeedbackWriter<'r>>,
    /// Rows of feedback that are written.
    feedback_rows: &'r mut u64,
    sender: Rc<BatchSender>,
    gatherer: Gatherer<'r>,
    tasks: JoinSet<Sent>,
    ledger: Ledger,
    /// Whether the channel took something, or said what is wrong with it.
    is_reached: bool,
    /// Units in a row that nobody took, or nobody who knows us.
    unreachable: u32,
    /// Units in a row whose answer was none.
    unjudged: u32,
    /// Units in a row of which the spec made out nothing.
    unknowable: u32,
    /// The places of rows that were named, and then not sent.
    left: Vec<u64>,
    /// Why nothing more is sent.
    end: Option<RunError>,
}

impl<'r> Dispatch<'r> {
    pub fn new(
        run: &'r Run,
        entry: &'r EntryPlan,
        target: &'r Arc<TargetPlan>,
        base: &'r Arc<Frame>,
        feedback_rows: &'r mut u64,
    ) -> Self {
        let plan = &run.plan;
        let feedback = plan.feedback.as_ref();
        let feedback = feedback.map(|plan| FeedbackWriter::new(plan, base, run.api.spare()));
        let sender = BatchSender::new(target, run.context(), base, &run.counters);
        Self {
            run,
            entry,
            target,
            base,
            feedback: feedback.filter(|_| run.http.rehearsal().is_none()),
            feedback_rows,
            sender: Rc::new(sender),
            gatherer: Gatherer::new(target, &run.counters),
            tasks: JoinSet::new(),
            ledger: Ledger::default(),
            is_reached: false,
            unreachable: 0,
            unjudged: 0,
            unknowable: 0,
            left: Vec::new(),
            end: None,
        }
    }

    /// Sends what comes in until nothing does. On an error nothing more is sent; what is under way is
    /// waited for and told.
    pub async fn run(mut self, mut from: mpsc::Receiver<Incoming>) -> Result<(), RunError> {
        let mut stop = self.run.api.stop().clone();
        let mut is_open = true;
        loop {
            self.start().await;
            let has_none = self.gatherer.ready().is_empty();
            let is_over = self.tasks.is_empty() && (self.end.is_some() || has_none);
            if is_over && (self.end.is_some() || !is_open) {
                break;
            }
            let is_wanted = is_open && has_none && self.end.is_none();
            let is_job = matches!(self.target.kind, TargetKind::Job(_));
            let sender = Rc::clone(&self.sender);
            tokio::select! {
                biased;
                () = stop.stopped(), if self.end.is_none() => self.end_with(RunError::Stopped),
                () = sender.submitted.notified(), if is_job && !self.is_reached => {
                    self.is_reached = true;
                }
                Some(sent) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    self.absorb(sent.map_err(|_| RunError::Bug)).await;
                    while let Some(sent) = self.tasks.try_join_next() {
                        self.absorb(sent.map_err(|_| RunError::Bug)).await;
                    }
                    self.tell().await;
                }
                incoming = from.recv(), if is_wanted => match incoming {
                    Some(Incoming::Rows(mapped)) => self.take(mapped).await,
                    Some(Incoming::End) => self.gatherer.flush(),
                    None => is_open = false,
                },
            }
        }
        self.finish().await
    }

    /// Starts what may be under way. Rows that go alone are named before they are sent; batches name
    /// themselves.
    async fn start(&mut self) {
        if let Err(error) = self.run.check_stop() {
            self.end_with(error);
        }
        let mut starting: Vec<Unit> = Vec::new();
        while self.end.is_none() && self.tasks.len() + starting.len() < self.limit() {
            let oldest = self.ledger.oldest() + self.window();
            let is_idle = self.tasks.is_empty() && starting.is_empty();
            let ready = self.gatherer.ready();
            let place = ready.front().map(Unit::first_place);
            if place.is_none_or(|place| !is_idle && place >= oldest) {
                break;
            }
            starting.extend(ready.pop_front());
        }
        let alone = starting.iter().filter(|unit| unit.number.is_none());
        let rows: Vec<u64> = alone.map(|unit| unit.first_place() + 1).collect();
        if !rows.is_empty() && self.run.http.rehearsal().is_none() {
            let message = format!("{}: sending {}", self.target.label, rows_in_words(&rows));
            self.run.api.log(LogLevel::Debug, &message, None).await;
        }
        for unit in starting {
            let sender = Rc::clone(&self.sender);
            self.tasks
                .spawn_local(async move { sender.send(unit).await });
        }
    }

    /// How many may be under way: one until the channel has taken something.
    fn limit(&self) -> usize {
        if self.is_reached {
            self.target.concurrency
        } else {
            1
        }
    }

    /// How many rows may be ahead of the first that is not told.
    fn window(&self) -> u64 {
        let Some(batch) = &self.target.batch else {
            return AHEAD * self.target.concurrency as u64;
        };
        // Batches of one value pass each other, as far as they are gathered.
        let behind = if batch.by.is_some() { 2 * BEHIND } else { 0 };
        behind + AHEAD * self.target.concurrency as u64 * batch.rows as u64
    }

    /// Rows come in: those that are to be sent go on, what is known of the others is told.
    async fn take(&mut self, mapped: Mapped) {
        self.run.counters.add_filtered(mapped.filtered);
        self.run.report_errors(&mapped.errors).await;
        for mut chunk in mapped.chunks {
            let Ok(rows) = chunk.rows.batch() else {
                self.end_with(RunError::Bug);
                return;
            };
            if self.run.plan.keeps_answers && chunk.frames.is_empty() {
                chunk.frames = vec![Arc::clone(self.base); rows.len()];
            }
            let is_known: Vec<bool> = chunk
                .outcomes
                .iter()
                .map(|outcome| outcome.status != Status::Ok)
                .collect();
            for outcome in chunk
                .outcomes
                .iter()
                .filter(|outcome| outcome.status != Status::Ok)
            {
                self.run.counters.add_outcome(outcome);
            }
            self.gatherer.sample(&rows);
            let frames: Vec<Option<Arc<Frame>>> = is_known
                .iter()
                .enumerate()
                .map(|(index, is_known)| {
                    let frame = || finished_frame(&chunk, &rows, index, self.base);
                    (!is_known).then(|| Arc::new(frame()))
                })
                .collect();
            let first = self.ledger.add(chunk, rows, is_known);
            for (place, frame) in (first..).zip(frames) {
                if let Some(frame) = frame {
                    self.hand_over(place, frame);
                }
            }
        }
        self.tell().await;
        self.judge();
    }

    /// A row is to be sent. One whose item can't be made has failed, and so have those of a group that
    /// would be cut.
    fn hand_over(&mut self, place: u64, frame: Arc<Frame>) {
        for (place, message) in self.gatherer.add(place, frame) {
            let outcome = Outcome::of(Status::Failed, message);
            self.run.counters.add_outcome(&outcome);
            self.ledger.note(RowOutcome {
                place,
                outcome,
                answers: None,
            });
        }
    }

    /// What was sent came back.
    async fn absorb(&mut self, sent: Result<Sent, RunError>) {
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => return self.end_with(error),
        };
        let counters = &self.run.counters;
        for told in sent.told {
            counters.add_outcome(&told.outcome);
            self.ledger.note(told);
        }
        if self.run.logs_at(LogAt::Batch, &self.entry.log) {
            for batch in sent.batches {
                let rows = batch.places.iter().filter_map(|place| {
                    let (open, index) = self.ledger.find(*place)?;
                    Some(row_value(&open.rows, index))
                });
                let rows = rows.collect();
                self.run
                    .log_batch(rows, batch.number, &self.entry.log, self.base)
                    .await;
            }
        }
        self.left.extend(sent.left);
        let is_first = !self.is_reached;
        let refused = sent.unreachable.is_some() || sent.forbidden.is_some();
        self.unreachable = if refused { self.unreachable + 1 } else { 0 };
        let is_unjudged = sent.unjudged.is_some();
        self.unjudged = if is_unjudged { self.unjudged + 1 } else { 0 };
        // A single row may be the one that a router does not like.
        let is_enough = is_first || self.target.batch.is_some() || self.unjudged >= UNREACHABLE;
        let may_fail = self.run.plan.max_failures.is_some();
        if let Some(reason) = sent.unjudged.filter(|_| is_enough && !may_fail) {
            self.end_with(RunError::Unjudged(reason));
        }
        // A spec that never made out anything will not for the rest.
        self.unknowable = match &sent.unknowable {
            Some(_) => self.unknowable + 1,
            None => 0,
        };
        let is_hopeless = self.unknowable >= UNREACHABLE && self.run.counters.snapshot().ok == 0;
        if let Some(reason) = sent.unknowable.filter(|_| is_hopeless && !may_fail) {
            self.end_with(RunError::Unjudged(reason));
        }
        match sent.unreachable.or(sent.forbidden) {
            Some(reason) if is_first && !sent.is_let_in || self.unreachable >= UNREACHABLE => {
                self.end_with(RunError::Channel(reason));
            }
            _ => self.is_reached |= sent.was_answered,
        }
        match sent.end {
            None => {}
            Some(End::Abort(message)) => self.end_with(RunError::Abort(message)),
            Some(End::Stopped) => self.end_with(RunError::Stopped),
        }
        self.judge();
    }

    fn judge(&mut self) {
        if let Err(error) = self.run.judge_limits(false) {
            self.end_with(error);
        }
    }

    /// The first reason stays.
    fn end_with(&mut self, error: RunError) {
        self.sender.is_over.store(true, Ordering::Relaxed);
        self.end.get_or_insert(error);
    }

    /// Writes the feedback of rows that are known up to the first that is not, and logs them.
    async fn tell(&mut self) {
        let mut ended = None;
        while let Some((open, places)) = self.ledger.due() {
            let end = places.end;
            let told = Telling {
                run: self.run,
                entry: self.entry,
                base: self.base,
                open,
            };
            let surely = &mut *self.feedback_rows;
            let (is_broken, error) = told.tell(places, self.feedback.as_ref(), surely).await;
            if is_broken {
                // Nothing behind it is told: the order would be lost.
                self.feedback = None;
            }
            ended = ended.or(error);
            if self.target.batch.is_none() && end == open.rows.len() {
                let number = self.run.counters.add_batch();
                if self.run.logs_at(LogAt::Batch, &self.entry.log) {
                    let rows = (0..end).map(|index| row_value(&open.rows, index)).collect();
                    self.run
                        .log_batch(rows, number, &self.entry.log, self.base)
                        .await;
                }
            }
            self.ledger.is_told(end);
            self.run.progress.show(&self.run.counters.snapshot());
        }
        if let Some(error) = ended {
            self.end_with(error);
        }
    }

    /// The run ends early: rows that are known are told, though one before them never will be.
    async fn tell_rest(&mut self) {
        while let Some((open, indexes)) = self.ledger.rest() {
            let told = Telling {
                run: self.run,
                entry: self.entry,
                base: self.base,
                open: &open,
            };
            let surely = &mut *self.feedback_rows;
            let (is_broken, error) = told.tell(indexes, self.feedback.as_ref(), surely).await;
            if is_broken {
                self.feedback = None;
            }
            if let Some(error) = error {
                self.end_with(error);
            }
        }
    }

    async fn finish(mut self) -> Result<(), RunError> {
        self.tell_rest().await;
        if !self.left.is_empty() {
            self.left.sort_unstable();
            let rows: Vec<u64> = self.left.iter().map(|place| place + 1).collect();
            let message = format!(
                "{}: not sent after all: {}",
                self.target.label,
                rows_in_words(&rows)
            );
            self.run.api.log(LogLevel::Debug, &message, None).await;
        }
        self.run.report_sentences(self.sender.remarks()).await;
        if self.end.is_none() {
            self.run.report_sentences(self.gatherer.empty_keys()).await;
            if self.is_reached {
                self.run.report_sentences(self.sender.idle()).await;
            }
        }
        match self.end {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Rows of a chunk that are told.
struct Telling<'t> {
    run: &'t Run,
    entry: &'t EntryPlan,
    base: &'t Arc<Frame>,
    open: &'t OpenChunk,
}

impl Telling<'_> {
    /// Writes feedback, then logs. Comes back with whether no more feedback can be written, and with why
    /// the run is to end.
    async fn tell(
        &self,
        indexes: impl IntoIterator<Item = usize>,
        feedback: Option<&FeedbackWriter<'_>>,
        feedback_rows: &mut u64,
    ) -> (bool, Option<RunError>) {
        let indexes: Vec<usize> = indexes.into_iter().collect();
        let mut ended = None;
        let mut is_broken = false;
        if let Some(feedback) = feedback {
            match feedback.body(&self.open.chunk, indexes.iter().copied()) {
                Ok((body, error)) => {
                    ended = error;
                    let rows = Finished::Body(Arc::new(body));
                    let surely = *feedback_rows;
                    *feedback_rows += rows.len() as u64;
                    let written = self.run.write(OutputFile::Feedback, &rows, surely).await;
                    if let Err(error) = written {
                        is_broken = true;
                        ended = Some(error);
                    }
                }
                Err(error) => ended = Some(error),
            }
        }
        let log = &self.entry.log;
        let logged = self
            .run
            .log_rows(&self.open.chunk, indexes, log, self.base)
            .await;
        (is_broken, ended.or(logged.err()))
    }
}
