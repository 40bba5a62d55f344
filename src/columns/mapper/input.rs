//! A row to be mapped: of the platform, or a record of a source.

use std::sync::Arc;

use crate::columns::sight::BatchFrames;
use crate::row::Row;
use crate::template::{Frame, Value};

/// A row to be mapped.
pub enum Input<'b> {
    /// A row of the platform.
    Row {
        /// The row.
        row: Row<'b>,
        /// Its place in the batch, from 0.
        index: usize,
        /// What the engine sees of it.
        frames: &'b BatchFrames,
    },
    /// A record of a source.
    Record {
        /// The record.
        record: &'b Value,
        /// What the engine sees of it.
        frame: &'b Arc<Frame>,
    },
}

impl<'b> Input<'b> {
    /// The row, if it is one.
    pub fn row(&self) -> Option<Row<'b>> {
        match self {
            Self::Row { row, .. } => Some(*row),
            Self::Record { .. } => None,
        }
    }

    /// Where records are found by name, if it is one.
    pub fn frame(&self) -> Option<&'b Arc<Frame>> {
        match self {
            Self::Row { .. } => None,
            Self::Record { frame, .. } => Some(frame),
        }
    }
}
