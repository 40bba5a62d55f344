//! Where an export's rows go: each alone, in batches, by steps or as jobs of the channel, or all into
//! one file. What became of each row comes back as its outcome.

mod around;
mod batch;
mod carry;
mod fates;
pub mod file;
mod gather;
mod item;
mod job;
mod keys;
mod matching;
mod open_jobs;
mod parcel;
mod readable;
mod results;
mod sender;
mod sent;
mod settle;
mod sql;
mod steps;
mod traces;
mod transaction;

pub use around::{AroundError, in_turn};
pub use batch::BEHIND;
pub use gather::Gatherer;
pub use parcel::{Parcel, Unit, rows_in_words};
pub use sender::BatchSender;
pub use sent::{BatchSent, End, RowOutcome, Sent};
