//! A file on the way to the disk: packed by its ending.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::plan::file_name::Packing;
use crate::zstd::ZstdWriter;

/// Writes a file, packed or not.
pub enum Packer {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(ZstdWriter<BufWriter<File>>),
    Zip(Box<ZipWriter<BufWriter<File>>>),
}

impl Packer {
    /// `inner` is the name of the file inside a zip.
    pub fn new(file: File, packing: Packing, inner: &str) -> io::Result<Self> {
        let file = BufWriter::new(file);
        Ok(match packing {
            Packing::None => Self::Plain(file),
            Packing::Gzip => Self::Gzip(GzEncoder::new(file, Compression::default())),
            Packing::Zstd => Self::Zstd(ZstdWriter::new(file)),
            Packing::Zip => {
                let mut zip = ZipWriter::new(file);
                let options = SimpleFileOptions::default().large_file(true);
                zip.start_file(inner, options).map_err(io::Error::other)?;
                Self::Zip(Box::new(zip))
            }
        })
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<()> {
        let mut file = match self {
            Self::Plain(file) => file,
            Self::Gzip(packed) => packed.finish()?,
            Self::Zstd(packed) => packed.finish()?,
            Self::Zip(packed) => packed.finish().map_err(io::Error::other)?,
        };
        file.flush()
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Gzip(to) => to.write(bytes),
            Self::Zstd(to) => to.write(bytes),
            Self::Zip(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Gzip(to) => to.flush(),
            Self::Zstd(to) => to.flush(),
            Self::Zip(to) => to.flush(),
        }
    }
}
