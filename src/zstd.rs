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
    /// Bytes that came of the frame so far.
    came: u64,
}

impl<R: Read> ZstdReader<R> {
    /// Reads packed bytes of `from`.
    pub fn new(from: R) -> Self {
        Self {
            from: BufReader::new(from),
            decoder: FrameDecoder::new(),
            is_in_frame: false,
            came: 0,
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
                    let length = u64::from(length);
                    let mut passed = (&mut self.from).take(length);
                    if io::copy(&mut passed, &mut io::sink())? < length {
                        return Err(invalid("it breaks off"));
                    }
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
            return Err(invalid("its checksum does not match"));
        }
        // Not every frame says it.
        let size = self.decoder.content_size();
        if size > 0 && size != self.came {
            return Err(invalid("a frame has not as many bytes as it says"));
        }
        self.came = 0;
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
                self.came += count as u64;
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

/// What is wrong, for people: the library speaks of its own parts.
fn broken(error: &FrameDecoderError) -> io::Error {
    if let FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)) = error
    {
        return invalid("behind a frame stand bytes that are no frame");
    }
    if let FrameDecoderError::WindowSizeTooBig { .. } = error {
        return invalid("it takes more memory than 128 MB to unpack");
    }
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof) {
            return invalid("it breaks off");
        }
        cause = error.source();
    }
    invalid("its bytes are damaged")
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {what}"))
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
        let said = |bytes: &[u8]| unpacked(bytes).unwrap_err().to_string();
        assert_eq!(said(&bytes[..bytes.len() - 1]), "zstd: it breaks off");
        assert_eq!(
            said(&bytes[..packed(b"a").len() + 9]),
            "zstd: it breaks off"
        );
        bytes.extend(b"behind");
        assert_eq!(
            said(&bytes),
            "zstd: behind a frame stand bytes that are no frame"
        );
    }

    #[test]
    fn a_frame_has_as_many_bytes_as_it_says() {
        // One segment of 200 bytes, and one raw block of 3, the last.
        let frame = [
            0x28, 0xb5, 0x2f, 0xfd, 0x20, 200, 0x19, 0, 0, b'a', b'b', b'c',
        ];
        assert!(zstd::decode_all(&frame[..]).is_err());
        let said = unpacked(&frame).unwrap_err().to_string();
        assert_eq!(said, "zstd: a frame has not as many bytes as it says");
    }
}
