//! How an answer or a file is read, compiled.

use crate::spec::format::Inside;
use crate::template::Template;

/// How bytes become records.
#[derive(Debug)]
pub struct FormatPlan {
    /// What it is.
    pub kind: FormatKind,
    /// How text is encoded, where that is said.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// What it is compressed by, where that is said.
    pub inside: Option<Inside>,
    /// Which files of a zip.
    pub member: Option<globset::GlobMatcher>,
}

/// What it is.
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
}

/// CSV.
#[derive(Debug, Clone)]
pub struct CsvPlan {
    /// What stands between cells; found out where nothing is said.
    pub delimiter: Option<u8>,
    /// What stands around cells; nothing does where this is nothing.
    pub quote: Option<u8>,
    /// Whether the first line has the names.
    pub header: bool,
    /// The columns' names.
    pub names: Vec<String>,
    /// Lines before the header that are passed over.
    pub skip: u64,
    /// What makes a quote inside quotes part of the cell, besides a second one.
    pub escape: Option<u8>,
    /// Bytes of a cell at most.
    pub max_cell: u64,
}

impl Default for CsvPlan {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            header: true,
            names: Vec::new(),
            skip: 0,
            escape: None,
            max_cell: 16 * 1024 * 1024,
        }
    }
}

/// XML.
#[derive(Debug, Clone, Default)]
pub struct XmlPlan {
    /// The elements of a record; the children of the root where there are none.
    pub record: Vec<String>,
    /// Elements that are lists even when single.
    pub lists: Vec<String>,
    /// Whether a prefix belongs to the name alone.
    pub prefixes: bool,
    /// Elements that are text, what stands inside them included.
    pub text: Vec<String>,
}

/// A sheet.
#[derive(Debug, Default)]
pub struct XlsxPlan {
    /// Its name; the first where nothing is said.
    pub sheet: Option<Template>,
    /// The row that has the names, from 1.
    pub header_row: u32,
}
