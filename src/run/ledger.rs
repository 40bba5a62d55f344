//! What became of each row of an entry, in the order read: what is known is told as soon as everything
//! before it is.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::columns::Chunk;
use crate::row::Batch;
use crate::target::RowOutcome;

/// Rows whose fates are not all told yet.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    chunks: VecDeque<OpenChunk>,
    /// The place of the next row.
    next: u64,
}

/// Rows that were mapped together.
#[derive(Debug)]
pub(super) struct OpenChunk {
    pub chunk: Chunk,
    pub rows: Arc<Batch>,
    /// The place of its first row in the entry, from 0.
    first: u64,
    /// Which rows' fates are known.
    is_known: Vec<bool>,
    /// So many were told.
    told: usize,
}

impl Ledger {
    /// Adds rows; those that are to be sent are not known yet. Comes back with the place of the first.
    pub fn add(&mut self, chunk: Chunk, rows: Arc<Batch>, is_known: Vec<bool>) -> u64 {
        let first = self.next;
        self.next += rows.len() as u64;
        self.chunks.push_back(OpenChunk {
            chunk,
            rows,
            first,
            is_known,
            told: 0,
        });
        first
    }

    /// The fate of a row is known.
    pub fn note(&mut self, told: RowOutcome) {
        let Some((open, index)) = self.find(told.place) else {
            return;
        };
        open.chunk.outcomes[index] = told.outcome;
        open.is_known[index] = true;
        if let Some(answers) = told.answers {
            open.chunk.frames[index] = answers;
        }
    }

    /// The rows at a place, and which of them it is.
    pub fn find(&mut self, place: u64) -> Option<(&mut OpenChunk, usize)> {
        let after = self.chunks.partition_point(|open| open.first <= place);
        let open = self.chunks.get_mut(after.checked_sub(1)?)?;
        let index = usize::try_from(place - open.first).ok()?;
        (index < open.rows.len()).then_some((open, index))
    }

    /// The next rows that can be told; they are to be marked by [`Ledger::is_told`].
    pub fn due(&self) -> Option<(&OpenChunk, Range<usize>)> {
        let open = self.chunks.front()?;
        let known = open.is_known[open.told..]
            .iter()
            .take_while(|known| **known);
        let end = open.told + known.count();
        (end > open.told).then_some((open, open.told..end))
    }

    /// The rows of [`Ledger::due`] up to `end` were told.
    pub fn is_told(&mut self, end: usize) {
        let Some(open) = self.chunks.front_mut() else {
            return;
        };
        open.told = end;
        if end == open.rows.len() {
            self.chunks.pop_front();
        }
    }

    /// The next rows that are known though one before them is not, chunk by chunk: what is left to tell
    /// at the end. The rest has no fate.
    pub fn rest(&mut self) -> Option<(OpenChunk, Vec<usize>)> {
        let open = self.chunks.pop_front()?;
        let known = (open.told..open.is_known.len()).filter(|index| open.is_known[*index]);
        let known = known.collect();
        Some((open, known))
    }

    /// Where the first row stands that is not told.
    pub fn oldest(&self) -> u64 {
        let first = self.chunks.front();
        first.map_or(self.next, |open| open.first + open.told as u64)
    }
}

#[cfg(test)]
mod tests;
