//! JSON bytes → [`Batch`]: one pass, as strict as `serde_json`.

use std::ops::Range;
use std::sync::Arc;

use super::batch::{Batch, Cell, RowPlace, Text};
use super::marks::Marks;
use super::shape::{ColumnPlace, Shape, Shapes};
use super::spare::{Spare, Tables};

/// Nesting deeper than this is refused, as `serde_json` does.
const DEPTH_LIMIT: u32 = 127;

/// The most bytes of a batch: places are 31 bits long.
pub(super) const LARGEST: usize = i32::MAX as usize - 128;

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

/// One reading of one text.
struct Pass<'p> {
    text: &'p str,
    /// The text's bytes, padding included.
    bytes: &'p [u8],
    /// The text's length without padding.
    length: usize,
    /// How deep the list of rows stands.
    depth: u32,
    at: usize,
    marks: &'p Marks,
    shapes: &'p mut Shapes,
    last: Option<Arc<Shape>>,
    /// The columns of the row that is being read, where its shape is not known before.
    columns: &'p mut Vec<ColumnPlace>,
    tables: Tables,
    batch_shapes: Vec<Arc<Shape>>,
    /// Where the value of `meta` stands.
    meta: Range<usize>,
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the text's length was checked to fit in 31 bits"
)]
impl Pass<'_> {
    fn whole(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        self.space();
        read(self)?;
        self.space();
        if self.at < self.length {
            return Err(self.unexpected());
        }
        Ok(())
    }

    /// The byte at the place, a zero behind the end: no JSON begins or goes on with one.
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn unexpected(&self) -> ScanError {
        let found = match self.peek() {
            _ if self.at >= self.length => "end".to_owned(),
            byte if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            byte => format!("byte {byte:#04x}"),
        };
        ScanError::NoJson { at: self.at, found }
    }

    #[inline]
    fn space(&mut self) {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), ScanError> {
        if self.peek() == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// The answer's object. Of a key that stands twice the last counts, as everywhere in JSON.
    fn answer(&mut self) -> Result<(), ScanError> {
        let mut has_rows = false;
        self.expect(b'{')?;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Err(ScanError::NoRows);
        }
        loop {
            self.space();
            let start = self.at + 1;
            self.string()?;
            let key = &self.bytes[start..self.at - 1];
            let (is_data, is_meta) = (key == b"data", key == b"meta");
            self.space();
            self.expect(b':')?;
            self.space();
            let value = self.at;
            if is_data {
                self.tables.cells.clear();
                self.tables.rows.clear();
                self.rows(&mut has_rows)?;
            } else {
                self.value(self.depth)?;
            }
            if is_meta {
                self.meta = value..self.at;
            }
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    break;
                }
                _ => return Err(self.unexpected()),
            }
        }
        if has_rows {
            Ok(())
        } else {
            Err(ScanError::NoRows)
        }
    }

    fn rows(&mut self, has_rows: &mut bool) -> Result<(), ScanError> {
        *has_rows = true;
        let start = self.at;
        if self.peek() != b'[' {
            // `{}` and `null` are how PHP may write an empty list; anything else is no list.
            self.value(self.depth)?;
            let value = &self.bytes[start..self.at];
            let is_empty = value == b"null"
                || value
                    .iter()
                    .all(|byte| matches!(byte, b'{' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
            return if is_empty {
                Ok(())
            } else {
                Err(ScanError::NoRows)
            };
        }
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            if !self.row_like_the_last() {
                self.row()?;
            }
            if self.peek() == b',' {
                self.at += 1;
                continue;
            }
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Reads a row that is written as the one before it; where it is not, nothing was read.
    #[inline]
    fn row_like_the_last(&mut self) -> bool {
        let Some(shape) = self.last.take() else {
            return false;
        };
        let (start, first_cell) = (self.at, self.tables.cells.len());
        let end = self.cells_of(&shape, start);
        if let Some(end) = end {
            self.at = end;
            self.push_row(start, first_cell, &shape);
        } else {
            self.at = start;
            self.tables.cells.truncate(first_cell);
        }
        self.last = Some(shape);
        end.is_some()
    }

    /// The cells of a row of this shape, and where it ends.
    #[inline]
    fn cells_of(&mut self, shape: &Shape, start: usize) -> Option<usize> {
        let mut at = start;
        let first = self.tables.cells.len();
        self.tables
            .cells
            .resize(first + shape.len(), Cell::default());
        for (column, gap) in shape.gaps().iter().enumerate() {
            if !gap.stands_at(self.bytes, at) {
                return None;
            }
            let value = at + gap.len();
            // A string without an escape, as most values are, ends at the next mark.
            let end = self.marks.next(value + 1);
            let is_string = self.bytes.get(value) == Some(&b'"');
            let cell = if is_string && self.bytes.get(end) == Some(&b'"') {
                at = end + 1;
                Cell::new(value as u32, at as u32, false)
            } else {
                self.at = value;
                let cell = self.cell().ok()?;
                at = self.at;
                cell
            };
            self.tables.cells[first + column] = cell;
        }
        let tail = shape.tail();
        tail.stands_at(self.bytes, at).then(|| at + tail.len())
    }

    /// A value.
    fn cell(&mut self) -> Result<Cell, ScanError> {
        let start = self.at;
        let is_escaped = if self.peek() == b'"' {
            self.string()?
        } else {
            self.value(self.depth + 2)?;
            false
        };
        Ok(Cell::new(start as u32, self.at as u32, is_escaped))
    }

    fn push_row(&mut self, start: usize, first_cell: usize, shape: &Arc<Shape>) {
        let is_last = |known: &Arc<Shape>| Arc::ptr_eq(known, shape);
        let shape = match self.batch_shapes.len() {
            0 => None,
            count if is_last(&self.batch_shapes[count - 1]) => Some(count - 1),
            _ => self.batch_shapes.iter().position(is_last),
        }
        .unwrap_or_else(|| {
            self.batch_shapes.push(Arc::clone(shape));
            self.batch_shapes.len() - 1
        });
        self.tables.rows.push(RowPlace {
            start: start as u32,
            end: self.at as u32,
            first_cell: first_cell as u32,
            shape: shape as u32,
        });
    }

    /// Reads a row of any shape.
    fn row(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        let first_cell = self.tables.cells.len();
        let mut tail = start;
        self.columns.clear();
        // An empty row may come as `[]` from PHP.
        if self.peek() == b'[' {
            self.at += 1;
            self.space();
            self.expect(b']')?;
        } else {
            self.expect(b'{')?;
            self.space();
            if self.peek() == b'}' {
                self.at += 1;
            } else {
                tail = self.cells_of_row(start)?;
            }
        }
        let tail = &self.bytes[tail..self.at];
        let shape = self
            .shapes
            .of(self.text, self.columns, tail)
            .ok_or(ScanError::HalfCharacter { at: start })?;
        self.push_row(start, first_cell, &shape);
        self.last = Some(shape);
        Ok(())
    }

    /// The cells of a row, and its end; where the last value ends.
    fn cells_of_row(&mut self, start: usize) -> Result<usize, ScanError> {
        let mut gap_start = start;
        loop {
            self.space();
            let name_start = self.at + 1;
            self.string()?;
            let name_end = self.at - 1;
            self.space();
            self.expect(b':')?;
            self.space();
            self.columns.push(ColumnPlace {
                gap_start,
                name_start,
                name_end,
                gap_end: self.at,
            });
            let cell = self.cell()?;
            self.tables.cells.push(cell);
            gap_start = self.at;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(gap_start);
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), ScanError> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'[' | b'{' if depth >= DEPTH_LIMIT => Err(self.unexpected()),
            b'[' => self.list(depth),
            b'{' => self.map(depth),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), ScanError> {
        for byte in word {
            self.expect(*byte)?;
        }
        Ok(())
    }

    fn list(&mut self, depth: u32) -> Result<(), ScanError> {
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn map(&mut self, depth: u32) -> Result<(), ScanError> {
        self.at += 1;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.string()?;
            self.space();
            self.expect(b':')?;
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// A string; whether an escape stands in it.
    #[inline]
    fn string(&mut self) -> Result<bool, ScanError> {
        self.expect(b'"')?;
        self.at = self.marks.next(self.at);
        if self.peek() == b'"' {
            self.at += 1;
            return Ok(false);
        }
        self.rest_of_string()?;
        Ok(true)
    }

    /// The rest of a string with escapes, from the first one on.
    fn rest_of_string(&mut self) -> Result<(), ScanError> {
        loop {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                _ => return Err(self.unexpected()),
            }
            self.at = self.marks.next(self.at);
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_ascii_hexdigit() {
                        return Err(self.unexpected());
                    }
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(self.unexpected()),
        }
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        if !self.peek().is_ascii_digit() {
            return Err(self.unexpected());
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.peek() {
            self.at += 1;
            if let b'+' | b'-' = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
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
