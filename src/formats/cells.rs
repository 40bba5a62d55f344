//! Files of cells: the columns of all rows have to be known before the first line, so rows are laid
//! aside until the last one is there.

use std::io::{self, Read as _};
use std::sync::Arc;

use indexmap::IndexSet;

use super::WriteError;
use super::laid_aside::{LaidAside, ReadAgain};
use crate::row::{Batch, Row, Scanner, Shape};
use crate::stop::Stop;

/// Rows that are laid aside, packed: they are read once more.
pub struct Aside {
    to: LaidAside,
    names: IndexSet<String>,
}

/// Rows that were laid aside.
pub struct Kept {
    from: ReadAgain,
    scanner: Scanner,
    stop: Stop,
    /// The columns of all rows, in the order in which they were first seen.
    pub names: IndexSet<String>,
}

impl Aside {
    /// `names` are those that come first.
    pub fn new(names: impl IntoIterator<Item = String>) -> io::Result<Self> {
        Ok(Self {
            to: LaidAside::new()?,
            names: names.into_iter().collect(),
        })
    }

    /// Remembers the columns of rows that are not written.
    pub fn name<'b>(&mut self, rows: impl Iterator<Item = Row<'b>>) {
        for row in rows {
            self.names
                .extend(row.shape().distinct_names().map(str::to_owned));
        }
    }

    /// Lays rows aside, as a list behind its length.
    pub fn add<'b>(&mut self, rows: impl Iterator<Item = Row<'b>>) -> io::Result<()> {
        let mut list = b"[".to_vec();
        let mut shape: Option<&Arc<Shape>> = None;
        for row in rows {
            if shape.is_none_or(|shape| !Arc::ptr_eq(shape, row.shape())) {
                self.names
                    .extend(row.shape().distinct_names().map(str::to_owned));
                shape = Some(row.shape());
            }
            if list.len() > 1 {
                list.push(b',');
            }
            list.extend_from_slice(row.json().as_bytes());
        }
        list.push(b']');
        self.to.add(&(list.len() as u64).to_le_bytes())?;
        self.to.add(&list)
    }

    /// All rows are there. A signal ends their reading.
    pub fn finish(self, stop: Stop) -> io::Result<Kept> {
        Ok(Kept {
            from: self.to.finish()?,
            scanner: Scanner::default(),
            stop,
            names: self.names,
        })
    }
}

impl Kept {
    /// The next rows; nothing at the end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, WriteError> {
        if self.stop.signal().is_some() {
            return Err(WriteError::Stopped);
        }
        let mut length = [0; 8];
        match self.from.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        let mut list = vec![0; length];
        self.from.read_exact(&mut list)?;
        let rows = self.scanner.rows(list);
        rows.map(Some)
            .map_err(|error| WriteError::Row(error.to_string()))
    }
}

/// Writes rows of which all columns are known as lines of text.
pub trait Lines {
    /// Writes them all; `text` takes each part.
    fn write(
        &self,
        rows: Kept,
        text: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> Result<(), WriteError>;
}

/// The cells of a row, in the order of `names`; none where the row has no such column.
pub struct Cells<'n> {
    names: &'n IndexSet<String>,
    last: Option<(Arc<Shape>, Vec<Option<usize>>)>,
}

impl<'n> Cells<'n> {
    pub fn new(names: &'n IndexSet<String>) -> Self {
        Self { names, last: None }
    }

    /// Where the columns stand in a row.
    pub fn of(&mut self, row: Row<'_>) -> &[Option<usize>] {
        let names = self.names;
        let is_known = |(shape, _): &(Arc<Shape>, _)| Arc::ptr_eq(shape, row.shape());
        if !self.last.as_ref().is_some_and(is_known) {
            let places = names.iter().map(|name| row.shape().find(name));
            self.last = Some((Arc::clone(row.shape()), places.collect()));
        }
        self.last.as_ref().map_or(&[], |(_, places)| places)
    }
}
