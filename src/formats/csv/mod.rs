//! CSV: cells between delimiters, a record a line; the same with tabs.

mod read;
mod watch;
mod write;

pub use read::read;

use std::io;

use super::compiler::FormatCompiler;
use super::detect;
use super::{FormatKind, Kept, Lines, Signs, WriteError, WrittenFormat, WrittenName};
use crate::row::Row;
use crate::spec::file_target::{FileTarget, LineEnd, Quoting, WrittenCsv, WrittenTsv};
use crate::spec::format::Csv;
use crate::spec::places::Placed;

/// How CSV is told.
pub const SIGNS: Signs = Signs {
    by_name: |hints, _| {
        hints.ends(&[".csv", ".tsv"]) || hints.holds(&["text/csv", "tab-separated"])
    },
    by_beginning: |_, _| false,
    // UTF-16 begins with its mark.
    perhaps: |hints, start| {
        start.iter().any(|byte| !byte.is_ascii_whitespace())
            && (hints.holds(&["text/plain"]) || hints.ends(&[".txt"]) || looks_like_csv(start))
    },
    kind: || FormatKind::Csv(CsvPlan::default()),
};

/// By which endings of its name a file is written so.
pub const WRITTEN: [WrittenName; 2] = [
    (".csv", || WrittenFormat::Csv(WrittenCsvPlan::COMMAS)),
    (".tsv", || WrittenFormat::Csv(WrittenCsvPlan::TABS)),
];

/// How CSV is read.
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

impl CsvPlan {
    pub(super) fn compile(csv: &Csv, compiler: &mut dyn FormatCompiler) -> Self {
        let one = |text: Option<&Placed<String>>| text.and_then(|text| text.bytes().next());
        let all = [
            ("delimiter", &csv.delimiter),
            ("quote", &csv.quote),
            ("escape", &csv.escape),
        ];
        for (name, text) in all {
            if let Some(text) = text.as_ref().filter(|text| text.len() > 1) {
                let message = format!("`{name}` is one ASCII character");
                compiler.mistake(text, message, "a tab is \"\\t\"");
            }
        }
        let default = Self::default();
        let max_cell = csv.max_cell.as_deref().and_then(|node| compiler.size(node));
        Self {
            delimiter: one(csv.delimiter.as_ref()),
            quote: match &csv.quote {
                Some(quote) => quote.bytes().next(),
                None => default.quote,
            },
            header: csv.header.unwrap_or(default.header),
            names: csv.names.clone().unwrap_or_default(),
            skip: csv.skip.unwrap_or_default(),
            escape: one(csv.escape.as_ref()),
            max_cell: max_cell.unwrap_or(default.max_cell),
        }
    }

    /// What bytes are instead, where their first ones show it beyond doubt.
    pub(super) fn is_instead(start: &[u8]) -> Option<&'static str> {
        if detect::is_table(start) {
            Some("an HTML table")
        } else if detect::looks_like_xml(start) {
            Some("XML")
        } else {
            detect::looks_like_json(start).then_some("JSON")
        }
    }
}

/// How CSV is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenCsvPlan {
    /// What stands between cells.
    pub delimiter: u8,
    /// What stands around cells that need it.
    pub quote: u8,
    /// Whether the first line has the names.
    pub header: bool,
    /// Which cells stand in quotes.
    pub quoting: Quoting,
    /// How lines end.
    pub line_end: LineEnd,
    /// Whether formulas are made text.
    pub defuse: bool,
}

impl WrittenCsvPlan {
    /// Commas, quotes, a header.
    pub const COMMAS: Self = Self {
        delimiter: b',',
        quote: b'"',
        header: true,
        quoting: Quoting::Minimal,
        line_end: LineEnd::Lf,
        defuse: false,
    };
    /// The same with tabs.
    pub const TABS: Self = Self {
        delimiter: b'\t',
        ..Self::COMMAS
    };

    pub(super) fn compile(csv: &WrittenCsv, compiler: &mut dyn FormatCompiler) -> Self {
        let delimiter = ascii(csv.delimiter.as_ref(), "delimiter", compiler);
        let quote = ascii(csv.quote.as_ref(), "quote", compiler);
        Self {
            delimiter: delimiter.unwrap_or(b','),
            quote: quote.unwrap_or(b'"'),
            header: csv.header.unwrap_or(true),
            quoting: csv.quoting,
            line_end: csv.line_end,
            defuse: csv.defuse,
        }
    }

    /// Why a row can't stand in the file: without quotes its cells could not be told apart.
    pub(super) fn misfit(self, row: Row<'_>) -> Option<String> {
        if self.quoting != Quoting::None {
            return None;
        }
        let mut cells = 0..row.len();
        let cell = cells.find(|cell| self.has_sign(&row.text(*cell)))?;
        Some(format!(
            "column `{}` has a delimiter, a line end or a quote at its beginning, and `quoting: none` has nothing to put around it",
            row.name(cell)
        ))
    }

    /// Whether a text would need quotes that are not written.
    pub(super) fn has_sign(self, text: &str) -> bool {
        let is_sign = |byte: u8| byte == self.delimiter || matches!(byte, b'\r' | b'\n');
        // A quote at the beginning opens a cell for whoever reads it.
        let is_open = text.as_bytes().first() == Some(&self.quote);
        self.quoting == Quoting::None && (is_open || text.bytes().any(is_sign))
    }

    /// How a line ends.
    pub(super) fn line_end(self) -> &'static str {
        match self.line_end {
            LineEnd::Lf => "\n",
            LineEnd::Crlf => "\r\n",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        if self.delimiter == b'\t' {
            "text/tab-separated-values"
        } else {
            "text/csv"
        }
    }

    /// What can be seen before a file's name is worked out.
    pub(super) fn check(self, at: &Placed<FileTarget>, compiler: &mut dyn FormatCompiler) {
        if let Some(format) = at.format.as_ref().filter(|_| self.delimiter == self.quote) {
            let message = "`delimiter` and `quote` are the same character".to_owned();
            compiler.mistake(format, message, "leave `quote` out");
        }
    }

    pub(super) fn compile_tabs(tsv: &WrittenTsv, compiler: &mut dyn FormatCompiler) -> Self {
        let quote = ascii(tsv.quote.as_ref(), "quote", compiler);
        Self {
            delimiter: Self::TABS.delimiter,
            quote: quote.unwrap_or(Self::TABS.quote),
            header: tsv.header.unwrap_or(true),
            quoting: tsv.quoting,
            line_end: tsv.line_end,
            defuse: tsv.defuse,
        }
    }
}

impl Lines for WrittenCsvPlan {
    fn write(
        &self,
        rows: Kept,
        text: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> Result<(), WriteError> {
        write::write(*self, rows, text)
    }
}

fn ascii(
    text: Option<&Placed<String>>,
    name: &str,
    compiler: &mut dyn FormatCompiler,
) -> Option<u8> {
    let text = text?;
    match text.as_bytes() {
        [one] if one.is_ascii() && !matches!(one, b'\r' | b'\n') => Some(*one),
        _ => {
            let message = format!("`{name}` is one ASCII character");
            let hint = match name {
                "quote" => "to write no quotes: quoting: none",
                _ => "a tab is \"\\t\"",
            };
            compiler.mistake(text, message, hint);
            None
        }
    }
}

fn looks_like_csv(start: &[u8]) -> bool {
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    line.len() < start.len()
        && line
            .iter()
            .any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|'))
}
