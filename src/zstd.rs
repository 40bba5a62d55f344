//! Zstandard, read and written (RFC 8878): one frame after another.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Bytes of a frame that is written, before they are packed.
const FRAME: usize = 4 * 1024 * 1024;

/// Unpacks what is read. Frames that hold nothing for readers are passed over; what breaks off, or is
/// not what its checksum says, is an error.
pub struct ZstdReader<R> {
    from: BufReader<R>,
    decoder: FrameDecoder,
    is_in_frame: bool,
}

impl<R: Read> ZstdReader<R> {
    /// Reads packed bytes of `from`.
    pub fn new(from: R) -> Self {
        Self {
            from: BufReader::new(from),
            decoder: FrameDecoder::new(),
            is_in_frame: false,
        }
    }

    /// Goes to the next frame; false at the end.
    fn begin_frame(&mut self) -> io::Result<bool> {
        while !self.from.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.from) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut passed = (&mut self.from).take(u64::from(length));
                    io::copy(&mut passed, &mut io::sink())?;
                }
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(false)
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.is_in_frame = false;
        let said = self.decoder.get_checksum_from_data();
        if said.is_some() && said != self.decoder.get_calculated_checksum() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "zstd: the checksum does not match",
            ));
        }
        Ok(())
    }
}

impl<R: Read> Read for ZstdReader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_in_frame {
                if !self.begin_frame()? {
                    return Ok(0);
                }
                self.is_in_frame = true;
            }
            let count = self.decoder.read(to)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.is_finished() {
                self.end_frame()?;
            } else {
                self.decoder
                    .decode_blocks(&mut self.from, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| broken(&error))?;
            }
        }
    }
}

fn broken(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {error}"))
}

/// Packs what is written.
pub struct ZstdWriter<W> {
    to: W,
    held: Vec<u8>,
    has_frame: bool,
}

impl<W: Write> ZstdWriter<W> {
    /// Writes packed bytes to `to`.
    pub fn new(to: W) -> Self {
        Self {
            to,
            held: Vec::new(),
            has_frame: false,
        }
    }

    /// Ends it: what is held is written. Nothing at all is a frame of nothing.
    pub fn finish(mut self) -> io::Result<W> {
        if !self.held.is_empty() || !self.has_frame {
            self.write_frame()?;
        }
        Ok(self.to)
    }

    fn write_frame(&mut self) -> io::Result<()> {
        let packed = compress_to_vec(self.held.as_slice(), CompressionLevel::Fastest);
        self.held.clear();
        self.has_frame = true;
        self.to.write_all(&packed)
    }
}

impl<W: Write> Write for ZstdWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(FRAME - self.held.len());
        self.held.extend_from_slice(&bytes[..count]);
        if self.held.len() == FRAME {
            self.write_frame()?;
        }
        Ok(count)
    }

    /// What is held of a frame stays held.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that packs, and is longer than a frame.
    fn long() -> Vec<u8> {
        let lines =
            (0..400_000_u32).map(|n| format!("{n};{};title\n", n.wrapping_mul(2_654_435_761)));
        lines.collect::<String>().into_bytes()
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut writer = ZstdWriter::new(Vec::new());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        ZstdReader::new(bytes).read_to_end(&mut read)?;
        Ok(read)
    }

    #[test]
    fn the_library_in_c_reads_what_is_written() {
        for text in [Vec::new(), b"a".to_vec(), long()] {
            let packed = packed(&text);
            assert!(packed.len() <= text.len() + 20);
            assert!(zstd::decode_all(packed.as_slice()).unwrap() == text);
            assert!(unpacked(&packed).unwrap() == text);
        }
    }

    #[test]
    fn what_the_library_in_c_writes_is_read() {
        let text = long();
        for level in [1, 3, 19] {
            let packed = zstd::encode_all(&text[..1_000_000], level).unwrap();
            assert!(unpacked(&packed).unwrap() == text[..1_000_000]);
        }
        let mut writer = zstd::Encoder::new(Vec::new(), 3).unwrap();
        writer.include_checksum(true).unwrap();
        writer.write_all(&text).unwrap();
        let mut packed = writer.finish().unwrap();
        assert!(unpacked(&packed).unwrap() == text);
        let last = packed.len() - 1;
        packed[last] ^= 1;
        assert!(unpacked(&packed).is_err());
    }

    #[test]
    fn frames_follow_each_other_and_some_hold_nothing() {
        let mut bytes = packed(b"a");
        bytes.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        bytes.extend(zstd::encode_all(&b"b"[..], 1).unwrap());
        assert_eq!(unpacked(&bytes).unwrap(), b"ab");
        assert!(unpacked(&bytes[..bytes.len() - 1]).is_err());
        bytes.push(0);
        assert!(unpacked(&bytes).is_err());
    }
}
