//! Text in any encoding, as UTF-8.

use std::io::Read;

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::unpack::Unpacked;
use super::{PageFindings, ReadError};
use crate::text_encoding::{CodePage, TextEncoding};

/// The bytes as UTF-8; a byte order mark says more than `encoding`. Without either they are passed
/// on as they are.
pub fn utf8(input: Unpacked<'_>, encoding: Option<TextEncoding>) -> Box<dyn Read + '_> {
    let has_bom = Encoding::for_bom(input.beginning()).is_some();
    let input = input.into_read();
    let encoding = match encoding {
        Some(TextEncoding::Web(encoding)) => Some(encoding),
        Some(TextEncoding::Dos(page)) if !has_bom => {
            return Box::new(PageReader {
                input,
                page,
                text: Vec::new(),
                given: 0,
            });
        }
        Some(TextEncoding::Dos(_)) | None => None,
    };
    let encoding = encoding.filter(|encoding| *encoding != encoding_rs::UTF_8);
    let mut builder = DecodeReaderBytesBuilder::new();
    builder
        .encoding(encoding)
        .utf8_passthru(encoding.is_none())
        .strip_bom(true)
        .bom_override(true)
        .bom_sniffing(true);
    Box::new(builder.build(input))
}

/// Reads bytes of a code page as UTF-8.
struct PageReader<'r> {
    input: Box<dyn Read + 'r>,
    page: &'static CodePage,
    /// Text that was read, of which so many bytes were given on.
    text: Vec<u8>,
    given: usize,
}

impl Read for PageReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.text.len() {
            let mut bytes = [0; 8192];
            let read = self.input.read(&mut bytes)?;
            self.text.clear();
            self.given = 0;
            let text = self.page.text(&bytes[..read]);
            self.text.extend_from_slice(text.as_bytes());
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..][..count]);
        self.given += count;
        Ok(count)
    }
}

/// The encoding that an XML file declares.
pub fn declared(beginning: &[u8]) -> Option<TextEncoding> {
    let encoding = TextEncoding::of_label(&declared_label(beginning)?)?;
    // What can be read here is no UTF-16, whatever it says: .NET writes so.
    (!encoding.is_wide()).then_some(encoding)
}

/// How an XML file names its encoding.
fn declared_label(beginning: &[u8]) -> Option<String> {
    let head = &beginning[..beginning.len().min(200)];
    let text = String::from_utf8_lossy(head);
    let declaration = text
        .trim_start()
        .strip_prefix("<?xml")?
        .split("?>")
        .next()?;
    let value = declaration.split("encoding").nth(1)?.trim_start();
    let value = value.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

/// The encoding that an XML file declares, where nobody knows it.
pub fn unknown(beginning: &[u8]) -> Option<String> {
    let label = declared_label(beginning)?;
    TextEncoding::of_label(&label).is_none().then_some(label)
}

/// What was read of a file whose encoding nobody knows: that is said, whatever became of it.
pub fn told_of_unknown(
    label: Option<String>,
    read: Result<PageFindings, ReadError>,
) -> Result<PageFindings, ReadError> {
    let Some(label) = label else {
        return read;
    };
    let hint = "format: { xml: { encoding: windows-1252 } } says another";
    match read {
        Ok(mut found) => {
            found.warnings.push(format!(
                "it declares the encoding `{label}`, which is not known here, and was read as UTF-8: {hint}"
            ));
            Ok(found)
        }
        Err(ReadError::Broken { format, reason }) => Err(ReadError::Broken {
            format,
            reason: format!(
                "{reason}; it declares the encoding `{label}`, which is not known here: {hint}"
            ),
        }),
        Err(other) => Err(other),
    }
}
