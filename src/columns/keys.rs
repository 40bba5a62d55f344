//! The keys that lookups are asked for: worked out before rows are mapped, so that many are asked for
//! together.

use std::sync::Arc;

use indexmap::IndexSet;

use super::fit::Fit;
use super::mapper::{Input, Mapper};
use super::rules::{Judgement, Rules};
use super::sight::{BatchFrames, Sight, Vars};
use crate::row::Batch;
use crate::template::{Frame, Value};

impl Mapper {
    /// The keys that a lookup is asked for by the rows of a batch.
    pub fn keys_of_batch(&mut self, batch: &Arc<Batch>, lookup: usize) -> Vec<String> {
        let rules = Arc::clone(&self.rules);
        let frames = BatchFrames::new(&rules.base, batch, true);
        let mut keys = IndexSet::new();
        for (index, row) in batch.rows().enumerate() {
            let fit = self.fits.of(&rules, row.shape());
            let frames = &frames;
            let input = Input::Row { row, index, frames };
            add_keys(&rules, &input, &fit, lookup, &mut keys);
        }
        keys.into_iter().collect()
    }

    /// The keys that a lookup is asked for by records.
    pub fn keys_of_records<'r>(
        &mut self,
        records: impl Iterator<Item = (&'r Value, &'r Arc<Frame>)>,
        lookup: usize,
    ) -> Vec<String> {
        let rules = Arc::clone(&self.rules);
        let fit = Fit {
            cells: Vec::new(),
            layout: None,
        };
        let mut keys = IndexSet::new();
        for (record, frame) in records {
            let input = Input::Record { record, frame };
            add_keys(&rules, &input, &fit, lookup, &mut keys);
        }
        keys.into_iter().collect()
    }
}

/// The keys of one row, unless it is removed before. What fails here fails again when the row is
/// mapped, and is said then.
fn add_keys(
    rules: &Rules,
    input: &Input<'_>,
    fit: &Fit,
    lookup: usize,
    keys: &mut IndexSet<String>,
) {
    let parts = rules.parts(input, fit).unwrap_or_default();
    let parts: Vec<Option<Value>> = if parts.is_empty() {
        vec![None]
    } else {
        parts.into_iter().map(Some).collect()
    };
    let mapping = &rules.plan.mapping;
    for part in parts {
        let vars = Vars::new(mapping.vars.len());
        let sight = Sight::new(input, &fit.cells, part, &vars, &mapping.var_names)
            .with_lookups(rules.lookups.as_ref())
            .with_paths(&rules.forms.paths);
        for (number, template) in mapping.vars.iter().enumerate() {
            let form = rules.forms.vars[number].as_ref();
            let _ = sight.fill_var(number, template, form);
        }
        let Some(lookups) = sight.looked_up() else {
            return;
        };
        let is_removed = matches!(
            rules.judge(&sight),
            Ok(Judgement::LeftOut | Judgement::Rejected(_))
        );
        if is_removed && !lookups.is_touched() {
            continue;
        }
        if !lookups.is_wanted(lookup).unwrap_or_default() {
            continue;
        }
        if let Ok(Some(key)) = lookups.key(lookup) {
            keys.insert(key);
        }
    }
}
