//! `target.file`: one file of all rows.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Placed, by_shape};
use super::source::Login;
use super::{Condition, Template, Tree};

/// One file of all rows: written under a temporary name, then renamed. Compressed by its ending
/// (`.gz`, `.zst`, `.zip`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileTarget {
    /// Where: `file`, `s3`, `gs`, `az`, `sftp`, `ftp`, `http` or `https`.
    ///
    /// ```yaml
    /// url: "s3://feeds/offers-{{ run.started | date('%Y%m%d') }}.xml.gz"
    /// ```
    pub url: Option<Template>,
    /// Instead of `url`: a path on the site's own transport, which the platform uploads to.
    ///
    /// ```yaml
    /// transport: /feeds/offers.csv
    /// ```
    pub transport: Option<Template>,
    /// Who writes.
    pub login: Option<Placed<Login>>,
    /// The file's name, where `url` or `transport` ends in `/`.
    pub name: Option<Template>,
    /// How it is written; by its name where nothing is said.
    pub format: Option<Placed<FileFormat>>,
    /// Text before the first row.
    pub header: Option<Template>,
    /// Text after the last row.
    pub footer: Option<Template>,
}

/// How a file is written: one choice.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum FileFormat {
    /// A choice with nothing to say.
    Word(FileFormatWord),
    /// One of the choices.
    Choice(Box<FileFormatChoice>),
}

by_shape!(FileFormat { Scalar => Word, Map => Choice });

impl FileFormat {
    /// XML, where it is that.
    pub fn xml(&self) -> Option<&WrittenXml> {
        match self {
            Self::Word(_) => None,
            Self::Choice(choice) => choice.xml.as_ref(),
        }
    }
}

/// Formats of files.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileFormatWord {
    /// Values between commas.
    Csv,
    /// Values between tabs.
    Tsv,
    /// A list of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// XML.
    Xml,
    /// A sheet of an Excel file.
    Xlsx,
    /// Parquet.
    Parquet,
}

impl FileFormatWord {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Csv,
        Self::Tsv,
        Self::Json,
        Self::Jsonl,
        Self::Xml,
        Self::Xlsx,
        Self::Parquet,
    ];

    /// As a spec writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Xml => "xml",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }
}

/// A format with more about it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct FileFormatChoice {
    /// CSV.
    ///
    /// ```yaml
    /// format: { csv: { delimiter: ";", encoding: windows-1252 } }
    /// ```
    pub csv: Option<WrittenCsv>,
    /// Values between tabs.
    pub tsv: Option<WrittenTsv>,
    /// A list of objects.
    pub json: Option<WrittenText>,
    /// An object a line.
    pub jsonl: Option<WrittenText>,
    /// XML.
    ///
    /// ```yaml
    /// format: { xml: { root: products, row: { product: { "@id": "{{ row.id }}", title: "{{ row.title }}" } } } }
    /// ```
    pub xml: Option<WrittenXml>,
    /// A sheet of an Excel file.
    pub xlsx: Option<WrittenXlsx>,
    /// Parquet.
    ///
    /// ```yaml
    /// format: { parquet: { types: { stock: int, price: decimal(2) } } }
    /// ```
    pub parquet: Option<WrittenParquet>,
}

/// CSV.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenCsv {
    /// What stands between cells; `,` where nothing is said.
    #[schemars(length(min = 1, max = 1))]
    pub delimiter: Option<Placed<String>>,
    /// What stands around cells that need it; `"` where nothing is said.
    #[schemars(length(min = 1, max = 1))]
    pub quote: Option<Placed<String>>,
    /// Whether the first line has the names; true where nothing is said.
    pub header: Option<bool>,
    /// Which cells stand in quotes; `minimal` where nothing is said. With `none` a row whose cell would
    /// need them fails.
    pub quoting: Quoting,
    /// How lines end: `lf` or `crlf`.
    pub line_end: LineEnd,
    /// Whether the file begins with a byte order mark, by which Excel knows UTF-8. UTF-16 has one unless
    /// it is said otherwise.
    pub bom: Option<Placed<bool>>,
    /// Whether text that a sheet would work out as a formula has a `'` before it: what begins with `=`,
    /// `+`, `-` or `@` and is no number.
    pub defuse: bool,
    /// How text is encoded; UTF-8 where nothing is said.
    pub encoding: Option<Placed<String>>,
}

/// Which cells stand in quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// Those that need them.
    #[default]
    Minimal,
    /// All.
    All,
    /// None.
    None,
    /// All but numbers.
    NonNumeric,
}

/// How lines end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineEnd {
    /// As on Unix.
    #[default]
    Lf,
    /// As on Windows.
    Crlf,
}

/// Values between tabs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenTsv {
    /// What stands around cells that need it; `"` where nothing is said.
    #[schemars(length(min = 1, max = 1))]
    pub quote: Option<Placed<String>>,
    /// Whether the first line has the names; true where nothing is said.
    pub header: Option<bool>,
    /// Which cells stand in quotes; `minimal` where nothing is said. With `none` a row whose cell would
    /// need them fails.
    pub quoting: Quoting,
    /// How lines end: `lf` or `crlf`.
    pub line_end: LineEnd,
    /// Whether the file begins with a byte order mark, by which Excel knows UTF-8. UTF-16 has one unless
    /// it is said otherwise.
    pub bom: Option<Placed<bool>>,
    /// Whether text that a sheet would work out as a formula has a `'` before it: what begins with `=`,
    /// `+`, `-` or `@` and is no number.
    pub defuse: bool,
    /// How text is encoded; UTF-8 where nothing is said.
    pub encoding: Option<Placed<String>>,
}

/// Text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenText {
    /// How text is encoded; UTF-8 where nothing is said.
    pub encoding: Option<Placed<String>>,
}

/// XML. Keys that begin with `@` are attributes, `#text` is text beside them; a list repeats its
/// element; what is nothing is left out.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenXml {
    /// The element around all rows; `rows` where nothing is said, none where there is a `header`. Its
    /// attributes stand behind the name, or in a map.
    ///
    /// ```yaml
    /// root: { rss: { "@version": "2.0", "@xmlns:g": http://base.google.com/ns/1.0 } }
    /// ```
    pub root: Option<Tree>,
    /// A row: the name of an element that holds the columns (`row` where nothing is said), a map of
    /// one element, or a template that gives XML.
    pub row: Option<Tree>,
    /// Instead of `row`: parts that follow each other, each with something of all rows.
    ///
    /// ```yaml
    /// parts: [{ root: articles, row: { article: { id: "{{ row.id }}" } } }, { root: groups, unique: "{{ row.group }}", row: { group: "{{ row.group }}" } }]
    /// ```
    #[schemars(length(min = 1))]
    pub parts: Option<Placed<Vec<Placed<WrittenXmlPart>>>>,
    /// How text is encoded; UTF-8 where nothing is said.
    pub encoding: Option<Placed<String>>,
}

/// A part of a file of XML.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenXmlPart {
    /// The element around its rows, as `root` of the file; none where nothing is said.
    #[serde(default)]
    pub root: Option<Tree>,
    /// A row, as `row` of a file.
    pub row: Tree,
    /// Which rows it has; all where nothing is said. A row that no part has fails.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Of rows for which this is the same it has the first.
    #[serde(default)]
    pub unique: Option<Template>,
}

/// A sheet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenXlsx {
    /// Its name.
    pub sheet: Option<Template>,
    /// Whether the first row has the names; true where nothing is said.
    pub header: Option<bool>,
}

/// Parquet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenParquet {
    /// The types of columns: `string`, `int`, `double`, `decimal(2)` (digits behind the point), `boolean`,
    /// `date`, `timestamp`. All others are `string`. A row with a value that is none of its type fails.
    ///
    /// ```yaml
    /// types: { stock: int, price: decimal(2), updated_at: timestamp }
    /// ```
    pub types: Option<IndexMap<String, Placed<String>>>,
}
