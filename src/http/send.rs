//! A request until it is answered for good: turns are waited for, attempts are counted.

use std::sync::Arc;
use std::time::Duration;

use super::Http;
use super::answer::{Answer, Rest};
use super::error::{Failure, RuleEnd, SendError};
use super::exchange::Bounds;
use super::judge::{Accepted, Verdict, judge};
use super::making::{Made, Making};
use super::render::{Elsewhere, Prepared};
use super::wait;
use crate::plan::request::{Repeat, RequestPlan};
use crate::template::Frame;

/// Of a body that need not be held, so much is: most pages are smaller.
const HELD: usize = 1024 * 1024;

/// How long a goodbye may take: the platform does not wait for long.
const LAST_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the answer to a change is waited for once the run is stopped: what became of its rows
/// should be known.
const GRACE: Duration = Duration::from_secs(4);

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
    /// Sends a request until it is answered for good; `address` is where it goes instead.
    pub async fn send(
        &self,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
        address: Option<Elsewhere<'_>>,
    ) -> Result<Reply, SendError> {
        let mut course = Course::default();
        let making = Making::new(plan, frame, address);
        let made = self.make(&making).await;
        let shown = made.as_ref().map(Made::shown).unwrap_or_default();
        let result = match made {
            Ok(made) => self.attempt(&making, made, &mut course).await,
            Err(failure) => Err(failure),
        };
        let fail = |failure: Failure| SendError {
            label: plan.label.to_string(),
            request: self.redactor.redact(&shown),
            attempts: course.attempts,
            failure: self.redacted(failure),
        };
        match result {
            Ok(Ended::Good(answer, rest, _)) => Ok(Reply::Good(answer, rest)),
            Ok(Ended::Skip(message)) => Ok(Reply::Skip(self.redactor.redact(&message))),
            Ok(Ended::Stop) => Ok(Reply::Stop),
            Ok(Ended::Split(failure)) => Ok(Reply::Split(fail(failure))),
            // Only steps of a target have rules that begin anew.
            Ok(Ended::Restart(_, failure)) | Err(failure) => Err(fail(failure)),
        }
    }

    /// Sends a request once, though the run is stopped: it says goodbye.
    pub async fn send_last(&self, plan: &RequestPlan, frame: &Arc<Frame>) -> Result<(), Failure> {
        let making = Making::new(plan, frame, None);
        let Made { prepared, seen } = self.make(&making).await?;
        let credentials = self.credentials(plan.auth, &seen, None).await?;
        let bounds = Bounds {
            timeout: LAST_TIMEOUT,
            redirects: 0,
            held: HELD,
            grace: Duration::ZERO,
            changes: false,
        };
        let exchange = self.exchange_unstoppable(&prepared, &credentials, bounds);
        exchange.await.map(|_| ())
    }

    pub(super) async fn attempt(
        &self,
        making: &Making<'_>,
        mut made: Made,
        course: &mut Course,
    ) -> Result<Ended, Failure> {
        let Making { plan, frame, .. } = *making;
        let changes = plan.repeat != Repeat::Asks;
        let bounds = bounds_of(plan);
        let may_repeat = may_repeat(plan, &made.prepared);
        let mut credentials = self.credentials(plan.auth, &made.seen, None).await?;
        let mut has_refreshed = false;
        let mut was_challenged = false;
        loop {
            self.wait_for_turn(plan, frame).await?;
            // Nothing new is sent once the run is stopped.
            if course.attempts == 0 && self.stop.signal().is_some() {
                return Err(Failure::Stopped);
            }
            course.attempts += 1;
            course.answer = None;
            course.was_in_doubt |= course.in_doubt;
            course.in_doubt = false;
            let exchanged = self.exchange(&made.prepared, &credentials, bounds).await;
            let (wait, failure) = match exchanged {
                Err(Failure::Fault(fault)) => {
                    let is_sent = !fault.is_before_sending();
                    course.in_doubt = changes && is_sent;
                    if !fault.is_passing() || is_sent && !may_repeat {
                        return Err(Failure::Fault(fault));
                    }
                    let wait = wait::before_next(&plan.retry, course.attempts, None);
                    (wait, Failure::Fault(fault))
                }
                Err(failure) => {
                    // Whoever sends on to another place may have done it before.
                    course.in_doubt = changes && matches!(failure, Failure::Redirect(_));
                    return Err(failure);
                }
                Ok((answer, rest)) => {
                    self.note_remaining(plan, &answer.headers);
                    self.note_cookies(&credentials, &answer.cookies).await;
                    // What a server asks for before it does anything is no attempt that failed.
                    if !was_challenged && credentials.challenged(&answer) {
                        was_challenged = true;
                        continue;
                    }
                    let answer = Arc::new(answer);
                    course.answer = Some(Arc::clone(&answer));
                    let seen = Frame::on(frame).with("response", answer.to_value());
                    let seen = Arc::new(seen);
                    let own =
                        wait::before_next(&plan.retry, course.attempts, Some(&answer.headers));
                    let verdict = judge(self, plan, &answer, &seen).inspect_err(|_| {
                        // The answer can't be judged, and may well be good.
                        let may_be_done = (200..400).contains(&answer.status)
                            || MAYBE_DONE.contains(&answer.status);
                        course.in_doubt = changes && may_be_done;
                    })?;
                    let failure = verdict.failure();
                    course.in_doubt =
                        changes && failure.is_some_and(|failure| may_be_done(failure, &answer));
                    match verdict {
                        Verdict::Good(said) => {
                            self.note_pause(plan, &seen);
                            return Ok(Ended::Good(answer, rest, said));
                        }
                        Verdict::Skip(message) => return Ok(Ended::Skip(message)),
                        Verdict::Stop => return Ok(Ended::Stop),
                        Verdict::Split(failure) => return Ok(Ended::Split(failure)),
                        Verdict::Fail(failure) => return Err(failure),
                        Verdict::Restart(asked, failure) => {
                            return Ok(Ended::Restart(asked, failure));
                        }
                        Verdict::Refresh(failure) => {
                            if has_refreshed || !credentials.can_be_refreshed() {
                                return Err(failure);
                            }
                            has_refreshed = true;
                            let stale = Some(&credentials);
                            credentials = self.credentials(plan.auth, frame, stale).await?;
                            made = self.make_again(making, made).await?;
                            continue;
                        }
                        Verdict::Retry(asked, failure) => (asked.unwrap_or(own), failure),
                        Verdict::RetryStatus(failure) if course.in_doubt && !may_repeat => {
                            return Err(failure);
                        }
                        Verdict::RetryStatus(failure) => (own, failure),
                    }
                }
            };
            if course.attempts >= plan.retry.attempts {
                return Err(failure);
            }
            if !self.stop.sleep(wait).await {
                // What was answered, or is in doubt, is told as that.
                let is_known = changes && (course.in_doubt || course.answer.is_some());
                return Err(if is_known { failure } else { Failure::Stopped });
            }
            // A token may have expired meanwhile.
            made = self.make_again(making, made).await?;
            credentials = self.credentials(plan.auth, &made.seen, None).await?;
        }
    }

    pub(super) fn redacted(&self, failure: Failure) -> Failure {
        let redact = |text: String| self.redactor.redact(&text);
        match failure {
            Failure::Status { status, body } => Failure::Status {
                status,
                body: redact(body),
            },
            Failure::Rule {
                status,
                message,
                end,
            } => Failure::Rule {
                status,
                message: redact(message),
                end,
            },
            Failure::GraphQl { message, has_data } => Failure::GraphQl {
                message: redact(message),
                has_data,
            },
            Failure::Template(text) => Failure::Template(redact(text)),
            Failure::Auth(text) => Failure::Auth(redact(text)),
            Failure::Redirect(text) => Failure::Redirect(redact(text)),
            other => other,
        }
    }
}

/// How far the exchange of a request goes.
fn bounds_of(plan: &RequestPlan) -> Bounds {
    let changes = plan.repeat != Repeat::Asks;
    Bounds {
        timeout: plan.timeout,
        redirects: plan.redirects,
        held: if plan.holds_body { usize::MAX } else { HELD },
        grace: if changes { GRACE } else { Duration::ZERO },
        changes,
    }
}

/// Statuses after which nobody knows whether the request was carried out, however often it was sent.
const MAYBE_DONE: [u16; 3] = [408, 502, 504];

/// Statuses from 500 on that are given before anything is done: what is not known or not spoken here
/// (501, 505), no room (507), a loop (508), a network that wants a login (511), and of CDNs an origin
/// that was not reached (521, 523, 525, 526) or takes no more (529).
const SURELY_NOT_DONE: [u16; 10] = [501, 505, 507, 508, 511, 521, 523, 525, 526, 529];

/// Whether a request may have been carried out though its answer says no, and no rule says what that
/// means. A server that is asked too much, 503, refuses with `Retry-After`; without it, or with a page,
/// it is a router before the server that waited no longer, while the work goes on.
fn may_be_done(failure: &Failure, answer: &Answer) -> bool {
    match failure {
        // What is to be done next says nothing of the request.
        Failure::Status { status, .. }
        | Failure::Rule {
            status,
            end: RuleEnd::Aborts | RuleEnd::GoesOn,
            ..
        } => match status {
            200..300 => answer.is_page() || answer.is_empty() || answer.is_broken(),
            408 | 499 => true,
            400..500 => false,
            503 => {
                answer.header("retry-after").and_then(wait::asked).is_none()
                    || answer.is_for_people()
            }
            _ => !SURELY_NOT_DONE.contains(status),
        },
        Failure::GraphQl { has_data, .. } => *has_data,
        Failure::Rule {
            end: RuleEnd::Unclear,
            ..
        } => true,
        Failure::Rule { .. }
        | Failure::Fault(_)
        | Failure::Template(_)
        | Failure::Auth(_)
        | Failure::Redirect(_)
        | Failure::Stopped => false,
    }
}

/// Whether a request may be sent again though it may have been carried out.
fn may_repeat(plan: &RequestPlan, prepared: &Prepared) -> bool {
    match plan.repeat {
        Repeat::Asks => true,
        Repeat::Said(said) => said,
        Repeat::ByMethod => {
            prepared.method.is_idempotent() || prepared.headers.contains_key("idempotency-key")
        }
    }
}

/// How far the attempts at a request came.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// How often it was sent.
    pub attempts: u32,
    /// The last answer.
    pub answer: Option<Arc<Answer>>,
    /// Whether the last attempt may have been carried out though it failed.
    pub in_doubt: bool,
    /// Whether an attempt before it may have been.
    pub was_in_doubt: bool,
}

/// How the attempts ended.
pub(super) enum Ended {
    Good(Arc<Answer>, Option<Rest>, Accepted),
    Skip(String),
    Stop,
    Split(Failure),
    Restart(Option<Duration>, Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in_doubt(status: u16, kind: &'static str, body: &str) -> bool {
        let answer = Answer::of_text(status, kind, body);
        let failure = Failure::Status {
            status,
            body: String::new(),
        };
        may_be_done(&failure, &answer)
    }

    #[test]
    fn what_a_server_refuses_is_not_done_and_what_it_fails_at_may_be() {
        for status in [400, 401, 404, 409, 422, 429, 501, 505, 507, 521, 529] {
            assert!(!is_in_doubt(status, "application/json", "{}"), "{status}");
        }
        for status in [408, 499, 500, 502, 503, 504, 520, 522, 524] {
            assert!(is_in_doubt(status, "application/json", "{}"), "{status}");
        }
    }

    #[test]
    fn who_is_asked_too_much_says_when_to_come_again() {
        let mut answer = Answer::of_text(503, "application/json", "{}");
        let failure = Failure::Status {
            status: 503,
            body: String::new(),
        };
        let seconds = reqwest::header::HeaderValue::from_static("2");
        answer.headers.insert("retry-after", seconds);
        assert!(!may_be_done(&failure, &answer));
    }

    #[test]
    fn a_good_status_over_nothing_or_a_page_is_in_doubt() {
        assert!(is_in_doubt(200, "application/json", ""));
        assert!(is_in_doubt(200, "text/html", "<html><p>Hello"));
        assert!(!is_in_doubt(200, "application/json", "{\"ok\":false}"));
    }

    #[test]
    fn a_rule_that_knows_is_believed() {
        let answer = Answer::of_text(500, "application/json", "{}");
        let by_rule = |end| Failure::Rule {
            status: 500,
            message: String::new(),
            end,
        };
        assert!(!may_be_done(&by_rule(RuleEnd::Fails), &answer));
        assert!(may_be_done(&by_rule(RuleEnd::GoesOn), &answer));
        assert!(may_be_done(&by_rule(RuleEnd::Aborts), &answer));
        assert!(may_be_done(&by_rule(RuleEnd::Unclear), &answer));
    }
}
