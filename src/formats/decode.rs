//! Text in any encoding, as UTF-8.

use std::io::Read;

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The bytes as UTF-8; a byte order mark says more than `encoding`. Without either they are passed
/// on as they are.
pub fn utf8<'r>(
    input: Box<dyn Read + 'r>,
    encoding: Option<&'static Encoding>,
) -> Box<dyn Read + 'r> {
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

/// The encoding that an XML file declares.
pub fn declared(beginning: &[u8]) -> Option<&'static Encoding> {
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
    let encoding = Encoding::for_label(value[1..].split(quote).next()?.as_bytes())?;
    // What can be read here is no UTF-16, whatever it says: .NET writes so.
    let is_wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!is_wide).then_some(encoding)
}
