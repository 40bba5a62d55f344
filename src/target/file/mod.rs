//! `target.file`: all rows into one file, which is there under its name only once it is whole.

mod cells;
mod encode;
mod pack;
mod rows;
mod sheet;
mod transport;
mod upload;
mod xml;

use std::io;

pub use rows::{RowFile, WholeFile};
pub use upload::{Delivered, deliver};

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The disk says no.
    #[error("{0}")]
    Disk(#[from] io::Error),
    /// A value can't stand in the file.
    #[error("{0}")]
    Row(String),
    /// The run was stopped.
    #[error("stopped")]
    Stopped,
    /// A sheet has limits.
    #[error("{0}")]
    Sheet(String),
}
