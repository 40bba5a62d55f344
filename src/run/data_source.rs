//! Mode data-source: rows from elsewhere to the site.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Run;
use super::error::RunError;
use super::pipeline::both;
use crate::columns::{Mapped, Mapper};
use crate::source::{Context, Looked, Lookups, Newest, Records, Seen};
use crate::spec::LogLevel;

/// Mapped rows that wait to be written.
const UNDER_WAY: usize = 2;

impl Run {
    pub(super) async fn data_source(&self, mut mapper: Mapper) -> Result<(), RunError> {
        let newest = Arc::new(Newest::default());
        let context = self.context();
        let lookups = self.lookups(&mapper).await?;
        let (to_writer, mut mapped) = mpsc::channel::<Vec<Mapped>>(UNDER_WAY);
        let mapping = async {
            let mut records = Records::start(&context, &self.plan.source);
            while let Some(chunk) = self.next_records(&mut records).await? {
                if let Some(lookups) = &lookups {
                    let keys = |lookup| {
                        let records = chunk.iter().map(|seen| (&seen.record, &seen.frame));
                        mapper.keys_of_records(records, lookup)
                    };
                    lookups.ask(keys).await?;
                }
                let (mapped_by, mapped) = self.map_chunk(mapper, chunk, &newest).await?;
                mapper = mapped_by;
                if !mapped.is_empty() && to_writer.send(mapped).await.is_err() {
                    // Writing failed, and says why.
                    break;
                }
            }
            let rest = mapper.finish()?;
            let _ = to_writer.send(vec![rest]).await;
            drop(to_writer);
            Ok::<_, RunError>(mapper)
        };
        let writing = async {
            while let Some(several) = mapped.recv().await {
                for mapped in several {
                    self.check_stop()?;
                    self.write_mapped(mapped).await?;
                    self.judge_limits(false)?;
                }
            }
            Ok(())
        };
        let mapper = both(writing, Box::pin(mapping)).await??;
        self.report_nothing(&context.looked).await;
        self.report_empty(&mapper).await;
        self.keep_newest(&newest);
        Ok(())
    }

    /// The next records; a signal ends the waiting, and steps say goodbye.
    async fn next_records(&self, records: &mut Records) -> Result<Option<Vec<Seen>>, RunError> {
        let mut stop = self.api.stop().clone();
        let next = tokio::select! {
            next = records.next() => next,
            () = stop.stopped() => {
                records.wind_down().await;
                return Err(RunError::Stopped);
            }
        };
        let mut chunk = next?;
        if let Some(chunk) = &mut chunk {
            chunk.retain(|seen| !seen.is_root);
        }
        self.check_stop()?;
        Ok(chunk)
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
