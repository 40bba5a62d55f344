//! Rows are sent together, and each one's fate is found: what a batch's answer says of it, batches in
//! halves, the innocent rows of a refused batch once more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::carry::{Came, Carried, Fault, FaultKind};
use super::fates::{Made, Whole};
use super::item;
use super::open_jobs::OpenJobs;
use super::parcel::{Parcel, Unit, rows_in_words};
use super::results::{Reason, Unread, Verdict, batch_value};
use super::traces::Traces;
use crate::columns::{Outcome, Status};
use crate::counters::Counters;
use crate::http::{Accepted, before_next, has_errors};
use crate::plan::request::{BodyPlan, RetryPlan};
use crate::plan::target::{BatchPlan, Groups, ResultsPlan, SubmitPlan, TargetKind, TargetPlan};
use crate::source::Context;
use crate::spec::LogLevel;
use crate::template::{Frame, Value, text_of};

/// Where nothing is sent that could be sent again.
static NO_RETRY: RetryPlan = RetryPlan {
    attempts: 1,
    statuses: Vec::new(),
    wait: Duration::ZERO,
    max_wait: Duration::ZERO,
    wait_header: None,
};

/// What is told of rows that were refused with others, and not sent again without them.
pub(super) const WITHOUT_OTHERS: &str =
    "the batch was refused because of other rows, and it was not sent again without them";

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
    /// Jobs that are asked about together.
    pub open_jobs: OpenJobs,
    /// How many rows each step ran for.
    pub steps_run: Vec<AtomicU64>,
    /// For how many rows each step was come to.
    pub steps_reached: Vec<AtomicU64>,
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
    /// How many results were about no row, and how the first of them names its row.
    pub strays: usize,
    pub stray: Option<String>,
    /// How many rows were found by their key without case and space only, and the first of them: its key
    /// and what the channel makes of it.
    pub loosely: usize,
    pub loose: Option<(String, String)>,
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
    /// What was answered is no answer, and nothing is known of any row: why.
    pub unjudged: Option<String>,
    /// The spec can't make out what became of any row: why.
    pub unknowable: Option<String>,
    /// Whether the channel answered.
    pub was_answered: bool,
    /// Whether a step was let in before nobody was reached, or nobody knew us.
    pub is_let_in: bool,
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
    /// Rows that are not sent, or not once more: those that were refused before have failed, where nothing
    /// was left behind of them.
    fn leave(&mut self, unit: &Unit) {
        for parcel in &unit.parcels {
            let Some(reason) = parcel.refused.clone() else {
                self.left.push(parcel.place);
                continue;
            };
            let outcome = Outcome {
                attempts: unit.attempts,
                code: reason.code,
                ..Outcome::of(Status::Failed, reason.message)
            };
            self.told.push(Told {
                place: parcel.place,
                outcome: with_traces(outcome, unit.traces.any(), unit.traces),
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
        let groups = self.plan.batch.as_ref().and_then(BatchPlan::groups);
        if groups == Some(Groups::Packed) {
            frame.set("groups", unit.groups().map(group_value).collect::<Value>());
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
            Came::Unknown(fault) => {
                self.note_kind(fault, sent);
                let code = fault.code.clone();
                self.tell_all(&unit, &carried, Status::Unknown, code, &fault.message, sent);
            }
            Came::Split(fault) => {
                let traces = if fault.is_said {
                    carried.traces.of_nothing_applied()
                } else {
                    carried.traces
                };
                if let Some(middle) = unit.middle(self.keeps_groups()) {
                    return self.halves(unit, middle, &carried, traces, fault);
                }
                for index in 0..unit.count() {
                    let outcome = Outcome {
                        code: fault.code.clone(),
                        ..Outcome::of(Status::Failed, fault.message.clone())
                    };
                    let outcome = with_traces(outcome, traces.any(), traces);
                    self.tell(&unit, index, &carried, outcome, sent);
                }
            }
            Came::Restart { fault, .. } | Came::Failed(fault) => {
                // What `results` says of the rows is told though the answer as a whole says no.
                let results = self
                    .plan
                    .results
                    .as_ref()
                    .filter(|_| matches!(fault.kind, FaultKind::NotOk | FaultKind::JobFailed));
                if let Some(results) = results {
                    return self
                        .by_results(results, unit, frame, &carried, Some(fault), sent)
                        .await;
                }
                if let Some(middle) = self.where_to_halve(&unit, fault) {
                    let traces = carried.traces.of_nothing_applied();
                    return self.halves(unit, middle, &carried, traces, fault);
                }
                self.note_kind(fault, sent);
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

    /// What a fault means for the rows that are still to be sent.
    fn note_kind(&self, fault: &Fault, sent: &mut Sent) {
        match fault.kind {
            FaultKind::Abort => sent.end = Some(End::Abort(fault.whole.clone())),
            FaultKind::Unreachable => sent.unreachable = Some(fault.whole.clone()),
            FaultKind::Forbidden => sent.forbidden = Some(fault.whole.clone()),
            FaultKind::NoAnswer => {
                let label = &self.plan.label;
                sent.unjudged = Some(format!("{label}: {}", fault.whole));
            }
            FaultKind::Unknowable => sent.unknowable = Some(fault.whole.clone()),
            FaultKind::ShutOut => {
                sent.unreachable = Some(fault.whole.clone());
                sent.is_let_in = true;
            }
            FaultKind::OfRows | FaultKind::NotOk | FaultKind::JobFailed | FaultKind::Unmade => {}
        }
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
            Came::Done(accepted @ Accepted::ByRule(_)) => Some(accepted),
            _ => None,
        };
        let verdicts = match self.verdicts(plan, &unit, frame, carried).await {
            Ok(verdicts) => verdicts,
            Err(unread) => return self.unread(unit, carried, fault, &unread, sent),
        };
        let names_one =
            |verdict: &Verdict| matches!(verdict, Verdict::Failed(_) | Verdict::Again(_));
        if let Some(fault) = fault.filter(|_| !verdicts.rows.iter().any(names_one)) {
            if let Some(middle) = self.where_to_halve(&unit, fault) {
                let traces = carried.traces.of_nothing_applied();
                return self.halves(unit, middle, carried, traces, fault);
            }
        }
        let is_judged_whole = verdicts.is_empty && (fault.is_some() || by_rule.is_some());
        // An answer without the list says nothing of any row, unless the author says what that means; where
        // it has errors beside, they are not what he means.
        let has_errors = self.has_errors(carried);
        let unclear = if !verdicts.has_list && (!plan.is_missing_said || has_errors) {
            Some(&verdicts.missing)
        } else {
            verdicts.mismatch.as_ref()
        };
        if let Some(unclear) = unclear.filter(|_| !is_judged_whole) {
            self.tell_all(&unit, carried, Status::Unknown, None, unclear, sent);
            if !verdicts.has_list || verdicts.mismatch.is_some() {
                sent.unknowable = Some(format!("{}: {unclear}", plan.label));
            }
            return Vec::new();
        }
        let tries = unit.attempts + carried.attempts;
        let retry = self.retry();
        let has_failed = fault.is_some_and(|fault| fault.kind == FaultKind::JobFailed);
        let whole = Whole {
            plan,
            all_or_nothing: plan.all_or_nothing || has_failed && self.is_job_for_all(),
            fault,
            by_rule,
            may_try: tries < retry.attempts,
            groups: if self.keeps_groups() {
                unit.groups().map(<[Parcel]>::len).collect()
            } else {
                Vec::new()
            },
        };
        let mut innocent = Vec::new();
        let mut again = Vec::new();
        for (index, made) in whole.make(&verdicts).into_iter().enumerate() {
            match made {
                Made::Told(outcome) => self.tell(&unit, index, carried, outcome, sent),
                Made::Innocent => innocent.push(unit.parcels[index].again(Reason {
                    message: WITHOUT_OTHERS.to_owned(),
                    ..Reason::default()
                })),
                Made::Again(reason) => again.push(unit.parcels[index].again(reason)),
            }
        }
        let traces = if whole.all_or_nothing {
            carried.traces.of_nothing_applied()
        } else {
            carried.traces
        };
        let mut units = Vec::new();
        if !innocent.is_empty() {
            units.push(self.anew(innocent, tries, traces));
        }
        if !again.is_empty() {
            let wait = before_next(retry, tries, None);
            units.push(Unit {
                wait,
                ..self.anew(again, tries, traces)
            });
        }
        units
    }

    /// What each row's fate is can't be read.
    fn unread(
        &self,
        unit: Unit,
        carried: &Carried,
        fault: Option<&Fault>,
        unread: &Unread,
        sent: &mut Sent,
    ) -> Vec<Unit> {
        let reason = &unread.reason;
        let Some(fault) = fault else {
            let message = format!("it was sent, and what became of it can't be read: {reason}");
            self.tell_all(&unit, carried, Status::Unknown, None, &message, sent);
            if unread.is_of_spec {
                sent.unknowable = Some(message);
            } else {
                // It may be so for all reports: several in a row end the run.
                sent.unreachable = Some(message);
                sent.is_let_in = true;
            }
            return Vec::new();
        };
        if let Some(middle) = self.where_to_halve(&unit, fault) {
            let traces = carried.traces.of_nothing_applied();
            return self.halves(unit, middle, carried, traces, fault);
        }
        let message = format!(
            "{}; what it says of each row can't be read: {reason}",
            fault.message
        );
        let code = fault.code.clone();
        self.tell_all(&unit, carried, Status::Failed, code, &message, sent);
        Vec::new()
    }

    /// Whether an answer of GraphQL has errors, which are left to `results`.
    fn has_errors(&self, carried: &Carried) -> bool {
        let request = match &self.plan.kind {
            TargetKind::Request(request) => Some(&**request),
            TargetKind::Steps(steps) => steps.last().map(|step| &step.request),
            TargetKind::Job(_) | TargetKind::File(_) => None,
        };
        let is_graphql =
            request.is_some_and(|request| matches!(request.body, Some(BodyPlan::GraphQl { .. })));
        let errors = carried.answer.as_ref().map(|answer| {
            let errors = answer.body().get_attr("errors");
            errors.is_ok_and(|errors| has_errors(&errors))
        });
        is_graphql && errors.unwrap_or_default()
    }

    /// How often, and after which waits, rows are sent once more.
    fn retry(&self) -> &RetryPlan {
        match &self.plan.kind {
            TargetKind::Request(request) => &request.retry,
            TargetKind::Steps(steps) => steps.last().map_or(&NO_RETRY, |step| &step.request.retry),
            TargetKind::Job(job) => match &job.submit {
                SubmitPlan::Request(request) => &request.retry,
                SubmitPlan::Steps(steps) => {
                    steps.last().map_or(&NO_RETRY, |step| &step.request.retry)
                }
            },
            TargetKind::File(_) => &NO_RETRY,
        }
    }

    /// An answer that calls everything good and may mean something else: said once.
    async fn doubt(&self, carried: &Carried) {
        let has_statuses = carried
            .answer
            .as_ref()
            .is_some_and(|answer| answer.status == 207);
        if !has_statuses || self.is_doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let message = format!(
            "{}: the channel answers 207, which has a status for each row, and the target has no `results`: all rows count as ok",
            self.plan.label
        );
        self.context
            .api
            .log(LogLevel::Warning, &message, None)
            .await;
    }

    /// Whether a job that fails has applied nothing.
    fn is_job_for_all(&self) -> bool {
        let results = self.plan.results.as_ref();
        match &self.plan.kind {
            TargetKind::Job(job) => {
                job.all_or_nothing || results.is_some_and(|results| results.all_or_nothing)
            }
            TargetKind::Request(_) | TargetKind::Steps(_) | TargetKind::File(_) => false,
        }
    }

    /// Where the batch of a job that failed, and applied nothing, is cut to find the rows that it fails for.
    fn where_to_halve(&self, unit: &Unit, fault: &Fault) -> Option<usize> {
        let is_answer_of_job = matches!(fault.kind, FaultKind::NotOk | FaultKind::JobFailed);
        (is_answer_of_job && self.is_job_for_all())
            .then(|| unit.middle(self.keeps_groups()))
            .flatten()
    }

    /// Whether rows of one value are never sent apart.
    fn keeps_groups(&self) -> bool {
        let groups = self.plan.batch.as_ref().and_then(BatchPlan::groups);
        matches!(groups, Some(Groups::Alone | Groups::Packed))
    }

    /// The same rows in two batches. `traces` are those of the batch that they were in.
    fn halves(
        &self,
        unit: Unit,
        middle: usize,
        carried: &Carried,
        traces: Traces,
        fault: &Fault,
    ) -> Vec<Unit> {
        let attempts = unit.attempts + carried.attempts;
        let reason = Reason {
            code: fault.code.clone(),
            message: fault.message.clone(),
            ..Reason::default()
        };
        let again = |parcel: &Parcel| parcel.again(reason.clone());
        let mut first: Vec<Parcel> = unit.parcels.iter().map(again).collect();
        let second = first.split_off(middle);
        vec![
            self.anew(first, attempts, traces),
            self.anew(second, attempts, traces),
        ]
    }

    /// Rows in a batch of their own, with a number of its own.
    fn anew(&self, mut parcels: Vec<Parcel>, attempts: u32, traces: Traces) -> Unit {
        let number = self.counters.add_batch();
        if let Some(plan) = self.plan.item.as_ref().filter(|plan| plan.reads_batch) {
            item::renumber(plan, &mut parcels, number);
        }
        Unit {
            number: Some(number),
            parcels,
            attempts,
            wait: Duration::ZERO,
            traces,
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
        // What an answer says of its own attempt says nothing of one before it.
        let outcome = with_traces(outcome, carried.traces.is_doubtful, carried.traces);
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

/// What is told of a row that was refused, or passed over: it did not surely fail where something
/// `is_left` behind.
fn with_traces(outcome: Outcome, is_left: bool, traces: Traces) -> Outcome {
    let says_no = match outcome.status {
        Status::Failed | Status::Skipped => true,
        Status::Ok | Status::Rejected | Status::Unknown => false,
    };
    if !says_no || !is_left {
        return outcome;
    }
    let message = outcome.message.unwrap_or_default();
    Outcome {
        status: Status::Unknown,
        message: Some(format!("{message}{}", traces.words())),
        ..outcome
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

/// What a rule says about an answer that is good.
pub(super) fn said(accepted: &Accepted) -> Option<String> {
    match accepted {
        Accepted::ByStatus => None,
        Accepted::ByRule(said) => said.clone(),
    }
}
