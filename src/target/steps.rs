//! `steps`: requests in turn for a row. A failed one ends the row, the last that ran gives its outcome.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::carry::{Came, Carried, Fault, FaultKind};
use super::sender::Sender;
use crate::http::{Accepted, Rehearsed};
use crate::plan::target::TargetStepPlan;
use crate::template::Frame;

impl Sender {
    pub(super) async fn by_steps(&self, steps: &[TargetStepPlan], frame: &Arc<Frame>) -> Carried {
        let mut carried = Carried {
            came: Came::Skipped("no step's `when` held".to_owned()),
            answers: Vec::new(),
            answer: None,
            attempts: 0,
        };
        // What a step before changed stays changed.
        let mut has_changed = false;
        for (index, step) in steps.iter().enumerate() {
            let seen = seen(frame, &carried);
            let name = match &step.name {
                Some(name) => format!("step `{name}`"),
                None => format!("step {}", index + 1),
            };
            let runs = step
                .when
                .as_ref()
                .map_or(Ok(true), |when| when.holds(&seen));
            let came = match runs {
                Ok(false) => continue,
                Ok(true) => {
                    self.steps_run[index].fetch_add(1, Ordering::Relaxed);
                    let delivery = self.context.http.deliver(&step.request, &seen).await;
                    carried.attempts = carried.attempts.max(delivery.attempts);
                    let prefix = format!("{name}: ");
                    let mut came = Came::of(&delivery.fate, &prefix);
                    if let Some(answer) = delivery.answer {
                        if matches!(came, Came::Done(Accepted::ByStatus)) {
                            if let Err(other) = self.is_ok(&answer, &seen) {
                                came = other.behind(&prefix);
                            }
                        }
                        if let Some(name) = &step.name {
                            carried
                                .answers
                                .push((Arc::clone(name), Arc::clone(&answer)));
                        }
                        carried.answer = Some(answer);
                    }
                    came
                }
                Err(error) => {
                    self.steps_run[index].fetch_add(1, Ordering::Relaxed);
                    Came::Failed(Fault::said(format!("{name}: when: {error}")))
                }
            };
            match came {
                Came::Done(said) => {
                    has_changed |= step.request.changes();
                    carried.came = Came::Done(said);
                }
                // Nobody answered the steps before: what depends on them can't be shown.
                Came::Failed(fault) if index > 0 && self.context.http.rehearsal().is_some() => {
                    if let Some(rehearsal) = self.context.http.rehearsal() {
                        rehearsal.add(Rehearsed {
                            request: format!("({name} depends on an answer: {})", fault.whole),
                            headers: Vec::new(),
                            body: None,
                        });
                    }
                    carried.came = Came::Done(Accepted::ByStatus);
                }
                Came::NotSent if has_changed => {
                    let message =
                        format!("the run was stopped before {name}; what came before it is done");
                    carried.came = Came::Unknown(message);
                    break;
                }
                Came::Failed(fault) if matches!(carried.came, Came::Done(_)) => {
                    // A step before it was let in.
                    carried.came = Came::Failed(Fault {
                        kind: match fault.kind {
                            FaultKind::Abort => FaultKind::Abort,
                            _ => FaultKind::OfRows,
                        },
                        ..fault
                    });
                    break;
                }
                other => {
                    carried.came = other;
                    break;
                }
            }
        }
        let last = carried.answer.clone();
        carried
            .answers
            .extend(last.map(|answer| ("response".into(), answer)));
        carried
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
