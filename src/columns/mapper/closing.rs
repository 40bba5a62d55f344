//! A chunk is ended: rows that repeat are taken out, and what is looked at again is read.

use std::sync::Arc;

use super::{Mapper, Open, RowError, keep_those};
use crate::columns::body::{Body, BodyWriter};
use crate::columns::{Chunk, Finished};
use crate::row::{Batch, PADDING, ScanError};

impl Mapper {
    /// Ends the chunk in the making.
    pub(super) fn close(&mut self) -> Result<(), RowError> {
        if self.open.writer.is_empty() {
            return Ok(());
        }
        let Open {
            writer,
            mut outcomes,
            mut frames,
        } = self.begin();
        let body = writer.finish();
        let plan = Arc::clone(&self.rules.plan);
        let rows = if !plan.mapping.unique.is_empty() {
            let rows = self.read_again(body)?;
            let is_first = self.first_rows(&rows, &plan.mapping.unique);
            keep_those(&mut outcomes, &is_first);
            keep_those(&mut frames, &is_first);
            let repeated = is_first.iter().filter(|is_first| !**is_first).count();
            self.mapped.filtered += repeated as u64;
            self.without_repeated(rows, &is_first)?
        } else if plan.reads_finished_rows {
            Finished::Batch(Arc::new(self.read_again(body)?))
        } else {
            Finished::Body(Arc::new(body))
        };
        if rows.is_empty() {
            return Ok(());
        }
        self.mapped.chunks.push(Chunk {
            rows,
            outcomes,
            frames,
        });
        Ok(())
    }

    /// Begins a chunk, about as long as the one that is ended by it and comes back.
    fn begin(&mut self) -> Open {
        let length = self.open.writer.byte_len();
        let next = Open::new(&self.spare, length + length / 32 + PADDING);
        std::mem::replace(&mut self.open, next)
    }

    fn read_again(&mut self, body: Body) -> Result<Batch, RowError> {
        body.into_batch(&mut self.scanner)
            .map_err(|error| self.bug(&error))
    }

    fn bug(&self, error: &ScanError) -> RowError {
        RowError {
            number: self.rows_seen,
            first_cell: String::new(),
            message: format!("a bug in runner, please report it: finished rows: {error}"),
        }
    }

    /// The rows that are the first of theirs.
    fn without_repeated(&mut self, rows: Batch, is_first: &[bool]) -> Result<Finished, RowError> {
        if !is_first.contains(&false) {
            return Ok(Finished::Batch(Arc::new(rows)));
        }
        let mut writer = BodyWriter::new(self.spare.clone(), rows.bytes().len());
        for (row, _) in rows.rows().zip(is_first).filter(|(_, is_first)| **is_first) {
            // It fitted before, among others.
            let _ = writer.raw_row(row.json());
        }
        let body = writer.finish();
        Ok(if body.is_empty() {
            Finished::Body(Arc::new(body))
        } else {
            Finished::Batch(Arc::new(self.read_again(body)?))
        })
    }

    /// Which rows are the first with their value of `unique`.
    fn first_rows(&mut self, batch: &Batch, columns: &[String]) -> Vec<bool> {
        let rows = batch.rows();
        rows.map(|row| self.unique.is_first(row, columns)).collect()
    }
}
