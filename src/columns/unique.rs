//! `unique`: the first row of each value, 16 bytes a row.

use std::collections::HashSet;

use xxhash_rust::xxh3::Xxh3;

use crate::row::Row;

/// The values seen so far.
#[derive(Debug, Default)]
pub struct Unique {
    seen: HashSet<u128>,
}

impl Unique {
    /// Whether this is the first row with its value in these columns. A row that has no value in
    /// any of them is never a repetition.
    pub fn is_first(&mut self, row: Row<'_>, columns: &[String]) -> bool {
        let mut hasher = Xxh3::new();
        let mut is_empty = true;
        for column in columns {
            let text = row.get(column).unwrap_or_default();
            is_empty &= text.is_empty();
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        is_empty || self.seen.insert(hasher.digest128())
    }
}
