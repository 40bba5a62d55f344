//! Rows in, rows out.

use std::sync::Arc;

use super::emit::{Emitter, SetName};
use super::names::Names;
use super::outcome::{Outcome, Status};
use super::unique::Unique;
use crate::plan::Plan;
use crate::row::pattern::Pattern;
use crate::row::{Batch, BatchWriter, Row, row_value};
use crate::spec::OnError;
use crate::template::{Frame, Slots, Template, Value, is_nothing};

/// Rows a body at most: what the platform itself hands out at a time.
const ROWS_A_BODY: usize = 999;

/// A row to be mapped.
pub enum Input<'b> {
    /// A row of the platform.
    Row(Row<'b>),
    /// A record of a source.
    Record(Value),
}

/// Why a mapping can't begin.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SetupError {
    /// A column's name could not be worked out.
    #[error("the column name `{name}` can't be worked out: {reason}")]
    Name {
        /// As written.
        name: String,
        /// Why.
        reason: String,
    },
    /// A column's name is empty.
    #[error("the column name `{0}` is empty with these options")]
    EmptyName(String),
    /// Two columns have the same name.
    #[error("the column `{0}` is set twice with these options")]
    SetTwice(String),
}

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

/// Finished rows that are written together.
#[derive(Debug)]
pub struct Chunk {
    /// The rows; the bytes are the body.
    pub batch: Arc<Batch>,
    /// What became of each.
    pub outcomes: Vec<Outcome>,
    /// What the mapping of each saw, where that is read later.
    pub frames: Vec<Arc<Frame>>,
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
    plan: Arc<Plan>,
    set: Vec<SetName>,
    fixed: Vec<Option<String>>,
    names: Names,
    unique: Unique,
    rows_seen: u64,
    open: Open,
    mapped: Mapped,
}

/// The chunk in the making.
#[derive(Default)]
struct Open {
    writer: BatchWriter,
    outcomes: Vec<Outcome>,
    frames: Vec<Arc<Frame>>,
}

impl Mapper {
    /// A mapper for these option values (seen through `base`).
    pub fn new(plan: Arc<Plan>, base: &Arc<Frame>) -> Result<Self, SetupError> {
        let mut set = Vec::new();
        let mut fixed: Vec<Option<String>> = Vec::new();
        for column in &plan.mapping.columns {
            let name = set_name(&column.name, column.name_template.as_ref(), base)?;
            let one = match &name {
                SetName::One(name) => Some(name.clone()),
                SetName::Star(_) => None,
            };
            if let Some(name) = &one {
                if fixed.contains(&one) {
                    return Err(SetupError::SetTwice(name.clone()));
                }
            }
            fixed.push(one);
            set.push(name);
        }
        Ok(Self {
            plan,
            set,
            fixed,
            names: Names::default(),
            unique: Unique::default(),
            rows_seen: 0,
            open: Open::default(),
            mapped: Mapped::default(),
        })
    }

    /// Maps a batch of the platform's rows.
    pub fn map_batch(&mut self, batch: &Arc<Batch>, base: &Arc<Frame>) -> Result<Mapped, RowError> {
        for (index, row) in batch.rows().enumerate() {
            let frame = Arc::new(Frame::on(base).with("row", row_value(batch, index)));
            self.map(&Input::Row(row), &frame)?;
        }
        self.close();
        Ok(std::mem::take(&mut self.mapped))
    }

    /// Maps a record; finished rows come back once there are enough of them.
    pub fn map_record(
        &mut self,
        record: Value,
        frame: &Arc<Frame>,
    ) -> Result<Option<Mapped>, RowError> {
        self.map(&Input::Record(record), frame)?;
        Ok((!self.mapped.chunks.is_empty()).then(|| std::mem::take(&mut self.mapped)))
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> Mapped {
        self.close();
        std::mem::take(&mut self.mapped)
    }

    fn close(&mut self) {
        if self.open.writer.is_empty() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        self.mapped.chunks.push(Chunk {
            batch: Arc::new(open.writer.finish()),
            outcomes: open.outcomes,
            frames: open.frames,
        });
    }

    fn map(&mut self, input: &Input<'_>, frame: &Arc<Frame>) -> Result<(), RowError> {
        self.rows_seen += 1;
        let parts = match self.parts(frame) {
            Ok(parts) => parts,
            Err(message) => return self.failed(input, frame, message),
        };
        let Some(parts) = parts else {
            return self.map_part(input, frame, None);
        };
        for part in parts {
            self.map_part(input, frame, Some(part))?;
        }
        Ok(())
    }

    /// The elements the row is split by; nothing where it stays one row.
    fn parts(&self, frame: &Arc<Frame>) -> Result<Option<Vec<Value>>, String> {
        let Some(split) = &self.plan.mapping.split else {
            return Ok(None);
        };
        let list = split
            .value(frame)
            .map_err(|error| format!("split: {error}"))?;
        if is_nothing(&list) {
            return Ok(None);
        }
        if list.as_str().is_some() || list.kind() == minijinja::value::ValueKind::Map {
            return Err(format!(
                "split: a list is needed, and this is a {}",
                list.kind()
            ));
        }
        let parts: Vec<Value> = list
            .try_iter()
            .map_err(|_| format!("split: a list is needed, and this is a {}", list.kind()))?
            .collect();
        Ok((!parts.is_empty()).then_some(parts))
    }

    fn map_part(
        &mut self,
        input: &Input<'_>,
        frame: &Arc<Frame>,
        part: Option<Value>,
    ) -> Result<(), RowError> {
        let plan = Arc::clone(&self.plan);
        let frame = if plan.mapping.vars.is_empty() && part.is_none() {
            Arc::clone(frame)
        } else {
            let slots = Arc::new(Slots::new(&plan.mapping.var_names));
            let mut own = Frame::on(frame).with("vars", Value::from_dyn_object(Arc::clone(&slots)));
            if let Some(part) = part {
                own.set("part", part);
            }
            let own = Arc::new(own);
            for (index, template) in plan.mapping.vars.iter().enumerate() {
                match template.value(&own) {
                    Ok(value) => slots.fill(index, value),
                    Err(error) => {
                        let name = &plan.mapping.var_names[index];
                        return self.failed(input, &own, format!("vars.{name}: {error}"));
                    }
                }
            }
            own
        };
        match self.judge(&frame) {
            Err(message) => return self.failed(input, &frame, message),
            Ok(Judgement::LeftOut) => {
                self.mapped.filtered += 1;
                return Ok(());
            }
            Ok(Judgement::Rejected(reason)) => {
                // Feedback shows the finished row where it can be made, else the row as it came.
                if self.write(input, &frame).is_err() {
                    self.write_as_it_came(input);
                }
                self.push(Outcome::of(Status::Rejected, reason), frame);
                return Ok(());
            }
            Ok(Judgement::GoesOn) => {}
        }
        if let Err(message) = self.write(input, &frame) {
            return self.failed(input, &frame, message);
        }
        let unique = &plan.mapping.unique;
        if !unique.is_empty() {
            let row = self.open.writer.last_row();
            if row.is_some_and(|row| !self.unique.is_first(row, unique)) {
                self.open.writer.undo_last();
                self.mapped.filtered += 1;
                return Ok(());
            }
        }
        self.push(Outcome::ok(), frame);
        Ok(())
    }

    /// `where` and `reject`.
    fn judge(&self, frame: &Arc<Frame>) -> Result<Judgement, String> {
        let mapping = &self.plan.mapping;
        if let Some(filter) = &mapping.filter {
            let holds = filter
                .holds(frame)
                .map_err(|error| format!("where: {error}"))?;
            if !holds {
                return Ok(Judgement::LeftOut);
            }
        }
        for rule in &mapping.reject {
            let rejected = rule
                .when
                .holds(frame)
                .map_err(|error| format!("reject: {error}"))?;
            if rejected {
                let message = rule
                    .message
                    .text(frame)
                    .map_err(|error| format!("reject: {error}"))?;
                return Ok(Judgement::Rejected(message));
            }
        }
        Ok(Judgement::GoesOn)
    }

    /// Writes the finished row.
    fn write(&mut self, input: &Input<'_>, frame: &Arc<Frame>) -> Result<(), String> {
        let mapping = &self.plan.mapping;
        let mut values = Vec::with_capacity(mapping.columns.len());
        for column in &mapping.columns {
            let value = column
                .value
                .value(frame)
                .map_err(|error| format!("column `{}`: {error}", column.name))?;
            values.push(value);
        }
        self.open.writer.start_row();
        let mut emitter = Emitter {
            plan: mapping,
            names: &mut self.names,
            set: &self.set,
            fixed: &self.fixed,
        };
        let written = emitter
            .emit(input, values, &mut self.open.writer)
            .map_err(|error| error.to_string());
        if let Err(message) = written {
            self.open.writer.undo_row();
            return Err(message);
        }
        self.open
            .writer
            .end_row()
            .map_err(|error| error.to_string())
    }

    fn write_as_it_came(&mut self, input: &Input<'_>) {
        self.open.writer.start_row();
        if let Input::Row(row) = input {
            for cell in row.cells() {
                let (name, value) = (row.raw_name(cell), row.raw_value(cell));
                self.open
                    .writer
                    .copied_cell(row.raw_cell(cell), name, value);
            }
        }
        // A row that was read fits into 32 bits again.
        let _ = self.open.writer.end_row();
    }

    fn push(&mut self, outcome: Outcome, frame: Arc<Frame>) {
        self.open.outcomes.push(outcome);
        if self.plan.mapping.keeps_frames {
            self.open.frames.push(frame);
        }
        if self.open.writer.len() >= ROWS_A_BODY {
            self.close();
        }
    }

    /// `on_error`.
    fn failed(
        &mut self,
        input: &Input<'_>,
        frame: &Arc<Frame>,
        message: String,
    ) -> Result<(), RowError> {
        let error = RowError {
            number: self.rows_seen,
            first_cell: first_cell(input),
            message,
        };
        match self.plan.on_error {
            OnError::Fail => return Err(error),
            OnError::Skip if self.plan.mode.is_export() => {
                self.write_as_it_came(input);
                let outcome = Outcome::of(Status::Skipped, error.message.clone());
                self.push(outcome, Arc::clone(frame));
            }
            OnError::Skip => {}
            OnError::Keep => {
                self.write_as_it_came(input);
                self.push(Outcome::ok(), Arc::clone(frame));
            }
        }
        self.mapped.errors.push(error);
        Ok(())
    }
}

enum Judgement {
    GoesOn,
    LeftOut,
    Rejected(String),
}

fn set_name(
    written: &str,
    template: Option<&Template>,
    base: &Arc<Frame>,
) -> Result<SetName, SetupError> {
    // A `*` is looked for before options are filled in, so that a column called `a*b` by an
    // option is that column.
    let pattern = Pattern::new(written);
    let Some(template) = template else {
        return Ok(match pattern.as_name() {
            Some(name) => SetName::One(name.to_owned()),
            None => SetName::Star(pattern),
        });
    };
    let name = template.text(base).map_err(|error| SetupError::Name {
        name: written.to_owned(),
        reason: error.message,
    })?;
    if name.is_empty() {
        return Err(SetupError::EmptyName(written.to_owned()));
    }
    Ok(if pattern.stars() > 0 {
        SetName::Star(Pattern::new(&name))
    } else {
        SetName::One(name)
    })
}

fn first_cell(input: &Input<'_>) -> String {
    match input {
        Input::Row(row) => row.cells().first().map_or_else(String::new, |cell| {
            format!(" ({}: \"{}\")", row.name(cell), row.text(cell))
        }),
        Input::Record(_) => String::new(),
    }
}
