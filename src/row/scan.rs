//! JSON bytes → [`Batch`]: one pass, as strict as `serde_json`.

use std::sync::Arc;

use super::batch::{Batch, Text};
use super::marks::Marks;
use super::pass::Pass;
use super::shape::{ColumnPlace, Shape, Shapes};
use super::spare::Spare;

/// The most bytes of a batch: places are 31 bits long.
pub const LARGEST: usize = i32::MAX as usize - 128;

/// Why bytes are no answer with rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The bytes are no UTF-8.
    #[error("the answer is no UTF-8")]
    NoUtf8,
    /// The bytes are no JSON.
    #[error("the answer is no JSON: unexpected {found} at byte {at}")]
    NoJson {
        /// Where.
        at: usize,
        /// What stood there.
        found: String,
    },
    /// A column's name holds half a surrogate pair.
    #[error("the answer is no JSON: the name at byte {at} holds half a character")]
    HalfCharacter {
        /// Where.
        at: usize,
    },
    /// The JSON has no rows.
    #[error("the answer has no list of rows under `data`")]
    NoRows,
    /// More than 2 GiB in one batch.
    #[error("the answer has more than 2 GiB")]
    TooLarge,
}

/// Bytes that have no rows, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    /// Why.
    pub error: ScanError,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Reads batches one after another. What it learned from one (shapes, sizes) it uses for the next.
#[derive(Debug, Default)]
pub struct Scanner {
    marks: Marks,
    shapes: Shapes,
    /// The shape of the row before, also over the end of a batch.
    last: Option<Arc<Shape>>,
    columns: Vec<ColumnPlace>,
    spare: Spare,
}

impl Scanner {
    /// A scanner whose batches give their buffers back to `spare`.
    pub fn new(spare: Spare) -> Self {
        Self {
            spare,
            ..Self::default()
        }
    }

    /// Reads `{"message": …, "data": [{column: value, …}, …]}`, or a body with `meta`. Empty `data` of any kind (`[]`,
    /// `{}`, `null`) is a batch without rows.
    pub fn answer(&mut self, bytes: Vec<u8>) -> Result<Batch, Refused> {
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method itself is of one lifetime only"
        )]
        self.scan(bytes, 1, |pass| pass.answer())
    }

    /// Reads a list of rows: `[{column: value, …}, …]`.
    pub fn rows(&mut self, bytes: Vec<u8>) -> Result<Batch, Refused> {
        self.scan(bytes, 0, |pass| pass.rows(&mut true))
    }

    fn scan(
        &mut self,
        bytes: Vec<u8>,
        depth: u32,
        read: impl FnOnce(&mut Pass<'_>) -> Result<(), ScanError>,
    ) -> Result<Batch, Refused> {
        if bytes.len() > LARGEST {
            let error = ScanError::TooLarge;
            return Err(Refused { error, bytes });
        }
        let text = Text::new(bytes).map_err(|bytes| Refused {
            error: ScanError::NoUtf8,
            bytes,
        })?;
        self.marks.read(text.padded().as_bytes());
        let mut pass = Pass {
            text: text.padded(),
            bytes: text.padded().as_bytes(),
            length: text.len(),
            depth,
            at: 0,
            marks: &self.marks,
            shapes: &mut self.shapes,
            last: self.last.take(),
            columns: &mut self.columns,
            tables: self.spare.tables(),
            batch_shapes: Vec::new(),
            meta: 0..0,
        };
        let result = pass.whole(read);
        self.last = pass.last;
        let (tables, shapes, meta) = (pass.tables, pass.batch_shapes, pass.meta);
        match result {
            Ok(()) => Ok(Batch::new(text, tables, shapes, meta, self.spare.clone())),
            Err(error) => {
                self.spare.give_back_tables(tables);
                let bytes = text.into_bytes();
                Err(Refused { error, bytes })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn rows_of(text: &str) -> Result<Vec<Vec<(String, String)>>, ScanError> {
        let rows = Scanner::default().rows(text.as_bytes().to_vec());
        let batch = rows.map_err(|refused| refused.error)?;
        let cells = |row: super::super::Row<'_>| {
            (0..row.len())
                .map(|cell| (row.name(cell).to_owned(), row.raw_value(cell).to_owned()))
                .collect()
        };
        Ok(batch.rows().map(cells).collect())
    }

    #[test]
    fn verdict_and_values_are_those_of_serde_json() {
        for text in [
            "[]",
            "[{}]",
            "[{\"a\":\"b\"}]",
            " [ { \"a\" : 1 , \"b\" : null } , {} ] ",
            "[{\"a\":-0.5e+10,\"b\":[1,{\"c\":[]}],\"d\":true}]",
            "[{\"a\":01}]",
            "[{\"a\":1.}]",
            "[{\"a\":.5}]",
            "[{\"a\":+1}]",
            "[{\"a\":1e}]",
            "[{\"a\":\"\\x\"}]",
            "[{\"a\":\"\\u12g4\"}]",
            "[{\"\\u00e4\\/\":\"\\\"\"}]",
            "[{\"a\":\"b\",}]",
            "[{},]",
            "[{\"a\" \"b\"}]",
            "[{a:1}]",
            "[{\"a\":tru}]",
            "[{\"a\":\"\n\"}]",
            "[",
            "[{",
            "[{}",
            "[{\"a\":\"b",
            "[{\"a\":1}{}]",
            "[{\"a\":1}] x",
            "",
            "[{\"a\":nul}]",
            "[{\"a\":1 2}]",
            "[ { } ]",
        ] {
            let theirs: Result<Vec<indexmap::IndexMap<String, Box<RawValue>>>, _> =
                serde_json::from_str(text);
            match (rows_of(text), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    let theirs: Vec<Vec<(String, String)>> = theirs
                        .into_iter()
                        .map(|row| {
                            row.into_iter()
                                .map(|(k, v)| (k, v.get().to_owned()))
                                .collect()
                        })
                        .collect();
                    assert_eq!(ours, theirs, "{text}");
                }
                (Err(_), Err(_)) => {}
                (ours, theirs) => panic!("{text}: ours {ours:?}, serde_json's {theirs:?}"),
            }
        }
    }

    #[test]
    fn an_answer_has_rows_under_data() {
        let rows = |text: &str| {
            let answer = Scanner::default().answer(text.as_bytes().to_vec());
            let rows = answer.map(|batch| batch.len());
            rows.map_err(|refused| refused.error)
        };
        assert_eq!(rows(r#"{"message":"","data":[{"a":1},{}]}"#), Ok(2));
        assert_eq!(rows(r#"{"data":[],"message":{"x":[1]}}"#), Ok(0));
        assert_eq!(rows(r#"{"data":{}}"#), Ok(0));
        assert_eq!(rows(r#"{"data":null}"#), Ok(0));
        assert_eq!(rows(r#"{"data":[[],{"a":1}]}"#), Ok(2));
        assert_eq!(rows(r#"{"message":"x"}"#), Err(ScanError::NoRows));
        assert_eq!(rows(r#"{"data":"x"}"#), Err(ScanError::NoRows));
        assert!(rows(r#"{"data":[{"a":1}"#).is_err());
        assert!(rows("<html>").is_err());
        let bytes = b"{\"data\":[{\"a\":\"\xff\"}]}".to_vec();
        let refused = Scanner::default().answer(bytes.clone()).unwrap_err();
        assert_eq!(refused.error, ScanError::NoUtf8);
        assert_eq!(refused.bytes, bytes);
    }
}
