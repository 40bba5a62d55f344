//! One reading of one text: the list of rows, and each row by the shape of the one before it or from
//! scratch.

use std::ops::Range;
use std::sync::Arc;

use super::batch::{Cell, RowPlace};
use super::marks::Marks;
use super::scan::ScanError;
use super::shape::{ColumnPlace, Shape, Shapes};
use super::spare::CellTables;
use super::text::decode;

/// One reading of one text.
pub(super) struct Pass<'p> {
    pub(super) text: &'p str,
    /// The text's bytes, padding included.
    pub(super) bytes: &'p [u8],
    /// The text's length without padding.
    pub(super) length: usize,
    /// How deep the list of rows stands.
    pub(super) depth: u32,
    pub(super) at: usize,
    pub(super) marks: &'p Marks,
    pub(super) shapes: &'p mut Shapes,
    pub(super) last: Option<Arc<Shape>>,
    /// The columns of the row that is being read, where its shape is not known before.
    pub(super) columns: &'p mut Vec<ColumnPlace>,
    pub(super) tables: CellTables,
    pub(super) batch_shapes: Vec<Arc<Shape>>,
    /// Where the value of `meta` stands.
    pub(super) meta: Range<usize>,
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the text's length was checked to fit in 31 bits"
)]
impl Pass<'_> {
    pub(super) fn whole(
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

    /// The answer's object. Of a key that stands twice the last counts, as everywhere in JSON.
    pub(super) fn answer(&mut self) -> Result<(), ScanError> {
        let mut has_rows = false;
        self.expect(b'{')?;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Err(ScanError::NoRows);
        }
        loop {
            self.space();
            let key = decode(&self.text[self.name()?]);
            let (is_data, is_meta) = (key == "data", key == "meta");
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
            if !self.goes_on(b'}')? {
                break;
            }
        }
        if has_rows {
            Ok(())
        } else {
            Err(ScanError::NoRows)
        }
    }

    pub(super) fn rows(&mut self, has_rows: &mut bool) -> Result<(), ScanError> {
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
            if !self.goes_on(b']')? {
                return Ok(());
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
            let name = self.name()?;
            self.columns.push(ColumnPlace {
                gap_start,
                name_start: name.start,
                name_end: name.end,
                gap_end: self.at,
            });
            let cell = self.cell()?;
            self.tables.cells.push(cell);
            gap_start = self.at;
            if !self.goes_on(b'}')? {
                return Ok(gap_start);
            }
        }
    }
}
