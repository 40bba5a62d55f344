//! What is said once a run, however often it is met.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Sentences that were said.
#[derive(Debug, Default)]
pub struct Said(Mutex<HashSet<String>>);

impl Said {
    /// Whether a sentence is said for the first time.
    pub fn is_new(&self, sentence: &str) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.insert(sentence.to_owned())
    }
}
