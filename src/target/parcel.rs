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
}

impl Unit {
    /// One row alone.
    pub fn alone(parcel: Parcel) -> Self {
        Self {
            number: None,
            parcels: vec![parcel],
            attempts: 0,
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.parcels.len()
    }
}
