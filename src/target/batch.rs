//! Rows are gathered until a batch is full: by their number, by bytes, by one value.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::parcel::{Parcel, Unit};
use crate::plan::target::BatchPlan;
use crate::run::Counters;

/// Rows that a batch of one value may wait behind later ones; then it goes out though it is not full,
/// so that what is held, and what is not told yet, stays bounded.
pub const BEHIND: u64 = 10_000;

/// Gathers rows into batches.
pub struct Batcher<'p> {
    plan: &'p BatchPlan,
    counters: Arc<Counters>,
    /// Batches in the making, by the value of `by`.
    open: HashMap<String, Open>,
    /// Their values and numbers, oldest first; of those that are closed some are still here.
    ages: VecDeque<(String, u64)>,
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
            open: HashMap::new(),
            ages: VecDeque::new(),
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
        let open = self.open.remove(by)?;
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
        let ages = std::mem::take(&mut self.ages);
        let units = ages.into_iter().filter_map(|(by, number)| {
            let is_it = |open: &&Open| open.unit.number == Some(number);
            self.open.get(&by).filter(is_it)?;
            self.close(&by)
        });
        units.collect()
    }

    fn open_for(&mut self, by: &str) -> &mut Open {
        let (counters, ages) = (&self.counters, &mut self.ages);
        self.open.entry(by.to_owned()).or_insert_with(|| {
            let number = counters.add_batch();
            ages.push_back((by.to_owned(), number));
            Open {
                unit: Unit {
                    number: Some(number),
                    parcels: Vec::new(),
                    attempts: 0,
                    refused: None,
                },
                bytes: 0,
            }
        })
    }

    /// Batches whose first row waits too far behind.
    fn left_behind(&mut self, newest: u64) -> Vec<Unit> {
        let mut due = Vec::new();
        while let Some((by, number)) = self.ages.front() {
            let open = self.open.get(by);
            let open = open.filter(|open| open.unit.number == Some(*number));
            let first = open.and_then(|open| open.unit.parcels.first());
            if first.is_some_and(|first| first.place + BEHIND > newest) {
                break;
            }
            let is_open = open.is_some();
            let by = self.ages.pop_front().map(|(by, _)| by).unwrap_or_default();
            if is_open {
                due.extend(self.close(&by));
            }
        }
        due
    }
}
