//! Columns of the site that the end user chose and no row has: renamed since, misspelt, or hidden.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexSet;

use crate::diagnostics::nearest::nearest;
use crate::plan::Plan;
use crate::row::Shape;
use crate::spec::OptionType;
use crate::template::Frame;

/// Names of columns that are remembered, to find the nearest.
const NAMES: usize = 1000;

/// The columns that options of type `stage_columns_dropdown` name.
#[derive(Debug)]
pub struct SourceColumns {
    chosen: Vec<Chosen>,
    /// The platform hands out hidden columns too.
    shows_hidden: bool,
    names: Mutex<IndexSet<String>>,
}

#[derive(Debug)]
struct Chosen {
    option: String,
    column: String,
    is_required: bool,
    is_there: AtomicBool,
}

/// A column that no row had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingColumn {
    /// What to tell of it.
    pub sentence: String,
    /// Whether the option that names it is required.
    pub is_required: bool,
}

impl SourceColumns {
    /// Those of a plan with the option values that `base` shows.
    pub fn new(plan: &Plan, base: &Frame) -> Self {
        let values = base.get("options").unwrap_or_default();
        let dropdowns = plan
            .options
            .iter()
            .filter(|option| option.kind == OptionType::StageColumnsDropdown);
        let chosen = dropdowns.filter_map(|option| {
            let value = values.get_attr(&option.key).unwrap_or_default();
            let column = value.as_str().filter(|column| !column.is_empty())?;
            Some(Chosen {
                option: option.name.clone(),
                column: column.to_owned(),
                is_required: option.required,
                is_there: AtomicBool::new(false),
            })
        });
        Self {
            chosen: chosen.collect(),
            shows_hidden: plan.input.show_hidden,
            names: Mutex::default(),
        }
    }

    /// Looks at a shape that rows have.
    pub fn note(&self, shape: &Arc<Shape>) {
        if self.chosen.is_empty() {
            return;
        }
        for chosen in &self.chosen {
            if shape.find(&chosen.column).is_some() {
                chosen.is_there.store(true, Ordering::Relaxed);
            }
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for name in shape.distinct_names() {
            if names.len() >= NAMES {
                return;
            }
            names.insert(name.to_owned());
        }
    }

    /// Those that no row had.
    pub fn missing(&self) -> Vec<MissingColumn> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = self
            .chosen
            .iter()
            .filter(|chosen| !chosen.is_there.load(Ordering::Relaxed));
        let missing = missing.map(|chosen| {
            let Chosen { option, column, is_required, .. } = chosen;
            let mut sentence = format!("{option}: no row has the column \"{column}\"");
            if let Some(near) = nearest(column, names.iter().map(String::as_str)) {
                // Writing into a string does not fail.
                let _ = write!(sentence, "; did you mean \"{near}\"?");
            }
            if column.contains("__") && !self.shows_hidden {
                sentence += "; the platform hides columns with two underscores: `input: { show_hidden: true }` in the spec asks for them";
            }
            MissingColumn { sentence, is_required: *is_required }
        });
        missing.collect()
    }
}
