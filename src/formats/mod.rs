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
mod names;
mod reading;
mod shape;
mod unpack;
mod writing;
mod xlsx;
mod xml;

use std::sync::Arc;

use encoding_rs::Encoding;
use globset::GlobMatcher;

pub use cells::{Aside, Kept, Lines};
pub use compiler::{Around, FormatCompiler};
pub use csv::WrittenCsvPlan;
pub use decode::declared as declared_encoding;
pub use detect::{Hints, begins_as_html, is_web_page};
pub use encode::{Encoded, Instead, TextOut};
pub use found::{Closed, Likeness, PageFindings, ReadError, Sink, Wanted, XmlFindings};
pub use json::{collect, is_list, keys_of, parse_page, without_numbers_that_are_none};
pub use reading::{Reading, whole};
pub use shape::{Missing, Shape};
pub use unpack::{Packed, each as each_unpacked, of_bytes};
pub use writing::{RowsAround, Said, WriteError};
pub use xlsx::WrittenXlsxPlan;
pub use xml::document as xml_document;

use crate::row::Row;
use crate::spec::file_target::{FileFormat, FileFormatChoice, FileFormatWord, FileTarget};
use crate::spec::format::{Format, FormatChoice, FormatWord, Inside, Wrapped};
use crate::spec::places::Placed;
use crate::template::{Frame, Value};
pub use csv::CsvPlan;
use detect::Signs;
use reading::Decoding;
use xlsx::XlsxPlan;
use xml::{WrittenXmlPlan, XmlPlan};

/// The formats that are told, in the order in which they are asked.
const SIGNS: [Signs; 5] = [
    xlsx::SIGNS,
    jsonl::SIGNS,
    json::SIGNS,
    xml::SIGNS,
    csv::SIGNS,
];

/// An ending of a name, and how a file of that name is written.
type WrittenName = (&'static str, fn() -> WrittenFormat);

/// The endings that say how a file is written.
const WRITTEN: [&[WrittenName]; 5] = [
    &csv::WRITTEN,
    &json::WRITTEN,
    &jsonl::WRITTEN,
    &xml::WRITTEN,
    &xlsx::WRITTEN,
];

/// How bytes become records.
#[derive(Debug)]
pub struct FormatPlan {
    /// What it is.
    pub kind: FormatKind,
    /// How text is encoded, where that is said.
    pub encoding: Option<&'static Encoding>,
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
                json.or(jsonl).or(csv).or(xml).or(xlsx)?
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
        }
    }

    /// Whether it is lines of text, of which there may be none.
    pub fn is_of_lines(&self) -> bool {
        match self {
            Self::Csv(_) | Self::Jsonl => true,
            Self::Json | Self::Xml(_) | Self::Xlsx(_) => false,
        }
    }

    /// Whether it is one JSON value, which can be read where it stands.
    pub fn is_json(&self) -> bool {
        match self {
            Self::Json => true,
            Self::Jsonl | Self::Csv(_) | Self::Xml(_) | Self::Xlsx(_) => false,
        }
    }

    /// Whether it is a zip itself.
    fn is_sheet(&self) -> bool {
        match self {
            Self::Xlsx(_) => true,
            Self::Json | Self::Jsonl | Self::Csv(_) | Self::Xml(_) => false,
        }
    }

    /// By what its pages are told to be alike.
    fn likeness(&self) -> Likeness {
        match self {
            Self::Csv(_) => Likeness::Header,
            Self::Xml(_) => Likeness::Elements,
            Self::Json | Self::Jsonl | Self::Xlsx(_) => Likeness::Records,
        }
    }

    /// The elements that its records are, where the spec names them.
    pub fn elements(&self) -> &[String] {
        match self {
            Self::Xml(plan) => &plan.record,
            Self::Json | Self::Jsonl | Self::Csv(_) | Self::Xlsx(_) => &[],
        }
    }

    /// Whether `records` leads through it.
    fn follows_records(&self) -> bool {
        match self {
            Self::Json | Self::Jsonl => true,
            Self::Csv(_) | Self::Xml(_) | Self::Xlsx(_) => false,
        }
    }

    /// Whether `next` and `total` lead through it.
    fn follows_probes(&self) -> bool {
        match self {
            Self::Json | Self::Xml(_) => true,
            Self::Jsonl | Self::Csv(_) | Self::Xlsx(_) => false,
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
            Self::Xml(plan) => xml::read(input.text(decode::declared), plan, wanted.probes, sink),
            Self::Xlsx(plan) => xlsx::read(plan, input.bytes()?, frame, sink),
        }?;
        found.shape = Shape::List;
        Ok(found)
    }
}

/// How a file of rows is written.
#[derive(Debug)]
pub enum WrittenFormat {
    /// Cells between delimiters.
    Csv(WrittenCsvPlan),
    /// A list of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// XML.
    Xml(WrittenXmlPlan),
    /// A sheet.
    Xlsx(WrittenXlsxPlan),
}

impl WrittenFormat {
    /// How a spec says that a file is written, and how its text is encoded.
    pub fn compile(
        format: &FileFormat,
        compiler: &mut dyn FormatCompiler,
    ) -> Option<(Self, TextOut)> {
        let csv = match format {
            FileFormat::Word(_) => None,
            FileFormat::Choice(choice) => choice.csv.as_ref(),
        };
        let bom = csv.and_then(|csv| csv.bom.as_ref());
        let (format, encoding) = match format {
            FileFormat::Word(word) => {
                let format = match word {
                    FileFormatWord::Csv => Self::Csv(WrittenCsvPlan::COMMAS),
                    FileFormatWord::Tsv => Self::Csv(WrittenCsvPlan::TABS),
                    FileFormatWord::Json => Self::Json,
                    FileFormatWord::Jsonl => Self::Jsonl,
                    FileFormatWord::Xml => Self::Xml(WrittenXmlPlan::default()),
                    FileFormatWord::Xlsx => Self::Xlsx(WrittenXlsxPlan::default()),
                };
                (format, None)
            }
            FileFormat::Choice(choice) => {
                let FileFormatChoice {
                    csv,
                    tsv,
                    json,
                    jsonl,
                    xml,
                    xlsx,
                } = &**choice;
                let csv = csv.as_ref().map(|csv| {
                    let plan = WrittenCsvPlan::compile(csv, compiler);
                    (Self::Csv(plan), csv.encoding.as_ref())
                });
                let tsv = tsv.as_ref().map(|tsv| {
                    let plan = WrittenCsvPlan::compile_tabs(tsv);
                    (Self::Csv(plan), tsv.encoding.as_ref())
                });
                let json = json
                    .as_ref()
                    .map(|json| (Self::Json, json.encoding.as_ref()));
                let jsonl = jsonl
                    .as_ref()
                    .map(|jsonl| (Self::Jsonl, jsonl.encoding.as_ref()));
                let xml = xml.as_ref().map(|xml| {
                    let plan = WrittenXmlPlan::compile(xml, compiler);
                    (Self::Xml(plan), xml.encoding.as_ref())
                });
                let xlsx = xlsx
                    .as_ref()
                    .map(|xlsx| (Self::Xlsx(WrittenXlsxPlan::compile(xlsx, compiler)), None));
                csv.or(tsv).or(json).or(jsonl).or(xml).or(xlsx)?
            }
        };
        let encoding = compiler::written_encoding(encoding, compiler);
        if let (Some(bom), Some(other)) = (bom, encoding.filter(|one| !is_unicode(one))) {
            let message = format!(
                "a byte order mark is of Unicode, and this is {}",
                other.name()
            );
            compiler.mistake(bom, message, "leave `bom` out, or write utf-8");
        }
        let bom = bom.map(|bom| bom.value);
        Some((format, TextOut { encoding, bom }))
    }

    /// How a file of this name is written; nothing where the name does not say it.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let has = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
        let mut known = WRITTEN.iter().flat_map(|names| names.iter());
        let known = known.find(|(ending, _)| has(ending));
        known.map(|(_, format)| format())
    }

    /// The words for how a file is written.
    pub fn words() -> String {
        let known = FileFormatWord::ALL.map(FileFormatWord::word);
        let (last, before) = known.split_last().unwrap_or((&"", &[]));
        format!("{} or {last}", before.join(", "))
    }

    /// What can be seen before a file's name is worked out.
    pub fn check(
        &self,
        at: &Placed<FileTarget>,
        around: Around<'_>,
        compiler: &mut dyn FormatCompiler,
    ) {
        match self {
            Self::Csv(plan) => plan.check(at, compiler),
            Self::Json => json::check_around(at, compiler),
            Self::Jsonl => {}
            Self::Xml(plan) => xml::check(plan, at, around, compiler),
            Self::Xlsx(_) => WrittenXlsxPlan::check(at, compiler),
        }
    }

    /// What stands for a character that the encoding does not have.
    pub fn instead(&self) -> Instead {
        match self {
            Self::Xml(_) => Instead::Reference,
            Self::Csv(_) | Self::Json | Self::Jsonl | Self::Xlsx(_) => Instead::Mark,
        }
    }

    /// The content type of a file.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Csv(plan) => plan.content_type(),
            Self::Json => json::CONTENT_TYPE,
            Self::Jsonl => jsonl::CONTENT_TYPE,
            Self::Xml(_) => xml::CONTENT_TYPE,
            Self::Xlsx(_) => xlsx::CONTENT_TYPE,
        }
    }

    /// How its cells are written; nothing where rows are text as they come.
    pub fn cells(&self) -> Option<WrittenCells<'_>> {
        match self {
            Self::Csv(plan) => Some(WrittenCells::Lines(plan)),
            Self::Xlsx(plan) => Some(WrittenCells::Book(plan)),
            Self::Json | Self::Jsonl | Self::Xml(_) => None,
        }
    }

    /// Why a row of cells can't stand in the file.
    pub fn misfit(&self, row: Row<'_>) -> Option<String> {
        match self {
            Self::Csv(plan) => plan.misfit(row),
            Self::Xlsx(_) => xlsx::misfit(row),
            Self::Json | Self::Jsonl | Self::Xml(_) => None,
        }
    }

    /// Whether header and footer must fit together before the first row.
    pub fn is_checked_before(&self) -> bool {
        match self {
            Self::Xml(_) => true,
            Self::Csv(_) | Self::Json | Self::Jsonl | Self::Xlsx(_) => false,
        }
    }

    /// What stands around its rows, whose own header and footer are said.
    pub fn around(&self, said: Said<'_>, base: &Arc<Frame>) -> Result<RowsAround, WriteError> {
        match self {
            Self::Json => Ok(json::around(said)),
            Self::Csv(plan) => Ok(RowsAround::of_lines(said, plan.line_end())),
            Self::Jsonl | Self::Xlsx(_) => Ok(RowsAround::of_lines(said, "\n")),
            Self::Xml(plan) => plan.around(said, base),
        }
    }

    /// Writes a row as text, where it is no cells; `item` is what the target makes of it.
    pub fn row(
        &self,
        around: &RowsAround,
        row: Row<'_>,
        item: Option<Value>,
        frame: impl Fn() -> Arc<Frame>,
        out: &mut String,
    ) -> Result<(), WriteError> {
        match self {
            Self::Json => json::write(row, item.as_ref(), out),
            Self::Jsonl => {
                json::write(row, item.as_ref(), out);
                out.push('\n');
            }
            // They are laid aside, and written by their columns.
            Self::Csv(_) | Self::Xlsx(_) => {}
            Self::Xml(plan) => {
                let frame = match item {
                    Some(item) => Arc::new(Frame::on(&frame()).with("item", item)),
                    None => frame(),
                };
                if let Some(rows) = &around.xml {
                    xml::row(&plan.row, rows, row, &frame, out)
                        .map_err(|error| WriteError::Row(format!("file: {error}")))?;
                }
            }
        }
        Ok(())
    }
}

fn is_unicode(encoding: &'static Encoding) -> bool {
    [
        encoding_rs::UTF_8,
        encoding_rs::UTF_16LE,
        encoding_rs::UTF_16BE,
    ]
    .contains(&encoding)
}

/// How cells are written.
pub enum WrittenCells<'p> {
    /// As lines of text.
    Lines(&'p dyn Lines),
    /// As a file of their own kind.
    Book(&'p WrittenXlsxPlan),
}
