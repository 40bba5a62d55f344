//! Rows are gathered until a batch is full: by their number, by bytes, by one value.

use std::sync::Arc;

use indexmap::IndexMap;

use super::parcel::{Parcel, Unit};
use crate::plan::target::BatchPlan;
use crate::run::Counters;

/// Rows that a batch of one value may wait behind later ones; then it goes out though it is not full,
/// so that what is held, and what is not told yet, stays bounded.
const BEHIND: u64 = 10_000;

/// Gathers rows into batches.
pub struct Batcher<'p> {
    plan: &'p BatchPlan,
    counters: Arc<Counters>,
    /// Batches in the making, by the value of `by`, oldest first.
    open: IndexMap<String, Open>,
}

/// A batch in the making.
struct Open {
    unit: Unit,
    bytes: u64,
}

impl<'p> Batcher<'p> {
    /// No row yet.
    pub fn new(plan: &'p BatchPlan, counters: Arc<Counters>) -> Self {
        Self {
            plan,
            counters,
            open: IndexMap::new(),
        }
    }

    /// The number and the length of the batch that the next row of this value goes into.
    pub fn place(&mut self, by: &str) -> (u64, usize) {
        let open = self.open_for(by);
        (open.unit.number.unwrap_or_default(), open.unit.count())
    }

    /// Whether a row of so many bytes still fits into the batch of its value.
    pub fn has_room(&self, by: &str, bytes: u64) -> bool {
        let Some(open) = self.open.get(by) else {
            return true;
        };
        // One that is too large for any batch goes alone.
        open.unit.parcels.is_empty()
            || self
                .plan
                .bytes
                .is_none_or(|most| open.bytes + bytes <= most)
    }

    /// Ends the batch of a value.
    pub fn close(&mut self, by: &str) -> Option<Unit> {
        let open = self.open.shift_remove(by)?;
        (open.unit.count() > 0).then_some(open.unit)
    }

    /// Adds a row; batches that are due by it come back.
    pub fn push(&mut self, by: &str, parcel: Parcel, bytes: u64) -> Vec<Unit> {
        let newest = parcel.place;
        let most = self.plan.rows;
        let open = self.open_for(by);
        open.unit.parcels.push(parcel);
        open.bytes += bytes;
        let mut due = Vec::new();
        if open.unit.count() >= most {
            due.extend(self.close(by));
        }
        if self.plan.by.is_some() {
            due.extend(self.left_behind(newest));
        }
        due
    }

    /// All that is left.
    pub fn flush(&mut self) -> Vec<Unit> {
        let open = std::mem::take(&mut self.open);
        let units = open.into_values().map(|open| open.unit);
        units.filter(|unit| unit.count() > 0).collect()
    }

    fn open_for(&mut self, by: &str) -> &mut Open {
        let counters = &self.counters;
        if !self.open.contains_key(by) {
            let open = Open {
                unit: Unit {
                    number: Some(counters.add_batch()),
                    parcels: Vec::new(),
                    attempts: 0,
                },
                bytes: 0,
            };
            self.open.insert(by.to_owned(), open);
        }
        &mut self.open[by]
    }

    /// Batches whose first row waits too far behind.
    fn left_behind(&mut self, newest: u64) -> Vec<Unit> {
        let mut due = Vec::new();
        while let Some((_, open)) = self.open.first() {
            let first = open.unit.parcels.first().map(|parcel| parcel.place);
            if first.is_some_and(|first| first + BEHIND > newest) {
                break;
            }
            due.extend(self.open.shift_remove_index(0).map(|(_, open)| open.unit));
        }
        due.retain(|unit| unit.count() > 0);
        due
    }
}
