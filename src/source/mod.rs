//! Where a data source's rows come from: its steps, each record of one running the next.

mod records;

pub use records::{Records, SourceError};
