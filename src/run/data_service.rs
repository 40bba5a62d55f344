//! Mode data-service: the site's rows, changed, back to the site.

use super::Run;
use super::error::RunError;
use crate::columns::{Finished, Mapped, Mapper};
use crate::container_api::{InputReader, InputType, OutputFile};
use crate::spec::LogLevel;

impl Run {
    pub(super) async fn data_service(&self, mapper: Mapper) -> Result<(), RunError> {
        let plan = &self.plan;
        let (input, size) = (&plan.input, plan.batch_size);
        let mut reader = InputReader::new(self.api.clone(), InputType::Input, input, size);
        let mapper = self
            .pump(&mut reader, mapper, &self.base, async |mapped| {
                self.write_mapped(mapped).await
            })
            .await?;
        self.report_nothing(&self.observations).await;
        self.report_empty(&mapper).await;
        self.judge_source_columns(&mapper).await?;
        let counts = self.counters.snapshot();
        if counts.read > 0 && counts.written == 0 {
            let message = "No row was written: the site will be empty after this run";
            self.api.log(LogLevel::Warning, message, None).await;
        }
        Ok(())
    }

    /// A column that the end user chose and no row has is told; a required one fails the run.
    async fn judge_source_columns(&self, mapper: &Mapper) -> Result<(), RunError> {
        if self.counters.snapshot().read == 0 {
            return Ok(());
        }
        let mut required = Vec::new();
        for missing in mapper.missing_columns() {
            if missing.is_required {
                required.push(missing.sentence);
            } else {
                self.api
                    .log(LogLevel::Warning, &missing.sentence, None)
                    .await;
            }
        }
        if required.is_empty() {
            Ok(())
        } else {
            Err(RunError::NoColumn(required.join(". ")))
        }
    }

    /// Writes mapped rows to `output`, then logs what is due.
    pub(super) async fn write_mapped(&self, mapped: Mapped) -> Result<(), RunError> {
        self.counters.add_filtered(mapped.filtered);
        let skips = self.plan.on_error == crate::spec::OnError::Skip;
        if skips {
            self.counters.add_skipped(mapped.errors.len() as u64);
        }
        self.report_errors(&mapped.errors).await;
        for chunk in &mapped.chunks {
            let surely = self.counters.snapshot().written;
            self.write(OutputFile::Output, &chunk.rows, surely).await?;
            self.counters.add_written(chunk.rows.len() as u64);
            let number = self.counters.add_batch();
            self.progress.show(&self.counters.snapshot());
            self.log_chunk(chunk, number, &[], &self.base).await?;
        }
        Ok(())
    }

    /// Writes rows behind `surely` rows that are written already.
    pub(super) async fn write(
        &self,
        file: OutputFile,
        rows: &Finished,
        surely: u64,
    ) -> Result<(), RunError> {
        self.api
            .write(file, rows)
            .await
            .map_err(|error| RunError::Write {
                error,
                first: surely + 1,
                last: surely + rows.len() as u64,
                surely,
            })
    }
}
