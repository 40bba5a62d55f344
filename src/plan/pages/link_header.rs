//! The next page's address stands in the header `Link` (RFC 8288).

use super::{Keys, Way};
use crate::spec::pages::LinkHeader;

/// Pages that a header leads to.
#[derive(Debug)]
pub struct LinkHeaderPlan {
    /// Which link.
    rel: String,
}

impl LinkHeaderPlan {
    pub(super) fn compile(spec: Option<&LinkHeader>) -> (Self, Keys<'_>) {
        let keys = spec.map_or(Keys::default(), |link| Keys {
            size: link.size.as_ref(),
            stop: link.stop.as_ref(),
            total: link.total.as_ref(),
            pages: None,
            max: link.max,
        });
        let rel = spec.and_then(|link| link.rel.clone());
        let rel = rel.unwrap_or_else(|| "next".to_owned());
        (Self { rel }, keys)
    }

    pub(super) fn way(&self) -> Way<'_> {
        Way::Link(&self.rel)
    }
}
