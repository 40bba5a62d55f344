//! `steps`: requests in turn for a row or a batch, or for what submits a job. A failed one ends the row, the
//! last that ran gives its outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::carry::{Carried, CarryEnd, CarryError, CarryErrorKind};
use super::sender::BatchSender;
use super::traces::Traces;
use crate::http::{Accepted, before_next};
use crate::plan::target::TargetStepPlan;
use crate::template::Frame;

impl BatchSender {
    /// Runs the steps, and once more from the first where a rule says so.
    pub(super) async fn by_steps(
        &self,
        steps: &[TargetStepPlan],
        frame: &Arc<Frame>,
        purpose: StepsFor,
        before: Traces,
    ) -> Carried {
        let mut attempts = 0;
        let mut rounds = 1;
        let mut traces = before;
        loop {
            let (mut carried, last) = self.once_through(steps, frame, purpose, traces).await;
            carried.attempts += attempts;
            let CarryEnd::Restart { fault, wait } = carried.came else {
                return carried;
            };
            traces = carried.traces;
            // The step that says so has the word on how often.
            let retry = &steps[last].request.retry;
            let wait = wait.unwrap_or_else(|| before_next(retry, rounds, None));
            let is_over = rounds >= retry.attempts || !self.context.http.stop().sleep(wait).await;
            if is_over {
                carried.came = if traces.any() {
                    CarryEnd::Unknown(fault.with_words(traces.words()))
                } else {
                    CarryEnd::Failed(fault)
                };
                return carried;
            }
            attempts = carried.attempts;
            rounds += 1;
        }
    }

    /// Runs the steps, and tells which ran last.
    async fn once_through(
        &self,
        steps: &[TargetStepPlan],
        frame: &Arc<Frame>,
        purpose: StepsFor,
        mut traces: Traces,
    ) -> (Carried, usize) {
        let mut carried = Carried {
            came: CarryEnd::Skipped("no step's `when` held".to_owned()),
            answers: Vec::new(),
            answer: None,
            attempts: 0,
            traces: Traces::default(),
        };
        let mut last = None;
        let mut reached = 0;
        for (index, step) in steps.iter().enumerate() {
            let seen = seen(frame, &carried);
            let name = match &step.name {
                Some(name) => format!("step `{name}`"),
                None => format!("step {}", index + 1),
            };
            self.steps_reached[index].fetch_add(1, Ordering::Relaxed);
            let runs = step
                .when
                .as_ref()
                .map_or(Ok(true), |when| when.holds(&seen));
            let http = &self.context.http;
            let rehearsal = http.rehearsal();
            if rehearsal.is_some_and(|rehearsal| rehearsal.notes_depending(http, step, &seen)) {
                self.steps_run[index].fetch_add(1, Ordering::Relaxed);
                carried.came = CarryEnd::Done(Accepted::ByStatus);
                continue;
            }
            let came = match runs {
                Ok(false) => continue,
                Ok(true) => {
                    reached = index;
                    self.steps_run[index].fetch_add(1, Ordering::Relaxed);
                    self.step(step, &name, &seen, purpose, &mut carried).await
                }
                Err(error) => {
                    self.steps_run[index].fetch_add(1, Ordering::Relaxed);
                    CarryEnd::Failed(CarryError::new(format!("{name}: when: {error}")))
                }
            };
            match came {
                CarryEnd::Done(said) => {
                    // What a step changed stays changed.
                    if step.request.changes() {
                        traces.has_changed = true;
                    }
                    last = Some(step);
                    carried.came = CarryEnd::Done(said);
                }
                // Only an answer that says what became of the rows makes them more than unknown.
                CarryEnd::NotSent if traces.any() => {
                    let message = format!("the run was stopped before {name}");
                    carried.came =
                        CarryEnd::Unknown(CarryError::new(message).with_words(traces.words()));
                    break;
                }
                CarryEnd::Failed(fault) if traces.any() && !fault.is_said => {
                    // What the spec makes nothing of is not made out for other rows either.
                    let kind = match fault.kind {
                        CarryErrorKind::Unmade => CarryErrorKind::Unknowable,
                        kind => kind,
                    };
                    let fault = CarryError { kind, ..fault };
                    carried.came = CarryEnd::Unknown(later(fault).with_words(traces.words()));
                    break;
                }
                CarryEnd::Unknown(fault) if traces.any() => {
                    carried.came = CarryEnd::Unknown(later(fault).with_words(traces.words()));
                    break;
                }
                CarryEnd::Failed(fault) if matches!(carried.came, CarryEnd::Done(_)) => {
                    carried.came = CarryEnd::Failed(later(fault));
                    break;
                }
                other => {
                    carried.came = other;
                    break;
                }
            }
        }
        let last = last.filter(|_| purpose == StepsFor::Rows);
        if let (CarryEnd::Done(Accepted::ByStatus), Some(answer), Some(last)) =
            (&carried.came, &carried.answer, last)
        {
            if let Err(other) = self.says_something(&last.request, answer) {
                carried.came = other;
            }
        }
        let last = carried.answer.clone();
        carried
            .answers
            .extend(last.map(|answer| ("response".into(), answer)));
        // Of the step that ran last nobody knows what came of it before.
        carried.traces = carried.traces.and(traces);
        (carried, reached)
    }

    /// Sends one step, and looks at its answer.
    async fn step(
        &self,
        step: &TargetStepPlan,
        name: &str,
        seen: &Arc<Frame>,
        purpose: StepsFor,
        carried: &mut Carried,
    ) -> CarryEnd {
        let delivery = self.context.http.deliver(&step.request, seen).await;
        carried.attempts = carried.attempts.max(delivery.attempts);
        carried.traces.is_doubtful = delivery.is_doubtful;
        let prefix = format!("{name}: ");
        let mut came = CarryEnd::of(&delivery.fate, &prefix);
        let Some(answer) = delivery.answer else {
            return came;
        };
        if matches!(came, CarryEnd::Done(Accepted::ByStatus)) {
            let is_judged = purpose == StepsFor::Rows;
            let judged = self
                .is_answer(&step.request, &answer)
                .and_then(|()| self.says_something_to_steps(step, &answer, is_judged))
                .and_then(|()| match purpose {
                    StepsFor::Rows => self.is_ok(&answer, seen),
                    StepsFor::Job => Ok(()),
                });
            if let Err(other) = judged {
                came = other.behind(&prefix);
            }
        }
        if let Some(name) = &step.name {
            let named = (Arc::clone(name), Arc::clone(&answer));
            carried.answers.push(named);
        }
        carried.answer = Some(answer);
        came
    }
}

/// What steps are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepsFor {
    /// They send rows, and the answer of the last says what became of them.
    Rows,
    /// They submit a job, which is asked about then.
    Job,
}

/// What goes wrong at a step behind one that was let in may be of its rows.
fn later(fault: CarryError) -> CarryError {
    CarryError {
        kind: match fault.kind {
            CarryErrorKind::Unreachable | CarryErrorKind::Forbidden => CarryErrorKind::ShutOut,
            kind @ (CarryErrorKind::OfRows
            | CarryErrorKind::NotOk
            | CarryErrorKind::JobFailed
            | CarryErrorKind::NoAnswer
            | CarryErrorKind::Unknowable
            | CarryErrorKind::ShutOut
            | CarryErrorKind::Unmade
            | CarryErrorKind::Abort) => kind,
        },
        ..fault
    }
}

/// What a step sees: the answers before it.
fn seen(frame: &Arc<Frame>, carried: &Carried) -> Arc<Frame> {
    let mut seen = Frame::on(frame);
    for (name, answer) in &carried.answers {
        seen.set(Arc::clone(name), answer.to_value());
    }
    Arc::new(seen)
}
