//! A part of a file that follows another: its text is laid aside, packed, until the one before it is whole.

use std::io::{self, BufRead as _, BufReader};

use super::pack::Packer;
use crate::formats::{Encoded, LaidAside, WriteError};
use crate::stop::Stop;

/// Lines that are given on at a time.
const LINES: usize = 1000;

/// The text of a part.
pub struct LaterPart(LaidAside);

impl LaterPart {
    /// One without text.
    pub fn new() -> io::Result<Self> {
        LaidAside::new().map(Self)
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.0.add(text.as_bytes())
    }

    /// Gives all of it on. A signal ends that.
    pub fn give(self, stop: &Stop, to: &mut Encoded<Packer>) -> Result<(), WriteError> {
        let mut from = BufReader::new(self.0.finish()?);
        let mut text = String::new();
        loop {
            if stop.signal().is_some() {
                return Err(WriteError::Stopped);
            }
            text.clear();
            for _ in 0..LINES {
                if from.read_line(&mut text)? == 0 {
                    break;
                }
            }
            if text.is_empty() {
                return Ok(());
            }
            to.text(&text)?;
        }
    }
}
