//! A path through a document.

use std::sync::atomic::{AtomicU32, Ordering};

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathKey {
    /// A field.
    Name(FieldName),
    /// An element, from 0.
    Index(usize),
}

impl PathKey {
    /// A field.
    pub fn name(text: &str) -> Self {
        Self::Name(FieldName {
            text: text.into(),
            last: AtomicU32::new(1),
        })
    }
}

/// The name of a field, and where in its map it stood last: a guess that is always checked.
#[derive(Debug)]
pub struct FieldName {
    text: Box<str>,
    last: AtomicU32,
}

impl FieldName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How far behind its map it stood last.
    pub fn last_place(&self) -> u32 {
        self.last.load(Ordering::Relaxed)
    }

    /// It stands so far behind its map.
    pub fn note_place(&self, place: u32) {
        self.last.store(place, Ordering::Relaxed);
    }
}

impl Clone for FieldName {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            last: AtomicU32::new(self.last_place()),
        }
    }
}

impl PartialEq for FieldName {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FieldName {}
