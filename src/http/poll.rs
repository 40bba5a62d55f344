//! A job of the other side is asked about until it is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::wait::asked_by;
use super::{Answer, Http, Reply, SendError};
use crate::plan::poll::PollPlan;
use crate::plan::reads::BodyReads;
use crate::template::{Frame, TemplateError};

/// The shortest wait that `Retry-After` may ask for where the author says none.
const SHORTEST: Duration = Duration::from_secs(1);

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
    /// It was not over in time; the last answer, if there was one.
    TooLate(Option<Arc<Answer>>),
    /// A rule ends the asking; what it says.
    PassedOver(Option<String>),
    /// A rule halves what was submitted.
    Split(SendError),
    /// It can't be asked about.
    Lost(SendError),
    /// What was answered can't be read.
    Unreadable(String),
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

/// What one question came to.
#[derive(Debug)]
pub enum Asked {
    /// How it stands.
    Answer(Arc<Answer>),
    /// It is not listed.
    NotListed,
    /// What was answered is no answer: why.
    Unreadable(String),
    /// It is known how it ended.
    End(JobEnd),
}

impl Asked {
    /// What a reply means.
    pub fn of(reply: Result<Reply, SendError>) -> Self {
        match reply {
            Ok(Reply::Good(answer, _)) => Self::Answer(answer),
            Ok(Reply::Skip(message)) => Self::End(JobEnd::PassedOver(Some(message))),
            Ok(Reply::Stop) => Self::End(JobEnd::PassedOver(None)),
            Ok(Reply::Split(error)) => Self::End(JobEnd::Split(error)),
            Err(error) => Self::End(JobEnd::Lost(error)),
        }
    }
}

impl Http {
    /// Waits for a job that was submitted, which `frame` sees as `submit`; `ask` asks how it stands. Where
    /// nobody waits any more and it may not be over, it is cancelled.
    pub async fn watch_job(
        &self,
        plan: &PollPlan,
        submitted: &Answer,
        frame: &Arc<Frame>,
        ask: impl AsyncFn() -> Asked,
    ) -> JobWatch {
        let mut last = None;
        let end = self
            .wait_for_job(plan, submitted, frame, ask, &mut last)
            .await;
        let may_go_on = match &end {
            JobEnd::Done(..) | JobEnd::Failed(_) | JobEnd::Untold(_) | JobEnd::Split(_) => false,
            JobEnd::Unclear(_)
            | JobEnd::TooLate(_)
            | JobEnd::PassedOver(_)
            | JobEnd::Lost(_)
            | JobEnd::Unreadable(_)
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
        submitted: &Answer,
        frame: &Arc<Frame>,
        ask: impl AsyncFn() -> Asked,
        last: &mut Option<Arc<Answer>>,
    ) -> JobEnd {
        let deadline = Instant::now() + plan.timeout;
        let mut wait = wait_after(plan, submitted);
        let mut in_vain = 0;
        loop {
            // At the end of the time it is asked about once more.
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.stop().sleep(wait.min(left)).await {
                return JobEnd::Stopped;
            }
            let answer = match ask().await {
                Asked::Answer(answer) => match why_none(plan, &answer) {
                    None => Some(answer),
                    Some(why) => {
                        in_vain += 1;
                        if in_vain >= plan.request.retry.attempts {
                            let label = &plan.request.label;
                            return JobEnd::Unreadable(format!("{label} was answered by {why}"));
                        }
                        None
                    }
                },
                Asked::Unreadable(reason) => {
                    in_vain += 1;
                    if in_vain >= plan.request.retry.attempts {
                        return JobEnd::Unreadable(reason);
                    }
                    None
                }
                Asked::NotListed => None,
                Asked::End(end) => return end,
            };
            // What holds nothing of what is read says nothing yet.
            if let Some(answer) = answer.filter(|answer| tells(plan, answer)) {
                in_vain = 0;
                *last = Some(Arc::clone(&answer));
                wait = wait_after(plan, &answer);
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
            }
            if Instant::now() >= deadline {
                return JobEnd::TooLate(last.clone());
            }
        }
    }
}

/// Why an answer is none, where it is none: it is asked for again, as after a loss.
fn why_none(plan: &PollPlan, answer: &Answer) -> Option<&'static str> {
    let is_read = plan.reads >= BodyReads::AsData;
    if answer.is_page() {
        Some("a web page: is the address right, and is a login needed?")
    } else if is_read && answer.is_broken() {
        Some("what breaks off or is broken")
    } else {
        None
    }
}

/// Whether there is something in an answer of what is read of it. Where a job is taken in, there may be
/// nothing, or a few words, until it is known.
fn tells(plan: &PollPlan, answer: &Answer) -> bool {
    match plan.reads {
        BodyReads::Nothing => true,
        BodyReads::AsText | BodyReads::AsData => !answer.is_empty(),
        BodyReads::Inside => answer.has_inside(),
    }
}

/// The wait before the next question: what the other side asks for, and no less than the author says.
fn wait_after(plan: &PollPlan, answer: &Answer) -> Duration {
    let name = "retry-after";
    let text = answer.headers.get(name).and_then(|text| text.to_str().ok());
    match text.and_then(|text| asked_by(name, text)) {
        None => plan.every,
        Some(asked) if plan.every_is_said => asked.max(plan.every),
        Some(asked) => asked.max(SHORTEST),
    }
}
