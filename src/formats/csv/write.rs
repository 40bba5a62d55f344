//! Rows of which all columns are known become lines.

use std::borrow::Cow;
use std::io;

use super::WrittenCsvPlan;
use crate::formats::WriteError;
use crate::formats::cells::{Cells, Kept};

/// Writes rows between delimiters.
pub fn write(
    plan: WrittenCsvPlan,
    mut rows: Kept,
    text: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<(), WriteError> {
    let mut builder = csv::WriterBuilder::new();
    builder.delimiter(plan.delimiter).quote(plan.quote);
    let mut line = Vec::new();
    let mut write = |cells: &mut dyn Iterator<Item = Cow<'_, str>>| -> Result<(), WriteError> {
        line.clear();
        let mut writer = builder.from_writer(&mut line);
        let broken = |error: csv::Error| WriteError::Row(error.to_string());
        for cell in cells {
            writer.write_field(cell.as_bytes()).map_err(broken)?;
        }
        writer.write_record(None::<&[u8]>).map_err(broken)?;
        drop(writer);
        // Cells are text, and so is what stands between them.
        text(&String::from_utf8_lossy(&line))?;
        Ok(())
    };
    let names = rows.names.clone();
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
