//! Growing waits between attempts, at most a minute for one call.

use std::time::Duration;

use super::call::CallAnswer;
use crate::retry::Growing;

/// Single waits, where the API does not ask for a longer one.
const GROWING: Growing = Growing {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};
/// How long a sidecar may take to start, its connections refused.
const STARTING: Duration = Duration::from_secs(30);
/// All waits for one call together.
const TOTAL: Duration = Duration::from_secs(60);
/// How often a read whose answer was lost or broken is tried again.
const BROKEN_ATTEMPTS: u32 = 6;

/// The waits of one call.
#[derive(Debug, Default)]
pub struct Waits {
    waited: Duration,
    count: u32,
    broken: u32,
}

impl Waits {
    /// The next wait after a call that surely was not done.
    pub fn after_not_done(&mut self, answer: &CallAnswer) -> Option<Duration> {
        match answer {
            CallAnswer::Whole { retry_after, .. } => self.after_busy(*retry_after),
            CallAnswer::Refused(_) => self.after_refusal(),
            CallAnswer::Lost(_) => None,
        }
    }

    /// The next wait where the connection was refused; nothing once the sidecar should have started.
    pub fn after_refusal(&mut self) -> Option<Duration> {
        self.next(None, STARTING)
    }

    /// The next wait where the API asked for patience (429, 503).
    pub fn after_busy(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.next(retry_after, TOTAL)
    }

    /// The next wait where the answer was lost or broken.
    pub fn after_broken(&mut self) -> Option<Duration> {
        self.broken += 1;
        if self.broken >= BROKEN_ATTEMPTS {
            return None;
        }
        self.next(None, TOTAL)
    }

    fn next(&mut self, asked: Option<Duration>, limit: Duration) -> Option<Duration> {
        let own = GROWING.after(self.count + 1);
        let wait = asked.unwrap_or_default().max(own);
        if self.waited + wait > limit {
            return None;
        }
        self.count += 1;
        self.waited += wait;
        Some(wait)
    }
}
