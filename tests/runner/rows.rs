//! Rows as bytes, with `serde_json` as the judge: the same verdict on anything, the same names and
//! values, the same bytes.

use std::fmt;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use runner::row::{Batch, Row, Scanner};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
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
fn compare(scanner: &mut Scanner, text: &[u8]) -> Result<(), String> {
    let judged: Result<Vec<Judged>, _> = serde_json::from_slice(text);
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
        let copied: Judged = serde_json::from_str(&format!("{{{}}}", row.raw_cells(cell, cell)))
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

/// Text as PHP, Python and people write it.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        60 => "[a-zA-Z0-9 .,:{}\\[\\]]{0,12}",
        10 => Just("\\/".to_owned()),
        10 => Just("\\u00e4".to_owned()),
        10 => Just("\\uD83D\\uDE00".to_owned()),
        10 => Just("\\\"".to_owned()),
        10 => Just("\\\\".to_owned()),
        10 => Just("\\n\\t\\r\\b\\f".to_owned()),
        10 => Just("äß€😀".to_owned()),
        // No JSON, or no text.
        1 => prop_oneof!["\\\\ud83d", "\\\\x", "\\\\u12g4", "\u{1}", "\n"],
    ];
    // What is wrong is rare, else no row would ever be read.
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => " ", 1 => "\n  ", 1 => "\t\r\n"]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        60 => string(),
        10 => "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        10 => prop_oneof!["true", "false", "null"],
        1 => prop_oneof!["01", "1.", "\\+1", "nul", "-", "1e", "\\.5", "NaN", ""],
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let field = (string(), space(), inner.clone())
            .prop_map(|(name, space, value)| format!("{name}{space}:{space}{value}"));
        prop_oneof![
            (prop::collection::vec(inner, 0..4), space())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(","))),
            (prop::collection::vec(field, 0..4), space())
                .prop_map(|(fields, space)| format!("{{{space}{}}}", fields.join(", "))),
        ]
    })
}

/// Rows that are mostly alike, as those of a feed are.
fn rows() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(
        prop_oneof![4 => "[a-z]{1,3}", 1 => string().prop_map(|name| name[1..name.len() - 1].to_owned())],
        0..6,
    );
    let row = |names: Vec<String>| {
        let cells: Vec<_> = names
            .into_iter()
            .map(|name| {
                (space(), value(), prop::bool::weighted(0.95)).prop_map(
                    move |(space, value, is_there)| {
                        is_there.then(|| format!("{space}\"{name}\":{space}{value}"))
                    },
                )
            })
            .collect();
        let row = cells.prop_map(|cells| {
            let cells: Vec<String> = cells.into_iter().flatten().collect();
            format!("{{{}}}", cells.join(","))
        });
        prop_oneof![20 => row, 1 => Just("[]".to_owned()), 1 => Just("{ }".to_owned())]
    };
    (names, 0..6_usize, space()).prop_flat_map(move |(names, count, space)| {
        prop::collection::vec(row(names), count)
            .prop_map(move |rows| format!("[{space}{}{space}]", rows.join(",")))
    })
}

/// A place to be changed, and what comes there.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, Option<u8>)>> {
    let byte = prop_oneof![
        prop::sample::select(b"\"\\{}[]:,0-9eunl \n".to_vec()).prop_map(Some),
        any::<u8>().prop_map(Some),
        Just(None),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn verdict_values_and_bytes_are_those_of_serde_json(
        texts in prop::collection::vec((rows(), edits()), 1..3),
    ) {
        // One scanner for all: what it learned must not mislead it.
        let mut scanner = Scanner::default();
        for (text, edits) in texts {
            let mut bytes = text.into_bytes();
            for (place, byte) in edits {
                let at = place.index(bytes.len().max(1)).min(bytes.len());
                match byte {
                    Some(byte) if at < bytes.len() => bytes[at] = byte,
                    Some(byte) => bytes.push(byte),
                    None => bytes.truncate(at),
                }
            }
            let result = compare(&mut scanner, &bytes);
            prop_assert!(result.is_ok(), "{}\n{}", String::from_utf8_lossy(&bytes), result.unwrap_err());
        }
    }

    #[test]
    fn garbage_is_garbage(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let result = compare(&mut Scanner::default(), &bytes);
        prop_assert!(result.is_ok(), "{bytes:?}\n{}", result.unwrap_err());
    }
}

/// The generator makes sound rows often enough that the comparison means something.
#[test]
fn most_generated_rows_are_sound() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut sound, mut cells) = (0, 0);
    for _ in 0..500 {
        let text = rows().new_tree(&mut runner).expect("a value").current();
        if let Ok(batch) = Scanner::default().rows(text.into_bytes()) {
            sound += 1;
            cells += batch.rows().map(|row| row.len()).sum::<usize>();
        }
    }
    assert!(
        sound > 150 && cells > 500,
        "{sound} sound texts with {cells} cells"
    );
}
