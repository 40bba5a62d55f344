//! What becomes of a column because of its name: kept, dropped, renamed. Worked out once a name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{KeepPlan, MappingPlan};
use crate::spec::KeepWord;

/// Names that are remembered; a feed with more columns than this has them worked out again.
const REMEMBERED: usize = 20_000;

/// What becomes of a column because of its name.
#[derive(Debug)]
pub struct NameFate {
    /// The column of `columns` with this name.
    pub set: Option<usize>,
    /// Whether it goes on by itself.
    pub kept: bool,
    /// What it is called in the end.
    pub out: OutName,
}

/// A column's name in the end.
#[derive(Debug)]
pub enum OutName {
    /// As before.
    Same,
    /// The column is left out.
    Dropped,
    /// A new one.
    Renamed(Box<str>),
}

/// The fates of names.
#[derive(Debug, Default)]
pub struct Names {
    fates: HashMap<Box<str>, Arc<NameFate>>,
}

impl Names {
    /// What becomes of a column. `set` are the names of `columns`.
    pub fn fate(
        &mut self,
        name: &str,
        set: &[Option<String>],
        plan: &MappingPlan,
    ) -> Arc<NameFate> {
        if let Some(fate) = self.fates.get(name) {
            return Arc::clone(fate);
        }
        let kept = match &plan.keep {
            KeepPlan::Word(word) => *word == KeepWord::All,
            KeepPlan::Names(patterns) => patterns.iter().any(|pattern| pattern.matches(name)),
        };
        let out = if plan.drop.iter().any(|pattern| pattern.matches(name)) {
            OutName::Dropped
        } else {
            plan.rename
                .iter()
                .find_map(|(from, to)| from.captures(name).map(|texts| to.fill(&texts)))
                .filter(|renamed| renamed != name)
                .map_or(OutName::Same, |renamed| OutName::Renamed(renamed.into()))
        };
        let fate = Arc::new(NameFate {
            set: set.iter().position(|set| set.as_deref() == Some(name)),
            kept,
            out,
        });
        if self.fates.len() >= REMEMBERED {
            self.fates.clear();
        }
        self.fates.insert(name.into(), Arc::clone(&fate));
        fate
    }
}
