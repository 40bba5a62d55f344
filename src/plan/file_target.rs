//! One file of all rows, compiled.

use std::sync::Arc;

use encoding_rs::Encoding;

use super::request::{RequestPlan, TreePlan};
use super::source::LoginPlan;
use crate::template::Template;

/// One file of all rows.
#[derive(Debug)]
pub struct FileTargetPlan {
    /// Where it goes.
    pub place: FilePlace,
    /// Its name, where the place ends in `/`.
    pub name: Option<Template>,
    /// Who writes.
    pub login: LoginPlan,
    /// How it is written; by its name where nothing is said.
    pub format: Option<Arc<WritePlan>>,
    /// How text is encoded, where it is not UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// Text before the first row.
    pub header: Option<Template>,
    /// Text after the last row.
    pub footer: Option<Template>,
}

/// Where a file goes.
#[derive(Debug)]
pub enum FilePlace {
    /// To a URL; how HTTP is spoken there.
    Url(Template, Box<RequestPlan>),
    /// To a path on the site's own transport.
    Transport(Template),
}

/// How a file is written.
#[derive(Debug)]
pub enum WritePlan {
    /// Cells between delimiters.
    Csv(WrittenCsvPlan),
    /// A list of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// XML.
    Xml(WrittenXmlPlan),
    /// A sheet.
    Xlsx {
        /// Its name.
        sheet: Option<Template>,
        /// Whether the first row has the names.
        header: bool,
    },
}

/// Cells between delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenCsvPlan {
    /// What stands between cells.
    pub delimiter: u8,
    /// What stands around cells that need it.
    pub quote: u8,
    /// Whether the first line has the names.
    pub header: bool,
}

impl WrittenCsvPlan {
    /// Commas, quotes, a header.
    pub const COMMAS: Self = Self {
        delimiter: b',',
        quote: b'"',
        header: true,
    };
    /// The same with tabs.
    pub const TABS: Self = Self {
        delimiter: b'\t',
        ..Self::COMMAS
    };
}

/// XML.
#[derive(Debug, Default)]
pub struct WrittenXmlPlan {
    /// The element around all rows.
    pub root: Option<String>,
    /// A row.
    pub row: XmlRowPlan,
}

/// A row as XML.
#[derive(Debug)]
pub enum XmlRowPlan {
    /// An element of this name that holds the columns.
    Columns(String),
    /// XML as it is.
    Text(Template),
    /// Elements.
    Tree(TreePlan),
}

impl Default for XmlRowPlan {
    fn default() -> Self {
        Self::Columns("row".to_owned())
    }
}
