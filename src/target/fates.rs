//! What is made of the rows of a batch, by what is said of each of them and of the whole.

use super::carry::{CarryError, CarryErrorKind};
use super::matching::of_missing;
use super::results::{Reason, RowResult, RowResults};
use super::settle::{WITHOUT_OTHERS, said};
use crate::columns::{Outcome, Status};
use crate::http::Accepted;
use crate::plan::target::ResultsPlan;
use crate::spec::target::Missing;

/// What is made of a row.
#[derive(Debug)]
pub(super) enum Made {
    /// This is told of it.
    Told(Outcome),
    /// It goes again, as others are why its batch was refused.
    Innocent,
    /// It goes again, as the channel wants; why.
    Again(Reason),
}

/// What is said of a batch as a whole.
#[derive(Debug)]
pub(super) struct Whole<'w> {
    pub plan: &'w ResultsPlan,
    /// Whether the channel applies nothing of a batch with a fault.
    pub all_or_nothing: bool,
    /// What the answer says no to.
    pub fault: Option<&'w CarryError>,
    /// A rule that calls it good.
    pub by_rule: Option<&'w Accepted>,
    /// Whether rows may be sent once more.
    pub may_try: bool,
    /// How many rows each group has that is not cut, in their order.
    pub groups: Vec<usize>,
}

/// What is told of a row that can't be sent again without others of its group.
const WHOLE: &str = "it is not sent again, as its group would be cut: split: true lets it be";

impl Whole<'_> {
    /// What is made of each row.
    pub fn make(&self, verdicts: &RowResults) -> Vec<Made> {
        let plan = self.plan;
        let is_missing = |verdict: &RowResult| matches!(verdict, RowResult::Missing);
        let has_guilty = verdicts.rows.iter().any(RowResult::is_refusal);
        let is_silent = verdicts.rows.iter().all(is_missing);
        let fault = self.fault_of_the_rest(has_guilty, is_silent);
        // A fault that no row was found for may be about any of those that nothing is said of.
        let stray = verdicts.unmatched.first().map(|reason| Reason {
            message: format!(
                "the channel tells of a fault that fits no row of the batch (is `match` right?): {}",
                reason.message
            ),
            ..reason.clone()
        });
        // Nothing of the batch was applied.
        let refused = stray
            .as_ref()
            .or(fault.as_ref().map(|(_, reason)| reason))
            .filter(|_| self.all_or_nothing);
        let has_strays = verdicts.strays > 0;
        let make = |verdict: &RowResult| {
            if let (RowResult::Again(reason), true) = (verdict, self.may_try) {
                return Made::Again(reason.clone());
            }
            if self.all_or_nothing && has_guilty && !verdict.is_refusal() {
                return Made::Innocent;
            }
            Made::Told(match (verdict, refused) {
                (RowResult::Again(reason) | RowResult::Failed(reason), _)
                | (RowResult::Missing | RowResult::Ok(_) | RowResult::Unknown(_), Some(reason)) => {
                    told(Status::Failed, reason.clone())
                }
                (RowResult::Ok(message), None) => went_well(message.clone()),
                (RowResult::Unknown(reason), None) => told(Status::Unknown, reason.clone()),
                (RowResult::Missing, None) => match (&stray, &fault, self.by_rule) {
                    (Some(stray), ..) => told(Status::Unknown, stray.clone()),
                    (None, Some((_, reason)), _) if has_strays => {
                        told(Status::Unknown, reason.clone())
                    }
                    (None, Some((status, reason)), _) => told(*status, reason.clone()),
                    // What a rule calls ok is ok, where the answer tells of no row at all.
                    (None, None, Some(rule)) if is_silent && !has_strays => went_well(said(rule)),
                    (None, None, _) => match of_missing(plan, verdicts) {
                        (Status::Ok, _) => went_well(None),
                        (status, reason) => told(status, reason),
                    },
                },
            })
        };
        let mut made: Vec<Made> = verdicts.rows.iter().map(make).collect();
        let mut rest = made.as_mut_slice();
        for count in &self.groups {
            let (group, after) = std::mem::take(&mut rest).split_at_mut(*count);
            keep_whole(group);
            rest = after;
        }
        made
    }

    /// What rows are that nothing is said of, as the answer as a whole says no.
    fn fault_of_the_rest(&self, has_guilty: bool, is_silent: bool) -> Option<(Status, Reason)> {
        let fault = self.fault?;
        let plan = self.plan;
        let mut reason = Reason {
            code: fault.code.clone(),
            message: fault.message.clone(),
            is_passing: false,
        };
        if fault.kind != CarryErrorKind::JobFailed {
            // It is about the guilty, where it names some.
            let is_of_all = !has_guilty || plan.missing == Missing::Failed;
            return is_of_all.then_some((Status::Failed, reason));
        }
        // A job that came to single rows before it failed may have come to others too.
        let status = match plan.is_missing_said.then_some(plan.missing) {
            Some(Missing::Failed) => Status::Failed,
            Some(Missing::Ok) | None if is_silent => Status::Failed,
            Some(Missing::Ok | Missing::Unknown) | None => Status::Unknown,
        };
        if status == Status::Unknown {
            reason.message += "; its report does not say what became of this row";
        }
        Some((status, reason))
    }
}

/// Rows of one group go again together, or none of them does.
fn keep_whole(group: &mut [Made]) {
    let is_told = |made: &Made| matches!(made, Made::Told(_));
    let is_wanted = |made: &Made| matches!(made, Made::Again(_));
    if group.iter().any(is_told) {
        for made in group.iter_mut() {
            let reason = match made {
                Made::Told(_) => continue,
                Made::Innocent => Reason {
                    message: format!("the batch was refused because of other rows; {WHOLE}"),
                    ..Reason::default()
                },
                Made::Again(reason) => Reason {
                    message: format!("{}; {WHOLE}", reason.message),
                    ..reason.clone()
                },
            };
            *made = Made::Told(told(Status::Failed, reason));
        }
    } else if group.iter().any(is_wanted) {
        for made in group.iter_mut().filter(|made| !is_wanted(made)) {
            *made = Made::Again(Reason {
                message: WITHOUT_OTHERS.to_owned(),
                ..Reason::default()
            });
        }
    }
}

fn went_well(message: Option<String>) -> Outcome {
    Outcome {
        message,
        ..Outcome::ok()
    }
}

fn told(status: Status, reason: Reason) -> Outcome {
    Outcome {
        code: reason.code,
        ..Outcome::of(status, reason.message)
    }
}
