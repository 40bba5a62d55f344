//! What is looked for in bytes, what is found, and why nothing is.

use std::io;

use super::shape::Shape;
use crate::json_path::PlainPath;
use crate::template::Value;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'p> {
    /// Where the records stand; the whole where nothing is said.
    pub records: Option<&'p PlainPath>,
    /// What else is read of JSON on the way: cursors, totals.
    pub probes: &'p [&'p PlainPath],
}

/// What was found in XML besides records.
#[derive(Debug, Clone, Default)]
pub struct XmlFindings {
    /// What its records are called, where the spec names no element.
    pub elements: Vec<String>,
    /// The element around its records.
    pub around: Option<String>,
    /// Words that stand in its root, where records were looked for.
    pub words: Option<String>,
}

/// What was found besides records.
#[derive(Debug, Clone, Default)]
pub struct PageFindings {
    /// The first value of each probe; nothing where there is none.
    pub probes: Vec<Value>,
    /// The names that stand at the top, for those who look where nothing is.
    pub keys: Vec<String>,
    /// Elements of the list that are `null`: they are no records, and fill its page all the same.
    pub nothing: u64,
    /// Whether the last line of CSV has less than the others, and no end: it may be cut off.
    pub is_cut: bool,
    /// What XML has besides.
    pub xml: Option<Box<XmlFindings>>,
    /// What stands where records are looked for.
    pub shape: Shape,
    /// What the bytes were read as, in a spec's word.
    pub format: &'static str,
    /// By what pages of a list are told to be alike.
    pub likeness: Likeness,
    /// What is odd about them, though they were read.
    pub warnings: Vec<String>,
}

/// By what pages of a list, or files of a pattern, are told to be alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Likeness {
    /// By the names of their header.
    Header,
    /// By the elements around their records.
    Elements,
    /// By nothing but their records.
    #[default]
    Records,
}

/// Where records go; an error ends the reading.
pub type Sink<'s> = dyn FnMut(Value) -> Result<(), Closed> + 's;

/// Nobody wants more records.
#[derive(Debug, Clone, Copy)]
pub struct Closed;

/// Why bytes are no records.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// They are not what they should be.
    #[error("the answer is no {format}: {reason}")]
    Broken {
        /// The format's word.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// What the spec asks for can't be done with these.
    #[error("{0}")]
    Asked(String),
    /// Nobody wants more.
    #[error("closed")]
    Closed,
}

impl From<Closed> for ReadError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}
