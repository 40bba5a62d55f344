//! Finished rows that are written together.

use std::sync::Arc;

use super::body::Body;
use super::outcome::Outcome;
use crate::row::{Batch, ScanError, Scanner};
use crate::template::Frame;

/// Finished rows that are written together.
#[derive(Debug)]
pub struct Chunk {
    /// The rows.
    pub rows: Finished,
    /// What became of each, where that is read later.
    pub outcomes: Vec<Outcome>,
    /// What the mapping of each saw, where that is read later.
    pub frames: Vec<Arc<Frame>>,
}

/// Finished rows. Clones share them.
#[derive(Debug, Clone)]
pub enum Finished {
    /// A body that is only written.
    Body(Arc<Body>),
    /// Rows that are looked at once more; their bytes are the body.
    Batch(Arc<Batch>),
}

impl Finished {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Body(body) => body.len(),
            Self::Batch(batch) => batch.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, to be read. An error is a bug in runner.
    pub fn batch(&self) -> Result<Arc<Batch>, ScanError> {
        match self {
            Self::Batch(batch) => Ok(Arc::clone(batch)),
            Self::Body(body) => Scanner::default()
                .answer(body.bytes().to_vec())
                .map(Arc::new)
                .map_err(|refused| refused.error),
        }
    }
}

/// The body.
impl AsRef<[u8]> for Finished {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Body(body) => body.bytes(),
            Self::Batch(batch) => batch.bytes(),
        }
    }
}
