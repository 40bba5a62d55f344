//! Rows are sent together until the fate of each is known: in one batch, in halves, once more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::carry::CarryEnd;
use super::open_jobs::OpenJobs;
use super::parcel::{Parcel, Unit, rows_in_words};
use super::results::batch_value;
use super::sent::{BatchSent, Sent};
use crate::counters::Counters;
use crate::plan::target::{BatchPlan, Groups, TargetKind, TargetPlan};
use crate::source::Context;
use crate::spec::LogLevel;
use crate::sql::Database;
use crate::template::{Frame, Value, text_of};

/// Sends rows by one target.
pub struct BatchSender {
    /// How they are sent.
    pub plan: Arc<TargetPlan>,
    /// Requests, logs, names.
    pub context: Context,
    /// `options`, `run`, `change`.
    pub base: Arc<Frame>,
    /// Numbers batches.
    pub counters: Arc<Counters>,
    /// Whether answers are looked at once more: in `feedback`, or in `log`.
    pub keeps_answers: bool,
    /// Whether nothing new is to be sent, halves of batches included.
    pub is_over: AtomicBool,
    /// Told once a job's submission was accepted.
    pub submitted: Notify,
    /// Whether it was said that answers may mean something else.
    pub is_doubted: AtomicBool,
    /// Jobs that are asked about together.
    pub open_jobs: OpenJobs,
    /// How many rows each step ran for.
    pub steps_run: Vec<AtomicU64>,
    /// For how many rows each step was come to.
    pub steps_reached: Vec<AtomicU64>,
    /// Whether the list of results was ever there, and what is said if it was not.
    pub lists: Mutex<Lists>,
    /// The connection to a database, where that is the target, between two batches.
    pub database: tokio::sync::Mutex<Option<Database>>,
}

/// Where the list of results was looked for.
#[derive(Debug, Default)]
pub struct Lists {
    /// Whether an answer had one, though it may have been empty.
    pub is_found: bool,
    /// Where it was looked for in vain.
    pub vain: Option<String>,
    /// How many results were about no row, and how the first of them names its row.
    pub strays: usize,
    pub stray: Option<String>,
    /// How many rows were found by their key without case and space only, and the first of them: its key
    /// and what the channel makes of it.
    pub loosely: usize,
    pub loose: Option<(String, String)>,
}

impl BatchSender {
    /// A sender of one target on top of `base`.
    pub fn new(
        plan: &Arc<TargetPlan>,
        context: Context,
        base: &Arc<Frame>,
        counters: &Arc<Counters>,
    ) -> Self {
        let steps = plan.steps().len();
        Self {
            plan: Arc::clone(plan),
            keeps_answers: context.plan.keeps_answers,
            context,
            base: Arc::clone(base),
            counters: Arc::clone(counters),
            is_over: AtomicBool::new(false),
            submitted: Notify::new(),
            is_doubted: AtomicBool::new(false),
            open_jobs: OpenJobs::default(),
            steps_run: (0..steps).map(|_| AtomicU64::new(0)).collect(),
            steps_reached: (0..steps).map(|_| AtomicU64::new(0)).collect(),
            lists: Mutex::default(),
            database: tokio::sync::Mutex::default(),
        }
    }

    /// What is to be looked at of results and rows that were found for them, or not.
    pub fn remarks(&self) -> Vec<String> {
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let label = &self.plan.label;
        let mut remarks = Vec::new();
        if lists.strays > 0 {
            let first = match &lists.stray {
                Some(key) => format!(" (the first: {key:?})"),
                None => String::new(),
            };
            let what = match lists.strays {
                1 => "one result is".to_owned(),
                count => format!("{count} results are"),
            };
            remarks.push(format!(
                "{label}, results: {what} about no row of the batch{first}: is `match` right?"
            ));
        }
        if let Some((row, result)) = &lists.loose {
            let what = match lists.loosely {
                1 => "one row was".to_owned(),
                count => format!("{count} rows were"),
            };
            remarks.push(format!(
                "{label}, results: {what} found only without case and surrounding space (the first: {row:?} as {result:?})"
            ));
        }
        remarks
    }

    /// What of the target never came to anything, though rows were sent: steps that ran for no row, a
    /// list of results that no answer had.
    pub fn idle(&self) -> Vec<String> {
        // Nobody answered, so that conditions did not hold.
        if self.context.http.rehearsal().is_some() {
            return Vec::new();
        }
        let lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let (false, Some(vain)) = (lists.is_found, &lists.vain) {
            let label = &self.plan.label;
            return vec![format!(
                "{label}, results: {vain}. That is fine if the channel leaves the list out where nothing is wrong"
            )];
        }
        let steps = self.plan.steps();
        let is_zero = |count: &AtomicU64| count.load(Ordering::Relaxed) == 0;
        let counts = self.steps_run.iter().zip(&self.steps_reached);
        let idle = steps
            .iter()
            .zip(counts)
            .filter(|(_, (ran, reached))| is_zero(ran) && !is_zero(reached));
        idle.map(|(step, _)| {
            format!(
                "{}: it ran for no row, as its `when` never held",
                step.request.label
            )
        })
        .collect()
    }

    /// Sends rows until the fate of each is known.
    pub async fn send(&self, unit: Unit) -> Sent {
        if let TargetKind::Sql(plan) = &self.plan.kind {
            return self.send_sql(plan, unit).await;
        }
        let mut sent = Sent::default();
        let mut waiting = VecDeque::from([unit]);
        while let Some(unit) = waiting.pop_front() {
            let is_over = || unit.attempts > 0 && self.is_over.load(Ordering::Relaxed);
            let is_left = sent.end.is_some()
                || is_over()
                || !unit.wait.is_zero() && !self.context.http.stop().sleep(unit.wait).await
                || is_over();
            if is_left {
                sent.leave(&unit);
                continue;
            }
            let frame = self.frame_of(&unit);
            self.announce(&unit).await;
            let carried = self.carry(&frame, unit.traces).await;
            if let (Some(number), false) = (unit.number, matches!(carried.came, CarryEnd::NotSent))
            {
                let places = unit.parcels.iter().map(|parcel| parcel.place).collect();
                sent.batches.push(BatchSent { number, places });
            }
            sent.was_answered |= carried.answer.is_some();
            let again = self.settle(unit, &frame, carried, &mut sent).await;
            for unit in again.into_iter().rev() {
                waiting.push_front(unit);
            }
        }
        sent
    }

    /// What the requests of a row or a batch see.
    fn frame_of(&self, unit: &Unit) -> Arc<Frame> {
        let has_item = self.plan.item.is_some();
        if self.plan.batch.is_none() {
            let parcel = &unit.parcels[0];
            return if has_item {
                Arc::new(Frame::on(&parcel.frame).with("item", parcel.item.clone()))
            } else {
                Arc::clone(&parcel.frame)
            };
        }
        let rows: Value = unit
            .parcels
            .iter()
            .map(|parcel| parcel.frame.get("row").unwrap_or_default())
            .collect();
        let mut frame = Frame::on(&self.base)
            .with("rows", rows)
            .with("batch", batch_value(unit, 0));
        if has_item {
            let items = unit.parcels.iter().map(|parcel| parcel.item.clone());
            frame.set("items", items.collect::<Value>());
        }
        let groups = self.plan.batch.as_ref().and_then(BatchPlan::groups);
        if groups == Some(Groups::Packed) {
            frame.set("groups", unit.groups().map(group_value).collect::<Value>());
        }
        Arc::new(frame)
    }

    /// Says which rows a batch has before it is sent: a run that dies has said what it was doing.
    pub(super) async fn announce(&self, unit: &Unit) {
        let (Some(number), None) = (unit.number, self.context.http.rehearsal()) else {
            return;
        };
        let (Some(first), Some(last)) = (unit.parcels.first(), unit.parcels.last()) else {
            return;
        };
        let numbers: Vec<u64> = unit.parcels.iter().map(|parcel| parcel.place + 1).collect();
        let rows = rows_in_words(&numbers);
        let names = match unit.count() {
            1 => first_cell(first),
            _ => format!("{} to {}", first_cell(first), first_cell(last)),
        };
        let label = &self.plan.label;
        let message = format!("{label}: batch {number}: sending {rows} ({names})");
        self.context.api.log(LogLevel::Debug, &message, None).await;
    }
}

/// A group in the templates of a batch: its value, its items and its rows.
fn group_value(parcels: &[Parcel]) -> Value {
    let key = parcels.first().and_then(|parcel| parcel.group.as_deref());
    let items: Value = parcels.iter().map(|parcel| parcel.item.clone()).collect();
    let rows: Value = parcels
        .iter()
        .map(|parcel| parcel.frame.get("row").unwrap_or_default())
        .collect();
    Value::from_pairs([
        ("key", key.map_or(Value::UNDEFINED, Value::from)),
        ("items", items),
        ("rows", rows),
    ])
}

/// A row's first cell, to find it by: `id: 1`.
fn first_cell(parcel: &Parcel) -> String {
    let row = parcel.frame.get("row").unwrap_or_default();
    let name = row.try_iter().ok().and_then(|mut names| names.next());
    let Some(name) = name else {
        return "no cell".to_owned();
    };
    let text = row.get_item(&name).unwrap_or_default();
    format!("{}: {}", text_of(&name), text_of(&text))
}
