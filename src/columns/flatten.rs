//! Lists and maps as columns: `images-0`, `price-amount`, as the platform flattens.

use minijinja::value::ValueKind;

use crate::template::{Value, text_of};

/// What stands between the parts of a flattened name.
const SEPARATOR: char = '-';

/// Adds the columns of a value: one for a single value, one for each leaf of a list or map.
pub fn flatten(name: String, value: Value, columns: &mut Vec<(String, Value)>) {
    let parts: Option<Vec<(String, Value)>> = match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.try_iter().ok().map(|items| {
            items
                .enumerate()
                .map(|(index, item)| (index.to_string(), item))
                .collect()
        }),
        ValueKind::Map => value.try_iter().ok().map(|keys| {
            keys.map(|key| {
                let item = value.get_item(&key).unwrap_or_default();
                (text_of(&key).into_owned(), item)
            })
            .collect()
        }),
        _ => None,
    };
    match parts {
        None => columns.push((name, value)),
        Some(parts) => {
            for (part, value) in parts {
                flatten(format!("{name}{SEPARATOR}{part}"), value, columns);
            }
        }
    }
}

/// Whether a value takes more than one column, or none.
pub fn is_nested(value: &Value) -> bool {
    matches!(
        value.kind(),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map
    )
}
