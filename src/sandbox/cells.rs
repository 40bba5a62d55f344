//! Cells as JSON texts: numbers stay as they were written, nested values become columns.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;

/// A row whose values are still JSON texts.
pub type RawRow<'r> = IndexMap<Cow<'r, str>, &'r RawValue>;

/// The text of a value that is no list and no map: a string without quotes, a `null` as nothing, a
/// number as it was written.
pub fn text(value: &RawValue) -> Cow<'_, str> {
    match value.get() {
        "null" => Cow::Borrowed(""),
        string if string.starts_with('"') => {
            serde_json::from_str(string).map_or(Cow::Borrowed(string), Cow::<str>::Owned)
        }
        other => Cow::Borrowed(other),
    }
}

/// A row's cells: `{"taxon":[{"id":11}]}` becomes `taxon-0-id`. An empty list or map has none.
pub fn flat<'r>(
    row: &RawRow<'r>,
    separator: &str,
) -> Result<IndexMap<String, &'r RawValue>, serde_json::Error> {
    let mut cells = IndexMap::with_capacity(row.len());
    for (name, value) in row {
        flatten(name.clone().into_owned(), value, separator, &mut cells)?;
    }
    Ok(cells)
}

fn flatten<'r>(
    name: String,
    value: &'r RawValue,
    separator: &str,
    cells: &mut IndexMap<String, &'r RawValue>,
) -> Result<(), serde_json::Error> {
    match value.get().as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(value.get())?;
            for (index, item) in items.into_iter().enumerate() {
                flatten(format!("{name}{separator}{index}"), item, separator, cells)?;
            }
        }
        Some(b'{') => {
            let fields: RawRow = serde_json::from_str(value.get())?;
            for (key, item) in fields {
                flatten(format!("{name}{separator}{key}"), item, separator, cells)?;
            }
        }
        _ => {
            cells.insert(name, value);
        }
    }
    Ok(())
}
