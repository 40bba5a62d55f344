//! A row's shape: its columns, and the exact bytes between its values. Most rows of a feed have the
//! shape of the row before, so that comparing these bytes is all there is to reading them.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

/// Shapes that are remembered; a feed with more has them worked out again.
const REMEMBERED: usize = 512;

/// The columns of a row, and how it is written but for its values.
#[derive(Debug)]
pub struct Shape {
    columns: Box<[Column]>,
    /// From the value before, or the row's beginning, to each value: `,"name":`.
    gaps: Box<[Gap]>,
    /// From the last value to the row's end, its brace included.
    tail: Gap,
    has_line_break: bool,
}

/// A column of a shape.
#[derive(Debug)]
struct Column {
    /// How many bytes stand from the name's quote to the value.
    name_length: usize,
    /// The name as it came, without its quotes.
    raw_name: Box<str>,
    /// The name, where it is written with escapes.
    decoded: Option<Box<str>>,
}

/// Bytes that are to stand at a place.
#[derive(Debug)]
pub(super) struct Gap {
    /// The first sixteen, and which of them count.
    head: u128,
    mask: u128,
    /// Those behind them.
    rest: Box<[u8]>,
    length: usize,
}

impl Gap {
    fn new(bytes: &[u8]) -> Self {
        let head_length = bytes.len().min(16);
        let mut head = [0; 16];
        head[..head_length].copy_from_slice(&bytes[..head_length]);
        let mask = match head_length {
            16 => u128::MAX,
            shorter => (1 << (shorter * 8)) - 1,
        };
        Self {
            head: u128::from_le_bytes(head),
            mask,
            rest: bytes[head_length..].into(),
            length: bytes.len(),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Whether these bytes stand at `at`. Texts are padded, so that sixteen bytes are always there.
    #[inline]
    pub(super) fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let Some(behind) = bytes.get(at..) else {
            return false;
        };
        let Some(head) = behind.first_chunk::<16>() else {
            return false;
        };
        (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0
            && (self.rest.is_empty() || behind[16..].starts_with(&self.rest))
    }
}

/// Where the parts of a row stand that belong to its shape, in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnPlace {
    pub gap_start: usize,
    pub name_start: usize,
    pub name_end: usize,
    pub gap_end: usize,
}

impl Shape {
    /// The shape of a row of `text`; nothing where a name holds half a surrogate pair, which is
    /// no text.
    fn of(text: &str, columns: &[ColumnPlace], tail: &[u8]) -> Option<Self> {
        let column = |place: &ColumnPlace| {
            let raw_name = &text[place.name_start..place.name_end];
            let decoded = if raw_name.contains('\\') {
                Some(decode_strictly(raw_name)?)
            } else {
                None
            };
            Some(Column {
                name_length: place.gap_end - (place.name_start - 1),
                raw_name: raw_name.into(),
                decoded,
            })
        };
        let gap = |place: &ColumnPlace| Gap::new(&text.as_bytes()[place.gap_start..place.gap_end]);
        Some(Self {
            columns: columns.iter().map(column).collect::<Option<_>>()?,
            gaps: columns.iter().map(gap).collect(),
            tail: Gap::new(tail),
            has_line_break: tail.contains(&b'\n')
                || columns
                    .iter()
                    .any(|place| text[place.gap_start..place.gap_end].contains('\n')),
        })
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether a line ends between its values. Inside of texts none does: JSON forbids it.
    pub fn has_line_break(&self) -> bool {
        self.has_line_break
    }

    /// A column's name.
    pub fn name(&self, column: usize) -> &str {
        let column = &self.columns[column];
        column.decoded.as_deref().unwrap_or(&column.raw_name)
    }

    /// A column's name as it came: escapes not decoded, without quotes.
    pub fn raw_name(&self, column: usize) -> &str {
        &self.columns[column].raw_name
    }

    /// All names, in order; one may stand twice.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|column| self.name(column))
    }

    /// All names, in order, each once.
    pub fn distinct_names(&self) -> impl Iterator<Item = &str> {
        let names = self.names().enumerate();
        names
            .filter(|(at, name)| !self.names().take(*at).any(|before| before == *name))
            .map(|(_, name)| name)
    }

    /// The column of a name: the last, where it stands twice.
    pub fn find(&self, name: &str) -> Option<usize> {
        (0..self.len())
            .rev()
            .find(|column| self.name(*column) == name)
    }

    /// How many bytes a column's name takes, from its quote to the value.
    pub(super) fn name_length(&self, column: usize) -> usize {
        self.columns[column].name_length
    }

    #[inline]
    pub(super) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    pub(super) fn tail(&self) -> &Gap {
        &self.tail
    }
}

/// The decoded name; nothing where it holds half a surrogate pair, which `decode` would replace.
fn decode_strictly(raw: &str) -> Option<Box<str>> {
    let name: String = serde_json::from_str(&format!("\"{raw}\"")).ok()?;
    Some(name.into())
}

/// The shapes that were seen.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: HashMap<u128, Arc<Shape>>,
    /// What a shape is known by: the bytes of its gaps, their lengths between.
    key: Vec<u8>,
}

impl Shapes {
    /// The shape of a row of `text`, the one that is known where there is one.
    pub(super) fn of(
        &mut self,
        text: &str,
        columns: &[ColumnPlace],
        tail: &[u8],
    ) -> Option<Arc<Shape>> {
        self.key.clear();
        for place in columns {
            let gap = &text.as_bytes()[place.gap_start..place.gap_end];
            self.key.extend_from_slice(gap);
            self.key.extend_from_slice(&gap.len().to_le_bytes());
        }
        self.key.extend_from_slice(tail);
        let key = xxh3_128(&self.key);
        if let Some(shape) = self.known.get(&key) {
            return Some(Arc::clone(shape));
        }
        let shape = Arc::new(Shape::of(text, columns, tail)?);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(key, Arc::clone(&shape));
        Some(shape)
    }
}
