//! What an answer, or its want, means for each row that was sent, and which rows go again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::carry::{Carried, CarryEnd, CarryError, CarryErrorKind};
use super::fates::{Made, Whole};
use super::item;
use super::parcel::{Parcel, Unit};
use super::results::{Reason, RowResult, Unread};
use super::sender::BatchSender;
use super::sent::{End, RowOutcome, Sent};
use super::traces::Traces;
use crate::columns::{Outcome, Status};
use crate::http::{Accepted, before_next, has_errors};
use crate::plan::request::{BodyPlan, RetryPlan};
use crate::plan::target::{BatchPlan, Groups, ResultsPlan, SubmitPlan, TargetKind};
use crate::spec::LogLevel;
use crate::template::Frame;

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

impl BatchSender {
    /// Tells what became of each row; what is to be sent again comes back.
    pub(super) async fn settle(
        &self,
        unit: Unit,
        frame: &Arc<Frame>,
        carried: Carried,
        sent: &mut Sent,
    ) -> Vec<Unit> {
        match &carried.came {
            CarryEnd::NotSent => {
                sent.end = Some(End::Stopped);
                sent.leave(&unit);
            }
            CarryEnd::Skipped(message) => {
                self.tell_all(&unit, &carried, Status::Skipped, None, message, sent);
            }
            CarryEnd::Unknown(fault) => {
                self.note_kind(fault, sent);
                let code = fault.code.clone();
                self.tell_all(&unit, &carried, Status::Unknown, code, &fault.message, sent);
            }
            CarryEnd::Split(fault) => {
                let traces = if fault.is_said {
                    carried.traces.of_nothing_applied()
                } else {
                    carried.traces
                };
                if let Some(middle) = unit.middle(self.keeps_groups()) {
                    return self.halves(&unit, middle, &carried, traces, fault);
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
            CarryEnd::Restart { fault, .. } | CarryEnd::Failed(fault) => {
                // What `results` says of the rows is told though the answer as a whole says no.
                let results = self.plan.results.as_ref().filter(|_| {
                    matches!(
                        fault.kind,
                        CarryErrorKind::NotOk | CarryErrorKind::JobFailed
                    )
                });
                if let Some(results) = results {
                    return self
                        .by_results(results, unit, frame, &carried, Some(fault), sent)
                        .await;
                }
                if let Some(halves) = self.halves_of_job(&unit, &carried, fault) {
                    return halves;
                }
                self.note_kind(fault, sent);
                let code = fault.code.clone();
                self.tell_all(&unit, &carried, Status::Failed, code, &fault.message, sent);
            }
            CarryEnd::Done(accepted) => {
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
    fn note_kind(&self, fault: &CarryError, sent: &mut Sent) {
        match fault.kind {
            CarryErrorKind::Abort => sent.end = Some(End::Abort(fault.whole.clone())),
            CarryErrorKind::Unreachable => sent.unreachable = Some(fault.whole.clone()),
            CarryErrorKind::Forbidden => sent.forbidden = Some(fault.whole.clone()),
            CarryErrorKind::NoAnswer => {
                let label = &self.plan.label;
                sent.unjudged = Some(format!("{label}: {}", fault.whole));
            }
            CarryErrorKind::Unknowable => sent.unknowable = Some(fault.whole.clone()),
            CarryErrorKind::ShutOut => {
                sent.unreachable = Some(fault.whole.clone());
                sent.is_let_in = true;
            }
            CarryErrorKind::OfRows
            | CarryErrorKind::NotOk
            | CarryErrorKind::JobFailed
            | CarryErrorKind::Unmade => {}
        }
    }

    /// Tells what `results` says of each row. `fault` is what the answer as a whole says.
    async fn by_results(
        &self,
        plan: &ResultsPlan,
        unit: Unit,
        frame: &Arc<Frame>,
        carried: &Carried,
        fault: Option<&CarryError>,
        sent: &mut Sent,
    ) -> Vec<Unit> {
        let by_rule = match &carried.came {
            CarryEnd::Done(accepted @ Accepted::ByRule(_)) => Some(accepted),
            _ => None,
        };
        let verdicts = match self.verdicts(plan, &unit, frame, carried).await {
            Ok(verdicts) => verdicts,
            Err(unread) => return self.unread(unit, carried, fault, &unread, sent),
        };
        let of_none = fault.filter(|_| !verdicts.rows.iter().any(RowResult::is_refusal));
        if let Some(halves) = of_none.and_then(|fault| self.halves_of_job(&unit, carried, fault)) {
            return halves;
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
        let has_failed = fault.is_some_and(|fault| fault.kind == CarryErrorKind::JobFailed);
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
        fault: Option<&CarryError>,
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
        if let Some(halves) = self.halves_of_job(&unit, carried, fault) {
            return halves;
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
            TargetKind::Job(_) | TargetKind::File(_) | TargetKind::Sql(_) => None,
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
        let steps = match &self.plan.kind {
            TargetKind::Request(request) => return &request.retry,
            TargetKind::Steps(steps) => steps,
            TargetKind::Job(job) => match &job.submit {
                SubmitPlan::Request(request) => return &request.retry,
                SubmitPlan::Steps(steps) => steps,
            },
            TargetKind::File(_) | TargetKind::Sql(_) => return &NO_RETRY,
        };
        steps.last().map_or(&NO_RETRY, |step| &step.request.retry)
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
            TargetKind::Request(_)
            | TargetKind::Steps(_)
            | TargetKind::File(_)
            | TargetKind::Sql(_) => false,
        }
    }

    /// The batch of a job that failed, and applied nothing, cut to find the rows that it fails for.
    fn halves_of_job(
        &self,
        unit: &Unit,
        carried: &Carried,
        fault: &CarryError,
    ) -> Option<Vec<Unit>> {
        let is_answer_of_job = matches!(
            fault.kind,
            CarryErrorKind::NotOk | CarryErrorKind::JobFailed
        );
        if !is_answer_of_job || !self.is_job_for_all() {
            return None;
        }
        let middle = unit.middle(self.keeps_groups())?;
        let traces = carried.traces.of_nothing_applied();
        Some(self.halves(unit, middle, carried, traces, fault))
    }

    /// Whether rows of one value are never sent apart.
    fn keeps_groups(&self) -> bool {
        let groups = self.plan.batch.as_ref().and_then(BatchPlan::groups);
        matches!(groups, Some(Groups::Alone | Groups::Packed))
    }

    /// The same rows in two batches. `traces` are those of the batch that they were in.
    fn halves(
        &self,
        unit: &Unit,
        middle: usize,
        carried: &Carried,
        traces: Traces,
        fault: &CarryError,
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
        sent.told.push(RowOutcome {
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
pub(super) fn with_traces(outcome: Outcome, is_left: bool, traces: Traces) -> Outcome {
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

/// What a rule says about an answer that is good.
pub(super) fn said(accepted: &Accepted) -> Option<String> {
    match accepted {
        Accepted::ByStatus => None,
        Accepted::ByRule(said) => said.clone(),
    }
}
