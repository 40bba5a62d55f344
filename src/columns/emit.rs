//! Writing one row: set columns where they stand or at the end, the others as they came.

use std::borrow::Cow;
use std::collections::HashMap;

use minijinja::value::ValueKind;

use super::body::{BodyWriter, CellError};
use super::flatten::{flatten, is_nested};
use super::mapper::Input;
use super::names::{Names, OutName};
use crate::plan::{KeepPlan, MappingPlan};
use crate::row::pattern::Pattern;
use crate::row::quoted_name;
use crate::spec::KeepWord;
use crate::template::{Value, is_nothing};

/// The name of a set column, options filled in.
#[derive(Debug, Clone)]
pub enum SetName {
    /// One column.
    One(String),
    /// A column of each key of a map.
    Star(Pattern),
}

/// A column that is to be written.
struct SetCell {
    /// Which column of `columns` it came from.
    group: usize,
    name: String,
    value: Value,
    written: bool,
}

/// Why a row could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// A star column's value is no map.
    #[error("column `{0}`: a star takes a map, and this is a {1}")]
    NoMap(String, ValueKind),
    /// A value that no cell can hold.
    #[error("column `{0}`: {1}")]
    Cell(String, CellError),
    /// `rename` gives a name that another column has.
    #[error("rename: the row has a column `{0}` already; drop that one first")]
    Taken(String),
}

/// Writes rows of one mapping.
pub struct Emitter<'m> {
    pub plan: &'m MappingPlan,
    pub names: &'m mut Names,
    /// The set columns.
    pub set: &'m [SetName],
    /// The names of those without a star, for look-up.
    pub fixed: &'m [Option<String>],
}

impl Emitter<'_> {
    /// Writes a row; the caller begins and ends it.
    pub fn emit(
        &mut self,
        input: &Input<'_>,
        values: Vec<Value>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        let mut cells = self.set_cells(values)?;
        let mut used = (!self.plan.rename.is_empty()).then(Taken::new);
        match input {
            Input::Row { row, .. } => {
                for cell in 0..row.len() {
                    let name = row.name(cell);
                    let fate = self.names.fate(name, self.fixed, self.plan);
                    if !fate.kept {
                        continue;
                    }
                    let replaced = fate.set.is_some() || cells.iter().any(|set| set.name == name);
                    if replaced {
                        self.emit_where_it_stands(name, fate.set, &mut cells, &mut used, out)?;
                        continue;
                    }
                    match &fate.out {
                        OutName::Dropped => {}
                        OutName::Same => {
                            take(&mut used, name, false)?;
                            out.raw_cells(row.raw_cells(cell, cell));
                        }
                        OutName::Renamed(new) => {
                            take(&mut used, new, true)?;
                            let value = row.raw_value(cell);
                            out.start_cell(&quoted_name(new))
                                .extend_from_slice(value.as_bytes());
                        }
                    }
                }
                self.emit_rest(&mut cells, &mut used, out)
            }
            Input::Record { record, .. } => {
                self.emit_rest(&mut cells, &mut used, out)?;
                if matches!(self.plan.keep, KeepPlan::Word(KeepWord::None)) {
                    return Ok(());
                }
                self.emit_fields(record, &cells, &mut used, out)
            }
        }
    }

    fn set_cells(&self, values: Vec<Value>) -> Result<Vec<SetCell>, EmitError> {
        let mut cells: Vec<SetCell> = Vec::with_capacity(values.len());
        for (group, (name, value)) in self.set.iter().zip(values).enumerate() {
            let mut columns = Vec::new();
            match name {
                SetName::One(name) if !is_nested(&value) => columns.push((name.clone(), value)),
                SetName::One(name) => flatten(name.clone(), value, &mut columns),
                SetName::Star(_) if is_nothing(&value) => {}
                SetName::Star(pattern) if value.kind() == ValueKind::Map => {
                    for key in value.try_iter().into_iter().flatten() {
                        let item = value.get_item(&key).unwrap_or_default();
                        flatten(pattern.fill(&[&key.to_string()]), item, &mut columns);
                    }
                }
                SetName::Star(pattern) => {
                    return Err(EmitError::NoMap(pattern.fill(&["*"]), value.kind()));
                }
            }
            let may_repeat = columns.len() != 1 || !matches!(name, SetName::One(_));
            for (name, value) in columns {
                let known = may_repeat
                    .then(|| cells.iter_mut().find(|cell| cell.name == name))
                    .flatten();
                match known {
                    Some(cell) => cell.value = value,
                    None => cells.push(SetCell {
                        group,
                        name,
                        value,
                        written: false,
                    }),
                }
            }
        }
        Ok(cells)
    }

    /// Writes the set columns that stand where an input column `name` stands.
    fn emit_where_it_stands(
        &mut self,
        name: &str,
        group: Option<usize>,
        cells: &mut [SetCell],
        used: &mut Option<Taken>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        for cell in cells {
            if !cell.written && (Some(cell.group) == group || cell.name == name) {
                self.emit_cell(cell, used, out)?;
            }
        }
        Ok(())
    }

    fn emit_rest(
        &mut self,
        cells: &mut [SetCell],
        used: &mut Option<Taken>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        for cell in cells {
            if !cell.written {
                self.emit_cell(cell, used, out)?;
            }
        }
        Ok(())
    }

    fn emit_cell(
        &mut self,
        cell: &mut SetCell,
        used: &mut Option<Taken>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        cell.written = true;
        self.emit_named(&cell.name, &cell.value, used, out)
    }

    fn emit_named(
        &mut self,
        name: &str,
        value: &Value,
        used: &mut Option<Taken>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        let fate = self.names.fate(name, self.fixed, self.plan);
        let name: Cow<'_, str> = match &fate.out {
            OutName::Dropped => return Ok(()),
            OutName::Same => Cow::Borrowed(name),
            OutName::Renamed(new) => Cow::Borrowed(new),
        };
        take(used, &name, matches!(fate.out, OutName::Renamed(_)))?;
        out.cell(&name, value)
            .map_err(|error| EmitError::Cell(name.into_owned(), error))
    }

    /// The fields of a record that go on by themselves, flattened, behind the set columns.
    fn emit_fields(
        &mut self,
        record: &Value,
        cells: &[SetCell],
        used: &mut Option<Taken>,
        out: &mut BodyWriter,
    ) -> Result<(), EmitError> {
        let mut fields = Vec::new();
        if record.kind() != ValueKind::Map {
            // A record that is one value.
            flatten("value".to_owned(), record.clone(), &mut fields);
        }
        let is_map = record.kind() == ValueKind::Map;
        for key in record.try_iter().into_iter().flatten().filter(|_| is_map) {
            let value = record.get_item(&key).unwrap_or_default();
            flatten(key.to_string(), value, &mut fields);
        }
        for (name, value) in fields {
            let is_set = cells.iter().any(|cell| cell.name == name);
            let fate = self.names.fate(&name, self.fixed, self.plan);
            if fate.kept && !is_set && fate.set.is_none() {
                self.emit_named(&name, &value, used, out)?;
            }
        }
        Ok(())
    }
}

/// The names of a row, and whether a rule of `rename` gave them.
type Taken = HashMap<String, bool>;

/// Notes a name where columns are renamed, so that no column gets the name of another. A name that
/// came twice stays twice.
fn take(used: &mut Option<Taken>, name: &str, is_renamed: bool) -> Result<(), EmitError> {
    let Some(used) = used else { return Ok(()) };
    match used.insert(name.to_owned(), is_renamed) {
        Some(was_renamed) if is_renamed || was_renamed => Err(EmitError::Taken(name.to_owned())),
        _ => Ok(()),
    }
}
