//! Bytes that are laid aside on the disk, packed, until they are read once more.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek as _, Write as _};

use lz4_flex::frame::{FrameDecoder, FrameEncoder};

/// Bytes that are laid aside.
pub struct LaidAside(FrameEncoder<BufWriter<File>>);

/// The same bytes, from the first on.
pub type ReadAgain = FrameDecoder<BufReader<File>>;

impl LaidAside {
    /// Nothing yet.
    pub fn new() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self(FrameEncoder::new(BufWriter::new(file))))
    }

    /// Lays bytes aside.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// All of them are there.
    pub fn finish(self) -> io::Result<ReadAgain> {
        let file = self.0.finish().map_err(io::Error::other)?.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(FrameDecoder::new(BufReader::new(file)))
    }
}
