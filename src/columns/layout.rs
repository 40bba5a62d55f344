//! How a row of one shape is written: worked out once a shape, and then a few copies a row.

use std::collections::HashMap;

use super::emit::SetName;
use super::names::{Names, OutName};
use crate::plan::{KeepPlan, MappingPlan};
use crate::row::{Shape, quoted_name};
use crate::spec::KeepWord;

/// What is written for a row, in order.
#[derive(Debug)]
pub struct Layout {
    pub steps: Vec<Step>,
}

/// A part of a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The cells from one to another, as they came.
    Copy { first: usize, last: usize },
    /// A cell's value as it came, under a new name: `"name":`.
    Renamed { name: Box<[u8]>, cell: usize },
    /// A column of `columns`, under its name: `"name":`.
    Set { name: Box<[u8]>, column: usize },
}

impl Layout {
    /// The layout for a shape; nothing where only the row itself can tell how it is written: star
    /// columns, names that are taken.
    pub fn new(
        shape: &Shape,
        plan: &MappingPlan,
        set: &[SetName],
        fixed: &[Option<String>],
        names: &mut Names,
    ) -> Option<Self> {
        let mut layout = Self { steps: Vec::new() };
        let mut written = vec![false; set.len()];
        let mut taken = Vec::new();
        for (cell, name) in shape.names().enumerate() {
            let fate = names.fate(name, fixed, plan);
            if !fate.kept {
                continue;
            }
            if let Some(column) = fate.set {
                if !std::mem::replace(&mut written[column], true) {
                    layout.set(column, name, &fate.out, &mut taken)?;
                }
                continue;
            }
            match &fate.out {
                OutName::Dropped => {}
                OutName::Same => {
                    taken.push((name.into(), false));
                    layout.copy(cell);
                }
                OutName::Renamed(new) => {
                    taken.push((new.clone(), true));
                    let name = quoted_name(new);
                    layout.steps.push(Step::Renamed { name, cell });
                }
            }
        }
        for (column, name) in set.iter().enumerate() {
            let SetName::One(name) = name else {
                return None;
            };
            if !written[column] {
                let fate = names.fate(name, fixed, plan);
                layout.set(column, name, &fate.out, &mut taken)?;
            }
        }
        (!has_clash(&taken)).then_some(layout)
    }

    /// The layout of records; nothing where more than `columns` is written, or only the record tells.
    pub fn of_record(plan: &MappingPlan, set: &[SetName]) -> Option<Self> {
        let is_plain = matches!(plan.keep, KeepPlan::Word(KeepWord::None))
            && plan.drop.is_empty()
            && plan.rename.is_empty();
        if !is_plain {
            return None;
        }
        let steps = set.iter().enumerate().map(|(column, name)| match name {
            SetName::One(name) => Some(Step::Set {
                name: quoted_name(name),
                column,
            }),
            SetName::Star(_) => None,
        });
        Some(Self {
            steps: steps.collect::<Option<_>>()?,
        })
    }

    fn set(
        &mut self,
        column: usize,
        name: &str,
        out: &OutName,
        taken: &mut Vec<Name>,
    ) -> Option<()> {
        let name = match out {
            OutName::Same => name,
            OutName::Renamed(new) => new,
            // Its template is worked out all the same, and may fail.
            OutName::Dropped => return None,
        };
        taken.push((name.into(), matches!(out, OutName::Renamed(_))));
        self.steps.push(Step::Set {
            name: quoted_name(name),
            column,
        });
        Some(())
    }

    fn copy(&mut self, cell: usize) {
        match self.steps.last_mut() {
            Some(Step::Copy { last, .. }) if *last + 1 == cell => *last = cell,
            _ => self.steps.push(Step::Copy {
                first: cell,
                last: cell,
            }),
        }
    }
}

/// A name, and whether a rule of `rename` gave it.
type Name = (Box<str>, bool);

/// Whether a column got the name of another. A name that came twice stays twice.
fn has_clash(taken: &[Name]) -> bool {
    if !taken.iter().any(|(_, is_renamed)| *is_renamed) {
        return false;
    }
    let mut known = HashMap::new();
    taken.iter().any(|(name, is_renamed)| {
        let before = known.insert(name, is_renamed);
        before.is_some_and(|was_renamed| *is_renamed || *was_renamed)
    })
}
