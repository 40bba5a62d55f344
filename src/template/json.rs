//! Values to JSON and back, numbers as they were written.

use minijinja::value::{Value, ValueKind};
use serde_json::value::RawValue;

use super::number::NumberText;
use crate::row::text::write_string;

/// Writes a value as JSON. Nothing is `null`; numbers that JSON does not have (`inf`) are too;
/// dates and durations are text.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    if let Some(text) = value.as_str() {
        write_string(text, out);
        return;
    }
    if let Some(number) = value.downcast_object_ref::<NumberText>() {
        out.extend_from_slice(number.text().as_bytes());
        return;
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Invalid => out.extend(b"null"),
        ValueKind::Bool => out.extend(if value.is_true() {
            b"true".as_slice()
        } else {
            b"false"
        }),
        ValueKind::Number => match f64::try_from(value.clone()) {
            Ok(number) if !number.is_finite() => out.extend(b"null"),
            _ => out.extend(value.to_string().as_bytes()),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            out.push(b'[');
            for (index, item) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(&item, out);
            }
            out.push(b']');
        }
        ValueKind::Map => {
            out.push(b'{');
            for (index, key) in value.try_iter().into_iter().flatten().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(&super::text_of(&key), out);
                out.push(b':');
                write(&value.get_item(&key).unwrap_or_default(), out);
            }
            out.push(b'}');
        }
        _ => write_string(&value.to_string(), out),
    }
}

/// Reads JSON text; `null` becomes nothing. An error is `serde_json`'s.
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    let raw: &RawValue = serde_json::from_str(text)?;
    from_raw(raw)
}

/// The value of checked JSON.
fn from_raw(raw: &RawValue) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'"') => Value::from(serde_json::from_str::<String>(text)?),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)?
            .into_iter()
            .map(from_raw)
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Some(b'{') => {
            let entries: indexmap::IndexMap<String, &RawValue> = serde_json::from_str(text)?;
            let mut pairs = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                pairs.push((key, from_raw(value)?));
            }
            Value::from_pairs(pairs)
        }
        Some(b't') => Value::from(true),
        Some(b'f') => Value::from(false),
        Some(b'n') | None => Value::UNDEFINED,
        Some(_) => NumberText::value_of(text),
    })
}
