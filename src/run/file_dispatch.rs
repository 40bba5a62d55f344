//! Rows of one entry on their way into a file. None of them is told as gone before the file is
//! delivered, so what is to be told is laid aside until then.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Run;
use super::dispatch::Incoming;
use super::error::RunError;
use super::feedback::FeedbackWriter;
use super::messages::{batch_frame, finished_frame, message, outcome_frame};
use super::spool::{Later, Spool};
use crate::columns::{Chunk, Finished, Mapped, Outcome, Status};
use crate::container_api::OutputFile;
use crate::formats::WriteError;
use crate::http::Rehearsed;
use crate::plan::file_name::FileName;
use crate::plan::file_target::FileTargetPlan;
use crate::plan::target::{TargetKind, TargetPlan};
use crate::plan::{EntryPlan, LogRule};
use crate::row::{Scanner, row_value};
use crate::spec::{FailAt, LogAt, LogLevel};
use crate::target::file::{Delivered, RowFile, WholeFile, deliver};
use crate::template::Frame;
use crate::work_thread::WorkThread;

/// Characters of a file that a dry run shows.
const SHOWN: usize = 4096;
/// The same in bytes, where each is one.
const SHOWN_BYTES: u64 = 4096;
/// Bytes that are looked at for them, secrets that reach over their end included.
const LOOKED_AT: u64 = 64 * 1024;
/// How long the end of a file is waited for, once the run is stopped.
const GRACE: Duration = Duration::from_secs(2);

/// What is told of rows, by what becomes of their file.
struct Spools {
    done: Spool,
    failed: Spool,
    unknown: Spool,
    /// The run ended before: only rows that were not to go into it.
    not_sent: Spool,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileEnd {
    Done,
    Failed,
    Unknown,
    NotSent,
}

/// What is told of rows whose file did not arrive; why stands in the log.
const NOT_DELIVERED: &str = "the file was not delivered";
/// What is told of rows whose file may have arrived.
const MAYBE_DELIVERED: &str = "nobody knows whether the file was delivered";

/// Writes the rows of one entry into a file, and delivers it.
pub(super) struct FileDispatch<'r> {
    run: &'r Run,
    entry: &'r EntryPlan,
    plan: &'r Arc<FileTargetPlan>,
    base: &'r Arc<Frame>,
    name: FileName,
    file: Option<RowFile>,
    /// Where it is made.
    thread: WorkThread,
    feedback: Option<FeedbackWriter<'r>>,
    feedback_rows: &'r mut u64,
    /// What is told, by what becomes of the file.
    later: Spools,
    /// Rows of the file.
    pending: u64,
    is_whole: bool,
}

impl<'r> FileDispatch<'r> {
    pub fn new(
        run: &'r Run,
        entry: &'r EntryPlan,
        target: &'r Arc<TargetPlan>,
        base: &'r Arc<Frame>,
        feedback_rows: &'r mut u64,
    ) -> Result<Self, RunError> {
        let TargetKind::File(plan) = &target.kind else {
            return Err(RunError::Bug);
        };
        let broken = |error: WriteError| RunError::File(format!("{}: {error}", target.label));
        let name = FileName::of(plan, base)
            .map_err(|reason| RunError::File(format!("{}: {reason}", target.label)))?;
        if run.is_delivered(&name.whole) {
            let name = run.api.redacted(&name.whole);
            return Err(RunError::File(format!(
                "{}: {name} was written for an entry before, and would be lost: put {{{{ change }}}} into its name",
                target.label
            )));
        }
        run.counters.set_file(&name.name);
        let columns = run.plan.mapping.fixed_columns();
        // Who only looks wants to read it.
        let written = match run.http.rehearsal() {
            Some(_) => name.unpacked(),
            None => name.clone(),
        };
        let stop = run.api.stop();
        let file = RowFile::new(plan, target, base, &written, columns, stop);
        let file = file.map_err(broken)?;
        let feedback = run.plan.feedback.as_ref();
        let feedback = feedback.map(|plan| FeedbackWriter::new(plan, base, run.api.spare()));
        let spool = || Spool::new().map_err(|error| broken(error.into()));
        Ok(Self {
            run,
            entry,
            plan,
            base,
            name,
            file: Some(file),
            thread: WorkThread::start(),
            feedback: feedback.filter(|_| run.http.rehearsal().is_none()),
            feedback_rows,
            later: Spools {
                done: spool()?,
                failed: spool()?,
                unknown: spool()?,
                not_sent: spool()?,
            },
            pending: 0,
            is_whole: false,
        })
    }

    /// Writes what comes in; the file is delivered only if input and mapping ended well.
    pub async fn run(mut self, mut from: mpsc::Receiver<Incoming>) -> Result<(), RunError> {
        while let Some(incoming) = from.recv().await {
            match incoming {
                Incoming::Rows(mapped) => {
                    let added = self.add(mapped).await;
                    if let Err(error) = added {
                        return self.give_up(error).await;
                    }
                }
                Incoming::End => self.is_whole = true,
            }
        }
        if !self.is_whole {
            // Why is said by whoever broke off.
            return self.tell(FileEnd::NotSent).await;
        }
        if let Err(error) = self.run.check_stop() {
            return self.give_up(error).await;
        }
        self.finish().await
    }

    /// Rows come in.
    async fn add(&mut self, mapped: Mapped) -> Result<(), RunError> {
        self.run.counters.add_filtered(mapped.filtered);
        self.run.report_errors(&mapped.errors).await;
        for chunk in mapped.chunks {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            let fits = |(_, outcome): &(usize, &Outcome)| outcome.status == Status::Ok;
            let wanted: Vec<usize> = chunk
                .outcomes
                .iter()
                .enumerate()
                .filter(fits)
                .map(|(index, _)| index)
                .collect();
            let mut file = self.file.take().ok_or(RunError::Bug)?;
            let base = Arc::clone(self.base);
            let added = self.thread.run(move || {
                let frame = |index| Arc::new(finished_frame(&chunk, &rows, index, &base));
                let unfit = file.add(&rows, &wanted, frame);
                (file, chunk, unfit)
            });
            let (file, back, unfit) = added.await.map_err(|_| RunError::Bug)?;
            self.file = Some(file);
            let mut chunk = back;
            let unfit = unfit.map_err(|error| self.broken(&error))?;
            for (index, reason) in unfit {
                chunk.outcomes[index] = Outcome::of(Status::Failed, reason);
            }
            for outcome in &chunk.outcomes {
                match outcome.status {
                    Status::Ok => self.pending += 1,
                    _ => self.run.counters.add_outcome(outcome),
                }
            }
            self.lay_aside(&mut chunk)?;
            self.run.counters.add_batch();
            self.run.progress.show(&self.run.counters.snapshot());
        }
        self.run.judge_limits(false)
    }

    /// What is to be told of rows, once it is known what became of their file.
    fn lay_aside(&mut self, chunk: &mut Chunk) -> Result<(), RunError> {
        let all = 0..chunk.outcomes.len();
        let is_known = |index: &usize| chunk.outcomes[*index].status != Status::Ok;
        let known: Vec<usize> = all.clone().filter(is_known).collect();
        let pending: Vec<usize> = all.clone().filter(|index| !is_known(index)).collect();
        self.lay_rows_aside(chunk, &known, FileEnd::NotSent)?;
        let all: Vec<usize> = all.collect();
        for (end, status, message) in [
            (FileEnd::Done, Status::Ok, None),
            (FileEnd::Failed, Status::Failed, Some(NOT_DELIVERED)),
            (FileEnd::Unknown, Status::Unknown, Some(MAYBE_DELIVERED)),
        ] {
            for index in &pending {
                let outcome = &mut chunk.outcomes[*index];
                outcome.status = status;
                outcome.message = message.map(str::to_owned);
                outcome.attempts = 1;
            }
            self.lay_rows_aside(chunk, &all, end)?;
        }
        Ok(())
    }

    /// Feedback and logs of some rows of a chunk, for one end.
    fn lay_rows_aside(
        &mut self,
        chunk: &Chunk,
        indexes: &[usize],
        end: FileEnd,
    ) -> Result<(), RunError> {
        let broken = |error: std::io::Error| RunError::File(error.to_string());
        if let Some(feedback) = &self.feedback {
            let (body, error) = feedback.body(chunk, indexes.iter().copied())?;
            // Before anything is delivered nothing is lost by it.
            if let Some(error) = error {
                return Err(error);
            }
            if !body.is_empty() {
                self.later.of(end).feedback(body.bytes()).map_err(broken)?;
            }
        }
        let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
        if self.run.logs_at(LogAt::Row, &self.entry.log) {
            for index in indexes {
                let frame = outcome_frame(chunk, &rows, *index, self.base);
                self.spool_log(LogAt::Row, &frame, end)?;
            }
        }
        if end == FileEnd::Done && self.run.logs_at(LogAt::Batch, &self.entry.log) {
            let values = indexes.iter().map(|index| row_value(&rows, *index));
            let number = self.run.counters.snapshot().batches + 1;
            let batch = batch_frame(self.base, values.collect(), number);
            self.spool_log(LogAt::Batch, &batch, end)?;
        }
        Ok(())
    }

    fn spool_log(&mut self, at: LogAt, frame: &Arc<Frame>, end: FileEnd) -> Result<(), RunError> {
        let rules = self.entry.log.iter().chain(&self.run.plan.log);
        for rule in rules.filter(|rule: &&LogRule| rule.at == at) {
            let (level, text, context) = match message(rule, frame) {
                Ok(None) => continue,
                Ok(Some((text, context))) => (rule.level, text, context),
                Err(error) => {
                    let text = format!("a log message at {} failed: {error}", at.word());
                    (LogLevel::Warning, text, serde_json::Map::new())
                }
            };
            self.later
                .of(end)
                .log(level, &text, &context)
                .map_err(|error| RunError::File(error.to_string()))?;
        }
        Ok(())
    }

    fn broken(&self, error: &WriteError) -> RunError {
        if matches!(error, WriteError::Stopped) {
            return RunError::Stopped;
        }
        let name = self.run.api.redacted(&self.name.whole);
        RunError::File(format!("{name}: {error}"))
    }

    /// The file is not delivered.
    async fn give_up(self, error: RunError) -> Result<(), RunError> {
        self.tell(FileEnd::NotSent).await?;
        Err(error)
    }

    /// Delivers the file, and tells what became of its rows.
    async fn finish(mut self) -> Result<(), RunError> {
        if self.entry.change.is_some() && self.pending == 0 {
            let message = format!("no row for {}: no file is written", self.name.name);
            self.run.api.log(LogLevel::Info, &message, None).await;
            return self.tell(FileEnd::Done).await;
        }
        // From here on they count as ok, so that `footer` and `fail_when` see how many go out.
        let counters = Arc::clone(&self.run.counters);
        counters.add_outcomes(&Outcome::ok(), self.pending);
        let (end, error) = match self.deliver().await {
            Ok(()) => return self.tell(FileEnd::Done).await,
            Err(failed) => failed,
        };
        counters.take_back_ok(self.pending);
        let outcome = match end {
            FileEnd::Failed => Outcome::of(Status::Failed, error.to_string()),
            FileEnd::Unknown => Outcome::of(Status::Unknown, error.to_string()),
            FileEnd::Done | FileEnd::NotSent => return self.give_up(error).await,
        };
        counters.add_outcomes(&outcome, self.pending);
        // Exit codes say that it was a signal; why nobody knows stands among the reasons.
        let is_stopped = self.run.check_stop().is_err() && end == FileEnd::Unknown;
        self.tell(end).await?;
        Err(if is_stopped { RunError::Stopped } else { error })
    }

    /// Ends the file and delivers it. An error comes with what is known of the rows.
    async fn deliver(&mut self) -> Result<(), (FileEnd, RunError)> {
        let not_sent = |error| (FileEnd::NotSent, error);
        // A feed that is not to go out takes the place of none that is there. Of several entries none
        // knows what the others come to, and of a preview only the first rows are there.
        if self.entry.change.is_none() && self.run.http.rehearsal().is_none() {
            self.run.judge_limits(true).map_err(not_sent)?;
            self.run.none_accepted().map_err(not_sent)?;
            self.run.fail_when(FailAt::Finish).map_err(not_sent)?;
        }
        let Some(file) = self.file.take() else {
            return Err(not_sent(RunError::Bug));
        };
        let whole = self.whole(file).await.map_err(not_sent)?;
        if whole.lost > 0 {
            let encoding = self
                .plan
                .text_out
                .encoding
                .map_or("", |encoding| encoding.name());
            let message = format!(
                "{}: {} characters are not in {encoding}; `?` stands for them",
                self.name.name, whole.lost
            );
            self.run.api.log(LogLevel::Warning, &message, None).await;
        }
        if self.run.http.rehearsal().is_some() {
            return self.rehearse(&whole).map_err(not_sent);
        }
        let context = self.run.context();
        let shared = &self.run.shared;
        let delivered = deliver(&context, shared, self.plan, self.base, &self.name, &whole).await;
        match delivered {
            Delivered::Done => {
                self.run.note_delivered(&self.name.whole);
                Ok(())
            }
            Delivered::Stopped => Err(not_sent(RunError::Stopped)),
            Delivered::Failed(reason) => {
                let error = RunError::File(format!("{NOT_DELIVERED}: {reason}"));
                Err((FileEnd::Failed, error))
            }
            Delivered::Unknown(reason) => {
                let error = RunError::File(format!("{MAYBE_DELIVERED}: {reason}"));
                Err((FileEnd::Unknown, error))
            }
        }
    }

    /// Ends the file. Where the run is stopped that is not waited for.
    async fn whole(&self, file: RowFile) -> Result<WholeFile, RunError> {
        let folder = file.folder();
        let mut stop = self.run.api.stop().clone();
        let made = tokio::select! {
            biased;
            made = self.thread.run(move || file.finish()) => made.map_err(|_| RunError::Bug)?,
            () = async { stop.stopped().await; tokio::time::sleep(GRACE).await } => {
                // The process ends before the thread does.
                let _ = std::fs::remove_dir_all(folder.path());
                Err(WriteError::Stopped)
            }
        };
        made.map_err(|error| self.broken(&error))
    }

    /// Shows what would be delivered.
    fn rehearse(&self, whole: &WholeFile) -> Result<(), RunError> {
        let Some(rehearsal) = self.run.http.rehearsal() else {
            return Ok(());
        };
        let broken = |error: std::io::Error| self.broken(&error.into());
        let file = whole.local.as_file();
        let length = file.metadata().map_err(broken)?.len();
        let mut bytes = Vec::new();
        let mut file = whole.local.reopen().map_err(broken)?.take(LOOKED_AT);
        file.read_to_end(&mut bytes).map_err(broken)?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            // The last character may be cut.
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => "",
        };
        // Secrets are hidden before the text is cut, as half of one would be seen.
        let text = self.run.api.redacted(text);
        let body = if text.is_empty() {
            "(bytes that are no text)".to_owned()
        } else if length <= SHOWN_BYTES {
            text
        } else {
            text.chars().take(SHOWN).chain(['…']).collect()
        };
        let name = self.run.api.redacted(&self.name.whole);
        rehearsal.add(Rehearsed {
            request: format!("FILE {name} ({} rows, {length} bytes)", whole.rows),
            body: Some(body),
            ..Rehearsed::default()
        });
        Ok(())
    }

    /// Tells what was laid aside.
    async fn tell(self, end: FileEnd) -> Result<(), RunError> {
        let Spools {
            done,
            failed,
            unknown,
            not_sent,
        } = self.later;
        let spool = match end {
            FileEnd::Done => done,
            FileEnd::Failed => failed,
            FileEnd::Unknown => unknown,
            FileEnd::NotSent => not_sent,
        };
        let broken = |error: std::io::Error| RunError::File(error.to_string());
        let mut spooled = spool.finish().map_err(broken)?;
        let mut scanner = Scanner::default();
        while let Some(later) = spooled.next().map_err(broken)? {
            match later {
                Later::Feedback(bytes) => {
                    let rows = scanner.answer(bytes).map_err(|_| RunError::Bug)?;
                    let rows = Finished::Batch(Arc::new(rows));
                    let surely = *self.feedback_rows;
                    self.run.write(OutputFile::Feedback, &rows, surely).await?;
                    *self.feedback_rows += rows.len() as u64;
                }
                Later::Log(level, text, context) => {
                    self.run.api.log(level, &text, Some(&context)).await;
                }
            }
        }
        Ok(())
    }
}

impl Spools {
    fn of(&mut self, end: FileEnd) -> &mut Spool {
        match end {
            FileEnd::Done => &mut self.done,
            FileEnd::Failed => &mut self.failed,
            FileEnd::Unknown => &mut self.unknown,
            FileEnd::NotSent => &mut self.not_sent,
        }
    }
}
