//! Text to bytes: in the encoding that the spec asks for.

use std::io::{self, Write};

use encoding_rs::{Encoder, EncoderResult};

use crate::text_encoding::{CodePage, TextEncoding};

/// What stands for a character that the encoding does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// `?`, counted.
    Mark,
    /// `&#8364;`: nothing is lost.
    Reference,
}

/// How the text of a file is encoded.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextOut {
    /// UTF-8 where nothing is said.
    pub encoding: Option<TextEncoding>,
    /// Whether a byte order mark comes first; where nothing is said UTF-16 has one.
    pub bom: Option<bool>,
}

/// What makes bytes of text.
enum Coder {
    /// UTF-8: it is text already.
    Plain,
    /// UTF-16, by the bytes of a unit.
    Wide(fn(u16) -> [u8; 2]),
    /// A code page of DOS.
    Page(&'static CodePage),
    /// Another encoding.
    Other(Encoder),
}

/// Writes text in an encoding.
pub struct Encoded<W> {
    to: W,
    coder: Coder,
    instead: Instead,
    /// A mark that is still to be written.
    bom: bool,
    /// Characters that the encoding does not have.
    lost: u64,
}

impl<W: Write> Encoded<W> {
    /// Text is written to `to`.
    pub fn new(to: W, out: TextOut, instead: Instead) -> Self {
        let coder = match out.encoding {
            None => Coder::Plain,
            Some(TextEncoding::Dos(page)) => Coder::Page(page),
            Some(TextEncoding::Web(encoding)) if encoding == encoding_rs::UTF_8 => Coder::Plain,
            Some(TextEncoding::Web(encoding)) if encoding == encoding_rs::UTF_16LE => {
                Coder::Wide(u16::to_le_bytes)
            }
            Some(TextEncoding::Web(encoding)) if encoding == encoding_rs::UTF_16BE => {
                Coder::Wide(u16::to_be_bytes)
            }
            Some(TextEncoding::Web(encoding)) => Coder::Other(encoding.new_encoder()),
        };
        let is_wide = matches!(coder, Coder::Wide(_));
        Self {
            to,
            coder,
            instead,
            bom: out.bom.unwrap_or(is_wide),
            lost: 0,
        }
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        if std::mem::take(&mut self.bom) && !text.starts_with('\u{feff}') {
            self.text("\u{feff}")?;
        }
        let encoder = match &mut self.coder {
            Coder::Plain => return self.to.write_all(text.as_bytes()),
            Coder::Wide(bytes) => {
                let units = text.encode_utf16().flat_map(*bytes);
                let units: Vec<u8> = units.collect();
                return self.to.write_all(&units);
            }
            Coder::Page(page) => {
                let page = *page;
                if let Some(bytes) = page.bytes(text) {
                    return self.to.write_all(&bytes);
                }
                let mut utf8 = [0; 4];
                for character in text.chars() {
                    match page.bytes(character.encode_utf8(&mut utf8)) {
                        Some(byte) => self.to.write_all(&byte)?,
                        None => {
                            written_instead(self.instead, character, &mut self.lost, &mut self.to)?;
                        }
                    }
                }
                return Ok(());
            }
            Coder::Other(encoder) => encoder,
        };
        let mut buffer = [0; 4096];
        let mut rest = text;
        loop {
            let (result, read, written) =
                encoder.encode_from_utf8_without_replacement(rest, &mut buffer, false);
            self.to.write_all(&buffer[..written])?;
            rest = &rest[read..];
            match result {
                EncoderResult::InputEmpty => return Ok(()),
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(character) => {
                    written_instead(self.instead, character, &mut self.lost, &mut self.to)?;
                }
            }
        }
    }

    /// Ends it; how many characters the encoding did not have.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        if let Coder::Other(encoder) = &mut self.coder {
            // Some encodings go back to their first state at the end.
            let mut buffer = [0; 64];
            let (_, _, written) =
                encoder.encode_from_utf8_without_replacement("", &mut buffer, true);
            self.to.write_all(&buffer[..written])?;
        }
        Ok((self.to, self.lost))
    }
}

/// Writes what stands for a character that the encoding does not have.
fn written_instead(
    instead: Instead,
    character: char,
    lost: &mut u64,
    to: &mut impl Write,
) -> io::Result<()> {
    match instead {
        Instead::Mark => {
            *lost += 1;
            to.write_all(b"?")
        }
        Instead::Reference => write!(to, "&#{};", u32::from(character)),
    }
}
