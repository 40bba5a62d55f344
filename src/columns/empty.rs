//! Columns that were empty in every row: a typo in a path can't be told from a field that an API left
//! out, but a column that never held anything can be pointed at.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexSet;
use minijinja::value::ValueKind;

use crate::diagnostics::nearest::nearest;
use crate::plan::WatchedPlan;
use crate::template::{Frame, Value, is_nothing, text_of};

/// Records whose names are looked at.
const SAMPLED: usize = 1000;
/// Names that are remembered of a record.
const NAMES: usize = 1000;

/// Which columns held something so far.
#[derive(Debug)]
pub struct Filled {
    watched: Vec<WatchedPlan>,
    columns: Vec<AtomicBool>,
    sampled: AtomicUsize,
    /// The names that records had, by what they are called.
    names: Mutex<HashMap<String, IndexSet<String>>>,
    /// What the columns read records by.
    owners: Vec<String>,
}

impl Filled {
    /// None did.
    pub fn new(watched: Vec<WatchedPlan>) -> Self {
        let mut owners: Vec<String> = watched
            .iter()
            .flat_map(|column| column.reads.iter().map(|(owner, _)| owner.clone()))
            .collect();
        owners.sort();
        owners.dedup();
        Self {
            // Text that stands in the spec is meant so.
            columns: watched
                .iter()
                .map(|column| AtomicBool::new(column.is_constant))
                .collect(),
            watched,
            sampled: AtomicUsize::new(0),
            names: Mutex::default(),
            owners,
        }
    }

    /// Whether a column held something.
    #[inline]
    pub fn is_filled(&self, column: usize) -> bool {
        self.columns[column].load(Ordering::Relaxed)
    }

    /// A column held something.
    pub fn fill(&self, column: usize) {
        self.columns[column].store(true, Ordering::Relaxed);
    }

    /// Looks at a column's value.
    #[inline]
    pub fn note(&self, column: usize, value: &Value) {
        if !self.is_filled(column) && holds_something(value) {
            self.fill(column);
        }
    }

    /// Remembers the names of a row.
    pub fn sample_row<'n>(&self, names: impl Iterator<Item = &'n str>) {
        self.add("row", names.map(str::to_owned));
    }

    /// Remembers the names of the records that a frame sees.
    pub fn sample(&self, frame: &Arc<Frame>) {
        if self.owners.is_empty() || self.sampled.fetch_add(1, Ordering::Relaxed) >= SAMPLED {
            return;
        }
        for owner in &self.owners {
            let Some(value) = frame.get(owner) else {
                continue;
            };
            if value.kind() == ValueKind::Map {
                let keys = value.try_iter().into_iter().flatten();
                self.add(owner, keys.map(|key| text_of(&key).into_owned()));
            }
        }
    }

    fn add(&self, owner: &str, names: impl Iterator<Item = String>) {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(owner.to_owned()).or_default();
        for name in names {
            if known.len() >= NAMES {
                return;
            }
            known.insert(name);
        }
    }

    /// A sentence for each column that was empty in every row.
    pub fn sentences(&self) -> Vec<String> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sentences = Vec::new();
        for (index, column) in self.watched.iter().enumerate() {
            if self.is_filled(index) {
                continue;
            }
            let unseen = column.reads.iter().find_map(|(owner, field)| {
                let known = names.get(owner).filter(|known| !known.is_empty())?;
                if known.contains(field) {
                    return None;
                }
                let near = nearest(field, known.iter().map(String::as_str));
                Some(match near {
                    Some(near) => format!("no {owner} has \"{field}\"; did you mean \"{near}\"?"),
                    None => format!("no {owner} has \"{field}\""),
                })
            });
            let what = unseen.unwrap_or_else(|| "empty in every row".to_owned());
            sentences.push(format!("{}: {what}", column.name));
        }
        sentences
    }
}

fn holds_something(value: &Value) -> bool {
    if is_nothing(value) {
        return false;
    }
    match value.as_str() {
        Some(text) => !text.is_empty(),
        None => match value.kind() {
            ValueKind::Seq | ValueKind::Map => value.len() != Some(0),
            _ => true,
        },
    }
}
