//! Rows become what is sent: each alone, or gathered into batches, with what `item` makes of it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::batch::{Batcher, Pushed};
use super::item::{self, ItemError, Items};
use super::parcel::{Parcel, Unit};
use crate::counters::Counters;
use crate::plan::target::{BatchPlan, Groups, TargetPlan};
use crate::row::Batch;
use crate::template::{Frame, TemplateError, Value, json};

/// Why a row can't be sent.
#[derive(Debug, thiserror::Error)]
enum GatherError {
    #[error(transparent)]
    Item(#[from] ItemError),
    #[error("batch.by: {0}")]
    By(TemplateError),
}

/// Gathers rows.
pub struct Gatherer<'p> {
    plan: &'p TargetPlan,
    items: Option<Items<'p>>,
    batcher: Option<Batcher<'p>>,
    /// What can be sent.
    ready: VecDeque<Unit>,
}

impl<'p> Gatherer<'p> {
    /// No row yet; batches are numbered by `counters`.
    pub fn new(plan: &'p TargetPlan, counters: &Arc<Counters>) -> Self {
        let batch = plan.batch.as_ref();
        Self {
            plan,
            items: plan.item.as_ref().map(Items::new),
            batcher: batch.map(|plan| Batcher::new(plan, Arc::clone(counters))),
            ready: VecDeque::new(),
        }
    }

    /// Looks at the names of rows, to point at one that is spelled otherwise.
    pub fn sample(&self, rows: &Batch) {
        if let (Some(items), Some(row)) = (&self.items, rows.rows().next()) {
            items.sample(row.shape().distinct_names());
        }
    }

    /// Adds the row at a place, from 0. Rows that can't be sent come back, this one or others of its
    /// group, and why.
    pub fn add(&mut self, place: u64, frame: Arc<Frame>) -> Vec<(u64, String)> {
        self.try_add(place, frame)
            .unwrap_or_else(|error| vec![(place, error.to_string())])
    }

    fn try_add(
        &mut self,
        place: u64,
        frame: Arc<Frame>,
    ) -> Result<Vec<(u64, String)>, GatherError> {
        let Some(batcher) = &mut self.batcher else {
            let item = match &self.items {
                Some(items) => items.make(&frame)?.value,
                None => Value::UNDEFINED,
            };
            self.ready.push_back(Unit::alone(Parcel {
                place,
                frame,
                item,
                group: None,
                refused: None,
            }));
            return Ok(Vec::new());
        };
        let plan = self.plan.batch.as_ref();
        let by = match plan.and_then(|plan| plan.by.as_ref()) {
            Some(by) => by.value.text(&frame).map_err(GatherError::By)?,
            None => String::new(),
        };
        let item = self.plan.item.as_ref();
        let reads_batch = item.is_some_and(|item| item.reads_batch);
        let make = |batcher: &mut Batcher<'_>| -> Result<(Value, u64), ItemError> {
            match &self.items {
                Some(items) if reads_batch => {
                    let (number, index) = batcher.place(&by);
                    let made = items.make(&item::in_batch(&frame, number, index))?;
                    Ok((made.value, made.bytes))
                }
                Some(items) => items.make(&frame).map(|made| (made.value, made.bytes)),
                // A row counts as the JSON it is.
                None if plan.is_some_and(|plan| plan.bytes.is_some()) => {
                    Ok((Value::UNDEFINED, bytes_of(&frame)))
                }
                None => Ok((Value::UNDEFINED, 0)),
            }
        };
        let (mut item, mut bytes) = make(batcher)?;
        // A comma or a line end stands between items.
        if !batcher.has_room(&by, bytes + 1) {
            self.ready.extend(batcher.close(&by));
            if reads_batch {
                (item, bytes) = make(batcher)?;
            }
        }
        let parcel = Parcel {
            place,
            frame,
            item,
            group: (!by.is_empty()).then(|| by.as_str().into()),
            refused: None,
        };
        let Pushed { due, refused } = batcher.push(&by, parcel, bytes + 1);
        self.due(due);
        Ok(refused)
    }

    /// Batches can be sent. Those of several groups know their number only now.
    fn due(&mut self, units: Vec<Unit>) {
        let groups = self.plan.batch.as_ref().and_then(BatchPlan::groups);
        let item = self.plan.item.as_ref();
        let late = item.filter(|item| item.reads_batch && groups == Some(Groups::Packed));
        for mut unit in units {
            if let (Some(item), Some(number)) = (late, unit.number) {
                item::renumber(item, &mut unit.parcels, number);
            }
            self.ready.push_back(unit);
        }
    }

    /// No more rows come: batches that are not full go out.
    pub fn flush(&mut self) {
        let rest = self.batcher.as_mut().map(Batcher::flush);
        self.due(rest.unwrap_or_default());
    }

    /// What can be sent, first first.
    pub fn ready(&mut self) -> &mut VecDeque<Unit> {
        &mut self.ready
    }

    /// A sentence for each key of the item that was empty in every row.
    pub fn empty_keys(&self) -> Vec<String> {
        self.items.as_ref().map_or(Vec::new(), Items::empty_keys)
    }
}

fn bytes_of(frame: &Frame) -> u64 {
    let mut text = Vec::new();
    json::write(&frame.get("row").unwrap_or_default(), &mut text);
    text.len() as u64
}
