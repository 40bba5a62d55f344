//! A job of the other side is asked about until it is over.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Answer, Http, Reply, SendError};
use crate::plan::poll::PollPlan;
use crate::template::{Frame, TemplateError};

/// How the waiting ended.
#[derive(Debug)]
pub enum JobEnd {
    /// The job is over and went well; `poll` is seen in the frame.
    Done(Arc<Frame>, Arc<Answer>),
    /// It is over and says that it failed.
    Failed(Arc<Answer>),
    /// It is over, and whether it failed can't be told.
    Untold(TemplateError),
    /// Whether it is over can't be told.
    Unclear(TemplateError),
    /// It was not over in time; the last answer.
    TooLate(Arc<Answer>),
    /// A rule ends the asking; what it says.
    PassedOver(Option<String>),
    /// It can't be asked about.
    Lost(SendError),
    /// The run was stopped.
    Stopped,
}

/// How a job ended, and the last answer about it.
#[derive(Debug)]
pub struct JobWatch {
    /// How.
    pub end: JobEnd,
    /// The last answer.
    pub last: Option<Arc<Answer>>,
}

impl Http {
    /// Waits for a job that was submitted, which `frame` sees as `submit`. Where nobody waits any more and
    /// it may not be over, it is cancelled.
    pub async fn watch_job(&self, plan: &PollPlan, frame: &Arc<Frame>) -> JobWatch {
        let mut last = None;
        let end = self.wait_for_job(plan, frame, &mut last).await;
        let may_go_on = match &end {
            JobEnd::Done(..) | JobEnd::Failed(_) | JobEnd::Untold(_) => false,
            JobEnd::Unclear(_)
            | JobEnd::TooLate(_)
            | JobEnd::PassedOver(_)
            | JobEnd::Lost(_)
            | JobEnd::Stopped => true,
        };
        if let (true, Some(request)) = (may_go_on, &plan.cancel) {
            // Whether the other side hears it changes nothing here.
            let _ = self.send_last(request, frame).await;
        }
        JobWatch { end, last }
    }

    async fn wait_for_job(
        &self,
        plan: &PollPlan,
        frame: &Arc<Frame>,
        last: &mut Option<Arc<Answer>>,
    ) -> JobEnd {
        let deadline = Instant::now() + plan.timeout;
        loop {
            if !self.stop().sleep(plan.every).await {
                return JobEnd::Stopped;
            }
            let answer = match self.send(&plan.request, frame, None).await {
                Ok(Reply::Good(answer, _)) => answer,
                Ok(Reply::Skip(message)) => return JobEnd::PassedOver(Some(message)),
                Ok(Reply::Stop) => return JobEnd::PassedOver(None),
                Ok(Reply::Split(error)) | Err(error) => return JobEnd::Lost(error),
            };
            *last = Some(Arc::clone(&answer));
            let polled = Arc::new(Frame::on(frame).with("poll", answer.to_value()));
            match plan.until.holds(&polled) {
                Ok(true) => {
                    let failed = plan.failed.as_ref().map(|failed| failed.holds(&polled));
                    return match failed {
                        None | Some(Ok(false)) => JobEnd::Done(polled, answer),
                        Some(Ok(true)) => JobEnd::Failed(answer),
                        Some(Err(error)) => JobEnd::Untold(error),
                    };
                }
                Ok(false) => {}
                Err(error) => return JobEnd::Unclear(error),
            }
            if Instant::now() >= deadline {
                return JobEnd::TooLate(answer);
            }
        }
    }
}
