//! Rows in, rows out.

mod closing;
mod input;

use std::sync::Arc;

pub use input::Input;

use super::body::BodyWriter;
use super::chunk::Chunk;
use super::emit::Emitter;
use super::error::MappingError;
use super::fit::{Fit, Fits};
use super::lookups::{LookupFate, LookupTables};
use super::names::Names;
use super::outcome::{Outcome, Status};
use super::rules::{Judgement, Rules, SetupError};
use super::sight::{BatchFrames, Sight, Vars};
use super::source_columns::MissingColumn;
use super::unique::Unique;
use crate::plan::Plan;
use crate::row::{Batch, Row, Scanner, Shape, Spare};
use crate::spec::OnError;
use crate::template::native::{LookedUp, Scene};
use crate::template::{Frame, Value};

/// Rows a body at most: what the platform itself hands out at a time.
const ROWS_A_BODY: usize = 999;

/// Rows that could not be mapped are told of after so many, though no body is full: limits on them
/// are judged then.
const ERRORS_AT_A_TIME: usize = 20;

/// Why a row could not be mapped.
#[derive(Debug, Clone, thiserror::Error)]
#[error("row {number}{first_cell}: {message}")]
pub struct RowError {
    /// Its number, from 1, in the order read.
    pub number: u64,
    /// Its first cell, to find it by.
    pub first_cell: String,
    /// What went wrong.
    pub message: String,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Mapped {
    /// Finished rows.
    pub chunks: Vec<Chunk>,
    /// Rows left out by `where` or `unique`.
    pub filtered: u64,
    /// Rows whose mapping failed, under `on_error: skip` or `keep`.
    pub errors: Vec<RowError>,
}

/// Maps the rows of one run.
pub struct Mapper {
    pub(super) rules: Arc<Rules>,
    pub(super) fits: Fits,
    /// For rows that are written the long way.
    names: Names,
    unique: Unique,
    rows_seen: u64,
    /// Whether a row that can't be mapped is left out, whatever the spec says.
    goes_on: bool,
    open: Open,
    mapped: Mapped,
    /// Reads finished rows once more, where that is needed.
    scanner: Scanner,
    spare: Spare,
}

/// The chunk in the making.
struct Open {
    writer: BodyWriter,
    outcomes: Vec<Outcome>,
    frames: Vec<Arc<Frame>>,
}

impl Open {
    fn new(spare: &Spare, expected: usize) -> Self {
        Self {
            writer: BodyWriter::new(spare.clone(), expected),
            outcomes: Vec::new(),
            frames: Vec::new(),
        }
    }
}

impl Mapper {
    /// A mapper for these option values (seen through `base`), whose buffers come from `spare`.
    pub fn new(plan: Arc<Plan>, base: &Arc<Frame>, spare: &Spare) -> Result<Self, SetupError> {
        Ok(Self {
            rules: Arc::new(Rules::new(plan, base)?),
            fits: Fits::default(),
            names: Names::default(),
            unique: Unique::default(),
            rows_seen: 0,
            goes_on: false,
            open: Open::new(spare, 0),
            mapped: Mapped::default(),
            scanner: Scanner::new(spare.clone()),
            spare: spare.clone(),
        })
    }

    /// The same mapper, which leaves out rows that can't be mapped where the spec ends the run: to look
    /// at the others.
    #[must_use]
    pub fn going_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// The same mapper where other names are seen: of an export, each of its inputs in turn.
    #[must_use]
    pub fn on(mut self, base: &Arc<Frame>) -> Self {
        self.rules = Arc::new(self.rules.on(base));
        self.fits = Fits::default();
        self
    }

    /// Another mapper by the same rules, with rows of its own.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self {
            rules: Arc::clone(&self.rules),
            fits: Fits::default(),
            names: Names::default(),
            unique: Unique::default(),
            rows_seen: 0,
            goes_on: self.goes_on,
            open: Open::new(&self.spare, 0),
            mapped: Mapped::default(),
            scanner: Scanner::new(self.spare.clone()),
            spare: self.spare.clone(),
        }
    }

    /// Maps a batch of the platform's rows.
    pub fn map_batch(&mut self, batch: &Arc<Batch>) -> Result<Mapped, RowError> {
        let rules = Arc::clone(&self.rules);
        let are_kept = rules.plan.mapping.keeps_frames;
        let frames = BatchFrames::new(&rules.base, batch, are_kept);
        let mut current: Option<(&Arc<Shape>, Arc<Fit>)> = None;
        for (index, row) in batch.rows().enumerate() {
            let fit = match current.take() {
                Some((shape, fit)) if Arc::ptr_eq(shape, row.shape()) => fit,
                _ => self.fits.of(&rules, row.shape()),
            };
            if !self.write_at_once(&rules, row, &fit)? {
                let frames = &frames;
                let input = Input::Row { row, index, frames };
                self.map(&rules, &input, &fit)?;
            }
            current = Some((row.shape(), fit));
        }
        self.close()?;
        Ok(std::mem::take(&mut self.mapped))
    }

    /// Writes a row that is only written. Where that can't be, nothing was written.
    #[inline]
    fn write_at_once(&mut self, rules: &Rules, row: Row<'_>, fit: &Fit) -> Result<bool, RowError> {
        let Some(layout) = fit.layout.as_ref().filter(|_| rules.only_writes) else {
            return Ok(false);
        };
        let scene = Scene {
            row: Some(row),
            cells: &fit.cells,
            vars: &[],
            outcome: &[],
            frame: None,
            paths: &[],
            looked_up: LookedUp::default(),
        };
        let writer = &mut self.open.writer;
        writer.start_row();
        if !rules.write_layout(layout, Some(row), &scene, None, writer) {
            writer.undo_row();
            return Ok(false);
        }
        if writer.end_row().is_err() {
            return Ok(false);
        }
        self.rows_seen += 1;
        if writer.len() >= ROWS_A_BODY {
            self.close()?;
        }
        Ok(true)
    }

    /// Maps a record; finished rows come back once there are enough of them.
    pub fn map_record(
        &mut self,
        record: &Value,
        frame: &Arc<Frame>,
    ) -> Result<Option<Mapped>, RowError> {
        let rules = Arc::clone(&self.rules);
        rules.filled.sample(frame);
        let fit = Fit {
            cells: Vec::new(),
            layout: None,
        };
        self.map(&rules, &Input::Record { record, frame }, &fit)?;
        let is_due = !self.mapped.chunks.is_empty()
            || self.mapped.errors.len() >= ERRORS_AT_A_TIME
            || self.mapped.filtered >= ROWS_A_BODY as u64;
        Ok(is_due.then(|| std::mem::take(&mut self.mapped)))
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> Result<Mapped, RowError> {
        self.close()?;
        Ok(std::mem::take(&mut self.mapped))
    }

    #[inline]
    fn map(&mut self, rules: &Rules, input: &Input<'_>, fit: &Fit) -> Result<(), RowError> {
        self.rows_seen += 1;
        if rules.plan.mapping.split.is_none() {
            return self.map_part(rules, input, fit, None);
        }
        match rules.parts(input, fit) {
            Ok(parts) if parts.is_empty() => self.map_part(rules, input, fit, None),
            Ok(parts) => {
                for part in parts {
                    self.map_part(rules, input, fit, Some(part))?;
                }
                Ok(())
            }
            Err(error) => {
                let vars = Vars::new(0);
                let no_names = Arc::default();
                let sight = Sight::new(input, &fit.cells, None, &vars, &no_names);
                self.failed(rules, input, &sight, error.to_string())
            }
        }
    }

    #[inline]
    fn map_part(
        &mut self,
        rules: &Rules,
        input: &Input<'_>,
        fit: &Fit,
        part: Option<Value>,
    ) -> Result<(), RowError> {
        let mapping = &rules.plan.mapping;
        let vars = Vars::new(mapping.vars.len());
        let sight = Sight::new(input, &fit.cells, part, &vars, &mapping.var_names)
            .with_lookups(rules.lookups.as_ref())
            .with_paths(&rules.forms.paths);
        for (number, template) in mapping.vars.iter().enumerate() {
            let form = rules.forms.vars[number].as_ref();
            if let Err(error) = sight.fill_var(number, template, form) {
                if self.is_left_out(&sight) {
                    return Ok(());
                }
                let name = &mapping.var_names[number];
                return self.failed(rules, input, &sight, format!("vars.{name}: {error}"));
            }
        }
        match rules.judge(&sight) {
            Err(_) if self.is_left_out(&sight) => return Ok(()),
            Err(error) => return self.failed(rules, input, &sight, error.to_string()),
            Ok(Judgement::LeftOut) => {
                self.mapped.filtered += 1;
                return Ok(());
            }
            Ok(Judgement::Rejected(reason)) => {
                // Feedback shows the finished row where it can be made, else the row as it came.
                if self.write(rules, input, fit, &sight).is_err() {
                    self.write_as_it_came(input);
                }
                return self.push(rules, Outcome::of(Status::Rejected, reason), &sight);
            }
            Ok(Judgement::GoesOn) => {}
        }
        match sight.looked_up().map(|lookups| lookups.fate()) {
            None | Some(LookupFate::GoesOn) => {}
            Some(LookupFate::LeftOut) => {
                self.mapped.filtered += 1;
                return Ok(());
            }
            Some(LookupFate::Failed(message)) => {
                return self.failed(rules, input, &sight, message);
            }
        }
        match self.write(rules, input, fit, &sight) {
            Ok(()) => self.push(rules, Outcome::ok(), &sight),
            Err(error) => self.failed(rules, input, &sight, error.to_string()),
        }
    }

    /// Whether a lookup without a match leaves the row out; what failed since does not matter then.
    fn is_left_out(&mut self, sight: &Sight<'_>) -> bool {
        let is_left_out = sight
            .looked_up()
            .is_some_and(|lookups| lookups.fate() == LookupFate::LeftOut);
        self.mapped.filtered += u64::from(is_left_out);
        is_left_out
    }

    /// A sentence for each column that was empty in every row.
    pub fn empty_columns(&self) -> Vec<String> {
        self.rules.filled.sentences()
    }

    /// Columns that the end user chose and no row had.
    pub fn missing_columns(&self) -> Vec<MissingColumn> {
        self.rules.source_columns.missing()
    }

    /// What lookups found, where the spec has any.
    pub fn lookups(&self) -> Option<&Arc<LookupTables>> {
        self.rules.lookups.as_ref()
    }

    /// Writes the finished row.
    #[inline]
    fn write<'s>(
        &mut self,
        rules: &'s Rules,
        input: &Input<'_>,
        fit: &Fit,
        sight: &Sight<'s>,
    ) -> Result<(), MappingError> {
        let row = input.row();
        let layout = match row {
            Some(_) => fit.layout.as_ref(),
            None => rules.record_layout.as_ref(),
        };
        if let Some(layout) = layout {
            let writer = &mut self.open.writer;
            writer.start_row();
            if rules.write_layout(layout, row, sight.scene(), Some(sight), writer) {
                return Ok(writer.end_row()?);
            }
            // What is no plain cell, or an error, is told apart below.
            writer.undo_row();
        }
        let mapping = &rules.plan.mapping;
        let mut values = Vec::with_capacity(mapping.columns.len());
        for (number, (column, form)) in mapping.columns.iter().zip(&rules.forms.columns).enumerate()
        {
            let value = sight.value(&column.value, form.as_ref()).map_err(|error| {
                MappingError::Template(format!("column `{}`", column.name), error)
            })?;
            rules.filled.note(number, &value);
            values.push(value);
        }
        self.open.writer.start_row();
        let mut emitter = Emitter {
            plan: mapping,
            names: &mut self.names,
            set: &rules.set,
            fixed: &rules.fixed,
        };
        let written = emitter.emit(input, values, &mut self.open.writer);
        if let Err(error) = written {
            self.open.writer.undo_row();
            return Err(error.into());
        }
        Ok(self.open.writer.end_row()?)
    }

    fn write_as_it_came(&mut self, input: &Input<'_>) {
        let writer = &mut self.open.writer;
        writer.start_row();
        if let Some(row) = input.row().filter(|row| !row.is_empty()) {
            writer.raw_cells(row.raw_cells(0, row.len() - 1));
        }
        // A row that was read fits again.
        let _ = writer.end_row();
    }

    #[inline]
    fn push(&mut self, rules: &Rules, outcome: Outcome, sight: &Sight<'_>) -> Result<(), RowError> {
        if rules.plan.reads_finished_rows {
            self.open.outcomes.push(outcome);
        }
        if rules.plan.mapping.keeps_frames {
            self.open.frames.push(Arc::clone(sight.frame()));
        }
        if self.open.writer.len() >= ROWS_A_BODY {
            self.close()?;
        }
        Ok(())
    }

    /// `on_error`.
    #[cold]
    fn failed(
        &mut self,
        rules: &Rules,
        input: &Input<'_>,
        sight: &Sight<'_>,
        message: String,
    ) -> Result<(), RowError> {
        let error = RowError {
            number: self.rows_seen,
            first_cell: first_cell(input),
            message,
        };
        match rules.plan.on_error {
            OnError::Fail if self.goes_on => {}
            OnError::Fail => return Err(error),
            OnError::Skip if rules.plan.mode.is_export() => {
                self.write_as_it_came(input);
                let outcome = Outcome::of(Status::Skipped, error.message.clone());
                self.push(rules, outcome, sight)?;
            }
            OnError::Skip => {}
            OnError::Keep => {
                self.write_as_it_came(input);
                self.push(rules, Outcome::ok(), sight)?;
            }
        }
        self.mapped.errors.push(error);
        Ok(())
    }
}

fn keep_those<T>(items: &mut Vec<T>, are_kept: &[bool]) {
    let mut are_kept = are_kept.iter();
    items.retain(|_| are_kept.next().is_some_and(|is_kept| *is_kept));
}

fn first_cell(input: &Input<'_>) -> String {
    match input.row() {
        Some(row) if !row.is_empty() => format!(" ({}: \"{}\")", row.name(0), row.text(0)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
