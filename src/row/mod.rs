//! Rows as bytes: a batch is one buffer, a cell two places in it.
//!
//! Cells nobody touches are copied as they came; a cell is decoded when a template asks for it.

mod batch;

mod json;
mod marks;
mod pass;
pub mod pattern;
mod scan;
mod shape;
mod spare;
pub mod text;
mod value;

pub use batch::{Batch, PADDING, RawString, Row};

pub use scan::{LARGEST, Refused, ScanError, Scanner};
pub use shape::Shape;
pub use spare::Spare;
pub use text::quoted_name;
pub use value::row_value;
