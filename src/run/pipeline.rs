//! One batch ahead: while a batch is mapped and written, the next one is read. A batch is written
//! before the next but one is asked for.

use std::sync::Arc;

use super::Run;
use super::error::RunError;
use crate::columns::{Mapped, Mapper, RowError};
use crate::container_api::{ApiError, InputReader};
use crate::row::Batch;
use crate::template::Frame;

impl Run {
    /// Reads to the end. `handle` is given each mapped batch in order; the mapper comes back.
    pub(super) async fn pump(
        &self,
        reader: &mut InputReader,
        mut mapper: Mapper,
        base: &Arc<Frame>,
        mut handle: impl AsyncFnMut(Mapped) -> Result<(), RunError>,
    ) -> Result<Mapper, RunError> {
        let mut next = self.read(reader).await?;
        while let Some(batch) = next {
            self.check_stop()?;
            self.counters.add_read(batch.len() as u64);
            let map_and_write = async {
                let (mapper, mapped) = map(mapper, batch, Arc::clone(base)).await?;
                handle(mapped?).await?;
                Ok::<_, RunError>(mapper)
            };
            // Both are waited for: what is being written is never broken off by a failed read.
            let (read, written) = tokio::join!(self.read(reader), map_and_write);
            mapper = written?;
            next = read?;
            self.judge_limits(false)?;
        }
        self.check_stop()?;
        reader.check_count().await?;
        Ok(mapper)
    }

    /// Reads a batch; a signal ends the waiting.
    async fn read(&self, reader: &mut InputReader) -> Result<Option<Batch>, RunError> {
        let mut stop = self.api.stop().clone();
        let read = tokio::select! {
            read = reader.next() => read,
            () = stop.stopped() => Err(ApiError::Stopped),
        };
        match read {
            // What was read before is still written; the stop is noticed behind it.
            Err(ApiError::Stopped) => Ok(None),
            read => Ok(read?),
        }
    }
}

/// Maps on a thread of its own, so that reading and writing go on meanwhile.
async fn map(
    mut mapper: Mapper,
    batch: Batch,
    base: Arc<Frame>,
) -> Result<(Mapper, Result<Mapped, RowError>), RunError> {
    let work = tokio::task::spawn_blocking(move || {
        let mapped = mapper.map_batch(&Arc::new(batch), &base);
        (mapper, mapped)
    });
    work.await.map_err(|_| RunError::Bug)
}
