//! What a run has learned of how many records a server gives at a time: all lists of one step share it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many lists that ended after pages of one length show that this is no limit of the server's.
const PROOFS: u32 = 3;

/// What is known, by step.
#[derive(Debug, Default)]
pub struct PageSizes(Mutex<HashMap<String, Known>>);

#[derive(Debug, Default)]
struct Known {
    /// Whether a page had as many records as were asked for.
    is_reached: bool,
    /// Whether a page with fewer was followed by more.
    is_capped: bool,
    /// The most records of a short page behind which there were none, and how often that was so.
    proven: (u64, u32),
    /// What was said already.
    said: Vec<&'static str>,
}

impl PageSizes {
    /// A page had as many records as were asked for.
    pub fn note_reached(&self, step: &str) {
        self.of(step, |known| known.is_reached = true);
    }

    /// Whether any page had as many records as were asked for.
    pub fn is_reached(&self, step: &str) -> bool {
        self.of(step, |known| known.is_reached)
    }

    /// A page with fewer than were asked for was followed by more.
    pub fn note_capped(&self, step: &str) {
        self.of(step, |known| known.is_capped = true);
    }

    /// Behind a page with fewer than were asked for there were none.
    pub fn note_ended(&self, step: &str, count: u64) {
        self.of(step, |known| {
            let (most, times) = known.proven;
            known.proven = match count.cmp(&most) {
                std::cmp::Ordering::Less => (most, times),
                std::cmp::Ordering::Equal => (most, times + 1),
                std::cmp::Ordering::Greater => (count, 1),
            };
        });
    }

    /// Whether a page of `count` records, fewer than were asked for, is surely the last of its list.
    pub fn is_last(&self, step: &str, count: u64) -> bool {
        self.of(step, |known| {
            let (most, times) = known.proven;
            let is_proven = count < most || count == most && times >= PROOFS;
            !known.is_capped && (known.is_reached || is_proven)
        })
    }

    /// Whether something is to be said: once a step, however many lists it has.
    pub fn is_new(&self, step: &str, what: &'static str) -> bool {
        self.of(step, |known| {
            let is_new = !known.said.contains(&what);
            if is_new {
                known.said.push(what);
            }
            is_new
        })
    }

    fn of<T>(&self, step: &str, work: impl FnOnce(&mut Known) -> T) -> T {
        let mut steps: MutexGuard<'_, _> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = steps.get_mut(step) {
            return work(known);
        }
        work(steps.entry(step.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_page_is_the_last_once_that_is_beyond_doubt() {
        let sizes = PageSizes::default();
        assert!(!sizes.is_last("a", 2), "nothing is known");
        sizes.note_ended("a", 5);
        assert!(sizes.is_last("a", 4), "a longer page was the last too");
        assert!(!sizes.is_last("a", 5), "five may be the server's limit");
        sizes.note_ended("a", 5);
        sizes.note_ended("a", 5);
        assert!(sizes.is_last("a", 5), "three lists of five");
        assert!(!sizes.is_last("a", 6), "a longer one");
        assert!(!sizes.is_last("b", 1), "another step");
        sizes.note_reached("b");
        assert!(sizes.is_last("b", 1), "what is asked for is given");
        sizes.note_capped("b");
        assert!(!sizes.is_last("b", 1), "and then it was not");
    }

    #[test]
    fn things_are_said_once_a_step() {
        let sizes = PageSizes::default();
        assert!(sizes.is_new("a", "capped"));
        assert!(!sizes.is_new("a", "capped"));
        assert!(sizes.is_new("a", "total"));
        assert!(sizes.is_new("b", "capped"));
    }
}
