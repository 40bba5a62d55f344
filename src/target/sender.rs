//! Rows are sent together, and each one's fate is found: what a batch's answer says of it, batches in
//! halves, the innocent rows of a refused batch once more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::carry::{Came, Carried, Fault, FaultKind};
use super::item;
use super::parcel::{Parcel, Unit, rows_in_words};
use super::results::{Reason, Verdict, Verdicts, batch_value, of_missing};
use crate::columns::{Outcome, Status};
use crate::http::Accepted;
use crate::plan::target::{ResultsPlan, TargetKind, TargetPlan};
use crate::run::Counters;
use crate::source::Context;
use crate::spec::LogLevel;
use crate::spec::target::Missing;
use crate::template::{Frame, Value, text_of};

/// Sends rows by one target.
pub struct Sender {
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
    /// How many rows each step ran for.
    pub steps_run: Vec<AtomicU64>,
    /// Whether the list of results was ever there, and what is said if it was not.
    pub lists: Mutex<Lists>,
}

/// Where the list of results was looked for.
#[derive(Debug, Default)]
pub struct Lists {
    /// Whether an answer had one, though it may have been empty.
    pub is_found: bool,
    /// Where it was looked for in vain.
    pub vain: Option<String>,
}

/// What became of rows that were sent together.
#[derive(Debug, Default)]
pub struct Sent {
    /// Of each row whose fate is known.
    pub told: Vec<Told>,
    /// The batches that were sent for them.
    pub batches: Vec<BatchSent>,
    /// Why nothing more is to be sent.
    pub end: Option<End>,
    /// Nobody was reached, or nobody knows us: why.
    pub unreachable: Option<String>,
    /// It was forbidden: what was answered.
    pub forbidden: Option<String>,
    /// Whether the channel answered.
    pub was_answered: bool,
    /// The places of rows that were named, and then not sent.
    pub left: Vec<u64>,
}

/// What became of a row.
#[derive(Debug)]
pub struct Told {
    /// Its place among the rows of its entry.
    pub place: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// What the channel answered, on top of what the row's templates saw.
    pub answers: Option<Arc<Frame>>,
}

/// A batch that was sent.
#[derive(Debug)]
pub struct BatchSent {
    /// Its number.
    pub number: u64,
    /// The places of its rows.
    pub places: Vec<u64>,
}

/// Why nothing more is to be sent.
#[derive(Debug)]
pub enum End {
    /// A rule says `abort`.
    Abort(String),
    /// The run was stopped.
    Stopped,
}

impl Sent {
    /// Rows that are not sent, or not once more: those that were refused before have failed.
    fn leave(&mut self, unit: &Unit) {
        let Some(reason) = &unit.refused else {
            self.left
                .extend(unit.parcels.iter().map(|parcel| parcel.place));
            return;
        };
        for parcel in &unit.parcels {
            self.told.push(Told {
                place: parcel.place,
                outcome: Outcome {
                    attempts: unit.attempts,
                    ..Outcome::of(Status::Failed, reason.clone())
                },
                answers: None,
            });
        }
    }
}

impl Sender {
    /// A sender of one target on top of `base`.
    pub fn new(
        plan: &Arc<TargetPlan>,
        context: Context,
        base: &Arc<Frame>,
        counters: &Arc<Counters>,
    ) -> Self {
        let steps = match &plan.kind {
            TargetKind::Steps(steps) => steps.len(),
            _ => 0,
        };
        Self {
            plan: Arc::clone(plan),
            keeps_answers: context.plan.keeps_answers,
            context,
            base: Arc::clone(base),
            counters: Arc::clone(counters),
            is_over: AtomicBool::new(false),
            submitted: Notify::new(),
            is_doubted: AtomicBool::new(false),
            steps_run: (0..steps).map(|_| AtomicU64::new(0)).collect(),
            lists: Mutex::default(),
        }
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
        let TargetKind::Steps(steps) = &self.plan.kind else {
            return Vec::new();
        };
        let counts = self
            .steps_run
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let idle = steps.iter().zip(counts).filter(|(_, count)| *count == 0);
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
        let mut sent = Sent::default();
        let mut waiting = VecDeque::from([unit]);
        while let Some(unit) = waiting.pop_front() {
            if sent.end.is_some() || unit.attempts > 0 && self.is_over.load(Ordering::Relaxed) {
                sent.leave(&unit);
                continue;
            }
            let frame = self.frame_of(&unit);
            self.announce(&unit).await;
            let carried = self.carry(&frame).await;
            if let (Some(number), false) = (unit.number, matches!(carried.came, Came::NotSent)) {
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
        Arc::new(frame)
    }

    /// Says which rows a batch has before it is sent: a run that dies has said what it was doing.
    async fn announce(&self, unit: &Unit) {
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

    /// Tells what became of each row; what is to be sent again comes back.
    async fn settle(
        &self,
        unit: Unit,
        frame: &Arc<Frame>,
        carried: Carried,
        sent: &mut Sent,
    ) -> Vec<Unit> {
        match &carried.came {
            Came::NotSent => {
                sent.end = Some(End::Stopped);
                sent.leave(&unit);
            }
            Came::Skipped(message) => {
                self.tell_all(&unit, &carried, Status::Skipped, None, message, sent);
            }
            Came::Unknown(message) => {
                self.tell_all(&unit, &carried, Status::Unknown, None, message, sent);
            }
            Came::Split(fault) if unit.count() > 1 => {
                let attempts = unit.attempts + carried.attempts;
                return self.halves(unit, attempts, &fault.message);
            }
            Came::Failed(fault) | Came::Split(fault) => {
                // What `results` says of the rows is told though the answer as a whole says no.
                let results = self
                    .plan
                    .results
                    .as_ref()
                    .filter(|_| fault.kind == FaultKind::NotOk);
                if let Some(results) = results {
                    return self
                        .by_results(results, unit, frame, &carried, Some(fault), sent)
                        .await;
                }
                match fault.kind {
                    FaultKind::Abort => sent.end = Some(End::Abort(fault.whole.clone())),
                    FaultKind::Unreachable => sent.unreachable = Some(fault.whole.clone()),
                    FaultKind::Forbidden => sent.forbidden = Some(fault.whole.clone()),
                    FaultKind::OfRows | FaultKind::NotOk => {}
                }
                let code = fault.code.clone();
                self.tell_all(&unit, &carried, Status::Failed, code, &fault.message, sent);
            }
            Came::Done(accepted) => {
                let is_rehearsed = self.context.http.rehearsal().is_some();
                if let Some(results) = self.plan.results.as_ref().filter(|_| !is_rehearsed) {
                    return self
                        .by_results(results, unit, frame, &carried, None, sent)
                        .await;
                }
                self.doubt(&carried).await;
                for index in 0..unit.count() {
                    let outcome = Outcome {
                        message: said(accepted),
                        ..Outcome::ok()
                    };
                    self.tell(&unit, index, &carried, outcome, sent);
                }
            }
        }
        Vec::new()
    }

    /// Tells what `results` says of each row. `fault` is what the answer as a whole says.
    async fn by_results(
        &self,
        plan: &ResultsPlan,
        unit: Unit,
        frame: &Arc<Frame>,
        carried: &Carried,
        fault: Option<&Fault>,
        sent: &mut Sent,
    ) -> Vec<Unit> {
        let by_rule = match &carried.came {
            Came::Done(accepted @ Accepted::ByRule(_)) => Some(said(accepted)),
            _ => None,
        };
        let Verdicts {
            rows,
            unmatched,
            missing,
        } = match self.verdicts(plan, &unit, frame, carried).await {
            Ok(verdicts) => verdicts,
            Err(_) if fault.is_some() => Verdicts {
                rows: vec![Verdict::Missing; unit.count()],
                unmatched: Vec::new(),
                missing: String::new(),
            },
            Err(reason) => {
                let message = format!("it was sent, and what became of it can't be read: {reason}");
                self.tell_all(&unit, carried, Status::Unknown, None, &message, sent);
                return Vec::new();
            }
        };
        let is_named = |verdict: &Verdict| matches!(verdict, Verdict::Failed(_));
        let has_guilty = rows.iter().any(is_named);
        let is_silent = rows
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Missing));
        // A fault that no row was found for may be about any of those that nothing is said of; what the
        // answer as a whole says is about the guilty, where it names some.
        let fault = fault.filter(|_| !has_guilty || plan.missing == Missing::Failed);
        let whole = unmatched.into_iter().next().or_else(|| {
            fault.map(|fault| Reason {
                code: fault.code.clone(),
                message: fault.message.clone(),
            })
        });
        let mut innocent = Vec::new();
        for (index, verdict) in rows.into_iter().enumerate() {
            let is_innocent = !is_named(&verdict);
            if plan.all_or_nothing && has_guilty && is_innocent {
                innocent.push(unit.parcels[index].clone());
                continue;
            }
            let verdict = match (verdict, &whole) {
                (Verdict::Missing, Some(whole)) => Verdict::Failed(whole.clone()),
                // What a rule calls ok is ok, where the answer tells of no row at all.
                (Verdict::Missing, None) => match &by_rule {
                    Some(said) if is_silent => Verdict::Ok(said.clone()),
                    _ => of_missing(plan, &missing),
                },
                // The channel applied nothing, and says of no row why.
                (Verdict::Ok(_), Some(whole)) if plan.all_or_nothing => {
                    Verdict::Failed(whole.clone())
                }
                (verdict, _) => verdict,
            };
            let outcome = match verdict {
                Verdict::Ok(message) => Outcome {
                    message,
                    ..Outcome::ok()
                },
                Verdict::Failed(reason) => Outcome {
                    code: reason.code,
                    ..Outcome::of(Status::Failed, reason.message)
                },
                Verdict::Missing => continue,
            };
            self.tell(&unit, index, carried, outcome, sent);
        }
        if innocent.is_empty() {
            return Vec::new();
        }
        let attempts = unit.attempts + carried.attempts;
        let reason =
            "the batch was refused because of other rows, and it was not sent again without them";
        vec![self.anew(innocent, attempts, reason)]
    }

    /// Answers that call everything good and may mean something else: said once.
    async fn doubt(&self, carried: &Carried) {
        let Some(answer) = &carried.answer else {
            return;
        };
        let kind = answer.header("content-type").unwrap_or_default();
        let is_page = kind.starts_with("text/html") && !answer.held.is_empty();
        let message = if answer.status == 207 {
            "the channel answers 207, which has a status for each row, and the target has no `results`: all rows count as ok"
        } else if is_page {
            "the channel answers with web pages, and its rows count as ok: is the address right, and is a login needed?"
        } else {
            return;
        };
        if self.is_doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let message = format!("{}: {message}", self.plan.label);
        self.context
            .api
            .log(LogLevel::Warning, &message, None)
            .await;
    }

    fn halves(&self, mut unit: Unit, attempts: u32, reason: &str) -> Vec<Unit> {
        let second = unit.parcels.split_off(unit.count().div_ceil(2));
        let first = std::mem::take(&mut unit.parcels);
        vec![
            self.anew(first, attempts, reason),
            self.anew(second, attempts, reason),
        ]
    }

    /// Rows in a batch of their own, with a number of its own.
    fn anew(&self, mut parcels: Vec<Parcel>, attempts: u32, reason: &str) -> Unit {
        let number = self.counters.add_batch();
        if let Some(plan) = self.plan.item.as_ref().filter(|plan| plan.reads_batch) {
            for (index, parcel) in parcels.iter_mut().enumerate() {
                let frame = placed(&parcel.frame, number, index);
                // It could be made before.
                if let Ok(made) = item::make(plan, &frame) {
                    parcel.item = made.value;
                }
            }
        }
        Unit {
            number: Some(number),
            parcels,
            attempts,
            refused: Some(reason.to_owned()),
        }
    }

    fn tell_all(
        &self,
        unit: &Unit,
        carried: &Carried,
        status: Status,
        code: Option<String>,
        message: &str,
        sent: &mut Sent,
    ) {
        for index in 0..unit.count() {
            let outcome = Outcome {
                code: code.clone(),
                ..Outcome::of(status, message.to_owned())
            };
            self.tell(unit, index, carried, outcome, sent);
        }
    }

    fn tell(
        &self,
        unit: &Unit,
        index: usize,
        carried: &Carried,
        outcome: Outcome,
        sent: &mut Sent,
    ) {
        let parcel = &unit.parcels[index];
        let answers = self.keeps_answers.then(|| {
            let mut frame = Frame::on(&parcel.frame);
            for (name, answer) in &carried.answers {
                frame.set(Arc::clone(name), answer.to_shown_value());
            }
            Arc::new(frame)
        });
        sent.told.push(Told {
            place: parcel.place,
            outcome: Outcome {
                attempts: unit.attempts + carried.attempts,
                ..outcome
            },
            answers,
        });
    }
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

/// What a rule says about an answer that is good.
fn said(accepted: &Accepted) -> Option<String> {
    match accepted {
        Accepted::ByStatus => None,
        Accepted::ByRule(said) => said.clone(),
    }
}

/// What `item` sees of a row in a batch.
pub fn placed(frame: &Arc<Frame>, number: u64, index: usize) -> Arc<Frame> {
    let batch = Value::from_pairs([
        ("number", Value::from(number)),
        ("index", Value::from(index)),
    ]);
    Arc::new(Frame::on(frame).with("batch", batch))
}
