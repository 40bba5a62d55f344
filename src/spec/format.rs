//! `format`: how an answer or a file is read.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Placed, by_shape};
use super::values::Size;
use super::{OneOrMany, Template};

/// How an answer or a file is read: one choice. By content type, name and first bytes where nothing
/// is said.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Format {
    /// A choice with nothing to say.
    Word(FormatWord),
    /// One of the choices.
    Choice(Box<FormatChoice>),
}

by_shape!(Format { Scalar => Word, Map => Choice });

/// Formats.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormatWord {
    /// JSON.
    Json,
    /// JSON Lines: a value a line.
    Jsonl,
    /// CSV, also with semicolons, tabs or bars.
    Csv,
    /// XML.
    Xml,
    /// A sheet of Excel or OpenDocument.
    Xlsx,
    /// Parquet.
    Parquet,
}

/// A format with more about it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct FormatChoice {
    /// JSON.
    ///
    /// ```yaml
    /// format: { json: { inside: gzip } }
    /// ```
    pub json: Option<Wrapped>,
    /// JSON Lines: a value a line.
    pub jsonl: Option<Wrapped>,
    /// CSV.
    ///
    /// ```yaml
    /// format: { csv: { delimiter: ";", encoding: windows-1252 } }
    /// ```
    pub csv: Option<Csv>,
    /// XML.
    ///
    /// ```yaml
    /// format: { xml: { record: item, lists: [image] } }
    /// ```
    pub xml: Option<Xml>,
    /// A sheet of an Excel or `OpenDocument` file.
    ///
    /// ```yaml
    /// format: { xlsx: { sheet: Products } }
    /// ```
    pub xlsx: Option<Xlsx>,
    /// Parquet.
    ///
    /// ```yaml
    /// format: { parquet: { inside: zip } }
    /// ```
    pub parquet: Option<Parquet>,
}

/// What a file is inside of: one, or the outermost first.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Insides {
    /// One.
    One(Inside),
    /// Several around each other.
    Many(Vec<Placed<Inside>>),
}

by_shape!(Insides { Scalar => One, List => Many });

/// What a file is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inside {
    /// Text in base64.
    Base64,
    /// Packed by gzip.
    Gzip,
    /// In a zip archive.
    Zip,
    /// Packed by Zstandard.
    Zstd,
}

/// What it is inside of.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wrapped {
    /// How text is encoded; UTF-8, or what the first bytes say, where nothing is said.
    pub encoding: Option<Placed<String>>,
    /// What it is inside of: how it is compressed is found out where nothing is said, base64 is not.
    ///
    /// ```yaml
    /// inside: [base64, gzip]
    /// ```
    pub inside: Option<Insides>,
    /// Which files of a zip: a name with `*`; all that match, one after another.
    pub member: Option<Placed<String>>,
}

/// CSV.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// What stands between cells: found out of `,` `;` tab and `|` where nothing is said.
    #[schemars(length(min = 1, max = 1))]
    pub delimiter: Option<Placed<String>>,
    /// What stands around cells; `"` where nothing is said.
    #[schemars(length(max = 1))]
    pub quote: Option<Placed<String>>,
    /// What makes a quote inside quotes part of the cell, besides a second quote.
    ///
    /// ```yaml
    /// format: { csv: { escape: "\\" } }
    /// ```
    #[schemars(length(min = 1, max = 1))]
    pub escape: Option<Placed<String>>,
    /// Whether the first line has the names; true where nothing is said.
    pub header: Option<bool>,
    /// The columns' names.
    pub names: Option<Vec<String>>,
    /// How text is encoded; UTF-8, or what the first bytes say, where nothing is said.
    pub encoding: Option<Placed<String>>,
    /// Lines before the header that are passed over.
    pub skip: Option<u64>,
    /// How long a cell may be; 16MB where nothing is said. A longer one is an error that names its line.
    pub max_cell: Option<Size>,
    /// What it is inside of: how it is compressed is found out where nothing is said, base64 is not.
    ///
    /// ```yaml
    /// inside: [base64, gzip]
    /// ```
    pub inside: Option<Insides>,
    /// Which files of a zip: a name with `*`; all that match, one after another.
    pub member: Option<Placed<String>>,
}

/// XML. Attributes are `@name`, text beside elements is `#text`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Xml {
    /// The element of a record, or several; the children of the root where nothing is said.
    pub record: Option<Placed<OneOrMany>>,
    /// Elements that are lists even when single.
    pub lists: Option<Vec<String>>,
    /// Whether a prefix belongs to the name alone: without it `g:price` is `price` too.
    pub prefixes: Option<bool>,
    /// Elements that are text with markup: what stands inside is kept as it is written, tags included.
    ///
    /// ```yaml
    /// format: { xml: { record: Product, text: [Description] } }
    /// ```
    pub text: Option<Vec<String>>,
    /// How text is encoded, where the file does not say it right.
    pub encoding: Option<Placed<String>>,
    /// What it is inside of: how it is compressed is found out where nothing is said, base64 is not.
    ///
    /// ```yaml
    /// inside: [base64, gzip]
    /// ```
    pub inside: Option<Insides>,
    /// Which files of a zip: a name with `*`; all that match, one after another.
    pub member: Option<Placed<String>>,
}

/// A sheet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Xlsx {
    /// Its name; the first where nothing is said.
    pub sheet: Option<Template>,
    /// The row that has the names, from 1.
    #[schemars(range(min = 1))]
    pub header_row: Option<u32>,
    /// What it is inside of: how it is compressed is found out where nothing is said, base64 is not.
    ///
    /// ```yaml
    /// inside: [base64, gzip]
    /// ```
    pub inside: Option<Insides>,
    /// Which files of a zip: a name with `*`; all that match, one after another.
    pub member: Option<Placed<String>>,
}

/// Parquet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parquet {
    /// What it is inside of: how it is compressed is found out where nothing is said, base64 is not.
    ///
    /// ```yaml
    /// inside: [base64, gzip]
    /// ```
    pub inside: Option<Insides>,
    /// Which files of a zip: a name with `*`; all that match, one after another.
    pub member: Option<Placed<String>>,
}
