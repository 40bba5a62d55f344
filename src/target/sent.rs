//! What became of rows that were sent together.

use std::sync::Arc;

use super::parcel::Unit;
use super::settle::with_traces;
use crate::columns::{Outcome, Status};
use crate::template::Frame;

/// What became of rows that were sent together.
#[derive(Debug, Default)]
pub struct Sent {
    /// Of each row whose fate is known.
    pub told: Vec<RowOutcome>,
    /// The batches that were sent for them.
    pub batches: Vec<BatchSent>,
    /// Why nothing more is to be sent.
    pub end: Option<End>,
    /// Nobody was reached, or nobody knows us: why.
    pub unreachable: Option<String>,
    /// It was forbidden: what was answered.
    pub forbidden: Option<String>,
    /// What was answered is no answer, and nothing is known of any row: why.
    pub unjudged: Option<String>,
    /// The spec can't make out what became of any row: why.
    pub unknowable: Option<String>,
    /// Whether the channel answered.
    pub was_answered: bool,
    /// Whether a step was let in before nobody was reached, or nobody knew us.
    pub is_let_in: bool,
    /// The places of rows that were named, and then not sent.
    pub left: Vec<u64>,
}

/// What became of a row.
#[derive(Debug)]
pub struct RowOutcome {
    /// Its place among the rows of its entry.
    pub place: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// What the channel answered, on top of what the row's templates saw.
    pub answers: Option<Arc<Frame>>,
}

/// A batch that was sent.
#[derive(Debug)]
pub struct BatchSent {
    /// Its number.
    pub number: u64,
    /// The places of its rows.
    pub places: Vec<u64>,
}

/// Why nothing more is to be sent.
#[derive(Debug)]
pub enum End {
    /// A rule says `abort`.
    Abort(String),
    /// The run was stopped.
    Stopped,
}

impl Sent {
    /// Rows that are not sent, or not once more: those that were refused before have failed, where nothing
    /// was left behind of them.
    pub(super) fn leave(&mut self, unit: &Unit) {
        for parcel in &unit.parcels {
            let Some(reason) = parcel.refused.clone() else {
                self.left.push(parcel.place);
                continue;
            };
            let outcome = Outcome {
                attempts: unit.attempts,
                code: reason.code,
                ..Outcome::of(Status::Failed, reason.message)
            };
            self.told.push(RowOutcome {
                place: parcel.place,
                outcome: with_traces(outcome, unit.traces.any(), unit.traces),
                answers: None,
            });
        }
    }
}
