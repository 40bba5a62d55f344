//! Rows as bytes: a batch is one buffer, a cell two places in it.
//!
//! Cells nobody touches are copied as they came; a cell is decoded when a template asks for it.

mod batch;
pub mod pattern;
mod scan;
pub mod text;
mod value;
mod writer;

pub use batch::{Batch, Cell, Row};
pub use scan::{ScanError, scan_answer, scan_rows};
pub use value::row_value;
pub use writer::{BatchWriter, CellError};
