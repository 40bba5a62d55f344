//! Formats: bytes become records, and rows become files. A file or a folder for each: how it is told,
//! how it is compiled, read and written.
//!
//! Plain synchronous code over [`Read`](std::io::Read): a page at hand is read where it is, a large
//! answer or a file on a thread of its own.

mod cells;
mod compiler;
mod csv;
mod decode;
mod detect;
mod encode;
mod found;
mod json;
mod jsonl;
mod laid_aside;
mod names;
mod parquet;
mod reading;
mod shape;
mod unpack;
mod writing;
mod written_format;
mod xlsx;
mod xml;

use std::sync::Arc;

use globset::GlobMatcher;

pub use cells::{Aside, Kept, Lines};
pub use compiler::{Around, FormatCompiler};
pub use decode::declared as declared_encoding;
pub use detect::{Hints, begins_as_html, is_web_page};
pub use encode::{Encoded, TextOut};
pub use found::{Closed, Likeness, PageFindings, ReadError, Sink, Wanted, XmlFindings};
#[cfg(feature = "sql")]
pub use json::double;
pub use json::{collect, is_list, keys_of, parse_page, without_numbers_that_are_none};
pub use laid_aside::LaidAside;
pub use reading::{Reading, whole};
pub use shape::{Missing, Shape};
pub use unpack::{Packed, each as each_unpacked, of_bytes};
pub use writing::{PartText, RowsAround, Said, WriteError};
use written_format::WrittenName;
pub use written_format::{WrittenCells, WrittenFormat};
pub use xlsx::WrittenXlsxPlan;
pub use xml::document as xml_document;

use crate::spec::format::{Format, FormatChoice, FormatWord, Inside, Wrapped};
use crate::template::Frame;
use crate::text_encoding::TextEncoding;
pub use csv::CsvPlan;
use detect::Signs;
use reading::Decoding;
use xlsx::XlsxPlan;
use xml::XmlPlan;

/// The formats that are told, in the order in which they are asked.
const SIGNS: [Signs; 6] = [
    parquet::SIGNS,
    xlsx::SIGNS,
    jsonl::SIGNS,
    json::SIGNS,
    xml::SIGNS,
    csv::SIGNS,
];

/// How bytes become records.
#[derive(Debug)]
pub struct FormatPlan {
    /// What it is.
    pub kind: FormatKind,
    /// How text is encoded, where that is said.
    pub encoding: Option<TextEncoding>,
    /// Whether it is text in base64.
    pub is_base64: bool,
    /// What it is compressed by, where that is said.
    pub inside: Option<Inside>,
    /// Which files of a zip.
    pub member: Option<GlobMatcher>,
}

/// What bytes are.
#[derive(Debug)]
pub enum FormatKind {
    /// JSON.
    Json,
    /// A JSON value a line.
    Jsonl,
    /// CSV.
    Csv(CsvPlan),
    /// XML.
    Xml(XmlPlan),
    /// A sheet.
    Xlsx(XlsxPlan),
    /// Parquet.
    Parquet,
}

impl FormatPlan {
    /// How a spec says that something is read.
    pub fn compile(format: &Format, compiler: &mut dyn FormatCompiler) -> Option<Self> {
        let wrapped = |of: &Wrapped| (of.encoding.clone(), of.inside.clone(), of.member.clone());
        let (kind, (encoding, inside, member)) = match format {
            Format::Word(word) => {
                let kind = match word {
                    FormatWord::Json => FormatKind::Json,
                    FormatWord::Jsonl => FormatKind::Jsonl,
                    FormatWord::Csv => FormatKind::Csv(CsvPlan::default()),
                    FormatWord::Xml => FormatKind::Xml(XmlPlan::default()),
                    FormatWord::Xlsx => FormatKind::Xlsx(XlsxPlan::default()),
                    FormatWord::Parquet => FormatKind::Parquet,
                };
                (kind, (None, None, None))
            }
            Format::Choice(choice) => {
                let FormatChoice {
                    json,
                    jsonl,
                    csv,
                    xml,
                    xlsx,
                    parquet,
                } = &**choice;
                let json = json.as_ref().map(|json| (FormatKind::Json, wrapped(json)));
                let jsonl = jsonl
                    .as_ref()
                    .map(|jsonl| (FormatKind::Jsonl, wrapped(jsonl)));
                let csv = csv.as_ref().map(|csv| {
                    let around = (csv.encoding.clone(), csv.inside.clone(), csv.member.clone());
                    (FormatKind::Csv(CsvPlan::compile(csv, compiler)), around)
                });
                let xml = xml.as_ref().map(|xml| {
                    let around = (xml.encoding.clone(), xml.inside.clone(), xml.member.clone());
                    (FormatKind::Xml(XmlPlan::compile(xml, compiler)), around)
                });
                let xlsx = xlsx.as_ref().map(|xlsx| {
                    let around = (None, xlsx.inside.clone(), xlsx.member.clone());
                    (FormatKind::Xlsx(XlsxPlan::compile(xlsx, compiler)), around)
                });
                let parquet = parquet.as_ref().map(|parquet| {
                    let around = (None, parquet.inside.clone(), parquet.member.clone());
                    (FormatKind::Parquet, around)
                });
                json.or(jsonl).or(csv).or(xml).or(xlsx).or(parquet)?
            }
        };
        let (is_base64, inside) = compiler::inside(inside.as_ref(), compiler);
        Some(Self {
            kind,
            encoding: compiler::encoding(encoding.as_ref(), compiler),
            is_base64,
            inside,
            member: compiler::member(member.as_ref(), compiler),
        })
    }
}

impl FormatKind {
    /// Its word in a spec.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv(_) => "csv",
            Self::Xml(_) => "xml",
            Self::Xlsx(_) => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// Whether it is lines of text, of which there may be none.
    pub fn is_of_lines(&self) -> bool {
        match self {
            Self::Csv(_) | Self::Jsonl => true,
            Self::Json | Self::Xml(_) | Self::Xlsx(_) | Self::Parquet => false,
        }
    }

    /// Whether it is one JSON value, which can be read where it stands.
    pub fn is_json(&self) -> bool {
        match self {
            Self::Json => true,
            Self::Jsonl | Self::Csv(_) | Self::Xml(_) | Self::Xlsx(_) | Self::Parquet => false,
        }
    }

    /// Whether it is a zip itself.
    fn is_sheet(&self) -> bool {
        match self {
            Self::Xlsx(_) => true,
            Self::Json | Self::Jsonl | Self::Csv(_) | Self::Xml(_) | Self::Parquet => false,
        }
    }

    /// By what its pages are told to be alike.
    fn likeness(&self) -> Likeness {
        match self {
            Self::Csv(_) => Likeness::Header,
            Self::Xml(_) => Likeness::Elements,
            Self::Json | Self::Jsonl | Self::Xlsx(_) | Self::Parquet => Likeness::Records,
        }
    }

    /// The elements that its records are, where the spec names them.
    pub fn elements(&self) -> &[String] {
        match self {
            Self::Xml(plan) => &plan.record,
            Self::Json | Self::Jsonl | Self::Csv(_) | Self::Xlsx(_) | Self::Parquet => &[],
        }
    }

    /// Whether `records` leads through it.
    fn follows_records(&self) -> bool {
        match self {
            Self::Json | Self::Jsonl => true,
            Self::Csv(_) | Self::Xml(_) | Self::Xlsx(_) | Self::Parquet => false,
        }
    }

    /// Whether `next` and `total` lead through it.
    fn follows_probes(&self) -> bool {
        match self {
            Self::Json | Self::Xml(_) => true,
            Self::Jsonl | Self::Csv(_) | Self::Xlsx(_) | Self::Parquet => false,
        }
    }

    /// What bytes are instead, where their first ones show it beyond doubt.
    fn is_instead(&self, start: &[u8]) -> Option<&'static str> {
        match self {
            Self::Json => None,
            Self::Jsonl => detect::looks_like_xml(start).then_some("XML"),
            Self::Csv(_) => CsvPlan::is_instead(start),
            Self::Xml(_) => XmlPlan::is_instead(start),
            Self::Xlsx(_) => XlsxPlan::is_instead(start),
            Self::Parquet => parquet::is_instead(start),
        }
    }

    fn read(
        &self,
        input: Decoding<'_>,
        wanted: Wanted<'_>,
        frame: &Arc<Frame>,
        sink: &mut Sink<'_>,
    ) -> Result<PageFindings, ReadError> {
        let nothing = |_: &[u8]| None;
        let mut found = match self {
            Self::Json => return json::read(input.text(nothing), wanted, sink),
            Self::Jsonl => return jsonl::read(input.text(nothing), wanted, sink),
            Self::Csv(plan) => csv::read(input.text(nothing), plan, sink),
            Self::Xml(plan) => {
                let unknown = input.unknown_encoding();
                let read = xml::read(input.text(decode::declared), plan, wanted.probes, sink);
                decode::told_of_unknown(unknown, read)
            }
            Self::Xlsx(plan) => xlsx::read(plan, input.bytes()?, frame, sink),
            Self::Parquet => parquet::read(input, sink),
        }?;
        found.shape = Shape::List;
        Ok(found)
    }
}
