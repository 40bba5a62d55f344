//! Bytes become records: JSON, JSON Lines, CSV, XML and sheets, compressed or not, in any encoding.
//!
//! Plain synchronous code over [`Read`]: a page at hand is read where it is, a large answer or a file
//! on a thread of its own.

mod csv;
mod csv_watch;
mod decode;
mod detect;
mod entities;
mod json;
mod json_numbers;
mod jsonl;
mod names;
mod shape;
mod sheet;
mod unpack;
mod xml;
mod xml_probes;
mod xml_value;

use std::io::{self, Read};
use std::sync::Arc;

pub use decode::declared as declared_encoding;
pub use detect::{Hints, begins_as_html, is_web_page};
pub use json::{collect, is_list, keys_of, parse_page};
pub use json_numbers::without_numbers_that_are_none;
pub use shape::{Missing, Shape};
pub use unpack::of_bytes;
pub use xml::document as xml_document;

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
    /// What is odd about them, though they were read.
    pub warnings: Vec<String>,
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

/// What is said of a page for people.
const WEB_PAGE: &str =
    "the answer is a web page, not data: is the address right, and is a login needed?";

/// What is said of a page for people that calls itself a sheet.
const PAGE_AS_SHEET: &str = "this is an HTML page that calls itself a sheet, and is not read: ask for .xlsx, or save it as such";

/// What is said of Excel's XML of 2003.
const SPREADSHEETML: &str = "this is SpreadsheetML, the XML of Excel 2003, which is not read as a sheet: ask for .xlsx, or read its XML: format: { xml: { record: Row } }";

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
    ) -> Result<PageFindings, ReadError> {
        let inside = self.plan.and_then(|plan| plan.inside);
        let member = self.plan.and_then(|plan| plan.member.as_ref());
        let mut found = PageFindings::default();
        let is_sheet = matches!(self.plan.map(|plan| &plan.kind), Some(FormatKind::Xlsx(_)));
        let inside = inside.map_or(
            if is_sheet {
                Packed::Sheet
            } else {
                Packed::Unknown
            },
            Packed::Known,
        );
        let mut warnings = Vec::new();
        let mut has_list = false;
        let (mut files, mut without) = (0_usize, Vec::new());
        let packing = unpack::each(input, inside, member, &self.hints, &mut |input, hints| {
            let mut count = 0_u64;
            found = self.read_one(input, hints, &mut |record| {
                count += 1;
                sink(record)
            })?;
            files += 1;
            if count == 0 {
                without.push(hints.name.clone());
            }
            warnings.append(&mut found.warnings);
            has_list |= found.shape == Shape::List;
            Ok(())
        })?;
        warnings.extend(packing);
        if let (true, Some(first)) = (files > without.len(), without.first()) {
            let count = without.len();
            warnings.push(format!(
                "{count} of {files} files in it have no record, the first is {first}"
            ));
        }
        found.warnings = warnings;
        // Of several files, one that has the place is enough.
        if has_list {
            found.shape = Shape::List;
        }
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
        let is_tree = is_json || matches!(kind, FormatKind::Xml(_));
        if !self.wanted.probes.is_empty() && !is_tree {
            return Err(ReadError::Asked(format!(
                "`next` and `total` are paths through JSON or XML, and this is {word}; write a template over the answer: \"{{{{ response.headers['x-next'] }}}}\""
            )));
        }
        Ok(())
    }

    fn read_one(
        &self,
        input: unpack::Unpacked<'_>,
        hints: &Hints,
        sink: &mut Sink<'_>,
    ) -> Result<PageFindings, ReadError> {
        if detect::is_web_page(input.beginning()) {
            let said = if detect::is_sheet(hints) {
                PAGE_AS_SHEET
            } else {
                WEB_PAGE
            };
            return Err(ReadError::Asked(said.to_owned()));
        }
        if let Some(name) = detect::foreign(input.beginning()) {
            return Err(ReadError::Asked(name.to_owned()));
        }
        let detected;
        let kind = if let Some(plan) = self.plan {
            &plan.kind
        } else {
            detected = detect::kind(hints, input.beginning());
            &detected
        };
        self.is_followed(kind)?;
        let is_asked_for = match kind {
            FormatKind::Xml(plan) => !plan.record.is_empty(),
            FormatKind::Json | FormatKind::Jsonl | FormatKind::Csv(_) | FormatKind::Xlsx(_) => {
                false
            }
        };
        if detect::is_spreadsheetml(input.beginning()) && !is_asked_for {
            return Err(ReadError::Asked(SPREADSHEETML.to_owned()));
        }
        if let Some(other) = detect::another(kind, input.beginning()) {
            let beginning = detect::shown(input.beginning());
            return Err(ReadError::Asked(format!(
                "this is {other}, not {}: it begins with {beginning:?}",
                kind.word()
            )));
        }
        if let FormatKind::Xlsx(plan) = kind {
            let found = sheet::read(plan, input.bytes()?, self.frame, sink)?;
            return Ok(PageFindings {
                shape: Shape::List,
                format: kind.word(),
                ..found
            });
        }
        let encoding = self.plan.and_then(|plan| plan.encoding);
        let is_xml = matches!(kind, FormatKind::Xml(_));
        let declared = match encoding {
            None if is_xml => decode::declared(input.beginning()).or(hints.encoding),
            None => hints.encoding,
            said => said,
        };
        let text = decode::utf8(input.into_read(), declared);
        let mut found = match kind {
            FormatKind::Json => json::read(text, self.wanted, sink),
            FormatKind::Jsonl => jsonl::read(text, self.wanted, sink),
            FormatKind::Csv(plan) => csv::read(text, plan, sink),
            FormatKind::Xml(plan) => xml::read(text, plan, self.wanted.probes, sink),
            FormatKind::Xlsx(_) => Ok(PageFindings::default()),
        }?;
        if matches!(kind, FormatKind::Csv(_) | FormatKind::Xml(_)) {
            found.shape = Shape::List;
        }
        found.format = kind.word();
        Ok(found)
    }
}
