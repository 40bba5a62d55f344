//! Buffers that go round: what a batch took is used again for a later one, so that memory is asked
//! for only while the first batches are on their way.

use std::sync::{Arc, Mutex, PoisonError};

use super::batch::{Cell, RowPlace};

/// Buffers of a kind that are kept; more are never under way.
const KEPT: usize = 8;

/// Sizes of buffers are multiples of this, so that one that was made for a batch does for the next.
const STEP: usize = 64 << 10;

/// Buffers that wait to be used. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Spare(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    bytes: Vec<Vec<u8>>,
    tables: Vec<CellTables>,
}

impl Shelf {
    /// The smallest buffer whose size will do.
    fn position(&self, will_do: impl Fn(usize) -> bool) -> Option<usize> {
        let sizes = self.bytes.iter().map(Vec::capacity).enumerate();
        let (at, _) = sizes
            .filter(|(_, size)| will_do(*size))
            .min_by_key(|(_, size)| *size)?;
        Some(at)
    }
}

/// The places of a batch.
#[derive(Debug, Default)]
pub(super) struct CellTables {
    pub cells: Vec<Cell>,
    pub rows: Vec<RowPlace>,
}

impl Spare {
    fn shelf<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        // A vector that was being moved when a thread panicked is there or not; both are whole.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An empty buffer with room for so many bytes: the one that fits best. None is made larger,
    /// which would leave holes in memory.
    pub fn bytes(&self, room: usize) -> Vec<u8> {
        let found = self.shelf(|shelf| {
            let at = shelf.position(|size| size >= room)?;
            Some(shelf.bytes.swap_remove(at))
        });
        found.unwrap_or_else(|| Vec::with_capacity(room.next_multiple_of(STEP)))
    }

    /// Takes a buffer back.
    pub fn give_back(&self, mut bytes: Vec<u8>) {
        if bytes.capacity() == 0 {
            return;
        }
        bytes.clear();
        self.shelf(|shelf| {
            shelf.bytes.push(bytes);
            // Batches have grown: what is too small by now goes first.
            if shelf.bytes.len() > KEPT {
                if let Some(at) = shelf.position(|_| true) {
                    shelf.bytes.swap_remove(at);
                }
            }
        });
    }

    pub(super) fn tables(&self) -> CellTables {
        self.shelf(|shelf| shelf.tables.pop()).unwrap_or_default()
    }

    pub(super) fn give_back_tables(&self, mut tables: CellTables) {
        tables.cells.clear();
        tables.rows.clear();
        self.shelf(|shelf| {
            if shelf.tables.len() < KEPT {
                shelf.tables.push(tables);
            }
        });
    }
}
