//! `item`: one row as the channel wants it.

use std::sync::Arc;

use crate::columns::Filled;
use crate::http::json_of;
use crate::plan::request::TreePlan;
use crate::plan::target::ItemPlan;
use crate::template::{Frame, Value, document};

/// Makes items of rows, and remembers which of their keys ever held something.
pub struct Items<'p> {
    plan: &'p ItemPlan,
    filled: Filled,
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
        }
    }

    /// The item of a row; an error is what is told of it.
    pub fn make(&self, frame: &Arc<Frame>) -> Result<MadeItem, String> {
        let made = make(self.plan, frame)?;
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

    /// A sentence for each key that was empty in every row.
    pub fn empty_keys(&self) -> Vec<String> {
        let sentences = self.filled.sentences();
        sentences
            .into_iter()
            .map(|text| format!("item.{text}"))
            .collect()
    }
}

/// The item of a row; an error is what is told of it.
pub fn make(plan: &ItemPlan, frame: &Arc<Frame>) -> Result<MadeItem, String> {
    let json = json_of(&plan.tree, frame).map_err(|error| match guilty_key(&plan.tree, frame) {
        Some(key) => format!("item.{key}: {error}"),
        None => format!("item: {error}"),
    })?;
    let bytes = json.len() as u64;
    let value = document::read_exact(json).map_err(|error| format!("item: {error}"))?;
    Ok(MadeItem { value, bytes })
}

/// The key whose value can't be made.
fn guilty_key<'t>(tree: &'t TreePlan, frame: &Arc<Frame>) -> Option<&'t str> {
    let TreePlan::Map(entries) = tree else {
        return None;
    };
    let mut entries = entries.iter();
    entries
        .find(|(_, value)| json_of(value, frame).is_err())
        .map(|(key, _)| &**key)
}
