//! JSON in one pass: checked as strictly as `serde_json` does, and where each value stands.

use super::{DEEPEST, Kind, Node};

/// The values of a text, in order; nothing where it is no JSON, too deep, or longer than 4 GiB.
pub fn nodes(bytes: &[u8]) -> Option<Vec<Node>> {
    u32::try_from(bytes.len()).ok()?;
    let mut reader = Reader {
        bytes,
        at: 0,
        nodes: Vec::with_capacity(bytes.len() / 16 + 4),
    };
    reader.value(0)?;
    reader.peek();
    (reader.at == bytes.len()).then_some(reader.nodes)
}

/// Names of a map that are compared with each other; in a larger one two may be the same.
const LOOKED_AT: usize = 64;

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
}

impl Reader<'_> {
    /// The next byte that is no white space; 0 at the end.
    fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    /// The length of the text was checked to fit.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the text is shorter than 4 GiB"
    )]
    fn push(&mut self, start: usize, kind: Kind) -> usize {
        self.nodes.push(Node {
            start: start as u32,
            end: self.at as u32,
            next: self.nodes.len() as u32 + 1,
            kind,
            may_repeat: false,
        });
        self.nodes.len() - 1
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the text is shorter than 4 GiB"
    )]
    fn close(&mut self, node: usize) {
        self.nodes[node].end = self.at as u32;
        self.nodes[node].next = self.nodes.len() as u32;
    }

    /// Notes a value and all that it holds.
    fn value(&mut self, depth: usize) -> Option<()> {
        let first = self.peek();
        let start = self.at;
        match first {
            b'"' => self.string(),
            b'{' | b'[' if depth >= DEEPEST => None,
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b't' => self.word(b"true", Kind::Bool),
            b'f' => self.word(b"false", Kind::Bool),
            b'n' => self.word(b"null", Kind::Null),
            _ => {
                self.number()?;
                self.push(start, Kind::Number);
                Some(())
            }
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Option<()> {
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end)? != word {
            return None;
        }
        self.at = end;
        self.push(start, kind);
        Some(())
    }

    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        if self.byte() == b'-' {
            self.at += 1;
        }
        if self.byte() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.byte(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Notes a string; the quote that begins it is here.
    fn string(&mut self) -> Option<()> {
        let start = self.at + 1;
        let mut at = start;
        let mut kind = Kind::Text;
        loop {
            at = plain(self.bytes, at);
            match self.bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    kind = Kind::Escaped;
                    at += match self.bytes.get(at + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                        b'u' => {
                            let digits = self.bytes.get(at + 2..at + 6)?;
                            if !digits.iter().all(u8::is_ascii_hexdigit) {
                                return None;
                            }
                            6
                        }
                        _ => return None,
                    };
                }
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        self.at = at;
        self.push(start, kind);
        self.at = at + 1;
        Some(())
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        self.at += 1;
        let node = self.push(start, Kind::List);
        if self.peek() == b']' {
            self.at += 1;
            self.close(node);
            return Some(());
        }
        loop {
            self.value(depth + 1)?;
            match self.peek() {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    self.close(node);
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "there are fewer values than bytes"
    )]
    fn map(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        self.at += 1;
        let node = self.push(start, Kind::Map);
        if self.peek() == b'}' {
            self.at += 1;
            self.close(node);
            return Some(());
        }
        let (mut names, mut count) = (0_u64, 0);
        loop {
            if self.peek() != b'"' {
                return None;
            }
            let at = self.at;
            self.string()?;
            // A name knows its map.
            let key = self.nodes.len() - 1;
            self.nodes[key].next = node as u32;
            // Names whose bits differ are not the same.
            let bit = self.bit_of(at + 1);
            if names & bit != 0 && !self.nodes[node].may_repeat {
                self.nodes[node].may_repeat = count > LOOKED_AT || self.repeats(node, key);
            }
            names |= bit;
            count += 1;
            if self.peek() != b':' {
                return None;
            }
            self.at += 1;
            self.value(depth + 1)?;
            match self.peek() {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    self.close(node);
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Whether a name stands in its map before, as far as that can be seen without decoding.
    fn repeats(&self, map: usize, key: usize) -> bool {
        let name = self.nodes[key];
        let text = |node: Node| &self.bytes[node.start as usize..node.end as usize];
        let mut at = map + 1;
        while at < key {
            let known = self.nodes[at];
            let is_plain = known.kind == Kind::Text && name.kind == Kind::Text;
            if !is_plain || text(known) == text(name) {
                return true;
            }
            at = self.nodes[at + 1].next as usize;
        }
        false
    }

    /// A bit for the name that begins here and was just read.
    fn bit_of(&self, start: usize) -> u64 {
        let name = &self.bytes[start..(self.at - 1).max(start)];
        if self
            .nodes
            .last()
            .is_some_and(|name| name.kind == Kind::Escaped)
        {
            // It may be any.
            return u64::MAX;
        }
        let first = name.first().copied().unwrap_or_default();
        let last = name.last().copied().unwrap_or_default();
        let mixed = usize::from(first) * 7 + usize::from(last) * 31 + name.len() * 13;
        1 << (mixed % 64)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Where the first byte stands, from `at` on, that is or may be a quote, a backslash or a control
/// character; eight bytes at a time.
#[inline]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
        let quotes = has_zero(word ^ (ONES * u64::from(b'"')));
        let slashes = has_zero(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let marks = quotes | slashes | controls;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}
