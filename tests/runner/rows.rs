//! Rows as bytes, with `serde_json` as the judge, on what is made up here: rows as feeds have them,
//! those with mistakes, and garbage. `fuzz/` does the same with what a fuzzer makes up.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use runner::row::Scanner;

use crate::support::judge::compare;

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
