//! Modes export and export-delta: each row's fate, told back as the run goes.

use std::sync::Arc;

use super::Run;
use super::error::RunError;
use super::feedback::FeedbackWriter;
use crate::columns::{Finished, Mapped, Mapper};
use crate::container_api::{InputReader, InputType, OutputFile};
use crate::plan::EntryPlan;
use crate::spec::LogAt;
use crate::template::{Frame, Value};

impl Run {
    pub(super) async fn export(&self, mut mapper: Mapper) -> Result<(), RunError> {
        let mut feedback_rows = 0;
        for entry in &self.plan.entries {
            let (kind, base) = match entry.change {
                None => (InputType::Input, Arc::clone(&self.base)),
                Some(change) => {
                    let frame = Frame::on(&self.base).with("change", Value::from(change.word()));
                    (InputType::Change(change), Arc::new(frame))
                }
            };
            self.log(LogAt::Start, &entry.log, &base).await;
            let (input, size) = (&self.plan.input, self.plan.batch_size);
            let mut reader = InputReader::new(self.api.clone(), kind, input, size);
            let feedback = self.plan.feedback.as_ref();
            let feedback = feedback.map(|plan| FeedbackWriter::new(plan, &base, self.api.spare()));
            mapper = self
                .pump(&mut reader, mapper, &base, async |mapped| {
                    self.tell(mapped, entry, &base, feedback.as_ref(), &mut feedback_rows)
                        .await
                })
                .await?;
            self.log(LogAt::Finish, &entry.log, &base).await;
        }
        self.report_nothing(&self.looked).await;
        self.report_empty(&mapper).await;
        Ok(())
    }

    /// Writes the feedback of mapped rows, then logs what is due.
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
                self.counters.add_outcome(outcome.status);
            }
            if let Some(feedback) = feedback {
                let rows = Finished::Body(Arc::new(feedback.body(chunk)?));
                self.write(OutputFile::Feedback, &rows, *feedback_rows)
                    .await?;
                *feedback_rows += rows.len() as u64;
            }
            let number = self.counters.add_batch();
            self.progress.show(&self.counters.snapshot());
            self.log_chunk(chunk, number, &entry.log, base).await?;
        }
        Ok(())
    }
}
