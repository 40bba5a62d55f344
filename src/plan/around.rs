//! Requests around a target: before its first row, and after its last.

use super::target::TargetStepPlan;

/// Requests around a target.
#[derive(Debug, Default)]
pub struct AroundPlan {
    /// Before the first row is sent.
    pub before: Vec<TargetStepPlan>,
    /// After the last one, unless the run has failed by then.
    pub after: Vec<TargetStepPlan>,
}
