//! Mode data-source: rows from elsewhere to the site.

use std::sync::Arc;

use super::Run;
use super::error::RunError;
use crate::columns::{Mapped, Mapper};
use crate::source::{Context, Looked, Lookups, Newest, Records, Seen};
use crate::spec::LogLevel;

impl Run {
    pub(super) async fn data_source(&self, mut mapper: Mapper) -> Result<(), RunError> {
        let newest = Arc::new(Newest::default());
        let context = self.context();
        let lookups = self.lookups(&mapper).await?;
        let mut records = Records::start(&context, &self.plan.source);
        let mut stop = self.api.stop().clone();
        loop {
            let next = tokio::select! {
                next = records.next() => next,
                () = stop.stopped() => {
                    records.wind_down().await;
                    return Err(RunError::Stopped);
                }
            };
            let Some(mut chunk) = next? else { break };
            chunk.retain(|seen| !seen.is_root);
            if let Some(lookups) = &lookups {
                let keys = |lookup| {
                    let records = chunk.iter().map(|seen| (&seen.record, &seen.frame));
                    mapper.keys_of_records(records, lookup)
                };
                lookups.ask(keys).await?;
            }
            self.check_stop()?;
            let (mapped_by, mapped) = self.map_chunk(mapper, chunk, &newest).await?;
            mapper = mapped_by;
            for mapped in mapped {
                self.write_mapped(mapped).await?;
                self.judge_limits(false)?;
            }
        }
        self.write_mapped(mapper.finish()?).await?;
        self.report_nothing(&context.looked).await;
        self.report_empty(&mapper).await;
        self.keep_newest(&newest);
        Ok(())
    }

    /// Maps records on a thread of its own: meanwhile the next ones are fetched and read here.
    async fn map_chunk(
        &self,
        mut mapper: Mapper,
        chunk: Vec<Seen>,
        newest: &Arc<Newest>,
    ) -> Result<(Mapper, Vec<Mapped>), RunError> {
        let plan = Arc::clone(&self.plan);
        let counters = Arc::clone(&self.counters);
        let newest = Arc::clone(newest);
        let work = move || {
            let mut finished = Vec::new();
            for seen in chunk {
                counters.add_taken(1);
                counters.add_read(1);
                if let Some(incremental) = &plan.incremental {
                    newest
                        .note(incremental, &seen.frame)
                        .map_err(RunError::Incremental)?;
                }
                finished.extend(mapper.map_record(&seen.record, &seen.frame)?);
            }
            Ok((mapper, finished))
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| RunError::Bug)?
    }

    /// The lookups of a mapper, those that are read once being read.
    pub(super) async fn lookups(&self, mapper: &Mapper) -> Result<Option<Lookups>, RunError> {
        let Some(tables) = mapper.lookups() else {
            return Ok(None);
        };
        let lookups = Lookups::new(self.context(), tables);
        Box::pin(lookups.prepare()).await?;
        Ok(Some(lookups))
    }

    /// What all steps share.
    pub(super) fn context(&self) -> Context {
        Context {
            plan: Arc::clone(&self.plan),
            http: Arc::clone(&self.http),
            api: self.api.clone(),
            base: Arc::clone(&self.base),
            looked: Arc::clone(&self.looked),
            is_frugal: false,
        }
    }

    /// A warning for each column that was empty in every row.
    pub(super) async fn report_empty(&self, mapper: &Mapper) {
        let counts = self.counters.snapshot();
        if counts.mapped() == 0 {
            return;
        }
        for sentence in mapper.empty_columns() {
            self.api.log(LogLevel::Warning, &sentence, None).await;
        }
    }

    /// A source that gave no record at all says where it looked.
    pub(super) async fn report_nothing(&self, looked: &Looked) {
        let is_empty = self.counters.snapshot().read == 0;
        for sentence in looked.sentences() {
            if is_empty || sentence.starts_with("lookup") {
                self.api.log(LogLevel::Warning, &sentence, None).await;
            }
        }
    }
}
