//! A batch of rows over one buffer.

use std::borrow::Cow;

use super::text::decode;

/// Rows over one buffer. Cells are places in it, so that nothing borrows from itself.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) buffer: Vec<u8>,
    pub(super) cells: Vec<Cell>,
    pub(super) rows: Vec<RowPlace>,
}

/// Where a row stands: its bytes, braces included, and its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowPlace {
    pub start: u32,
    pub end: u32,
    pub first_cell: u32,
    pub last_cell: u32,
}

/// A column of a row: the places of its name (inside the quotes) and of its value (the whole
/// JSON value).
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub(super) name_start: u32,
    pub(super) name_end: u32,
    pub(super) value_start: u32,
    pub(super) value_end: u32,
}

impl Batch {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at an index below [`Batch::len`].
    pub fn row(&self, index: usize) -> Row<'_> {
        Row {
            batch: self,
            place: self.rows[index],
        }
    }

    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The buffer: what was read, or the body to be written.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Takes the buffer.
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// The rows from `first` on, as a batch of their own.
    #[must_use]
    pub fn skip_rows(mut self, first: usize) -> Self {
        self.rows.drain(..first.min(self.rows.len()));
        self
    }

    fn str(&self, start: u32, end: u32) -> &str {
        // The whole buffer was checked to be UTF-8 when it was scanned, and cells begin and end at
        // quotes and brackets.
        std::str::from_utf8(&self.buffer[start as usize..end as usize]).unwrap_or_default()
    }
}

/// A row of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Row<'b> {
    batch: &'b Batch,
    place: RowPlace,
}

impl<'b> Row<'b> {
    /// The row's JSON, braces included, as it came.
    pub fn bytes(&self) -> &'b [u8] {
        &self.batch.buffer[self.place.start as usize..self.place.end as usize]
    }

    /// The cells as they stand; a name may stand twice.
    pub fn cells(&self) -> &'b [Cell] {
        &self.batch.cells[self.place.first_cell as usize..self.place.last_cell as usize]
    }

    /// A cell's name as it came: escapes not decoded, without quotes.
    pub fn raw_name(&self, cell: &Cell) -> &'b str {
        self.batch.str(cell.name_start, cell.name_end)
    }

    /// A cell's name.
    pub fn name(&self, cell: &Cell) -> Cow<'b, str> {
        decode(self.raw_name(cell))
    }

    /// A cell's JSON value as it came.
    pub fn raw_value(&self, cell: &Cell) -> &'b str {
        self.batch.str(cell.value_start, cell.value_end)
    }

    /// A cell's name and value as they came: `"name":value`.
    pub fn raw_cell(&self, cell: &Cell) -> &'b [u8] {
        &self.batch.buffer[cell.name_start as usize - 1..cell.value_end as usize]
    }

    /// A cell's value as text: a string decoded, `null` as nothing, anything else as it is written.
    pub fn text(&self, cell: &Cell) -> Cow<'b, str> {
        let raw = self.raw_value(cell);
        match raw.as_bytes().first() {
            Some(b'"') => decode(&raw[1..raw.len() - 1]),
            Some(b'n') => Cow::Borrowed(""),
            _ => Cow::Borrowed(raw),
        }
    }

    /// The cell of a name: the last, where it stands twice.
    pub fn find(&self, name: &str) -> Option<&'b Cell> {
        self.cells().iter().rev().find(|cell| {
            let raw = self.raw_name(cell);
            raw == name || (raw.contains('\\') && decode(raw) == name)
        })
    }

    /// The text of a column, nothing where there is none.
    pub fn get(&self, name: &str) -> Option<Cow<'b, str>> {
        self.find(name).map(|cell| self.text(cell))
    }
}
