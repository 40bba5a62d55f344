//! One loop for what is tried again: waits that grow, and a signal that ends them.

use std::time::Duration;

use crate::stop::Stop;

/// Waits of which each is twice as long as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growing {
    /// The first.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Growing {
    /// The wait after an attempt; the first attempt is 1.
    pub fn after(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(16);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// The same, shortened by up to a quarter: clients that failed together do not come back together.
    pub fn jittered_after(self, attempt: u32) -> Duration {
        let random = uuid::Uuid::new_v4().as_bytes()[0];
        self.after(attempt)
            .mul_f64(0.75 + f64::from(random) / 255.0 * 0.25)
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Attempt<T, E> {
    /// It was done.
    Done(T),
    /// It failed for good.
    Failed(E),
    /// It may be done after this wait; for good where there is none.
    Again(E, Option<Duration>),
}

/// Why nothing was done.
#[derive(Debug, PartialEq, Eq)]
pub enum RetryEnd<E> {
    /// It failed for good, or often enough.
    Failed(E),
    /// The run was stopped while it was waited for the next attempt.
    Stopped(E),
}

impl<E> RetryEnd<E> {
    /// Why the last attempt failed.
    pub fn into_error(self) -> E {
        match self {
            Self::Failed(error) | Self::Stopped(error) => error,
        }
    }
}

/// Tries until it is done, it fails for good, or the run is stopped. `attempt` gets its number, from 1.
pub async fn retry<T, E>(
    stop: &Stop,
    mut attempt: impl AsyncFnMut(u32) -> Attempt<T, E>,
) -> Result<T, RetryEnd<E>> {
    let mut number = 0;
    loop {
        number += 1;
        let (error, wait) = match attempt(number).await {
            Attempt::Done(done) => return Ok(done),
            Attempt::Failed(error) => return Err(RetryEnd::Failed(error)),
            Attempt::Again(error, wait) => (error, wait),
        };
        let Some(wait) = wait else {
            return Err(RetryEnd::Failed(error));
        };
        if !stop.sleep(wait).await {
            return Err(RetryEnd::Stopped(error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::{Signal, channel};

    const WAITS: Growing = Growing {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(5),
    };

    #[test]
    fn waits_double_up_to_the_longest() {
        let millis = |attempt| WAITS.after(attempt).as_millis();
        assert_eq!([1, 2, 3, 6, 7].map(millis), [100, 200, 400, 3200, 5000]);
        assert_eq!(WAITS.after(u32::MAX), WAITS.longest);
        let jittered = WAITS.jittered_after(3).as_millis();
        assert!((300..=400).contains(&jittered), "{jittered}");
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn it_is_tried_until_it_is_done_or_given_up() {
        let (_sender, stop) = channel();
        let done = run(retry(&stop, async |number| {
            if number < 3 {
                Attempt::Again("not yet", Some(Duration::ZERO))
            } else {
                Attempt::Done(number)
            }
        }));
        assert_eq!(done, Ok(3));
        let given_up: Result<(), _> = run(retry(&stop, async |_| {
            Attempt::Again("no more waits", None)
        }));
        assert_eq!(given_up, Err(RetryEnd::Failed("no more waits")));
    }

    #[test]
    fn a_signal_ends_a_wait() {
        let (sender, stop) = channel();
        sender.stop(Signal::Terminate);
        let stopped: Result<(), _> = run(retry(&stop, async |_| {
            Attempt::Again("long", Some(Duration::from_secs(3600)))
        }));
        assert_eq!(stopped, Err(RetryEnd::Stopped("long")));
    }
}
