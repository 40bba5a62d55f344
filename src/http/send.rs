//! A request until it is answered for good: turns are waited for, attempts are counted.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use super::Http;
use super::answer::{Answer, Rest};
use super::error::{Failure, SendError};
use super::exchange::Bounds;
use super::judge::{Verdict, judge};
use super::render::{Prepared, render};
use super::wait;
use crate::plan::request::RequestPlan;
use crate::template::Frame;

/// Of a body that need not be held, so much is: most pages are smaller.
const HELD: usize = 1024 * 1024;

/// How long a goodbye may take: the platform does not wait for long.
const LAST_TIMEOUT: Duration = Duration::from_secs(5);

/// What came of a request.
#[derive(Debug)]
pub enum Reply {
    /// A good answer, and what of its body is still to be read.
    Good(Arc<Answer>, Option<Rest>),
    /// No records from here; what the rule says.
    Skip(String),
    /// No records from here, no further pages.
    Stop,
    /// The window is read in halves; what is said where it can't be.
    Split(SendError),
}

impl Http {
    /// Sends a request until it is answered for good. `address` is the next page's, where an answer
    /// gave it.
    pub async fn send(
        &self,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        address: Option<&Url>,
    ) -> Result<Reply, SendError> {
        let mut attempts = 0;
        let prepared = render(plan, frame, address);
        let shown = match &prepared {
            Ok(prepared) => format!("{} {}", prepared.method, prepared.url),
            Err(_) => String::new(),
        };
        let result = match prepared {
            Ok(prepared) => self.attempt(plan, frame, &prepared, &mut attempts).await,
            Err(failure) => Err(failure),
        };
        let fail = |failure: Failure| SendError {
            label: plan.label.to_string(),
            request: self.redactor.redact(&shown),
            attempts,
            failure: self.redacted(failure),
        };
        match result {
            Ok(Ended::Good(answer, rest)) => Ok(Reply::Good(answer, rest)),
            Ok(Ended::Skip(message)) => Ok(Reply::Skip(self.redactor.redact(&message))),
            Ok(Ended::Stop) => Ok(Reply::Stop),
            Ok(Ended::Split(failure)) => Ok(Reply::Split(fail(failure))),
            Err(failure) => Err(fail(failure)),
        }
    }

    /// Sends a request once, though the run is stopped: it says goodbye.
    pub async fn send_last(&self, plan: &RequestPlan, frame: &Arc<Frame>) -> Result<(), Failure> {
        let prepared = render(plan, frame, None)?;
        let credentials = self.credentials(plan.auth, frame, None).await?;
        let bounds = Bounds {
            timeout: LAST_TIMEOUT,
            redirects: 0,
            held: HELD,
        };
        let exchange = self.exchange_unstoppable(&prepared, &credentials, bounds);
        exchange.await.map(|_| ())
    }

    async fn attempt(
        &self,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        prepared: &Prepared,
        attempts: &mut u32,
    ) -> Result<Ended, Failure> {
        let bounds = Bounds {
            timeout: plan.timeout,
            redirects: plan.redirects,
            held: if plan.holds_body { usize::MAX } else { HELD },
        };
        let mut credentials = self.credentials(plan.auth, frame, None).await?;
        let mut has_refreshed = false;
        loop {
            self.wait_for_turn(plan, frame).await?;
            *attempts += 1;
            let exchanged = self.exchange(prepared, &credentials, bounds).await;
            let (wait, failure) = match exchanged {
                Err(Failure::Fault(fault)) if fault.is_passing() => {
                    let wait = wait::before_next(&plan.retry, *attempts, None);
                    (wait, Failure::Fault(fault))
                }
                Err(failure) => return Err(failure),
                Ok((answer, rest)) => {
                    self.note_remaining(plan, &answer.headers);
                    let answer = Arc::new(answer);
                    let seen = Frame::on(frame).with("response", answer.to_value());
                    let seen = Arc::new(seen);
                    match judge(self, plan, &answer, &seen)? {
                        Verdict::Good => {
                            self.note_pause(plan, &seen);
                            return Ok(Ended::Good(answer, rest));
                        }
                        Verdict::Skip(message) => return Ok(Ended::Skip(message)),
                        Verdict::Stop => return Ok(Ended::Stop),
                        Verdict::Split(failure) => return Ok(Ended::Split(failure)),
                        Verdict::Fail(failure) => return Err(failure),
                        Verdict::Refresh(failure) => {
                            if has_refreshed || !credentials.can_be_refreshed() {
                                return Err(failure);
                            }
                            has_refreshed = true;
                            let stale = Some(&credentials);
                            credentials = self.credentials(plan.auth, frame, stale).await?;
                            continue;
                        }
                        Verdict::Retry(asked, failure) => {
                            let own =
                                wait::before_next(&plan.retry, *attempts, Some(&answer.headers));
                            (asked.unwrap_or(own), failure)
                        }
                    }
                }
            };
            if *attempts >= plan.retry.attempts {
                return Err(failure);
            }
            if !self.stop.sleep(wait).await {
                return Err(Failure::Stopped);
            }
            // A token may have expired meanwhile.
            credentials = self.credentials(plan.auth, frame, None).await?;
        }
    }

    fn redacted(&self, failure: Failure) -> Failure {
        let redact = |text: String| self.redactor.redact(&text);
        match failure {
            Failure::Status { status, body } => Failure::Status {
                status,
                body: redact(body),
            },
            Failure::Rule {
                status,
                message,
                is_abort,
            } => Failure::Rule {
                status,
                message: redact(message),
                is_abort,
            },
            Failure::GraphQl(text) => Failure::GraphQl(redact(text)),
            Failure::Template(text) => Failure::Template(redact(text)),
            Failure::Auth(text) => Failure::Auth(redact(text)),
            Failure::Redirect(text) => Failure::Redirect(redact(text)),
            other => other,
        }
    }
}

/// How the attempts ended.
enum Ended {
    Good(Arc<Answer>, Option<Rest>),
    Skip(String),
    Stop,
    Split(Failure),
}
