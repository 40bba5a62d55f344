//! Rate limits: sends are spaced evenly, and wait where the other side says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::Http;
use super::error::Failure;
use super::wait;
use crate::plan::rate::Rate;
use crate::plan::request::RequestPlan;
use crate::template::{Frame, TemplateError, wait_of};

/// A pause that is asked for is cut to this: a header may hold anything.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The state of a limit.
#[derive(Debug, Default)]
pub struct Bucket(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    /// When the next request may be sent.
    next: Option<Instant>,
    /// No request before.
    paused: Option<Instant>,
}

impl Bucket {
    /// Takes the next place; when it is.
    fn take(&self, spacing: Duration) -> Instant {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let free = times.next.unwrap_or(now).max(now);
        let at = free.max(times.paused.unwrap_or(now));
        times.next = at.checked_add(spacing).or(Some(at));
        at
    }

    fn pause(&self, wait: Duration) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + wait.min(LONGEST);
        times.paused = Some(times.paused.map_or(until, |known| known.max(until)));
    }
}

impl Http {
    /// Waits until a request may be sent.
    pub(super) async fn wait_for_turn(
        &self,
        plan: &RequestPlan,
        frame: &Arc<Frame>,
    ) -> Result<(), Failure> {
        let Some(index) = plan.limit else {
            return Ok(());
        };
        let limit = &self.plan.limits[index];
        let mut spacing = Duration::ZERO;
        for rate in &limit.rates {
            let text = rate.text(frame)?;
            if text.is_empty() {
                continue;
            }
            let rate = Rate::parse(&text).ok_or_else(|| {
                TemplateError::new(format!(
                    "rate_limit: `{text}` is no rate: write 10/s, 300/min or 1000/h"
                ))
            })?;
            spacing = spacing.max(rate.spacing());
        }
        loop {
            let at = self.limits[index].take(spacing);
            let wait = at.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(());
            }
            if !self.stop.sleep(wait).await {
                return Err(Failure::Stopped);
            }
            // An answer to another request may have asked for a pause meanwhile.
            let times = self.limits[index].0.lock();
            let times = times.unwrap_or_else(PoisonError::into_inner);
            if times.paused.is_none_or(|paused| paused <= Instant::now()) {
                return Ok(());
            }
        }
    }

    /// What the headers of any answer say about the limit.
    pub(super) fn note_remaining(&self, plan: &RequestPlan, headers: &HeaderMap) {
        let Some(index) = plan.limit else { return };
        let limit = &self.plan.limits[index];
        let header = |name: &Option<String>| headers.get(name.as_deref()?)?.to_str().ok();
        // A header may speak of several limits, `0, 55`: the least counts.
        let left = header(&limit.remaining).and_then(|text| {
            let counts = text
                .split(',')
                .filter_map(|count| count.trim().parse().ok());
            counts.reduce(f64::min)
        });
        if left.is_some_and(|left| left < 1.0) {
            let reset = limit.reset.as_deref().unwrap_or_default();
            let wait = header(&limit.reset).and_then(|text| wait::until_reset(reset, text));
            self.limits[index].pause(wait.unwrap_or(Duration::from_secs(1)));
        }
    }

    /// `pause`, after an accepted answer; `frame` sees it.
    pub(super) fn note_pause(&self, plan: &RequestPlan, frame: &Arc<Frame>) {
        let Some(index) = plan.limit else { return };
        let Some(pause) = &self.plan.limits[index].pause else {
            return;
        };
        // Nothing, an error or less than zero is no pause.
        if let Some(wait) = pause.value(frame).ok().and_then(|value| wait_of(&value)) {
            self.limits[index].pause(wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn places_are_as_far_apart_as_is_said() {
        let bucket = Bucket::default();
        let first = bucket.take(SECOND);
        assert_eq!(bucket.take(SECOND) - first, SECOND);
        assert_eq!(bucket.take(2 * SECOND) - first, 2 * SECOND);
        assert_eq!(bucket.take(SECOND) - first, 4 * SECOND);
    }

    #[test]
    fn no_place_is_before_the_end_of_the_longest_pause() {
        let bucket = Bucket::default();
        let now = Instant::now();
        bucket.pause(10 * SECOND);
        bucket.pause(SECOND);
        let at = bucket.take(SECOND);
        assert!(at >= now + 10 * SECOND);
        assert!(at < now + 20 * SECOND);
        bucket.pause(Duration::MAX);
        assert!(bucket.take(SECOND) <= Instant::now() + LONGEST);
    }
}
