//! What is told only once a file is delivered: feedback and logs, laid aside on the disk, packed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use lz4_flex::frame::{FrameDecoder, FrameEncoder};
use serde_json::{Map, Value};

use crate::spec::LogLevel;

/// What is told later.
#[derive(Debug)]
pub(super) enum Later {
    /// Rows of feedback, as a body is.
    Feedback(Vec<u8>),
    /// A log.
    Log(LogLevel, String, Map<String, Value>),
}

/// What is laid aside.
pub(super) struct Spool {
    to: FrameEncoder<BufWriter<File>>,
}

/// What was laid aside.
pub(super) struct Spooled {
    from: FrameDecoder<BufReader<File>>,
}

const FEEDBACK: u8 = 0;
const LOG: u8 = 1;

impl Spool {
    pub fn new() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self {
            to: FrameEncoder::new(BufWriter::new(file)),
        })
    }

    pub fn feedback(&mut self, rows: &[u8]) -> io::Result<()> {
        self.add(FEEDBACK, rows)
    }

    pub fn log(
        &mut self,
        level: LogLevel,
        message: &str,
        context: &Map<String, Value>,
    ) -> io::Result<()> {
        let log = serde_json::to_vec(&(level, message, context))?;
        self.add(LOG, &log)
    }

    fn add(&mut self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(&[kind])?;
        self.to.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.to.write_all(bytes)
    }

    pub fn finish(self) -> io::Result<Spooled> {
        let file = self.to.finish().map_err(io::Error::other)?.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Spooled {
            from: FrameDecoder::new(BufReader::new(file)),
        })
    }
}

impl Spooled {
    /// The next; nothing at the end.
    pub fn next(&mut self) -> io::Result<Option<Later>> {
        let mut kind = [0];
        if self.from.read(&mut kind)? == 0 {
            return Ok(None);
        }
        let mut length = [0; 8];
        self.from.read_exact(&mut length)?;
        let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes)?;
        if kind == [FEEDBACK] {
            return Ok(Some(Later::Feedback(bytes)));
        }
        let (level, message, context) = serde_json::from_slice(&bytes)?;
        Ok(Some(Later::Log(level, message, context)))
    }
}
