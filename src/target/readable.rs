//! Whether an answer can be read by those who are to read it.

use crate::http::Answer;
use crate::plan::reads::BodyReads;
use crate::plan::request::RequestPlan;

/// Why an answer can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// There is nothing in it.
    Empty,
    /// It breaks off, or is broken.
    Broken,
}

/// Why an answer can't be read of which `reads` is read, by the request's rules what they read; nothing
/// where it can. 204 and 205 have nothing to say (RFC 9110, 15.3.5).
pub(super) fn unreadable(
    request: &RequestPlan,
    answer: &Answer,
    reads: BodyReads,
) -> Option<Unreadable> {
    if answer.is_empty() {
        let has_nothing_to_say = matches!(answer.status, 204 | 205);
        return (reads.any() && !has_nothing_to_say).then_some(Unreadable::Empty);
    }
    let is_data = reads.max(request.rules_read) == BodyReads::AsData;
    (is_data && answer.is_broken()).then_some(Unreadable::Broken)
}
