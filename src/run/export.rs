//! Modes export and export-delta: each row's fate, told back as the run goes.

use std::sync::Arc;

use super::Run;
use super::error::RunError;
use super::messages::outcome_frame;
use crate::columns::{Chunk, Mapped, Mapper, Status};
use crate::container_api::{InputReader, InputType, OutputFile};
use crate::plan::{EntryPlan, FeedbackPlan};
use crate::row::BatchWriter;
use crate::spec::{FeedbackRows, LogAt};
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
            mapper = self
                .pump(&mut reader, mapper, &base, async |mapped| {
                    self.tell(mapped, entry, &base, &mut feedback_rows).await
                })
                .await?;
            self.log(LogAt::Finish, &entry.log, &base).await;
        }
        Ok(())
    }

    /// Writes the feedback of mapped rows, then logs what is due.
    async fn tell(
        &self,
        mapped: Mapped,
        entry: &EntryPlan,
        base: &Arc<Frame>,
        feedback_rows: &mut u64,
    ) -> Result<(), RunError> {
        self.counters.add_filtered(mapped.filtered);
        self.report_errors(&mapped.errors).await;
        for chunk in &mapped.chunks {
            for outcome in &chunk.outcomes {
                self.counters.add_outcome(outcome.status);
            }
            if let Some(feedback) = &self.plan.feedback {
                let batch = Arc::new(feedback_batch(feedback, chunk, base)?.finish());
                self.write(OutputFile::Feedback, &batch, *feedback_rows)
                    .await?;
                *feedback_rows += batch.len() as u64;
            }
            let number = self.counters.add_batch();
            self.progress.show(&self.counters.snapshot());
            self.log_chunk(chunk, number, &entry.log, base).await;
        }
        Ok(())
    }
}

fn feedback_batch(
    plan: &FeedbackPlan,
    chunk: &Chunk,
    base: &Arc<Frame>,
) -> Result<BatchWriter, RunError> {
    let mut writer = BatchWriter::new();
    for (index, outcome) in chunk.outcomes.iter().enumerate() {
        let is_told = match plan.rows {
            FeedbackRows::All => true,
            FeedbackRows::Failed => outcome.status == Status::Rejected,
        };
        if !is_told {
            continue;
        }
        let frame = outcome_frame(chunk, index, base);
        writer.start_row();
        for (name, template) in &plan.columns {
            let failed = |message: String| RunError::Feedback(name.clone(), message);
            let value = template
                .value(&frame)
                .map_err(|error| failed(error.message))?;
            writer
                .cell(name, &value)
                .map_err(|error| failed(error.to_string()))?;
        }
        writer
            .end_row()
            .map_err(|error| RunError::Feedback(String::new(), error.to_string()))?;
    }
    Ok(writer)
}
