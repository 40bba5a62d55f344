//! Requests around a target: before its first row, and after its last.

use super::target::{TargetStepPlan, note_reads};
use crate::template::Uses;

/// Requests around a target.
#[derive(Debug, Default)]
pub struct AroundPlan {
    /// Before the first row is sent.
    pub before: Vec<TargetStepPlan>,
    /// After the last one, unless the run has failed by then.
    pub after: Vec<TargetStepPlan>,
}

impl AroundPlan {
    /// Notes what is sent between them reads of the answers before it.
    pub fn note_reads(&mut self, uses: &Uses) {
        note_reads(&mut self.before, uses);
    }
}
