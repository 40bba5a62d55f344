//! What a request carries: bytes at hand, or a file that is read as it is sent.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Frame, SizeHint};

use crate::plan::auth::Content;

/// Bytes that are read at a time.
const PIECE: usize = 64 * 1024;

/// What a request carries. Clones share it.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Bytes at hand.
    Bytes(Bytes),
    /// Bytes at hand, packed by gzip as they are sent.
    Packed {
        /// What people see.
        plain: Bytes,
        /// What is sent.
        packed: Bytes,
    },
    /// A file, which is read anew each time it is sent.
    File {
        /// Where it lies.
        path: PathBuf,
        /// Its bytes.
        length: u64,
    },
}

impl Payload {
    /// Bytes that are sent packed by gzip.
    pub fn packed(plain: Vec<u8>) -> io::Result<Self> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(&plain)?;
        Ok(Self::Packed {
            plain: plain.into(),
            packed: packer.finish()?.into(),
        })
    }

    /// As a request's body. An error is a file that can't be read.
    pub fn body(&self) -> io::Result<reqwest::Body> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone().into()),
            Self::Packed { packed, .. } => Ok(packed.clone().into()),
            Self::File { path, length } => Ok(reqwest::Body::wrap(FileBody {
                file: File::open(path)?,
                left: *length,
            })),
        }
    }

    /// As it is sent.
    pub fn content(&self) -> Content<'_> {
        match self {
            Self::Bytes(bytes) => Content::Bytes(bytes),
            Self::Packed { packed, .. } => Content::Bytes(packed),
            Self::File { path, .. } => Content::File(path),
        }
    }

    /// As people see it.
    pub fn shown(&self) -> String {
        match self {
            Self::Bytes(plain) | Self::Packed { plain, .. } => {
                String::from_utf8_lossy(plain).into_owned()
            }
            Self::File { length, .. } => format!("(a file of {length} bytes)"),
        }
    }
}

/// A file on disk that was just written: reading a piece of it does not wait.
struct FileBody {
    file: File,
    left: u64,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut piece = vec![0; PIECE];
        let read = match self.file.read(&mut piece) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                piece.truncate(count);
                self.left = self.left.saturating_sub(count as u64);
                Ok(Frame::data(Bytes::from(piece)))
            }
            Err(error) => Err(error),
        };
        Poll::Ready(Some(read))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
