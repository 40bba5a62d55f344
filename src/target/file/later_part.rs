//! A part of a file that follows another: its text is laid aside, packed, until the one before it is whole.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use lz4_flex::frame::{FrameDecoder, FrameEncoder};

use super::pack::Packer;
use crate::formats::{Encoded, WriteError};
use crate::stop::Stop;

/// Lines that are given on at a time.
const LINES: usize = 1000;

/// The text of a part.
pub struct LaterPart(FrameEncoder<BufWriter<File>>);

impl LaterPart {
    /// One without text.
    pub fn new() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self(FrameEncoder::new(BufWriter::new(file))))
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())
    }

    /// Gives all of it on. A signal ends that.
    pub fn give(self, stop: &Stop, to: &mut Encoded<Packer>) -> Result<(), WriteError> {
        let file = self.0.finish().map_err(io::Error::other)?.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut from = BufReader::new(FrameDecoder::new(BufReader::new(file)));
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
