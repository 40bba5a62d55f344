//! Bytes become records: JSON, JSON Lines, CSV, XML and sheets, compressed or not, in any encoding.
//!
//! Plain synchronous code over [`Read`]: a page at hand is read where it is, a large answer or a file
//! on a thread of its own.

mod csv;
mod decode;
mod detect;
mod json;
mod jsonl;
mod sheet;
mod unpack;
mod xml;

use std::io::{self, Read};
use std::sync::Arc;

pub use detect::Hints;
pub use json::{collect, parse_page};
pub use unpack::of_bytes;

use crate::plan::format::{FormatKind, FormatPlan};
use crate::plan::path::PlainPath;
use crate::template::{Frame, Value};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'p> {
    /// Where the records stand; the whole where nothing is said.
    pub records: Option<&'p PlainPath>,
    /// What else is read of JSON on the way: cursors, totals.
    pub probes: &'p [&'p PlainPath],
}

/// What was found besides records.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The first value of each probe; nothing where there is none.
    pub probes: Vec<Value>,
    /// The names that stand at the top, for those who look where nothing is.
    pub keys: Vec<String>,
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

/// Reads records.
pub struct Reading<'p> {
    /// What the spec says about the format.
    pub plan: Option<&'p FormatPlan>,
    /// What is looked for.
    pub wanted: Wanted<'p>,
    /// What else is known about the bytes.
    pub hints: Hints,
    /// What templates of the format see.
    pub frame: &'p Arc<Frame>,
}

impl Reading<'_> {
    /// Reads to the end.
    pub fn read<'r>(
        &self,
        input: Box<dyn Read + 'r>,
        sink: &mut Sink<'_>,
    ) -> Result<Found, ReadError> {
        let inside = self.plan.and_then(|plan| plan.inside);
        let member = self.plan.and_then(|plan| plan.member.as_ref());
        let mut found = Found::default();
        unpack::each(input, inside, member, &self.hints, &mut |input, hints| {
            found = self.read_one(input, hints, sink)?;
            Ok(())
        })?;
        Ok(found)
    }

    fn read_one(
        &self,
        mut input: unpack::Unpacked<'_>,
        hints: &Hints,
        sink: &mut Sink<'_>,
    ) -> Result<Found, ReadError> {
        let detected;
        let kind = match self.plan {
            Some(plan) => &plan.kind,
            None => {
                detected = detect::kind(hints, input.beginning()?);
                &detected
            }
        };
        if let FormatKind::Xlsx(plan) = kind {
            return sheet::read(plan, input.bytes()?, self.frame, sink);
        }
        let encoding = self.plan.and_then(|plan| plan.encoding);
        let is_xml = matches!(kind, FormatKind::Xml(_));
        let declared = match encoding {
            None if is_xml => decode::declared(input.beginning()?),
            None => hints.encoding,
            said => said,
        };
        let text = decode::utf8(input.into_read(), declared);
        match kind {
            FormatKind::Json => json::read(text, self.wanted, sink),
            FormatKind::Jsonl => jsonl::read(text, self.wanted, sink),
            FormatKind::Csv(plan) => csv::read(text, plan, sink),
            FormatKind::Xml(plan) => xml::read(text, plan, sink),
            FormatKind::Xlsx(_) => Ok(Found::default()),
        }
    }
}
