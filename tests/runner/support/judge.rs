//! Rows as bytes, with `serde_json` as the judge: the same verdict on anything, the same names and
//! values, the same bytes.

use std::fmt;

use runner::row::{Batch, Row, Scanner};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// A row as `serde_json` reads it: names may stand twice; `[]` is an empty row.
#[derive(Debug)]
struct Judged(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Judged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Judged;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Judged, A::Error> {
                let mut cells = Vec::new();
                while let Some(cell) = map.next_entry()? {
                    cells.push(cell);
                }
                Ok(Judged(cells))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Judged, A::Error> {
                match seq.next_element::<IgnoredAny>()? {
                    None => Ok(Judged(Vec::new())),
                    Some(_) => Err(serde::de::Error::custom("a row is no list")),
                }
            }
        }
        deserializer.deserialize_any(Rows)
    }
}

/// Scans a list of rows, and compares all of it with what `serde_json` says.
pub fn compare(scanner: &mut Scanner, text: &[u8]) -> Result<(), String> {
    let judged: Result<Vec<Judged>, _> = match serde_json::from_slice(text) {
        // How PHP may write an empty list.
        Ok(Value::Null) => Ok(Vec::new()),
        Ok(Value::Object(fields)) if fields.is_empty() => Ok(Vec::new()),
        _ => serde_json::from_slice(text),
    };
    let ours = scanner.rows(text.to_vec());
    let (judged, ours) = match (judged, ours) {
        (Ok(judged), Ok(ours)) => (judged, ours),
        (Err(_), Err(refused)) if refused.bytes == text => return Ok(()),
        (judged, ours) => {
            return Err(format!("serde_json says {judged:?}, we say {ours:?}"));
        }
    };
    if judged.len() != ours.len() {
        return Err(format!("{} rows, not {}", ours.len(), judged.len()));
    }
    if judged.is_empty() {
        return in_an_answer(text, &ours);
    }
    let whole: Vec<Box<RawValue>> = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    for ((row, judged), whole) in ours.rows().zip(&judged).zip(&whole) {
        same_row(row, &judged.0).map_err(|error| format!("{error}\n{}", whole.get()))?;
        if row.json() != whole.get() {
            return Err(format!("{} is not {}", row.json(), whole.get()));
        }
    }
    in_an_answer(text, &ours)
}

/// The cells of a row, and the pieces of it that are copied.
fn same_row(row: Row<'_>, judged: &[(String, Box<RawValue>)]) -> Result<(), String> {
    let names: Vec<&str> = judged.iter().map(|(name, _)| name.as_str()).collect();
    if row.shape().names().collect::<Vec<_>>() != names {
        return Err(format!("names {:?}", row.shape()));
    }
    for (cell, (name, value)) in judged.iter().enumerate() {
        if row.raw_value(cell) != value.get() {
            return Err(format!("value of {name}: {}", row.raw_value(cell)));
        }
        let text = match value.get() {
            "null" => Some(String::new()),
            // Half a surrogate pair is no text to serde_json, and U+FFFD to us.
            string if string.starts_with('"') => serde_json::from_str(string).ok(),
            other => Some(other.to_owned()),
        };
        if text.is_some_and(|text| row.text(cell) != text) {
            return Err(format!("text of {name}: {:?}", row.text(cell)));
        }
        let copied: Judged =
            serde_json::from_slice(&[b"{", row.raw_cells(cell, cell), b"}"].concat())
                .map_err(|error| format!("copy of {name}: {error}"))?;
        let [(copied_name, copied_value)] = copied.0.as_slice() else {
            return Err(format!("copy of {name}: {copied:?}"));
        };
        if (copied_name, copied_value.get()) != (name, value.get()) {
            return Err(format!("copy of {name}: {copied:?}"));
        }
        let last = judged.iter().rposition(|(known, _)| known == name);
        if row.shape().find(name) != last {
            return Err(format!("{name} is found at {:?}", row.shape().find(name)));
        }
    }
    Ok(())
}

/// The same rows as the data of an answer.
fn in_an_answer(text: &[u8], rows: &Batch) -> Result<(), String> {
    let answer = [
        b"{\"message\":\"\",\"data\":",
        text,
        b",\"meta\":{\"a\":[1]}}",
    ]
    .concat();
    let answer = Scanner::default().answer(answer);
    let answer = answer.map_err(|refused| refused.to_string())?;
    let is_same = answer
        .rows()
        .map(|row| row.json())
        .eq(rows.rows().map(|row| row.json()));
    if is_same && answer.meta() == "{\"a\":[1]}" {
        Ok(())
    } else {
        Err(format!("as an answer: {answer:?}"))
    }
}
