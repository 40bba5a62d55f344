//! `item`: one row as the channel wants it.

use std::cell::Cell;
use std::sync::Arc;

use super::parcel::Parcel;
use crate::columns::Filled;
use crate::plan::target::ItemPlan;
use crate::template::tree::{json_of, placed};
use crate::template::{Frame, TemplateError, Value, document};

/// Makes items of rows, and remembers which of their keys ever held something.
pub struct Items<'p> {
    plan: &'p ItemPlan,
    filled: Filled,
    /// How many could be made, and how many could not.
    made: Cell<u64>,
    failed: Cell<u64>,
}

/// An item, and how many bytes it has as JSON.
pub struct MadeItem {
    /// The item.
    pub value: Value,
    /// Its bytes.
    pub bytes: u64,
}

impl<'p> Items<'p> {
    /// None yet.
    pub fn new(plan: &'p ItemPlan) -> Self {
        Self {
            plan,
            filled: Filled::new(plan.keys.clone()),
            made: Cell::new(0),
            failed: Cell::new(0),
        }
    }

    /// The item of a row.
    pub fn make(&self, frame: &Arc<Frame>) -> Result<MadeItem, ItemError> {
        let count = |counter: &Cell<u64>| counter.set(counter.get() + 1);
        let made = make(self.plan, frame).inspect_err(|_| count(&self.failed))?;
        count(&self.made);
        for (number, key) in self.plan.keys.iter().enumerate() {
            if !self.filled.is_filled(number) {
                let value = made.value.get_attr(&key.name).unwrap_or_default();
                self.filled.note(number, &value);
            }
        }
        Ok(made)
    }

    /// Remembers the names of a row's columns.
    pub fn sample<'n>(&self, names: impl Iterator<Item = &'n str>) {
        self.filled.sample_row(names);
    }

    /// A sentence for each key that was empty in every row; none where most rows had no item.
    pub fn empty_keys(&self) -> Vec<String> {
        if self.made.get() <= self.failed.get() {
            return Vec::new();
        }
        let sentences = self.filled.sentences();
        sentences
            .into_iter()
            .map(|text| format!("item.{text}"))
            .collect()
    }
}

/// Why a row has no item.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// What was made is no JSON.
    #[error("item: {0}")]
    Json(#[from] serde_json::Error),
}

/// The item of a row.
pub fn make(plan: &ItemPlan, frame: &Arc<Frame>) -> Result<MadeItem, ItemError> {
    let json =
        json_of(&plan.tree, frame).map_err(|error| placed("item", &plan.tree, frame, error))?;
    let bytes = json.len() as u64;
    let value = document::read_exact(json)?;
    Ok(MadeItem { value, bytes })
}

/// Makes the items of rows anew that go out in a batch of another number.
pub fn renumber(plan: &ItemPlan, parcels: &mut [Parcel], number: u64) {
    for (index, parcel) in parcels.iter_mut().enumerate() {
        let frame = in_batch(&parcel.frame, number, index);
        // It could be made before.
        if let Ok(made) = make(plan, &frame) {
            parcel.item = made.value;
        }
    }
}

/// What `item` sees of a row in a batch.
pub fn in_batch(frame: &Arc<Frame>, number: u64, index: usize) -> Arc<Frame> {
    let batch = Value::from_pairs([
        ("number", Value::from(number)),
        ("index", Value::from(index)),
    ]);
    Arc::new(Frame::on(frame).with("batch", batch))
}
