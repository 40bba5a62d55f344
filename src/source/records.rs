//! The records of the last step, in order, each with what it saw on its way.

use std::sync::Arc;

use crate::plan::StepPlan;
use crate::template::{Frame, TemplateError, Value};

/// Why a step gave no record.
#[derive(Debug, Clone, thiserror::Error)]
#[error("step {step}: {error}")]
pub struct SourceError {
    /// Its name, or its number from 1.
    pub step: String,
    /// What went wrong.
    pub error: TemplateError,
}

/// Walks the steps: a record of each level at a time, so that memory does not grow with rows.
pub struct Records<'p> {
    steps: &'p [StepPlan],
    levels: Vec<Level>,
}

struct Level {
    frame: Arc<Frame>,
    record: Value,
    next: usize,
    /// The step is passed over: the record before it goes on.
    passes: bool,
}

impl<'p> Records<'p> {
    /// The records of these steps, seen on top of `base`.
    pub fn new(steps: &'p [StepPlan], base: &Arc<Frame>) -> Result<Self, SourceError> {
        let mut records = Self {
            steps,
            levels: Vec::new(),
        };
        records.enter(Arc::clone(base), Value::UNDEFINED)?;
        Ok(records)
    }

    fn fail(&self, level: usize, error: TemplateError) -> SourceError {
        let step = self.steps[level]
            .name
            .as_deref()
            .map_or_else(|| (level + 1).to_string(), |name| format!("`{name}`"));
        SourceError { step, error }
    }

    fn enter(&mut self, frame: Arc<Frame>, record: Value) -> Result<(), SourceError> {
        let level = self.levels.len();
        let runs = match &self.steps[level].when {
            Some(when) => when
                .holds(&frame)
                .map_err(|error| self.fail(level, error))?,
            None => true,
        };
        self.levels.push(Level {
            frame,
            record,
            next: 0,
            passes: !runs,
        });
        Ok(())
    }

    /// The next record of the last step, with the frame that has it as `record` and by its name.
    pub fn next_record(&mut self) -> Result<Option<(Value, Arc<Frame>)>, SourceError> {
        while let Some(depth) = self.levels.len().checked_sub(1) {
            let step = &self.steps[depth];
            let level = &mut self.levels[depth];
            let index = level.next;
            level.next += 1;
            let (record, frame) = if level.passes {
                if index > 0 {
                    self.levels.pop();
                    continue;
                }
                (level.record.clone(), Arc::clone(&level.frame))
            } else {
                let Some(template) = step.rows.get(index) else {
                    self.levels.pop();
                    continue;
                };
                let below = Arc::clone(&level.frame);
                let record = template
                    .value(&below)
                    .map_err(|error| self.fail(depth, error))?;
                let mut frame = Frame::on(&below).with("record", record.clone());
                if let Some(name) = &step.name {
                    frame.set(Arc::clone(name), record.clone());
                }
                let frame = Arc::new(frame);
                if let Some(filter) = &step.filter {
                    let holds = filter
                        .holds(&frame)
                        .map_err(|error| self.fail(depth, error))?;
                    if !holds {
                        continue;
                    }
                }
                (record, frame)
            };
            if depth + 1 == self.steps.len() {
                return Ok(Some((record, frame)));
            }
            self.enter(frame, record)?;
        }
        Ok(None)
    }
}
