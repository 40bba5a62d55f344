//! Sheets, where this program was built without them: the cargo feature `sheets`.

use std::path::Path;
use std::sync::Arc;

use super::XlsxPlan;
use crate::formats::{Kept, PageFindings, ReadError, Sink, WriteError};
use crate::template::Frame;

/// What is said.
const UNBUILT: &str =
    "this runner was built without sheets: build it with `--features sheets`, or use csv";

pub fn read(
    _: &XlsxPlan,
    _: Vec<u8>,
    _: &Arc<Frame>,
    _: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    Err(ReadError::Asked(UNBUILT.to_owned()))
}

pub fn write(_: &Path, _: Option<&str>, _: bool, _: Kept) -> Result<(), WriteError> {
    Err(WriteError::Sheet(UNBUILT.to_owned()))
}
