//! Text to bytes: in the encoding that the spec asks for.

use std::io::{self, Write};

use encoding_rs::{Encoder, EncoderResult, Encoding};

/// What stands for a character that the encoding does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// `?`, counted.
    Mark,
    /// `&#8364;`: nothing is lost.
    Reference,
}

/// Writes text in an encoding.
pub struct Encoded<W> {
    to: W,
    /// Nothing where it is UTF-8.
    encoder: Option<Encoder>,
    instead: Instead,
    /// Characters that the encoding does not have.
    lost: u64,
}

impl<W: Write> Encoded<W> {
    /// Text is written to `to`; in UTF-8 where no encoding is said.
    pub fn new(to: W, encoding: Option<&'static Encoding>, instead: Instead) -> Self {
        let other = encoding.filter(|encoding| *encoding != encoding_rs::UTF_8);
        Self {
            to,
            encoder: other.map(Encoding::new_encoder),
            instead,
            lost: 0,
        }
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        let Some(encoder) = &mut self.encoder else {
            return self.to.write_all(text.as_bytes());
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
                EncoderResult::Unmappable(character) => match self.instead {
                    Instead::Mark => {
                        self.lost += 1;
                        self.to.write_all(b"?")?;
                    }
                    Instead::Reference => {
                        write!(self.to, "&#{};", u32::from(character))?;
                    }
                },
            }
        }
    }

    /// Ends it; how many characters the encoding did not have.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        if let Some(encoder) = &mut self.encoder {
            // Some encodings go back to their first state at the end.
            let mut buffer = [0; 64];
            let (_, _, written) =
                encoder.encode_from_utf8_without_replacement("", &mut buffer, true);
            self.to.write_all(&buffer[..written])?;
        }
        Ok((self.to, self.lost))
    }
}
