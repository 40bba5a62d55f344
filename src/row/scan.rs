//! JSON bytes → [`Batch`]: one pass, as strict as `serde_json`.

use super::batch::{Batch, Cell, RowPlace};

/// Nesting deeper than this is refused, as `serde_json` does.
const DEPTH_LIMIT: u32 = 127;

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
    /// The JSON has no rows.
    #[error("the answer has no list of rows under `data`")]
    NoRows,
    /// More than 4 GiB in one batch.
    #[error("the answer has more than 4 GiB")]
    TooLarge,
}

/// Reads `{"message": …, "data": [{column: value, …}, …]}`. Empty `data` of any kind (`[]`, `{}`,
/// `null`) is a batch without rows.
pub fn scan_answer(buffer: Vec<u8>) -> Result<Batch, ScanError> {
    scan(buffer, |scanner: &mut Scanner<'_>| {
        scanner.space();
        scanner.answer()
    })
}

/// Reads a list of rows: `[{column: value, …}, …]`.
pub fn scan_rows(buffer: Vec<u8>) -> Result<Batch, ScanError> {
    scan(buffer, |scanner| {
        scanner.space();
        scanner.rows(&mut true)
    })
}

fn scan(
    buffer: Vec<u8>,
    read: impl FnOnce(&mut Scanner<'_>) -> Result<(), ScanError>,
) -> Result<Batch, ScanError> {
    if u32::try_from(buffer.len()).is_err() {
        return Err(ScanError::TooLarge);
    }
    if simdutf8::basic::from_utf8(&buffer).is_err() {
        return Err(ScanError::NoUtf8);
    }
    let mut scanner = Scanner {
        bytes: &buffer,
        at: 0,
        cells: Vec::new(),
        rows: Vec::new(),
    };
    read(&mut scanner)?;
    scanner.space();
    if scanner.at < buffer.len() {
        return Err(scanner.unexpected());
    }
    let Scanner { cells, rows, .. } = scanner;
    Ok(Batch {
        buffer,
        cells,
        rows,
    })
}

struct Scanner<'b> {
    bytes: &'b [u8],
    at: usize,
    cells: Vec<Cell>,
    rows: Vec<RowPlace>,
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the buffer's length was checked to fit in 32 bits"
)]
impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self) -> ScanError {
        let found = match self.peek() {
            None => "end".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            Some(byte) => format!("byte {byte:#04x}"),
        };
        ScanError::NoJson { at: self.at, found }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), ScanError> {
        if self.peek() == Some(byte) {
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
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Err(ScanError::NoRows);
        }
        loop {
            self.space();
            let start = self.at + 1;
            self.string()?;
            let is_data = &self.bytes[start..self.at - 1] == b"data";
            self.space();
            self.expect(b':')?;
            self.space();
            if is_data {
                self.cells.clear();
                self.rows.clear();
                self.rows(&mut has_rows)?;
            } else {
                self.value(0)?;
            }
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
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
        if self.peek() != Some(b'[') {
            // `{}` and `null` are how PHP may write an empty list; anything else is no list.
            self.value(0)?;
            let empty = matches!(&self.bytes[start..self.at], b"null")
                || self.bytes[start..self.at]
                    .iter()
                    .all(|byte| matches!(byte, b'{' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
            return if empty {
                Ok(())
            } else {
                Err(ScanError::NoRows)
            };
        }
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.row()?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn row(&mut self) -> Result<(), ScanError> {
        let start = self.at as u32;
        let first_cell = self.cells.len() as u32;
        // An empty row may come as `[]` from PHP.
        if self.bytes[self.at..].starts_with(b"[]") {
            self.at += 2;
        } else {
            self.expect(b'{')?;
            self.space();
            if self.peek() == Some(b'}') {
                self.at += 1;
            } else {
                self.cells_of_row()?;
            }
        }
        self.rows.push(RowPlace {
            start,
            end: self.at as u32,
            first_cell,
            last_cell: self.cells.len() as u32,
        });
        Ok(())
    }

    fn cells_of_row(&mut self) -> Result<(), ScanError> {
        loop {
            self.space();
            let name_start = self.at as u32 + 1;
            self.string()?;
            let name_end = self.at as u32 - 1;
            self.space();
            self.expect(b':')?;
            self.space();
            let value_start = self.at as u32;
            self.value(2)?;
            self.cells.push(Cell {
                name_start,
                name_end,
                value_start,
                value_end: self.at as u32,
            });
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'[' | b'{') if depth >= DEPTH_LIMIT => Err(self.unexpected()),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.map(depth),
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
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth + 1)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
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
        if self.peek() == Some(b'}') {
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
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn string(&mut self) -> Result<(), ScanError> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(byte) if byte >= 0x20 => self.at += 1,
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
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
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected());
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
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
        let batch = scan_rows(text.as_bytes().to_vec())?;
        let cells = |row: super::super::Row<'_>| {
            row.cells()
                .iter()
                .map(|cell| (row.name(cell).into_owned(), row.raw_value(cell).to_owned()))
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
        let rows = |text: &str| scan_answer(text.as_bytes().to_vec()).map(|batch| batch.len());
        assert_eq!(rows(r#"{"message":"","data":[{"a":1},{}]}"#), Ok(2));
        assert_eq!(rows(r#"{"data":[],"message":{"x":[1]}}"#), Ok(0));
        assert_eq!(rows(r#"{"data":{}}"#), Ok(0));
        assert_eq!(rows(r#"{"data":null}"#), Ok(0));
        assert_eq!(rows(r#"{"data":[[],{"a":1}]}"#), Ok(2));
        assert_eq!(rows(r#"{"message":"x"}"#), Err(ScanError::NoRows));
        assert_eq!(rows(r#"{"data":"x"}"#), Err(ScanError::NoRows));
        assert!(rows(r#"{"data":[{"a":1}"#).is_err());
        assert!(rows("<html>").is_err());
        let invalid = scan_answer(b"{\"data\":[{\"a\":\"\xff\"}]}".to_vec());
        assert_eq!(invalid.map(|batch| batch.len()), Err(ScanError::NoUtf8));
    }
}
