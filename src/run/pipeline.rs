//! Three things at a time: the next batch is read while one is mapped and the one before it is
//! written. Order is kept, and no more than a few batches are under way.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::Run;
use super::error::RunError;
use crate::columns::{Mapped, Mapper, RowError};
use crate::container_api::{ApiError, Handed, InputReader};
use crate::counters::{Ahead, Counters};
use crate::row::{Batch, Scanner};
use crate::source::Lookups;
use crate::template::{Frame, Value};

/// Batches under way at most: one that is read, one that is mapped, one that is written.
const UNDER_WAY: usize = 3;

/// The same where batches or rows are logged: writing takes two calls or more a batch there, and one
/// batch ahead is enough to keep it busy.
const UNDER_WAY_LOGGED: usize = 2;

/// A batch that takes longer is mapped on a thread of its own. For a shorter one, handing it over
/// and back costs more than it gains: its bytes are at hand where they were read, and what the
/// network does meanwhile is done by the system.
const SHORT: Duration = Duration::from_micros(500);

/// A batch on its way to the mapper.
struct Incoming {
    handed: Handed,
    /// Given back once its rows are written.
    permit: OwnedSemaphorePermit,
}

/// A mapped batch on its way to the writer.
struct Outgoing {
    batch: MappedBatch,
    permit: OwnedSemaphorePermit,
}

/// What came of a batch.
struct MappedBatch {
    /// Rows that were read.
    rows: u64,
    mapped: Result<Mapped, RowError>,
}

impl Run {
    /// Reads to the end. `handle` is given each mapped batch in order; the mapper comes back.
    pub(super) async fn pump(
        &self,
        reader: &mut InputReader,
        mapper: Mapper,
        base: &Arc<Frame>,
        mut handle: impl AsyncFnMut(Mapped) -> Result<(), RunError>,
    ) -> Result<Mapper, RunError> {
        let (to_mapper, incoming) = mpsc::channel(UNDER_WAY);
        let (to_writer, mut outgoing) = mpsc::channel::<Outgoing>(UNDER_WAY);
        let ahead = Value::from_object(Ahead(Arc::clone(&self.counters)));
        let base = Arc::new(Frame::on(base).with("run", ahead));
        let mapper = mapper.on(&base);
        let lookups = self.lookups(&mapper).await?;
        let mapping = Mapping {
            lookups,
            mapper,
            scanner: Scanner::new(self.api.spare().clone()),
            counters: Arc::clone(&self.counters),
            took: Duration::ZERO,
        };
        let writing = async move {
            while let Some(Outgoing { batch, permit }) = outgoing.recv().await {
                self.check_stop()?;
                self.counters.add_read(batch.rows);
                handle(batch.mapped?).await?;
                drop(permit);
                self.judge_limits(false)?;
            }
            Ok(())
        };
        let ahead = async {
            let reading = self.read_all(reader, to_mapper);
            tokio::join!(reading, Box::pin(mapping.map_all(incoming, to_writer)))
        };
        let (read, mapper) = both(writing, ahead).await?;
        read?;
        let mapper = mapper?;
        self.check_stop()?;
        reader.check_count().await?;
        Ok(mapper)
    }

    /// Reads to the end, as far ahead as is allowed.
    async fn read_all(
        &self,
        reader: &mut InputReader,
        to_mapper: mpsc::Sender<Incoming>,
    ) -> Result<(), RunError> {
        let under_way = if self.plan.logs_as_it_goes() {
            UNDER_WAY_LOGGED
        } else {
            UNDER_WAY
        };
        let permits = Arc::new(Semaphore::new(under_way));
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            let Some(handed) = self.read(reader).await? else {
                break;
            };
            if to_mapper.send(Incoming { handed, permit }).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Reads a batch; a signal ends the waiting.
    async fn read(&self, reader: &mut InputReader) -> Result<Option<Handed>, RunError> {
        let mut stop = self.api.stop().clone();
        let read = tokio::select! {
            read = reader.next() => read,
            () = stop.stopped() => Err(ApiError::Stopped),
        };
        match read {
            // The stop is noticed where rows are written: what is being written is finished first.
            Err(ApiError::Stopped) => Ok(None),
            read => Ok(read?),
        }
    }
}

/// Waits for writing and for what runs ahead of it. Where writing fails, nothing more has to be read
/// or mapped; what was read is written to its end all the same, whatever becomes of reading.
pub(super) async fn both<T>(
    writing: impl Future<Output = Result<(), RunError>>,
    ahead: impl Future<Output = T>,
) -> Result<T, RunError> {
    let (mut writing, mut ahead) = (std::pin::pin!(writing), std::pin::pin!(ahead));
    tokio::select! {
        biased;
        written = &mut writing => {
            written?;
            Ok(ahead.await)
        }
        ahead = &mut ahead => {
            writing.await?;
            Ok(ahead)
        }
    }
}

/// The mapper at work.
struct Mapping {
    lookups: Option<Lookups>,
    mapper: Mapper,
    scanner: Scanner,
    counters: Arc<Counters>,
    /// How long the last batch took.
    took: Duration,
}

impl Mapping {
    /// Maps what comes in until nothing does, nothing is taken, or a row fails.
    async fn map_all(
        mut self,
        mut incoming: mpsc::Receiver<Incoming>,
        to_writer: mpsc::Sender<Outgoing>,
    ) -> Result<Mapper, RunError> {
        while let Some(Incoming { handed, permit }) = incoming.recv().await {
            // What is to be sent meanwhile goes out first.
            tokio::task::yield_now().await;
            let handed = match self.lookups.clone() {
                None => handed,
                Some(lookups) => match self.look_up(&lookups, handed).await? {
                    Some(batch) => Handed::Rows(batch),
                    None => continue,
                },
            };
            let (mapping, batch) = self.map_where_it_fits(handed).await?;
            self = mapping;
            // An answer without rows: the reader was told, and makes it good.
            let Some(batch) = batch else { continue };
            let is_over = batch.mapped.is_err();
            if to_writer.send(Outgoing { batch, permit }).await.is_err() || is_over {
                break;
            }
        }
        Ok(self.mapper)
    }

    /// Asks for what the rows of a batch need.
    async fn look_up(
        &mut self,
        lookups: &Lookups,
        handed: Handed,
    ) -> Result<Option<Arc<Batch>>, RunError> {
        let batch = match handed {
            Handed::Rows(batch) => batch,
            Handed::Unread(unread) => match unread.scan(&mut self.scanner) {
                Some(batch) => batch,
                None => return Ok(None),
            },
        };
        let keys = |lookup| self.mapper.keys_of_batch(&batch, lookup);
        lookups.ask(keys).await?;
        Ok(Some(batch))
    }

    /// Maps a batch here, or on a thread of its own.
    async fn map_where_it_fits(
        mut self,
        handed: Handed,
    ) -> Result<(Self, Option<MappedBatch>), RunError> {
        let is_short = self.took <= SHORT;
        let work = move || {
            let batch = self.map(handed);
            (self, batch)
        };
        if !is_short {
            return tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| RunError::Bug);
        }
        // Nothing of what broke off is used again.
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| RunError::Bug)
    }

    fn map(&mut self, handed: Handed) -> Option<MappedBatch> {
        let began = Instant::now();
        let batch = match handed {
            Handed::Rows(batch) => batch,
            Handed::Unread(unread) => unread.scan(&mut self.scanner)?,
        };
        self.counters.add_taken(batch.len() as u64);
        let mapped = self.mapper.map_batch(&batch);
        self.took = began.elapsed();
        Some(MappedBatch {
            rows: batch.len() as u64,
            mapped,
        })
    }
}
