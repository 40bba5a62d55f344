//! Modes export and export-delta: rows go to the channel, and each one's fate is told back as the run
//! goes.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::dispatch::{Dispatch, Incoming};
use super::error::RunError;
use super::feedback::FeedbackWriter;
use super::file_dispatch::FileDispatch;
use super::pipeline::both;
use super::{REASONS_SHOWN, Run};
use crate::columns::{Finished, Mapped, Mapper, Status};
use crate::container_api::{InputReader, InputType, OutputFile};
use crate::plan::EntryPlan;
use crate::plan::around::AroundPlan;
use crate::plan::target::TargetKind;
use crate::spec::{FailAt, LogAt, LogLevel};
use crate::target::{AroundError, in_turn};
use crate::template::{Frame, Value};

impl Run {
    pub(super) async fn export(&self, mapper: Mapper) -> Result<(), RunError> {
        let around = &self.plan.around;
        let base = self.before(around, &self.base).await?;
        let result = Box::pin(self.all_entries(mapper, &base)).await;
        self.report_failures().await;
        self.after(around, &base, result).await
    }

    /// Sends what comes before the first row; what comes after it sees the answers.
    pub(super) async fn before(
        &self,
        around: &AroundPlan,
        base: &Arc<Frame>,
    ) -> Result<Arc<Frame>, RunError> {
        let sent = in_turn(&self.context(), &around.before, base).await;
        sent.map_err(|error| match error {
            AroundError::Failed(reason) => RunError::Before(reason),
            AroundError::Stopped => RunError::Stopped,
        })
    }

    /// Sends what comes after the last row, unless the run has failed by then.
    pub(super) async fn after(
        &self,
        around: &AroundPlan,
        base: &Arc<Frame>,
        result: Result<(), RunError>,
    ) -> Result<(), RunError> {
        if around.after.is_empty() {
            return result;
        }
        let judged = result
            .and_then(|()| self.judge_limits(true))
            .and_then(|()| self.none_accepted())
            .and_then(|()| self.fail_when(FailAt::Finish));
        if let Err(error) = judged {
            let labels = around.after.iter().map(|step| &*step.request.label);
            let labels: Vec<&str> = labels.collect();
            let message = format!("not sent, as the run has failed: {}", labels.join("; "));
            self.api.log(LogLevel::Warning, &message, None).await;
            return Err(error);
        }
        match in_turn(&self.context(), &around.after, base).await {
            Ok(_) => Ok(()),
            Err(AroundError::Failed(reason)) => Err(RunError::After(reason)),
            Err(AroundError::Stopped) => Err(RunError::Stopped),
        }
    }

    async fn all_entries(&self, mut mapper: Mapper, base: &Arc<Frame>) -> Result<(), RunError> {
        let mut feedback_rows = 0;
        for entry in &self.plan.entries {
            let (kind, base) = Self::of_entry(entry, base);
            let base = self.before(&entry.around, &base).await?;
            self.log(LogAt::Start, &entry.log, &base).await;
            let (input, size) = (&self.plan.input, self.plan.batch_size);
            let mut reader = InputReader::new(self.api.clone(), kind, input, size);
            let sent = match &entry.target {
                Some(target) if matches!(target.kind, TargetKind::File(_)) => {
                    let dispatch =
                        FileDispatch::new(self, entry, target, &base, &mut feedback_rows)?;
                    let from = |from| dispatch.run(from);
                    let sending = self.dispatched(&mut reader, mapper, &base, from);
                    Box::pin(sending).await
                }
                Some(target) => {
                    let dispatch = Dispatch::new(self, entry, target, &base, &mut feedback_rows);
                    let from = |from| dispatch.run(from);
                    let sending = self.dispatched(&mut reader, mapper, &base, from);
                    Box::pin(sending).await
                }
                None => {
                    let feedback = self.plan.feedback.as_ref();
                    let feedback =
                        feedback.map(|plan| FeedbackWriter::new(plan, &base, self.api.spare()));
                    let feedback = feedback.filter(|_| self.http.rehearsal().is_none());
                    self.pump(&mut reader, mapper, &base, async |mapped| {
                        self.tell(mapped, entry, &base, feedback.as_ref(), &mut feedback_rows)
                            .await
                    })
                    .await
                }
            };
            match sent {
                Ok(back) => {
                    mapper = back;
                    self.after(&entry.around, &base, Ok(())).await?;
                }
                Err(error) => return self.after(&entry.around, &base, Err(error)).await,
            }
            self.log(LogAt::Finish, &entry.log, &base).await;
        }
        self.report_nothing(&self.observations).await;
        self.report_empty(&mapper).await;
        Ok(())
    }

    /// Which input an entry reads, and what its templates see.
    pub(super) fn of_entry(entry: &EntryPlan, base: &Arc<Frame>) -> (InputType, Arc<Frame>) {
        match entry.change {
            None => (InputType::Input, Arc::clone(base)),
            Some(change) => {
                let frame = Frame::on(base).with("change", Value::from(change.word()));
                (InputType::Change(change), Arc::new(frame))
            }
        }
    }

    /// Reads and maps, and sends what comes of it meanwhile.
    async fn dispatched<D: Future<Output = Result<(), RunError>>>(
        &self,
        reader: &mut InputReader,
        mapper: Mapper,
        base: &Arc<Frame>,
        dispatch: impl FnOnce(mpsc::Receiver<Incoming>) -> D,
    ) -> Result<Mapper, RunError> {
        let (to, from) = mpsc::channel(1);
        let pumping = async move {
            let mapper = self
                .pump(reader, mapper, base, async |mapped| {
                    // Sending failed, and says why.
                    let _ = to.send(Incoming::Rows(mapped)).await;
                    Ok(())
                })
                .await?;
            let _ = to.send(Incoming::End).await;
            Ok(mapper)
        };
        both(dispatch(from), pumping).await?
    }

    /// Writes the feedback of rows that are only judged, then logs what is due.
    async fn tell(
        &self,
        mapped: Mapped,
        entry: &EntryPlan,
        base: &Arc<Frame>,
        feedback: Option<&FeedbackWriter<'_>>,
        feedback_rows: &mut u64,
    ) -> Result<(), RunError> {
        self.counters.add_filtered(mapped.filtered);
        self.report_errors(&mapped.errors).await;
        for chunk in &mapped.chunks {
            for outcome in &chunk.outcomes {
                self.counters.add_outcome(outcome);
                let is_ok = outcome.status == Status::Ok;
                self.counters.add_not_sent(u64::from(is_ok));
            }
            if let Some(feedback) = feedback {
                let (body, error) = feedback.body(chunk, 0..chunk.rows.len())?;
                let rows = Finished::Body(Arc::new(body));
                self.write(OutputFile::Feedback, &rows, *feedback_rows)
                    .await?;
                *feedback_rows += rows.len() as u64;
                if let Some(error) = error {
                    return Err(error);
                }
            }
            let number = self.counters.add_batch();
            self.progress.show(&self.counters.snapshot());
            self.log_chunk(chunk, number, &entry.log, base).await?;
        }
        Ok(())
    }

    /// Warnings about what never came to anything, once rows went out.
    pub(super) async fn report_sentences(&self, sentences: Vec<String>) {
        if self.counters.snapshot().mapped() == 0 {
            return;
        }
        for sentence in sentences {
            self.api.log(LogLevel::Warning, &sentence, None).await;
        }
    }

    /// A warning that says why rows did not go through, the commonest reasons first.
    async fn report_failures(&self) {
        let counts = self.counters.snapshot();
        if counts.failed + counts.unknown == 0 {
            return;
        }
        let reasons = self.reasons(usize::MAX);
        let counted = [
            (Status::Failed, counts.failed),
            (Status::Unknown, counts.unknown),
        ];
        for (status, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
            let word = status.word();
            let prefix = format!("{word}: ");
            let own = reasons.iter().filter_map(|(reason, count)| {
                let reason = reason.strip_prefix(&prefix)?;
                Some(format!("{count} × {reason}"))
            });
            let own: Vec<String> = own.take(REASONS_SHOWN).collect();
            let rows = if count == 1 { "row" } else { "rows" };
            let message = format!("{count} {rows} {word}: {}", own.join("; "));
            self.api.log(LogLevel::Warning, &message, None).await;
        }
    }
}
