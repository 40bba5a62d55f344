//! Rows of one entry on their way into a file. None of them is told as gone before the file is
//! delivered, so what is to be told is laid aside until then.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Run;
use super::dispatch::Incoming;
use super::error::RunError;
use super::feedback::FeedbackWriter;
use super::messages::{finished_frame, message, outcome_frame};
use super::spool::{Later, Spool};
use crate::columns::{Chunk, Finished, Mapped, Outcome, Status};
use crate::container_api::OutputFile;
use crate::http::Rehearsed;
use crate::plan::KeepPlan;
use crate::plan::file_target::FileTargetPlan;
use crate::plan::target::{TargetKind, TargetPlan};
use crate::plan::{EntryPlan, LogRule};
use crate::row::{Scanner, row_value};
use crate::spec::{KeepWord, LogAt, LogLevel};
use crate::target::file::{Delivered, FileError, FileName, RowFile, WholeFile, deliver};
use crate::template::Frame;

/// Bytes of a file that a dry run shows.
const SHOWN: usize = 4096;

/// Writes the rows of one entry into a file, and delivers it.
pub(super) struct FileDispatch<'r> {
    run: &'r Run,
    entry: &'r EntryPlan,
    plan: &'r FileTargetPlan,
    base: &'r Arc<Frame>,
    name: FileName,
    file: Option<RowFile<'r>>,
    feedback: Option<FeedbackWriter<'r>>,
    feedback_rows: &'r mut u64,
    /// What is told if the file is delivered.
    if_done: Spool,
    /// What is told if it is not: rows that never were to go into it.
    if_not: Spool,
    /// Rows of the file.
    pending: u64,
    is_whole: bool,
}

impl<'r> FileDispatch<'r> {
    pub fn new(
        run: &'r Run,
        entry: &'r EntryPlan,
        target: &'r TargetPlan,
        base: &'r Arc<Frame>,
        feedback_rows: &'r mut u64,
    ) -> Result<Self, RunError> {
        let TargetKind::File(plan) = &target.kind else {
            return Err(RunError::Bug);
        };
        let broken = |error: FileError| RunError::File(format!("{}: {error}", target.label));
        let name = FileName::of(plan, base)
            .map_err(|reason| RunError::File(format!("{}: {reason}", target.label)))?;
        run.counters.set_file(&name.name);
        let columns = fixed_columns(run);
        // Who only looks wants to read it.
        let written = match run.http.rehearsal() {
            Some(_) => name.unpacked(),
            None => name.clone(),
        };
        let file = RowFile::new(plan, target.item.as_ref(), base, &written, columns);
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
            feedback: feedback.filter(|_| run.http.rehearsal().is_none()),
            feedback_rows,
            if_done: spool()?,
            if_not: spool()?,
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
            return self.tell(false).await;
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
        for mut chunk in mapped.chunks {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            let fits = |(_, outcome): &(usize, &Outcome)| outcome.status == Status::Ok;
            let wanted: Vec<usize> = chunk
                .outcomes
                .iter()
                .enumerate()
                .filter(fits)
                .map(|(index, _)| index)
                .collect();
            let base = self.base;
            let frame = |index| Arc::new(finished_frame(&chunk, &rows, index, base));
            let unfit = match &mut self.file {
                Some(file) => file.add(&rows, &wanted, frame),
                None => Ok(Vec::new()),
            };
            let unfit = unfit.map_err(|error| self.broken(&error))?;
            for (index, reason) in unfit {
                chunk.outcomes[index] = Outcome::of(Status::Failed, reason);
            }
            for outcome in &mut chunk.outcomes {
                match outcome.status {
                    Status::Ok => {
                        outcome.attempts = 1;
                        self.pending += 1;
                    }
                    _ => self.run.counters.add_outcome(outcome),
                }
            }
            self.lay_aside(&chunk)?;
            self.run.counters.add_batch();
            self.run.progress.show(&self.run.counters.snapshot());
        }
        self.run.judge_limits(false)
    }

    /// What is to be told of rows, once it is known whether their file is there.
    fn lay_aside(&mut self, chunk: &Chunk) -> Result<(), RunError> {
        let all = 0..chunk.outcomes.len();
        let known = all
            .clone()
            .filter(|index| chunk.outcomes[*index].status != Status::Ok);
        let known: Vec<usize> = known.collect();
        if let Some(feedback) = &self.feedback {
            let bodies = [
                feedback.body(chunk, all.clone())?,
                feedback.body(chunk, known.iter().copied())?,
            ];
            for (body, spool) in bodies.iter().zip([&mut self.if_done, &mut self.if_not]) {
                if !body.is_empty() {
                    spool
                        .feedback(body.bytes())
                        .map_err(|error| RunError::File(error.to_string()))?;
                }
            }
        }
        if self.run.logs_at(LogAt::Row, &self.entry.log) {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            for index in all {
                let frame = outcome_frame(chunk, &rows, index, self.base);
                self.lay_log_aside(LogAt::Row, &frame, known.contains(&index))?;
            }
        }
        if self.run.logs_at(LogAt::Batch, &self.entry.log) {
            let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
            let values: Vec<_> = (0..rows.len())
                .map(|index| row_value(&rows, index))
                .collect();
            let number = self.run.counters.snapshot().batches + 1;
            let batch = super::messages::batch_frame(self.base, values, number);
            self.lay_log_aside(LogAt::Batch, &batch, false)?;
        }
        Ok(())
    }

    fn lay_log_aside(
        &mut self,
        at: LogAt,
        frame: &Arc<Frame>,
        is_known: bool,
    ) -> Result<(), RunError> {
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
            let spools = [
                Some(&mut self.if_done),
                is_known.then_some(&mut self.if_not),
            ];
            for spool in spools.into_iter().flatten() {
                spool
                    .log(level, &text, &context)
                    .map_err(|error| RunError::File(error.to_string()))?;
            }
        }
        Ok(())
    }

    fn broken(&self, error: &FileError) -> RunError {
        let name = self.run.api.redacted(&self.name.whole);
        RunError::File(format!("{name}: {error}"))
    }

    /// The file is not delivered.
    async fn give_up(self, error: RunError) -> Result<(), RunError> {
        self.tell(false).await?;
        Err(error)
    }

    /// Delivers the file, and tells what became of its rows.
    async fn finish(mut self) -> Result<(), RunError> {
        if self.entry.change.is_some() && self.pending == 0 {
            let message = format!("no row for {}: no file is written", self.name.name);
            self.run.api.log(LogLevel::Info, &message, None).await;
            return self.tell(true).await;
        }
        // It is ended once.
        let Some(file) = self.file.take() else {
            return Err(RunError::Bug);
        };
        let whole = match file.finish() {
            Ok(whole) => whole,
            Err(error) => {
                let error = self.broken(&error);
                return self.give_up(error).await;
            }
        };
        if whole.lost > 0 {
            let encoding = self.plan.encoding.map_or("", |encoding| encoding.name());
            let message = format!(
                "{}: {} characters are not in {encoding}; `?` stands for them",
                self.name.name, whole.lost
            );
            self.run.api.log(LogLevel::Warning, &message, None).await;
        }
        if self.run.http.rehearsal().is_some() {
            self.rehearse(&whole)?;
            self.run.counters.add_outcomes(&Outcome::ok(), self.pending);
            return Ok(());
        }
        let context = self.run.context();
        let shared = &self.run.shared;
        let delivered = deliver(&context, shared, self.plan, self.base, &self.name, &whole).await;
        let (status, reason) = match delivered {
            Delivered::Done => {
                self.run.counters.add_outcomes(&Outcome::ok(), self.pending);
                return self.tell(true).await;
            }
            Delivered::Stopped => return self.give_up(RunError::Stopped).await,
            Delivered::Failed(reason) => (Status::Failed, reason),
            Delivered::Unknown(reason) => (Status::Unknown, reason),
        };
        let outcome = Outcome::of(status, reason.clone());
        self.run.counters.add_outcomes(&outcome, self.pending);
        self.tell(false).await?;
        Err(RunError::File(match status {
            Status::Unknown => format!("nobody knows whether the file was delivered: {reason}"),
            _ => format!("the file was not delivered: {reason}"),
        }))
    }

    /// Shows what would be delivered.
    fn rehearse(&self, whole: &WholeFile) -> Result<(), RunError> {
        let Some(rehearsal) = self.run.http.rehearsal() else {
            return Ok(());
        };
        let bytes = std::fs::read(whole.local.path());
        let bytes = bytes.map_err(|error| self.broken(&error.into()))?;
        let length = bytes.len();
        let mut body = match String::from_utf8(bytes) {
            Ok(text) if length <= SHOWN => text,
            Ok(text) => text.chars().take(SHOWN).chain(['…']).collect(),
            Err(_) => String::new(),
        };
        if body.is_empty() {
            body.push_str("(bytes that are no text)");
        }
        let name = self.run.api.redacted(&self.name.whole);
        rehearsal.add(Rehearsed {
            request: format!("FILE {name} ({} rows, {length} bytes)", whole.rows),
            headers: Vec::new(),
            body: Some(self.run.api.redacted(&body)),
        });
        Ok(())
    }

    /// Tells what was laid aside.
    async fn tell(self, is_done: bool) -> Result<(), RunError> {
        let spool = if is_done { self.if_done } else { self.if_not };
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

/// The columns that a spec names, where it names all of them: a file without rows has them too.
fn fixed_columns(run: &Run) -> Vec<String> {
    let mapping = &run.plan.mapping;
    let names_all = matches!(&mapping.keep, KeepPlan::Word(KeepWord::None));
    let is_plain = |name: &&str| !name.contains(['*', '{']);
    if !names_all || !mapping.rename.is_empty() || !mapping.drop.is_empty() {
        return Vec::new();
    }
    let names = mapping.columns.iter().map(|column| column.name.as_str());
    names.filter(is_plain).map(str::to_owned).collect()
}
