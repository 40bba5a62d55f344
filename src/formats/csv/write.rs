//! Rows of which all columns are known become lines.

use std::borrow::Cow;
use std::io;

use csv::{QuoteStyle, Terminator};

use super::WrittenCsvPlan;
use crate::formats::WriteError;
use crate::formats::cells::{Cells, Kept};
use crate::spec::file_target::{LineEnd, Quoting};

/// Writes rows between delimiters.
pub fn write(
    plan: WrittenCsvPlan,
    mut rows: Kept,
    text: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut builder = csv::WriterBuilder::new();
    builder
        .delimiter(plan.delimiter)
        .quote(plan.quote)
        .quote_style(match plan.quoting {
            Quoting::Minimal => QuoteStyle::Necessary,
            Quoting::All => QuoteStyle::Always,
            Quoting::None => QuoteStyle::Never,
            Quoting::NonNumeric => QuoteStyle::NonNumeric,
        })
        .terminator(match plan.line_end {
            LineEnd::Lf => Terminator::Any(b'\n'),
            LineEnd::Crlf => Terminator::CRLF,
        });
    let mut line = Vec::new();
    let mut write = |cells: &mut dyn Iterator<Item = Cow<'_, str>>| -> Result<(), WriteError> {
        line.clear();
        let mut writer = builder.from_writer(&mut line);
        let broken = |error: csv::Error| WriteError::Row(error.to_string());
        for mut cell in cells {
            if plan.defuse && is_formula(&cell) {
                cell = Cow::Owned(format!("'{cell}"));
            }
            writer.write_field(cell.as_bytes()).map_err(broken)?;
        }
        writer.write_record(None::<&[u8]>).map_err(broken)?;
        drop(writer);
        // Cells are text, and so is what stands between them.
        text(&String::from_utf8_lossy(&line))?;
        Ok(())
    };
    let names = rows.names.clone();
    let has_sign = |name: &&String| plan.has_sign(name);
    if let (true, Some(name)) = (plan.header, names.iter().find(has_sign)) {
        let message = format!(
            "the name of column `{name}` has a delimiter, a line end or a quote at its beginning, and `quoting: none` has nothing to put around it"
        );
        return Err(WriteError::Row(message));
    }
    if plan.header && !names.is_empty() {
        write(&mut names.iter().map(|name| Cow::Borrowed(name.as_str())))?;
    }
    let mut cells = Cells::new(&names);
    while let Some(batch) = rows.next_batch()? {
        for row in batch.rows() {
            let places = cells.of(row).iter();
            write(&mut places.map(|place| place.map_or(Cow::Borrowed(""), |cell| row.text(cell))))?;
        }
    }
    Ok(())
}

/// Whether a sheet would work a text out: it begins with a sign of formulas, or with white space that
/// sheets pass over before one, and is no number.
fn is_formula(text: &str) -> bool {
    let inner = text.trim_start_matches(['\t', '\r', '\n', ' ']);
    inner.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        && text.trim().parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_numbers() {
        for formula in ["=1+1", "@SUM(A1)", "+49 30", "\t=cmd", "-", "-a", "＝1"] {
            assert!(is_formula(formula), "{formula}");
        }
        for text in ["-5", "+1.5", "", "a=b", "1-2", "'=1"] {
            assert!(!is_formula(text), "{text}");
        }
    }
}
