//! Rows are gathered until a batch is full: by their number, by bytes, by one value.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use super::parcel::{Parcel, Unit};
use super::traces::Traces;
use crate::counters::Counters;
use crate::plan::target::{BatchPlan, Groups};

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
    /// Groups that are not cut and take no more rows, by the hash of their value.
    over: HashMap<u128, Over>,
    /// Whole groups that wait for others to go out with.
    packed: Open,
    /// Numbers what is in the making.
    next: u64,
}

/// A batch, or a group, in the making.
#[derive(Default)]
struct Open {
    /// Which of all it is, from 1.
    age: u64,
    /// The batch's number, where it is known before the batch is full.
    number: Option<u64>,
    parcels: Vec<Parcel>,
    bytes: u64,
}

/// Why a group takes no more rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// It was sent.
    Sent,
    /// It has more rows or bytes than a batch.
    TooLarge,
}

/// What came of another row.
#[derive(Default)]
pub struct Pushed {
    /// Batches that are due by it.
    pub due: Vec<Unit>,
    /// The places of rows that can't be sent, as their group would be cut, and why.
    pub refused: Vec<(u64, String)>,
}

impl<'p> Batcher<'p> {
    /// No row yet.
    pub fn new(plan: &'p BatchPlan, counters: Arc<Counters>) -> Self {
        Self {
            plan,
            counters,
            open: HashMap::new(),
            ages: VecDeque::new(),
            over: HashMap::new(),
            packed: Open::default(),
            next: 0,
        }
    }

    /// The number and the length of the batch that the next row of this value goes into; groups that
    /// are packed are numbered later.
    pub fn place(&mut self, by: &str) -> (u64, usize) {
        let open = self.open_for(by);
        (open.number.unwrap_or_default(), open.parcels.len())
    }

    /// Whether a row of so many bytes still fits into the batch of its value. Groups that are not cut
    /// have no other batch to go to.
    pub fn has_room(&self, by: &str, bytes: u64) -> bool {
        let Some(open) = self.open.get(by) else {
            return true;
        };
        // One that is too large for any batch goes alone.
        self.is_whole(by) || open.parcels.is_empty() || self.fits(open.bytes + bytes)
    }

    fn fits(&self, bytes: u64) -> bool {
        self.plan.bytes.is_none_or(|most| bytes <= most)
    }

    /// Ends the batch of a value.
    pub fn close(&mut self, by: &str) -> Option<Unit> {
        let open = self.open.remove(by)?;
        if open.parcels.is_empty() {
            return None;
        }
        match self.plan.groups() {
            Some(Groups::Packed) => self.pack(open),
            Some(Groups::Alone | Groups::Cut) | None => Some(self.unit(open)),
        }
    }

    /// Adds a row.
    pub fn push(&mut self, by: &str, parcel: Parcel, bytes: u64) -> Pushed {
        let newest = parcel.place;
        let most = self.plan.rows;
        let mut pushed = Pushed::default();
        if self.is_whole(by) {
            self.push_whole(by, parcel, bytes, &mut pushed);
        } else {
            let open = self.open_for(by);
            open.parcels.push(parcel);
            open.bytes += bytes;
            // A row without a value is a group of its own.
            let is_packed = self.plan.groups() == Some(Groups::Packed);
            if is_packed || self.count(by) >= most {
                pushed.due.extend(self.close(by));
            }
        }
        if self.plan.by.is_some() {
            pushed.due.extend(self.left_behind(newest));
        }
        pushed
    }

    fn count(&self, by: &str) -> usize {
        self.open.get(by).map_or(0, |open| open.parcels.len())
    }

    /// Whether the rows of this value are a group that is not cut: those without a value are none.
    fn is_whole(&self, by: &str) -> bool {
        match self.plan.groups() {
            Some(Groups::Alone | Groups::Packed) => !by.is_empty(),
            Some(Groups::Cut) | None => false,
        }
    }

    fn push_whole(&mut self, by: &str, parcel: Parcel, bytes: u64, pushed: &mut Pushed) {
        let id = xxh3_128(by.as_bytes());
        if let Some(over) = self.over.get(&id) {
            pushed.refused.push((parcel.place, self.refusal(by, *over)));
            return;
        }
        let most = self.plan.rows;
        let limit = self.plan.bytes;
        let open = self.open_for(by);
        let is_too_large = open.parcels.len() >= most
            || !open.parcels.is_empty() && limit.is_some_and(|limit| open.bytes + bytes > limit);
        open.parcels.push(parcel);
        open.bytes += bytes;
        if is_too_large {
            let parcels = self.open.remove(by).map_or(Vec::new(), |open| open.parcels);
            self.over.insert(id, Over::TooLarge);
            let reason = self.refusal(by, Over::TooLarge);
            let places = parcels.iter().map(|parcel| parcel.place);
            pushed
                .refused
                .extend(places.map(|place| (place, reason.clone())));
        }
    }

    fn refusal(&self, by: &str, over: Over) -> String {
        let more = match (over, self.plan.bytes) {
            (Over::Sent, _) => format!(
                "other rows of it were sent before this one came, {BEHIND} rows later; sort the rows by it"
            ),
            (Over::TooLarge, None) => {
                format!("it has more than {} rows; raise `rows`", self.plan.rows)
            }
            (Over::TooLarge, Some(bytes)) => format!(
                "it has more than {} rows or {bytes} bytes; raise `rows` or `bytes`",
                self.plan.rows
            ),
        };
        format!(
            "batch.by: the group {by:?} would be cut: {more}, or say split: true if it may be cut"
        )
    }

    /// All that is left.
    pub fn flush(&mut self) -> Vec<Unit> {
        let ages = std::mem::take(&mut self.ages);
        let mut units = Vec::new();
        for (by, age) in ages {
            if self.open.get(&by).is_some_and(|open| open.age == age) {
                units.extend(self.close(&by));
            }
        }
        let rest = std::mem::take(&mut self.packed);
        if !rest.parcels.is_empty() {
            units.push(self.unit(rest));
        }
        units
    }

    /// A group goes out with others: those before it do, where it has no room beside them.
    fn pack(&mut self, group: Open) -> Option<Unit> {
        let rows = self.packed.parcels.len() + group.parcels.len();
        let has_room = rows <= self.plan.rows && self.fits(self.packed.bytes + group.bytes);
        let full = if has_room || self.packed.parcels.is_empty() {
            None
        } else {
            let full = std::mem::take(&mut self.packed);
            Some(self.unit(full))
        };
        self.packed.parcels.extend(group.parcels);
        self.packed.bytes += group.bytes;
        full
    }

    fn unit(&self, open: Open) -> Unit {
        let number = open.number.unwrap_or_else(|| self.counters.add_batch());
        Unit {
            number: Some(number),
            parcels: open.parcels,
            attempts: 0,
            wait: Duration::ZERO,
            traces: Traces::default(),
        }
    }

    fn open_for(&mut self, by: &str) -> &mut Open {
        let is_packed = self.plan.groups() == Some(Groups::Packed);
        let (counters, ages, next) = (&self.counters, &mut self.ages, &mut self.next);
        self.open.entry(by.to_owned()).or_insert_with(|| {
            *next += 1;
            ages.push_back((by.to_owned(), *next));
            Open {
                age: *next,
                number: (!is_packed).then(|| counters.add_batch()),
                ..Open::default()
            }
        })
    }

    /// Batches whose first row waits too far behind.
    fn left_behind(&mut self, newest: u64) -> Vec<Unit> {
        let mut due = Vec::new();
        while let Some((by, age)) = self.ages.front() {
            let open = self.open.get(by).filter(|open| open.age == *age);
            let first = open.and_then(|open| open.parcels.first());
            if first.is_some_and(|first| first.place + BEHIND > newest) {
                break;
            }
            let is_open = open.is_some();
            let by = self.ages.pop_front().map(|(by, _)| by).unwrap_or_default();
            if is_open {
                if self.is_whole(&by) {
                    self.over.insert(xxh3_128(by.as_bytes()), Over::Sent);
                }
                due.extend(self.close(&by));
            }
        }
        due
    }
}

#[cfg(test)]
mod tests;
