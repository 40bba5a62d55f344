//! Offsets: the request uses `page.offset`.

use super::{Count, Keys, Way};
use crate::spec::pages::Counted;

/// Pages that are counted by their records.
#[derive(Debug)]
pub struct OffsetPlan {
    /// The first offset.
    start: u64,
}

impl OffsetPlan {
    pub(super) fn compile(spec: Option<&Counted>) -> (Self, Keys<'_>) {
        let keys = spec.map_or(Keys::default(), |offset| Keys {
            size: offset.size.as_ref(),
            stop: offset.stop.as_ref(),
            total: offset.total.as_ref(),
            pages: None,
            max: offset.max,
        });
        let start = spec.and_then(|offset| offset.start).unwrap_or(0);
        (Self { start }, keys)
    }

    pub(super) fn way(&self) -> Way<'static> {
        Way::Counted(Count::Records { start: self.start })
    }
}
