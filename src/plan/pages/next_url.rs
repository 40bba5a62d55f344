//! The next page's address stands in the answer.

use super::Way;
use crate::json_path::PathPlan;

/// Pages of which each has the address of the next.
#[derive(Debug)]
pub struct NextUrlPlan(pub(super) PathPlan);

impl NextUrlPlan {
    pub(super) fn way(&self) -> Way<'_> {
        Way::Address(&self.0)
    }
}
