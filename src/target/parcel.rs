//! Rows on their way to the channel.

use std::sync::Arc;
use std::time::Duration;

use super::results::Reason;
use super::traces::Traces;
use crate::template::{Frame, Value};

/// A row on its way to the channel.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Its place among the rows of its entry, from 0.
    pub place: u64,
    /// What its templates see: the finished row, and what its mapping saw.
    pub frame: Arc<Frame>,
    /// What `item` made of it; nothing where there is no `item`.
    pub item: Value,
    /// The value of `batch.by`, where rows have one.
    pub group: Option<Arc<str>>,
    /// Why it was refused, where it was sent before and goes again.
    pub refused: Option<Reason>,
}

impl Parcel {
    /// The same row, to go again; why it was refused.
    #[must_use]
    pub fn again(&self, reason: Reason) -> Self {
        Self {
            refused: Some(reason),
            ..self.clone()
        }
    }
}

/// Rows that are sent together: a batch, or one row alone.
#[derive(Debug)]
pub struct Unit {
    /// The batch's number, from 1; nothing where rows go alone.
    pub number: Option<u64>,
    /// The rows.
    pub parcels: Vec<Parcel>,
    /// How often they were sent before, in another batch.
    pub attempts: u32,
    /// How long it waits before it is sent.
    pub wait: Duration,
    /// What was left behind when its rows were sent before.
    pub traces: Traces,
}

impl Unit {
    /// One row alone.
    pub fn alone(parcel: Parcel) -> Self {
        Self {
            number: None,
            parcels: vec![parcel],
            attempts: 0,
            wait: Duration::ZERO,
            traces: Traces::default(),
        }
    }

    /// The rows of each group, in order: those beside each other that have one value.
    pub fn groups(&self) -> impl Iterator<Item = &[Parcel]> {
        self.parcels
            .chunk_by(|one, next| one.group.is_some() && one.group == next.group)
    }

    /// Where it can be cut in halves; `whole` groups are not cut.
    pub fn middle(&self, whole: bool) -> Option<usize> {
        let half = self.count().div_ceil(2);
        if !whole {
            return (self.count() > 1).then_some(half);
        }
        let mut ends = self.groups().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        });
        let end = ends.find(|end| *end >= half)?;
        if end < self.count() {
            return Some(end);
        }
        // The last group begins before the middle.
        let last = self.groups().last().map_or(0, <[Parcel]>::len);
        Some(self.count() - last).filter(|at| *at > 0)
    }

    /// The place of its first row; there is one.
    pub fn first_place(&self) -> u64 {
        self.parcels.first().map_or(0, |parcel| parcel.place)
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.parcels.len()
    }
}

/// Numbers of rows, from 1, in words: `row 3`, `rows 1 to 3, 5`. Runs are drawn together.
pub fn rows_in_words(rows: &[u64]) -> String {
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for row in rows {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *row => *last = *row,
            _ => spans.push((*row, *row)),
        }
    }
    let words: Vec<String> = spans
        .iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first} to {last}"),
        })
        .collect();
    match rows.len() {
        0 => "no row".to_owned(),
        1 => format!("row {}", words.join(", ")),
        _ => format!("rows {}", words.join(", ")),
    }
}
