//! `job`: rows that the channel takes in as work of its own: submitted, then asked about until it is
//! over.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::carry::{Came, Carried, Fault};
use super::sender::Sender;
use crate::http::{Accepted, Answer, Reply};
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
        let deadline = Instant::now() + plan.timeout;
        let http = &self.context.http;
        loop {
            if !http.stop().sleep(plan.every).await {
                self.cancel(plan, frame).await;
                return Came::Unknown(format!("{NOBODY_KNOWS}: the run was stopped"));
            }
            let answer = match self.ask(plan, frame).await {
                Ok(answer) => answer,
                Err(reason) => {
                    self.cancel(plan, frame).await;
                    return Came::Unknown(format!("{NOBODY_KNOWS}: {reason}"));
                }
            };
            let polled = Arc::new(Frame::on(frame).with("poll", answer.to_value()));
            carried.answers.retain(|(name, _)| &**name != "poll");
            carried.answers.push(("poll".into(), Arc::clone(&answer)));
            carried.answer = Some(Arc::clone(&answer));
            match plan.until.holds(&polled) {
                Ok(true) => return self.ended(plan, &polled, &answer),
                Ok(false) => {}
                Err(error) => {
                    self.cancel(plan, frame).await;
                    return Came::Unknown(format!("{NOBODY_KNOWS}: until: {error}"));
                }
            }
            if Instant::now() >= deadline {
                self.cancel(plan, frame).await;
                return Came::Unknown(format!(
                    "{NOBODY_KNOWS}: it was not over within {}, and `until` did not hold for the last answer: {}",
                    words(plan.timeout),
                    http.excerpt(answer.text())
                ));
            }
        }
    }

    fn ended(&self, plan: &TargetJobPlan, polled: &Arc<Frame>, answer: &Answer) -> Came {
        let Some(failed) = &plan.failed else {
            return Came::Done(Accepted::ByStatus);
        };
        match failed.holds(polled) {
            Ok(false) => Came::Done(Accepted::ByStatus),
            Ok(true) => {
                let body = self.context.http.excerpt(answer.text());
                Came::Failed(Fault::said(format!("the job failed: {body}")))
            }
            Err(error) => Came::Unknown(format!("{NOBODY_KNOWS}: failed: {error}")),
        }
    }

    async fn ask(&self, plan: &TargetJobPlan, frame: &Arc<Frame>) -> Result<Arc<Answer>, String> {
        match self.context.http.send(&plan.poll, frame, None).await {
            Ok(Reply::Good(answer, _)) => Ok(answer),
            Ok(Reply::Skip(message)) => Err(message),
            Ok(Reply::Stop) => Err("a rule ends the asking".to_owned()),
            Ok(Reply::Split(error)) | Err(error) => Err(error.to_string()),
        }
    }

    /// Tells the channel that nobody waits any more. Whether it hears it changes nothing here.
    async fn cancel(&self, plan: &TargetJobPlan, frame: &Arc<Frame>) {
        if let Some(request) = &plan.cancel {
            let _ = self.context.http.send_last(request, frame).await;
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
