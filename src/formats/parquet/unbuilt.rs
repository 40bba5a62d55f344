//! Parquet, where this program was built without it: the cargo feature `parquet`.

use std::path::Path;

use indexmap::IndexSet;

use super::WrittenParquetPlan;
use crate::formats::reading::Decoding;
use crate::formats::{Kept, PageFindings, ReadError, Sink, WriteError};

/// What is said.
const UNBUILT: &str =
    "this runner was built without Parquet: build it with `--features parquet`, or use csv";

pub fn read(_: Decoding<'_>, _: &mut Sink<'_>) -> Result<PageFindings, ReadError> {
    Err(ReadError::Asked(UNBUILT.to_owned()))
}

pub fn write(
    _: &WrittenParquetPlan,
    _: &Path,
    _: &IndexSet<String>,
    _: Kept,
) -> Result<(), WriteError> {
    Err(WriteError::Sheet(UNBUILT.to_owned()))
}
