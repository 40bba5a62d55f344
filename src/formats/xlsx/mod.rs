//! A sheet of an Excel file; of an `OpenDocument` file too, where it is read.

#[cfg(feature = "sheets")]
mod read;
#[cfg(not(feature = "sheets"))]
mod unbuilt;
#[cfg(feature = "sheets")]
mod write;

#[cfg(feature = "sheets")]
pub use read::read;
#[cfg(not(feature = "sheets"))]
pub use unbuilt::read;
#[cfg(not(feature = "sheets"))]
use unbuilt::write;
#[cfg(feature = "sheets")]
use write::write;

use std::path::Path;
use std::sync::Arc;

use super::compiler::FormatCompiler;
use super::{FormatKind, Kept, Signs, WriteError, WrittenFormat, WrittenName, detect};
use crate::row::Row;
use crate::spec::file_target::{FileTarget, WrittenXlsx};
use crate::spec::format::Xlsx;
use crate::spec::places::Placed;
use crate::template::{Frame, Template, template_start};

/// How a sheet is told. Servers send CSV as `application/vnd.ms-excel` too.
pub const SIGNS: Signs = Signs {
    by_name: |_, beginning| {
        beginning.starts_with(b"PK\x03\x04") || beginning.starts_with(b"\xD0\xCF\x11\xE0")
    },
    by_beginning: |_, _| false,
    perhaps: |_, _| false,
    kind: || FormatKind::Xlsx(XlsxPlan::default()),
};

/// The content type of a file.
pub const CONTENT_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// By which ending of its name a file is written so.
pub const WRITTEN: [WrittenName; 1] =
    [(".xlsx", || WrittenFormat::Xlsx(WrittenXlsxPlan::default()))];

/// Characters of a cell at most, as UTF-16 counts them.
const CHARACTERS: usize = 32_767;

/// Why a sheet can't have a name, by the rules of Excel; nothing where it can, or where none is said.
fn misnamed(name: &str) -> Option<&'static str> {
    if name.encode_utf16().count() > 31 {
        return Some("the name of a sheet has 31 characters at most");
    }
    let has_sign = name.contains(['[', ']', ':', '*', '?', '/', '\\']);
    if has_sign || name.starts_with('\'') || name.ends_with('\'') {
        return Some("the name of a sheet has none of [ ] : * ? / \\, and no ' around it");
    }
    None
}

/// Why a row can't stand in a sheet: a cell is too long.
pub(super) fn misfit(row: Row<'_>) -> Option<String> {
    let is_long = |cell: &usize| {
        let text = row.text(*cell);
        text.len() > CHARACTERS && text.chars().map(char::len_utf16).sum::<usize>() > CHARACTERS
    };
    let cell = (0..row.len()).find(is_long)?;
    Some(format!(
        "column `{}`: a cell of a sheet holds {CHARACTERS} characters at most; shorten it: truncate({CHARACTERS})",
        row.name(cell)
    ))
}

/// How a sheet is read.
#[derive(Debug)]
pub struct XlsxPlan {
    /// Its name; the first where nothing is said.
    pub sheet: Option<Template>,
    /// The row that has the names, from 1.
    pub header_row: u32,
}

impl Default for XlsxPlan {
    fn default() -> Self {
        Self {
            sheet: None,
            header_row: 1,
        }
    }
}

impl XlsxPlan {
    pub(super) fn compile(xlsx: &Xlsx, compiler: &mut dyn FormatCompiler) -> Self {
        let sheet = xlsx.sheet.as_deref();
        Self {
            sheet: sheet.map(|sheet| compiler.template(sheet)),
            header_row: xlsx.header_row.unwrap_or(1),
        }
    }

    /// What bytes are instead, where their first ones show it beyond doubt.
    pub(super) fn is_instead(start: &[u8]) -> Option<&'static str> {
        if detect::is_table(start) {
            return Some("an HTML table");
        }
        start.starts_with(b"<?xml").then_some("XML")
    }
}

/// How a sheet is written.
#[derive(Debug)]
pub struct WrittenXlsxPlan {
    /// Its name.
    pub sheet: Option<Template>,
    /// Whether the first row has the names.
    pub header: bool,
}

impl Default for WrittenXlsxPlan {
    fn default() -> Self {
        Self {
            sheet: None,
            header: true,
        }
    }
}

impl WrittenXlsxPlan {
    pub(super) fn compile(xlsx: &WrittenXlsx, compiler: &mut dyn FormatCompiler) -> Self {
        let sheet = xlsx.sheet.as_deref();
        let text = sheet.and_then(|sheet| sheet.scalar());
        let text = text.map(|text| text.text.as_str()).unwrap_or_default();
        if let (Some(sheet), None, Some(why)) = (&xlsx.sheet, template_start(text), misnamed(text))
        {
            compiler.mistake(sheet, format!("no sheet can be called `{text}`"), why);
        }
        Self {
            sheet: sheet.map(|sheet| compiler.template(sheet)),
            header: xlsx.header.unwrap_or(true),
        }
    }

    /// Writes a sheet into the file at `path`.
    pub fn write(&self, path: &Path, base: &Arc<Frame>, rows: Kept) -> Result<(), WriteError> {
        let name = self.sheet.as_ref().map(|sheet| sheet.text(base));
        let name = name
            .transpose()
            .map_err(|error| WriteError::Row(format!("xlsx.sheet: {error}")))?;
        if let Some((name, why)) = name
            .as_deref()
            .and_then(|name| Some((name, misnamed(name)?)))
        {
            return Err(WriteError::Sheet(format!(
                "no sheet can be called `{name}`: {why}"
            )));
        }
        write(path, name.as_deref(), self.header, rows)
    }

    /// What can be seen before a file's name is worked out.
    pub(super) fn check(at: &Placed<FileTarget>, compiler: &mut dyn FormatCompiler) {
        for (key, said) in [("header", &at.header), ("footer", &at.footer)] {
            if let Some(said) = said {
                let message = format!("`{key}` is text, and a sheet has none around its rows");
                compiler.mistake(said, message, "leave it out");
            }
        }
    }
}
