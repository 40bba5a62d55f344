//! `job`: rows that the channel takes in as work of its own: submitted, then asked about until it is
//! over.

use std::sync::Arc;
use std::time::Duration;

use super::carry::{Came, Carried, Fault, FaultKind};
use super::sender::Sender;
use crate::http::{Accepted, JobEnd};
use crate::plan::target::TargetJobPlan;
use crate::template::Frame;

/// Words for a job whose end nobody saw.
const NOBODY_KNOWS: &str = "the job was submitted, and what became of it is not known";

impl Sender {
    pub(super) async fn by_job(&self, plan: &TargetJobPlan, frame: &Arc<Frame>) -> Carried {
        let delivery = self.context.http.deliver(&plan.submit, frame).await;
        let mut carried = Carried {
            came: Came::of(&delivery.fate, ""),
            answers: Vec::new(),
            answer: delivery.answer,
            attempts: delivery.attempts,
        };
        if let (Came::Done(Accepted::ByStatus), Some(answer)) = (&carried.came, &carried.answer) {
            if let Err(other) = self.is_answer(&plan.submit, answer) {
                carried.came = other;
            }
        }
        let (Came::Done(_), Some(submitted)) = (&carried.came, carried.answer.clone()) else {
            note_response(&mut carried);
            return carried;
        };
        carried
            .answers
            .push(("submit".into(), Arc::clone(&submitted)));
        self.submitted.notify_one();
        if self.context.http.rehearsal().is_none() {
            let seen = Frame::on(frame).with("submit", submitted.to_value());
            carried.came = self.wait(plan, &Arc::new(seen), &mut carried).await;
            if let (Came::Done(_), Some(answer)) = (&carried.came, &carried.answer) {
                if let Err(other) = self.is_ok(answer, frame) {
                    carried.came = other;
                }
            }
        }
        note_response(&mut carried);
        carried
    }

    /// Asks until the job is over.
    async fn wait(&self, plan: &TargetJobPlan, frame: &Arc<Frame>, carried: &mut Carried) -> Came {
        let http = &self.context.http;
        let watch = http.watch_job(&plan.poll, frame).await;
        if let Some(answer) = watch.last {
            carried.answers.push(("poll".into(), Arc::clone(&answer)));
            carried.answer = Some(answer);
        }
        let unknown = |why: String| Came::Unknown(Fault::new(format!("{NOBODY_KNOWS}: {why}")));
        match watch.end {
            JobEnd::Done(..) => Came::Done(Accepted::ByStatus),
            JobEnd::Failed(answer) => {
                let body = http.excerpt(answer.text());
                Came::Failed(Fault {
                    // A report of single rows knows more.
                    kind: FaultKind::NotOk,
                    ..Fault::said(format!("the job failed: {body}"))
                })
            }
            JobEnd::Untold(error) => unknown(format!("failed: {error}")),
            JobEnd::Unclear(error) => unknown(format!("until: {error}")),
            JobEnd::TooLate(answer) => unknown(format!(
                "it was not over within {}, and `until` did not hold for the last answer: {}",
                words(plan.poll.timeout),
                http.excerpt(answer.text())
            )),
            JobEnd::PassedOver(message) => {
                unknown(message.unwrap_or_else(|| "a rule ends the asking".to_owned()))
            }
            JobEnd::Lost(error) => unknown(error.to_string()),
            JobEnd::Stopped => unknown("the run was stopped".to_owned()),
        }
    }
}

/// The answer that decides is seen as `response`.
fn note_response(carried: &mut Carried) {
    let answer = carried.answer.clone();
    carried
        .answers
        .extend(answer.map(|answer| ("response".into(), answer)));
}

fn words(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
