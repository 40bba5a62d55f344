//! A batch of rows over one buffer.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::shape::Shape;
use super::spare::{CellTables, Spare};
use super::text::decode;

/// A text is filled up to whole blocks, and has a block of zeros behind it: looking a little past
/// its end is looking at nothing.
const BLOCK: usize = 64;

/// Room behind a text that [`super::Scanner`] can do with.
pub const PADDING: usize = 2 * BLOCK;

self_cell::self_cell! {
    /// Bytes that were checked to be UTF-8, once.
    struct Checked {
        owner: Vec<u8>,
        #[covariant]
        dependent: Str,
    }
}

type Str<'t> = &'t str;

/// A text and the zero bytes behind it.
pub(super) struct Text {
    checked: Checked,
    length: usize,
}

impl Text {
    /// Checks and pads bytes; they come back as they were where they are no UTF-8.
    pub(super) fn new(mut bytes: Vec<u8>) -> Result<Self, Vec<u8>> {
        let length = bytes.len();
        bytes.resize((length + BLOCK).next_multiple_of(BLOCK), 0);
        Checked::try_new_or_recover(bytes, |bytes| {
            simdutf8::basic::from_utf8(bytes).map_err(drop)
        })
        .map(|checked| Self { checked, length })
        .map_err(|(mut bytes, ())| {
            bytes.truncate(length);
            bytes
        })
    }

    /// The text with its padding.
    pub(super) fn padded(&self) -> &str {
        self.checked.borrow_dependent()
    }

    /// How long it is without.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.checked.into_owner();
        bytes.truncate(self.length);
        bytes
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.padded()[..self.length])
    }
}

/// Rows over one text. Cells are places in it, so that nothing borrows from itself.
#[derive(Debug)]
pub struct Batch {
    /// There until the batch is dropped.
    text: Option<Text>,
    tables: CellTables,
    shapes: Vec<Arc<Shape>>,
    meta: Range<usize>,
    spare: Spare,
}

/// Where a row stands: its bytes, braces included, and its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowPlace {
    pub start: u32,
    pub end: u32,
    pub first_cell: u32,
    /// Which of the batch's shapes it has.
    pub shape: u32,
}

/// The place of a cell's value, the whole JSON value; whether an escape stands in it is the
/// highest bit of the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    start: u32,
    end: u32,
}

const ESCAPED: u32 = 1 << 31;

impl Cell {
    #[inline]
    pub(super) fn new(start: u32, end: u32, is_escaped: bool) -> Self {
        let end = if is_escaped { end | ESCAPED } else { end };
        Self { start, end }
    }

    #[inline]
    fn range(self) -> Range<usize> {
        self.start as usize..(self.end & !ESCAPED) as usize
    }

    fn is_escaped(self) -> bool {
        self.end & ESCAPED != 0
    }
}

impl Batch {
    pub(super) fn new(
        text: Text,
        tables: CellTables,
        shapes: Vec<Arc<Shape>>,
        meta: Range<usize>,
        spare: Spare,
    ) -> Self {
        Self {
            text: Some(text),
            tables,
            shapes,
            meta,
            spare,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.tables.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tables.rows.is_empty()
    }

    /// The row at an index below [`Batch::len`].
    pub fn row(&self, index: usize) -> Row<'_> {
        let place = &self.tables.rows[index];
        Row {
            text: self.text(),
            cells: &self.tables.cells[place.first_cell as usize..],
            shape: &self.shapes[place.shape as usize],
            place: *place,
        }
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The whole text: what was read, or the body to be written.
    pub fn bytes(&self) -> &[u8] {
        let length = self.text.as_ref().map_or(0, Text::len);
        &self.text().as_bytes()[..length]
    }

    /// The JSON of `meta` beside the rows, empty where there is none.
    pub fn meta(&self) -> &str {
        &self.text()[self.meta.clone()]
    }

    /// The rows from `first` on, as a batch of their own.
    #[must_use]
    pub fn skip_rows(mut self, first: usize) -> Self {
        let first = first.min(self.len());
        self.tables.rows.drain(..first);
        self
    }

    fn text(&self) -> &str {
        self.text.as_ref().map_or("", Text::padded)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(text) = self.text.take() {
            self.spare.give_back(text.into_bytes());
        }
        self.spare
            .give_back_tables(std::mem::take(&mut self.tables));
    }
}

/// A row of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Row<'b> {
    text: &'b str,
    /// Its cells, and those of the rows behind it.
    cells: &'b [Cell],
    shape: &'b Arc<Shape>,
    place: RowPlace,
}

impl<'b> Row<'b> {
    /// The row's JSON, braces included, as it came.
    pub fn json(&self) -> &'b str {
        &self.text[self.place.start as usize..self.place.end as usize]
    }

    /// Its columns.
    pub fn shape(&self) -> &'b Arc<Shape> {
        self.shape
    }

    /// How many cells there are; of two with the same name the last one counts.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// A cell's name.
    pub fn name(&self, cell: usize) -> &'b str {
        self.shape.name(cell)
    }

    /// A cell's name as it came: escapes not decoded, without quotes.
    pub fn raw_name(&self, cell: usize) -> &'b str {
        self.shape.raw_name(cell)
    }

    /// A cell's JSON value as it came.
    #[inline]
    pub fn raw_value(&self, cell: usize) -> &'b str {
        &self.text[self.cells[cell].range()]
    }

    /// The names and values from one cell to another as they came: `"name":value,"name":value`.
    #[inline]
    pub fn raw_cells(&self, first: usize, last: usize) -> &'b [u8] {
        let start = self.cells[first].range().start - self.shape.name_length(first);
        &self.text.as_bytes()[start..self.cells[last].range().end]
    }

    /// Whether a cell is a list or a map.
    pub fn is_nested(&self, cell: usize) -> bool {
        self.raw_value(cell).starts_with(['[', '{'])
    }

    /// What stands between the quotes of a cell that is a string; nothing where it is none.
    #[inline]
    pub fn raw_string(&self, cell: usize) -> Option<RawString<'b>> {
        let place = self.cells[cell];
        let raw = &self.text[place.range()];
        Some(RawString {
            raw: raw.strip_prefix('"')?.strip_suffix('"')?,
            is_escaped: place.is_escaped(),
        })
    }

    /// Whether a cell is a string that can stand anywhere as it is.
    #[inline]
    pub fn is_whole_string(&self, cell: usize) -> bool {
        self.raw_string(cell)
            .is_some_and(|string| string.is_whole())
    }

    /// A cell's value as text: a string decoded, `null` as nothing, anything else as it is written.
    #[inline]
    pub fn text(&self, cell: usize) -> Cow<'b, str> {
        match self.raw_string(cell) {
            Some(string) => string.text(),
            None => match self.raw_value(cell) {
                "null" => Cow::Borrowed(""),
                raw => Cow::Borrowed(raw),
            },
        }
    }

    /// The text of a column, nothing where there is none.
    pub fn get(&self, name: &str) -> Option<Cow<'b, str>> {
        self.shape.find(name).map(|cell| self.text(cell))
    }
}

/// The inside of a JSON string, as it came.
#[derive(Debug, Clone, Copy)]
pub struct RawString<'b> {
    /// The text, escapes not decoded.
    pub raw: &'b str,
    is_escaped: bool,
}

impl<'b> RawString<'b> {
    /// Whether it can stand beside any other text as it is. Half a surrogate pair (`\ud83d`), which
    /// is no text, could find its other half there.
    #[inline]
    pub fn is_whole(&self) -> bool {
        !self.is_escaped || {
            let mut escapes = memchr::memmem::find_iter(self.raw.as_bytes(), "\\u");
            let is_surrogate = |at: usize| {
                let letter = self.raw.as_bytes().get(at + 2);
                letter.is_some_and(|letter| letter.eq_ignore_ascii_case(&b'd'))
            };
            !escapes.any(is_surrogate)
        }
    }

    /// The text.
    #[inline]
    pub fn text(&self) -> Cow<'b, str> {
        if self.is_escaped {
            decode(self.raw)
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}
