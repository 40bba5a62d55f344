//! How a file of rows is written: a variant for each format.

use std::sync::Arc;

use super::compiler::{self, Around, FormatCompiler};
use super::csv::{self, WrittenCsvPlan};
use super::encode::{Instead, TextOut};
use super::parquet::{self, WrittenParquetPlan};
use super::writing::{PartText, RowsAround, Said, WriteError};
use super::xlsx::{self, WrittenXlsxPlan};
use super::xml::{self, WrittenXmlPlan};
use super::{Lines, json, jsonl};
use crate::row::Row;
use crate::spec::file_target::{FileFormat, FileFormatChoice, FileFormatWord, FileTarget};
use crate::spec::places::Placed;
use crate::template::{Frame, Value};

/// An ending of a name, and how a file of that name is written.
pub(super) type WrittenName = (&'static str, fn() -> WrittenFormat);

/// The endings that say how a file is written.
const WRITTEN: [&[WrittenName]; 6] = [
    &parquet::WRITTEN,
    &csv::WRITTEN,
    &json::WRITTEN,
    &jsonl::WRITTEN,
    &xml::WRITTEN,
    &xlsx::WRITTEN,
];

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
    /// Parquet.
    Parquet(WrittenParquetPlan),
}

impl WrittenFormat {
    /// How a spec says that a file is written, and how its text is encoded.
    pub fn compile(
        format: &FileFormat,
        compiler: &mut dyn FormatCompiler,
    ) -> Option<(Self, TextOut)> {
        let bom = match format {
            FileFormat::Word(_) => None,
            FileFormat::Choice(choice) => {
                let of_csv = choice.csv.as_ref().and_then(|csv| csv.bom.as_ref());
                of_csv.or(choice.tsv.as_ref().and_then(|tsv| tsv.bom.as_ref()))
            }
        };
        let (format, encoding) = match format {
            FileFormat::Word(word) => {
                let format = match word {
                    FileFormatWord::Csv => Self::Csv(WrittenCsvPlan::COMMAS),
                    FileFormatWord::Tsv => Self::Csv(WrittenCsvPlan::TABS),
                    FileFormatWord::Json => Self::Json,
                    FileFormatWord::Jsonl => Self::Jsonl,
                    FileFormatWord::Xml => Self::Xml(WrittenXmlPlan::default()),
                    FileFormatWord::Xlsx => Self::Xlsx(WrittenXlsxPlan::default()),
                    FileFormatWord::Parquet => Self::Parquet(WrittenParquetPlan::default()),
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
                    parquet,
                } = &**choice;
                let csv = csv.as_ref().map(|csv| {
                    let plan = WrittenCsvPlan::compile(csv, compiler);
                    (Self::Csv(plan), csv.encoding.as_ref())
                });
                let tsv = tsv.as_ref().map(|tsv| {
                    let plan = WrittenCsvPlan::compile_tabs(tsv, compiler);
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
                let parquet = parquet.as_ref().map(|parquet| {
                    let plan = WrittenParquetPlan::compile(parquet, compiler);
                    (Self::Parquet(plan), None)
                });
                csv.or(tsv)
                    .or(json)
                    .or(jsonl)
                    .or(xml)
                    .or(xlsx)
                    .or(parquet)?
            }
        };
        let encoding = compiler::written_encoding(encoding, compiler);
        if let (Some(bom), Some(other)) = (bom, encoding.filter(|one| !one.is_unicode())) {
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
            Self::Parquet(_) => WrittenParquetPlan::check(at, compiler),
        }
    }

    /// What stands for a character that the encoding does not have.
    pub fn instead(&self) -> Instead {
        match self {
            Self::Xml(_) => Instead::Reference,
            Self::Csv(_) | Self::Json | Self::Jsonl | Self::Xlsx(_) | Self::Parquet(_) => {
                Instead::Mark
            }
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
            Self::Parquet(_) => parquet::CONTENT_TYPE,
        }
    }

    /// How its cells are written; nothing where rows are text as they come.
    pub fn cells(&self) -> Option<WrittenCells<'_>> {
        match self {
            Self::Csv(plan) => Some(WrittenCells::Lines(plan)),
            Self::Xlsx(plan) => Some(WrittenCells::Book(plan)),
            Self::Parquet(plan) => Some(WrittenCells::Columns(plan)),
            Self::Json | Self::Jsonl | Self::Xml(_) => None,
        }
    }

    /// Why a row of cells can't stand in the file.
    pub fn misfit(&self, row: Row<'_>) -> Option<String> {
        match self {
            Self::Csv(plan) => plan.misfit(row),
            Self::Xlsx(_) => xlsx::misfit(row),
            Self::Parquet(plan) => plan.misfit(row),
            Self::Json | Self::Jsonl | Self::Xml(_) => None,
        }
    }

    /// Whether header and footer must fit together before the first row.
    pub fn is_checked_before(&self) -> bool {
        match self {
            Self::Xml(_) => true,
            Self::Csv(_) | Self::Json | Self::Jsonl | Self::Xlsx(_) | Self::Parquet(_) => false,
        }
    }

    /// What stands around its rows, whose own header and footer are said.
    pub fn around(&self, said: Said<'_>, base: &Arc<Frame>) -> Result<RowsAround, WriteError> {
        match self {
            Self::Json => Ok(json::around(said)),
            Self::Csv(plan) => Ok(RowsAround::of_lines(said, plan.line_end())),
            Self::Jsonl | Self::Xlsx(_) | Self::Parquet(_) => Ok(RowsAround::of_lines(said, "\n")),
            Self::Xml(plan) => plan.around(said, base),
        }
    }

    /// How many parts follow each other in the file, each with something of the rows.
    pub fn parts(&self) -> usize {
        match self {
            Self::Xml(plan) => plan.parts.len(),
            Self::Csv(_) | Self::Json | Self::Jsonl | Self::Xlsx(_) | Self::Parquet(_) => 1,
        }
    }

    /// Writes a row as text into each part, where it is no cells; `item` is what the target makes of it.
    pub fn row(
        &self,
        around: &RowsAround,
        row: Row<'_>,
        item: Option<Value>,
        frame: impl Fn() -> Arc<Frame>,
        out: &mut [PartText],
    ) -> Result<(), WriteError> {
        let whole = out.first_mut().map(|part| &mut part.text);
        match (self, whole) {
            (Self::Json, Some(text)) => json::write(row, item.as_ref(), text),
            (Self::Jsonl, Some(text)) => {
                json::write(row, item.as_ref(), text);
                text.push('\n');
            }
            // They are laid aside, and written by their columns.
            (Self::Csv(_) | Self::Xlsx(_) | Self::Parquet(_), Some(_)) | (_, None) => {}
            (Self::Xml(plan), Some(_)) => {
                let frame = match item {
                    Some(item) => Arc::new(Frame::on(&frame()).with("item", item)),
                    None => frame(),
                };
                xml::row(plan, &around.parts, row, &frame, out)
                    .map_err(|error| WriteError::Row(format!("file: {error}")))?;
            }
        }
        Ok(())
    }
}

/// How cells are written.
pub enum WrittenCells<'p> {
    /// As lines of text.
    Lines(&'p dyn Lines),
    /// As a sheet.
    Book(&'p WrittenXlsxPlan),
    /// As Parquet.
    Columns(&'p WrittenParquetPlan),
}
