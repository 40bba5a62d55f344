//! Whether an answer can be read by those who are to read it.

use crate::http::{Answer, has_errors};
use crate::plan::reads::BodyReads;
use crate::plan::request::{BodyPlan, Repeat, RequestPlan};
use crate::template::is_nothing;

/// Why an answer can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// There is nothing in it.
    Empty,
    /// It breaks off, or is broken.
    Broken,
    /// It is text, and something in it is read.
    Text,
    /// It is no answer to a GraphQL request: it has neither `data` nor `errors`.
    NotGraphQl,
}

/// Why an answer can't be read of which `reads` is read, by the request's rules what they read; nothing
/// where it can. 204 and 205 have nothing to say (RFC 9110, 15.3.5).
pub(super) fn unreadable(
    request: &RequestPlan,
    answer: &Answer,
    reads: BodyReads,
) -> Option<Unreadable> {
    // In which every answer is read for `errors`.
    let is_graphql = matches!(request.body, Some(BodyPlan::GraphQl { .. }));
    if answer.is_empty() {
        let has_nothing_to_say = matches!(answer.status, 204 | 205);
        return (is_graphql || reads.any() && !has_nothing_to_say).then_some(Unreadable::Empty);
    }
    let is_data = is_graphql || reads.max(request.rules_read) >= BodyReads::AsData;
    if is_data && answer.is_broken() {
        return Some(Unreadable::Broken);
    }
    // What was looked up and is not there may be `null`.
    let is_null = || is_nothing(&answer.body()) && request.repeat == Repeat::Asks;
    if reads == BodyReads::Inside && !answer.has_inside() && !is_null() {
        return Some(Unreadable::Text);
    }
    let body = answer.body();
    let part = |name| body.get_attr(name).unwrap_or_default();
    let has_some = !is_nothing(&part("data")) || has_errors(&part("errors"));
    (is_graphql && !has_some).then_some(Unreadable::NotGraphQl)
}
