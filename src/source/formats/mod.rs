//! Bytes become records: JSON, JSON Lines, CSV, XML and sheets, compressed or not, in any encoding.
//!
//! Plain synchronous code over [`Read`]: a page at hand is read where it is, a large answer or a file
//! on a thread of its own.

mod csv;
mod decode;
mod detect;
mod json;
mod jsonl;
mod names;
mod sheet;
mod unpack;
mod xml;

use std::io::{self, Read};
use std::sync::Arc;

pub use detect::Hints;
pub use json::{collect, is_list, parse_page};
pub use unpack::of_bytes;

use unpack::Packed;

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

/// Bytes as one JSON value, unpacked and decoded.
pub fn whole<'r>(
    input: Box<dyn Read + 'r>,
    plan: Option<&FormatPlan>,
    hints: &Hints,
) -> Result<Value, ReadError> {
    let inside = plan.and_then(|plan| plan.inside);
    let inside = inside.map_or(Packed::Unknown, Packed::Known);
    let member = plan.and_then(|plan| plan.member.as_ref());
    let encoding = plan.and_then(|plan| plan.encoding).or(hints.encoding);
    let mut value = Value::UNDEFINED;
    unpack::each(input, inside, member, hints, &mut |input, _| {
        let mut text = String::new();
        decode::utf8(input.into_read(), encoding).read_to_string(&mut text)?;
        value = crate::template::json::read(&text).map_err(json::broken)?;
        Ok(())
    })?;
    Ok(value)
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
        let is_sheet = matches!(self.plan.map(|plan| &plan.kind), Some(FormatKind::Xlsx(_)));
        let inside = inside.map_or(
            if is_sheet {
                Packed::Never
            } else {
                Packed::Unknown
            },
            Packed::Known,
        );
        unpack::each(input, inside, member, &self.hints, &mut |input, hints| {
            found = self.read_one(input, hints, sink)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Paths lead through JSON: in anything else they would find nothing, and say nothing.
    fn is_followed(&self, kind: &FormatKind) -> Result<(), ReadError> {
        let word = kind.word();
        let is_json = matches!(kind, FormatKind::Json);
        let is_lines = matches!(kind, FormatKind::Jsonl);
        if self.wanted.records.is_some() && !is_json && !is_lines {
            return Err(ReadError::Asked(format!(
                "`records` is a path through JSON, and this is {word}; for XML say format: {{ xml: {{ record: item }} }}"
            )));
        }
        if !self.wanted.probes.is_empty() && !is_json {
            return Err(ReadError::Asked(format!(
                "`next` and `total` are paths through JSON, and this is {word}; write a template over the answer: \"{{{{ response.headers['x-next'] }}}}\""
            )));
        }
        Ok(())
    }

    fn read_one(
        &self,
        input: unpack::Unpacked<'_>,
        hints: &Hints,
        sink: &mut Sink<'_>,
    ) -> Result<Found, ReadError> {
        let is_xml = matches!(self.plan.map(|plan| &plan.kind), Some(FormatKind::Xml(_)));
        if !is_xml && detect::is_web_page(input.beginning()) {
            return Err(ReadError::Asked(
                "the answer is a web page, not data: is the address right, and is a login needed?"
                    .to_owned(),
            ));
        }
        let detected;
        let kind = if let Some(plan) = self.plan {
            &plan.kind
        } else {
            detected = detect::kind(hints, input.beginning());
            &detected
        };
        self.is_followed(kind)?;
        if let FormatKind::Xlsx(plan) = kind {
            return sheet::read(plan, input.bytes()?, self.frame, sink);
        }
        let encoding = self.plan.and_then(|plan| plan.encoding);
        let is_xml = matches!(kind, FormatKind::Xml(_));
        let declared = match encoding {
            None if is_xml => decode::declared(input.beginning()).or(hints.encoding),
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
