//! `category`: one's own category in the words of another table.

use minijinja::{Error, Value};

use crate::template::{is_nothing, text_of};

/// What a table has for a category, or for the nearest above it: `Home > Chairs > Oak` is found as
/// `Home > Chairs`. Nothing where it has none of them. Case and spaces around the parts do not count.
pub fn category(value: &Value, table: &Value, separator: Option<&str>) -> Result<Value, Error> {
    let separator = separator.unwrap_or(">");
    let text = text_of(value);
    let parts = parts_of(&text, separator);
    // As it is written it is mostly there.
    let direct = table.get_item(&Value::from(&*text)).unwrap_or_default();
    if !is_nothing(&direct) {
        return Ok(direct);
    }
    let mut best: Option<(usize, Value)> = None;
    for key in table.try_iter()? {
        let known = parts_of(&text_of(&key), separator);
        let is_above = !known.is_empty() && parts.starts_with(&known);
        if is_above
            && best
                .as_ref()
                .is_none_or(|(length, _)| known.len() > *length)
        {
            best = Some((known.len(), table.get_item(&key)?));
        }
    }
    Ok(best.map_or(Value::UNDEFINED, |(_, found)| found))
}

fn parts_of(text: &str, separator: &str) -> Vec<String> {
    let parts = text.split(separator.trim());
    let parts = parts.map(|part| part.trim().to_lowercase());
    parts.filter(|part| !part.is_empty()).collect()
}
