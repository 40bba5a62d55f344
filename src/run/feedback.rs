//! `feedback`: what is told back of each row.

use std::sync::Arc;

use super::error::RunError;
use super::messages::outcome_frame;
use crate::columns::{Body, BodyWriter, refuse_infinite, write_value};
use crate::columns::{Chunk, Outcome};
use crate::plan::FeedbackPlan;
use crate::row::{Row, Shape, Spare, quoted_name};
use crate::spec::FeedbackRows;
use crate::template::Frame;
use crate::template::native::{Binder, Bound, LookedUp, Scene};

/// Writes the feedback of one input.
pub struct FeedbackWriter<'r> {
    plan: &'r FeedbackPlan,
    base: &'r Arc<Frame>,
    /// `"name":` of each column, and the plain form of its value where it has one.
    columns: Vec<(Box<[u8]>, Option<Bound>)>,
    /// The columns that plain forms read, by slot.
    reads: Vec<Box<str>>,
    spare: Spare,
}

impl<'r> FeedbackWriter<'r> {
    /// A writer of what `plan` asks for, on top of `base`.
    pub fn new(plan: &'r FeedbackPlan, base: &'r Arc<Frame>, spare: &Spare) -> Self {
        let mut binder = Binder::new(base, &[], &Outcome::FIELDS);
        let columns = plan
            .columns
            .iter()
            .map(|(name, template)| {
                let form = template.native().and_then(|tree| binder.bind(tree));
                (quoted_name(name), form)
            })
            .collect();
        Self {
            plan,
            base,
            columns,
            reads: binder.into_columns(),
            spare: spare.clone(),
        }
    }

    /// The feedback of those rows of a chunk whose outcomes are known. A cell that can't be worked out is
    /// left empty, so that no fate is lost; why comes back, and is to end the run.
    pub fn body(
        &self,
        chunk: &Chunk,
        places: impl IntoIterator<Item = usize>,
    ) -> Result<(Body, Option<RunError>), RunError> {
        let mut writer = BodyWriter::new(self.spare.clone(), 0);
        let rows = chunk.rows.batch().map_err(|_| RunError::Bug)?;
        let mut wrong = None;
        let mut last: Option<(&Arc<Shape>, Vec<Option<usize>>)> = None;
        for index in places {
            let outcome = &chunk.outcomes[index];
            let is_told = match self.plan.rows {
                FeedbackRows::All => true,
                FeedbackRows::Failed => outcome.status.is_failure(),
            };
            if !is_told {
                continue;
            }
            let row = rows.row(index);
            let cells = match last.take() {
                Some((shape, cells)) if Arc::ptr_eq(shape, row.shape()) => cells,
                _ => self
                    .reads
                    .iter()
                    .map(|name| row.shape().find(name))
                    .collect(),
            };
            let frame = || outcome_frame(chunk, &rows, index, self.base);
            let told = self.row(row, &cells, outcome, frame, &mut writer)?;
            wrong = wrong.or(told.map(|(name, message)| {
                let first = row.text(0);
                RunError::Feedback(name, format!("{message} (row {first})"))
            }));
            last = Some((row.shape(), cells));
        }
        Ok((writer.finish(), wrong))
    }

    fn row(
        &self,
        row: Row<'_>,
        cells: &[Option<usize>],
        outcome: &Outcome,
        frame: impl Fn() -> Arc<Frame>,
        writer: &mut BodyWriter,
    ) -> Result<Option<(String, String)>, RunError> {
        let outcome = outcome.to_plain();
        let scene = Scene {
            row: Some(row),
            cells,
            vars: &[],
            outcome: &outcome,
            frame: None,
            paths: &[],
            looked_up: LookedUp::default(),
        };
        let mut wrong = None;
        writer.start_row();
        for ((name, template), (quoted, form)) in self.plan.columns.iter().zip(&self.columns) {
            let out = writer.start_cell(quoted);
            let mark = out.len();
            if form
                .as_ref()
                .is_some_and(|form| form.write_cell(&scene, out).is_ok())
            {
                continue;
            }
            out.truncate(mark);
            let value = template.value(&frame()).map_err(|error| error.message);
            let value = value.and_then(|value| {
                refuse_infinite(&value).map_err(|error| error.to_string())?;
                Ok(value)
            });
            match value {
                Ok(value) => write_value(&value, out),
                Err(message) => {
                    out.extend_from_slice(b"\"\"");
                    wrong.get_or_insert((name.clone(), message));
                }
            }
        }
        writer
            .end_row()
            .map_err(|error| RunError::Feedback(String::new(), error.to_string()))?;
        Ok(wrong)
    }
}
