//! Mode data-source: rows from elsewhere to the site.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Run;
use super::error::RunError;
use super::pipeline::both;
use crate::columns::{Mapped, Mapper};
use crate::source::{Context, Lookups, Newest, Observations, RecordInSight, Records};
use crate::spec::LogLevel;

/// Records that wait to be mapped, and rows that wait to be written, in groups.
const UNDER_WAY: usize = 4;

/// What goes to the mapper.
enum Work {
    /// Records; who waits for them to be mapped is told.
    Records(Vec<RecordInSight>, Option<oneshot::Sender<()>>),
    /// There are no more: rows that wait for others are finished. Without it they are not, as reading
    /// failed.
    End,
}

impl Run {
    pub(super) async fn data_source(&self, mapper: Mapper) -> Result<(), RunError> {
        let newest = Arc::new(Newest::default());
        let context = self.context();
        let lookups = self.lookups(&mapper).await?;
        let (to_mapper, work) = mpsc::channel(UNDER_WAY);
        let (to_writer, mut mapped) = mpsc::channel(UNDER_WAY);
        let mut keys_by = mapper.beside();
        let mapping = self.mapping_thread(mapper, work, to_writer, &newest);
        let mut records = Records::start(&context, &self.plan.source);
        let mut left = self.most_records;
        let reading = async move {
            let read = async {
                while left != Some(0) {
                    let next = self.next_records(&mut records, &to_mapper).await?;
                    let Some(mut chunk) = next else { break };
                    if let Some(left) = &mut left {
                        chunk.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                        *left -= chunk.len() as u64;
                    }
                    let mut is_mapped = None;
                    let mut done = None;
                    if let Some(lookups) = &lookups {
                        let keys = |lookup| {
                            let records = chunk.iter().map(|seen| (&seen.record, &seen.frame));
                            keys_by.keys_of_records(records, lookup)
                        };
                        lookups.ask(keys).await?;
                        // What was looked up is that of one chunk: the next one waits.
                        let (sender, receiver) = oneshot::channel();
                        (is_mapped, done) = (Some(sender), Some(receiver));
                    }
                    let work = Work::Records(chunk, is_mapped);
                    if to_mapper.send(work).await.is_err() {
                        // Mapping has ended, and says why.
                        return Ok(());
                    }
                    if let Some(done) = done {
                        let _ = done.await;
                    }
                }
                // Where mapping has ended it needs no end.
                let _ = to_mapper.send(Work::End).await;
                Ok(())
            };
            let read: Result<(), RunError> = read.await;
            if self.check_stop().is_err() {
                records.wind_down().await;
            } else if left == Some(0) {
                records.enough().await;
            }
            drop(to_mapper);
            // Where both failed, the row came before what could not be read.
            let mapper = mapping.await.map_err(|_| RunError::Bug)??;
            read.map(|()| mapper)
        };
        let writing = async {
            while let Some(mapped) = mapped.recv().await {
                // A stopped run writes no more, but lets the steps say goodbye.
                if self.check_stop().is_ok() {
                    let written = self.write_mapped(mapped).await;
                    if self.check_stop().is_ok() {
                        written?;
                        self.judge_limits(false)?;
                    }
                }
            }
            self.check_stop()
        };
        let mapper = both(writing, Box::pin(reading)).await??;
        self.report_nothing(&context.observations).await;
        self.report_empty(&mapper).await;
        self.judge_emptiness().await?;
        self.keep_newest(&newest);
        Ok(())
    }

    /// The next records. A signal ends the waiting, and so does the end of mapping, which says why.
    async fn next_records(
        &self,
        records: &mut Records,
        to_mapper: &mpsc::Sender<Work>,
    ) -> Result<Option<Vec<RecordInSight>>, RunError> {
        let mut stop = self.api.stop().clone();
        let next = tokio::select! {
            biased;
            () = stop.stopped() => return Err(RunError::Stopped),
            () = to_mapper.closed() => return Ok(None),
            next = records.next() => next,
        };
        let mut chunk = next?;
        if let Some(chunk) = &mut chunk {
            chunk.retain(|seen| !seen.is_root);
        }
        Ok(chunk)
    }

    /// Maps records on a thread of its own: meanwhile the next ones are fetched and read here, and
    /// those before are written. What comes of it is told at its end.
    fn mapping_thread(
        &self,
        mut mapper: Mapper,
        mut work: mpsc::Receiver<Work>,
        to_writer: mpsc::Sender<Mapped>,
        newest: &Arc<Newest>,
    ) -> oneshot::Receiver<Result<Mapper, RunError>> {
        let plan = Arc::clone(&self.plan);
        let counters = Arc::clone(&self.counters);
        let newest = Arc::clone(newest);
        let map_all = move || {
            while let Some(next) = work.blocking_recv() {
                let Work::Records(chunk, is_mapped) = next else {
                    let rest = mapper.finish()?;
                    let _ = to_writer.blocking_send(rest);
                    break;
                };
                for seen in chunk {
                    counters.add_taken(1);
                    counters.add_read(1);
                    if let Some(incremental) = &plan.incremental {
                        newest
                            .note(incremental, &seen.frame)
                            .map_err(RunError::Incremental)?;
                    }
                    let mapped = mapper.map_record(&seen.record, &seen.frame)?;
                    if let Some(mapped) = mapped {
                        if to_writer.blocking_send(mapped).is_err() {
                            // Writing failed, and says why.
                            return Ok(mapper);
                        }
                    }
                }
                // Whoever waited may be gone.
                let _ = is_mapped.map(|done| done.send(()));
            }
            Ok(mapper)
        };
        let (done, ended) = oneshot::channel();
        std::thread::spawn(move || {
            let _ = done.send(map_all());
        });
        ended
    }

    /// The lookups of a mapper, those that are read once being read.
    pub(super) async fn lookups(&self, mapper: &Mapper) -> Result<Option<Lookups>, RunError> {
        let Some(tables) = mapper.lookups() else {
            return Ok(None);
        };
        let lookups = Lookups::new(self.context(), tables, self.asked_by.clone());
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
            state: Arc::clone(&self.state),
            observations: Arc::clone(&self.observations),
            sizes: Arc::clone(&self.sizes),
            said: Arc::clone(&self.said),
            // A list of which only the beginning is wanted is not read on.
            is_frugal: self.most_records.is_some(),
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

    /// An import that reads nothing fails, unless the spec allows it or only changes were asked for; one
    /// that writes nothing of what it read says so.
    async fn judge_emptiness(&self) -> Result<(), RunError> {
        let counts = self.counters.snapshot();
        let wants_changes = self.plan.incremental.is_some() && self.state.has_since();
        if counts.read == 0 && !self.plan.allow_empty && !wants_changes {
            return Err(RunError::NoRecord);
        }
        if counts.read > 0 && counts.written == 0 && counts.filtered > 0 {
            let message = format!("no row was written: {} were filtered out", counts.filtered);
            self.api.log(LogLevel::Warning, &message, None).await;
        }
        Ok(())
    }

    /// A source that gave no record at all says where it looked.
    pub(super) async fn report_nothing(&self, looked: &Observations) {
        let is_empty = self.counters.snapshot().read == 0;
        for sentence in looked.sentences() {
            if is_empty || sentence.starts_with("lookup") {
                self.api.log(LogLevel::Warning, &sentence, None).await;
            }
        }
    }
}
