//! Buffers that go round: what a batch took is used again for a later one, so that memory is asked
//! for only while the first batches are on their way.

use std::sync::{Arc, Mutex, PoisonError};

use super::batch::{Cell, RowPlace};

/// Buffers of a kind that are kept; more are never under way.
const KEPT: usize = 8;

/// Buffers that wait to be used. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Spare(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    bytes: Vec<Vec<u8>>,
    tables: Vec<Tables>,
}

/// The places of a batch.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub cells: Vec<Cell>,
    pub rows: Vec<RowPlace>,
}

impl Spare {
    fn shelf<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        // A vector that was being moved when a thread panicked is there or not; both are whole.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An empty buffer.
    pub fn bytes(&self) -> Vec<u8> {
        self.shelf(|shelf| shelf.bytes.pop()).unwrap_or_default()
    }

    /// Takes a buffer back.
    pub fn give_back(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.shelf(|shelf| {
            if shelf.bytes.len() < KEPT {
                shelf.bytes.push(bytes);
            }
        });
    }

    pub(super) fn tables(&self) -> Tables {
        self.shelf(|shelf| shelf.tables.pop()).unwrap_or_default()
    }

    pub(super) fn give_back_tables(&self, mut tables: Tables) {
        tables.cells.clear();
        tables.rows.clear();
        self.shelf(|shelf| {
            if shelf.tables.len() < KEPT {
                shelf.tables.push(tables);
            }
        });
    }
}
