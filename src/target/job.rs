//! `job`: rows that the channel takes in as work of its own: submitted, then asked about until it is
//! over.

use std::sync::Arc;
use std::time::Duration;

use super::carry::{Carried, CarryEnd, CarryError, CarryErrorKind};
use super::sender::BatchSender;
use super::steps::StepsFor;
use super::traces::Traces;
use crate::http::{Accepted, Answer, Asked, Failure, JobEnd};
use crate::plan::reads::BodyReads;
use crate::plan::request::RequestPlan;
use crate::plan::target::{SubmitPlan, TargetJobPlan};
use crate::template::Frame;

/// Words for a job whose end nobody saw.
const NOBODY_KNOWS: &str = "the job was submitted, and what became of it is not known";

impl BatchSender {
    pub(super) async fn by_job(
        &self,
        plan: &TargetJobPlan,
        frame: &Arc<Frame>,
        before: Traces,
    ) -> Carried {
        let mut carried = match &plan.submit {
            SubmitPlan::Request(request) => self.submit(request, plan.submit_reads, frame).await,
            SubmitPlan::Steps(steps) => {
                let mut carried = self.by_steps(steps, frame, StepsFor::Job, before).await;
                carried.answers.retain(|(name, _)| &**name != "response");
                carried
            }
        };
        let (CarryEnd::Done(_), Some(submitted)) = (&carried.came, carried.answer.clone()) else {
            note_response(&mut carried);
            return carried;
        };
        carried
            .answers
            .push(("submit".into(), Arc::clone(&submitted)));
        self.submitted.notify_one();
        if self.context.http.rehearsal().is_none() {
            let mut seen = Frame::on(frame);
            for (name, answer) in &carried.answers {
                seen.set(Arc::clone(name), answer.to_value());
            }
            let seen = Arc::new(seen);
            carried.came = self.wait(plan, &submitted, &seen, &mut carried).await;
            if let (CarryEnd::Done(_), Some(answer)) = (&carried.came, &carried.answer) {
                if let Err(other) = self.is_ok(answer, frame) {
                    carried.came = other;
                }
            }
        }
        note_response(&mut carried);
        carried
    }

    /// Submits a job by a request, whose answer is read or not.
    async fn submit(&self, request: &RequestPlan, reads: BodyReads, frame: &Arc<Frame>) -> Carried {
        let delivery = self.context.http.deliver(request, frame).await;
        let mut carried = Carried {
            came: CarryEnd::of(&delivery.fate, ""),
            answers: Vec::new(),
            answer: delivery.answer,
            attempts: delivery.attempts,
            traces: Traces {
                is_doubtful: delivery.is_doubtful,
                has_changed: false,
            },
        };
        if let (CarryEnd::Done(Accepted::ByStatus), Some(answer)) = (&carried.came, &carried.answer)
        {
            let judged = self
                .is_answer(request, answer)
                .and_then(|()| self.is_readable(request, answer, reads));
            if let Err(other) = judged {
                carried.came = other;
            }
        }
        carried
    }

    /// Asks until the job is over.
    async fn wait(
        &self,
        plan: &TargetJobPlan,
        submitted: &Answer,
        frame: &Arc<Frame>,
        carried: &mut Carried,
    ) -> CarryEnd {
        let http = &self.context.http;
        let unknown =
            |why: String| CarryEnd::Unknown(CarryError::new(format!("{NOBODY_KNOWS}: {why}")));
        // It may be so for all jobs: several in a row end the run.
        let lost = |why: String| {
            CarryEnd::Unknown(CarryError {
                kind: CarryErrorKind::ShutOut,
                ..CarryError::new(format!("{NOBODY_KNOWS}: {why}"))
            })
        };
        let unknowable = |why: String| {
            CarryEnd::Unknown(CarryError {
                kind: CarryErrorKind::Unknowable,
                ..CarryError::new(format!("{NOBODY_KNOWS}: {why}"))
            })
        };
        let poll = &plan.poll;
        let watch = match &poll.jobs {
            None => {
                let ask = async || Asked::of(http.send(&poll.request, frame, None).await);
                http.watch_job(poll, submitted, frame, ask).await
            }
            Some(jobs) => {
                let opened = match jobs.id.text(frame) {
                    Ok(id) if id.is_empty() => return unknown("`jobs.id` is nothing".to_owned()),
                    Ok(id) => self.open_jobs.open(id),
                    Err(error) => return unknown(format!("jobs.id: {error}")),
                };
                let ask = async || self.ask_for_all(poll, jobs, &opened).await;
                http.watch_job(poll, submitted, frame, ask).await
            }
        };
        if let Some(answer) = watch.last {
            carried.answers.push(("poll".into(), Arc::clone(&answer)));
            carried.answer = Some(answer);
        }
        match watch.end {
            JobEnd::Done(..) => CarryEnd::Done(Accepted::ByStatus),
            JobEnd::Failed(answer) => {
                let body = http.excerpt(answer.text());
                CarryEnd::Failed(CarryError {
                    kind: CarryErrorKind::JobFailed,
                    ..CarryError::said(format!("the job failed: {body}"))
                })
            }
            JobEnd::Untold(error) => unknowable(format!("failed: {error}")),
            JobEnd::Unclear(error) => unknowable(format!("until: {error}")),
            JobEnd::TooLate(Some(answer)) => unknown(format!(
                "it was not over within {}, and `until` did not hold for the last answer: {}",
                words(plan.poll.timeout),
                http.excerpt(answer.text())
            )),
            JobEnd::TooLate(None) => unknown(format!(
                "the channel did not list it within {}",
                words(plan.poll.timeout)
            )),
            JobEnd::PassedOver(message) => {
                unknown(message.unwrap_or_else(|| "a rule ends the asking".to_owned()))
            }
            // It says that the job applied nothing.
            JobEnd::Split(error) => CarryEnd::Split(CarryError {
                is_said: true,
                ..CarryError::of(&error, "")
            }),
            JobEnd::Lost(error) if matches!(error.failure, Failure::Template(_)) => {
                unknowable(error.to_string())
            }
            JobEnd::Lost(error) => lost(error.to_string()),
            JobEnd::Unreadable(reason) => lost(reason),
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
