//! JSON: a value, or a list of them.

#[cfg(any(feature = "parquet", feature = "sql"))]
mod double;
mod numbers;
mod read;

#[cfg(any(feature = "parquet", feature = "sql"))]
pub use double::double;
pub use numbers::without_numbers_that_are_none;
pub use read::{broken, collect, is_list, keys_of, parse_page, read};

use super::compiler::FormatCompiler;
use super::detect;
use super::{FormatKind, RowsAround, Said, Signs, WrittenFormat, WrittenName};
use crate::row::Row;
use crate::spec::file_target::FileTarget;
use crate::spec::places::Placed;
use crate::template::{Value, json};

/// How JSON is told.
pub const SIGNS: Signs = Signs {
    by_name: |_, _| false,
    by_beginning: |_, start| matches!(detect::first(start), Some(b'{' | b'[')),
    perhaps: |hints, _| hints.holds(&["json"]) || hints.ends(&[".json"]),
    kind: || FormatKind::Json,
};

/// The content type of a file.
pub const CONTENT_TYPE: &str = "application/json";

/// By which ending of its name a file is written so.
pub const WRITTEN: [WrittenName; 1] = [(".json", || WrittenFormat::Json)];

/// With a header or a footer the brackets of the list are the author's.
pub(super) fn check_around(at: &Placed<FileTarget>, compiler: &mut dyn FormatCompiler) {
    let ((Some(one), None) | (None, Some(one))) = (&at.header, &at.footer) else {
        return;
    };
    compiler.mistake(
        one,
        "with a header or a footer the brackets of the list are yours, and one is missing"
            .to_owned(),
        "write both: header: '{\"products\":[', footer: ']}'",
    );
}

/// Who writes a header writes the brackets.
pub(super) fn around(said: Said<'_>) -> RowsAround {
    let after = match (said.footer, said.header) {
        (Some(footer), _) => footer,
        (None, None) => "]\n",
        (None, Some(_)) => "",
    };
    RowsAround {
        before: said.header.unwrap_or("[").to_owned(),
        between: ",\n",
        after: after.to_owned(),
        ..RowsAround::default()
    }
}

/// Writes a row, or what the target makes of it.
pub(super) fn write(row: Row<'_>, item: Option<&Value>, out: &mut String) {
    let Some(item) = item else {
        out.push_str(row.json());
        return;
    };
    let mut bytes = Vec::new();
    json::write(item, &mut bytes);
    out.push_str(&String::from_utf8_lossy(&bytes));
}
