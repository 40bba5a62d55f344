//! The grammar of JSON, as far as rows need it: where a value ends, and that it is one.

use std::ops::Range;

use super::pass::Pass;
use super::scan::ScanError;

/// Nesting deeper than this is refused, as `serde_json` does.
const DEPTH_LIMIT: u32 = 127;

impl Pass<'_> {
    /// The byte at the place, a zero behind the end: no JSON begins or goes on with one.
    #[inline]
    pub(super) fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn unexpected(&self) -> ScanError {
        let found = match self.peek() {
            _ if self.at >= self.length => "end".to_owned(),
            byte if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            byte => format!("byte {byte:#04x}"),
        };
        ScanError::NoJson { at: self.at, found }
    }

    #[inline]
    pub(super) fn space(&mut self) {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), ScanError> {
        if self.peek() == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// What stands behind an element of a list or a map: a comma, or the end (true or false).
    #[inline]
    pub(super) fn goes_on(&mut self, end: u8) -> Result<bool, ScanError> {
        self.space();
        match self.peek() {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A name and its colon; where the name's inside stands.
    pub(super) fn name(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at + 1;
        self.string()?;
        let end = self.at - 1;
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(start..end)
    }

    pub(super) fn value(&mut self, depth: u32) -> Result<(), ScanError> {
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
            if !self.goes_on(b']')? {
                return Ok(());
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
            self.name()?;
            self.value(depth + 1)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    /// A string; whether an escape stands in it.
    #[inline]
    pub(super) fn string(&mut self) -> Result<bool, ScanError> {
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
