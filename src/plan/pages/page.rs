//! Page numbers: the request uses `page.number`.

use super::{Count, Keys, Way};
use crate::spec::pages::Numbered;

/// Pages that are numbered.
#[derive(Debug)]
pub struct PagePlan {
    /// The first page's number.
    start: u64,
}

impl PagePlan {
    pub(super) fn compile(spec: Option<&Numbered>) -> (Self, Keys<'_>) {
        let keys = spec.map_or(Keys::default(), |page| Keys {
            size: page.size.as_ref(),
            stop: page.stop.as_ref(),
            total: page.total.as_ref(),
            pages: page.pages.as_ref(),
            max: page.max,
        });
        let start = spec.and_then(|page| page.start).unwrap_or(1);
        (Self { start }, keys)
    }

    /// The number of the page at an index.
    pub(super) fn number(&self, index: u64) -> u64 {
        self.start + index
    }

    pub(super) fn way() -> Way<'static> {
        Way::Counted(Count::Pages)
    }
}
