//! `target.file`: all rows into one file, which is there under its name only once it is whole.

mod later_part;
mod pack;
mod rows;
mod transport;
mod upload;

pub use rows::{RowFile, WholeFile};
pub use upload::{Delivered, deliver};
