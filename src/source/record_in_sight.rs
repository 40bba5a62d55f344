//! A record, and what is seen with it.

use std::sync::Arc;

use crate::template::{Frame, Value};

/// A record with the names that templates see beside it.
#[derive(Debug, Clone)]
pub struct RecordInSight {
    /// The innermost record there is.
    pub record: Value,
    /// The record as `record`, the steps' names, and what is below them.
    pub frame: Arc<Frame>,
    /// Whether no step has given anything yet.
    pub is_root: bool,
}

impl RecordInSight {
    /// What the first step sees: no record yet.
    pub fn nothing(base: &Arc<Frame>) -> Self {
        Self {
            record: Value::UNDEFINED,
            frame: Arc::clone(base),
            is_root: true,
        }
    }

    /// The same with a step's record.
    #[must_use]
    pub fn with(&self, name: Option<&Arc<str>>, record: Value) -> Self {
        let mut frame = Frame::on(&self.frame).with("record", record.clone());
        if let Some(name) = name {
            frame.set(Arc::clone(name), record.clone());
        }
        Self {
            record,
            frame: Arc::new(frame),
            is_root: false,
        }
    }
}
