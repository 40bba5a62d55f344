//! Rows on their way to the channel.

use std::sync::Arc;

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
    /// Why that batch was refused.
    pub refused: Option<String>,
}

impl Unit {
    /// One row alone.
    pub fn alone(parcel: Parcel) -> Self {
        Self {
            number: None,
            parcels: vec![parcel],
            attempts: 0,
            refused: None,
        }
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
