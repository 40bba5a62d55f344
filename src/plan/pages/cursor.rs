//! A value of the last answer: the request uses `page.cursor`.

use super::Way;
use crate::json_path::PathPlan;

/// Pages of which each names the next.
#[derive(Debug)]
pub struct CursorPlan(pub(super) PathPlan);

impl CursorPlan {
    pub(super) fn way(&self) -> Way<'_> {
        Way::Value(&self.0)
    }
}
