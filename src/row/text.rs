//! JSON strings: writing and decoding them.

use std::borrow::Cow;

use super::marks::marked_in;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a JSON string with its quotes. Only what JSON demands is escaped.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_escaped(text, out);
    out.push(b'"');
}

/// A name as it stands before its value: `"name":`.
pub fn quoted_name(name: &str) -> Box<[u8]> {
    let mut quoted = Vec::with_capacity(name.len() + 3);
    write_string(name, &mut quoted);
    quoted.push(b':');
    quoted.into()
}

/// Writes the inside of a JSON string.
pub fn write_escaped(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let (parts, rest) = bytes.as_chunks::<16>();
    // The last bytes, filled up with blanks.
    let mut last = [b' '; 16];
    last[..rest.len()].copy_from_slice(rest);
    for (index, part) in parts.iter().chain([&last]).enumerate() {
        let mut marked = marked_in(part);
        while marked != 0 {
            let at = index * 16 + marked.trailing_zeros() as usize;
            marked &= marked - 1;
            out.extend_from_slice(&bytes[copied..at]);
            write_escape(bytes[at], out);
            copied = at + 1;
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Writes a byte that can't stand in a string as it is.
fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let escape: &[u8] = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(escape);
}

/// Decodes the inside of a JSON string that was scanned. A lone half of a surrogate pair, which is
/// no character, becomes U+FFFD.
pub fn decode(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else {
        return Cow::Borrowed(raw);
    };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(kind) = rest.bytes().next() else {
            break;
        };
        rest = &rest[1..];
        match kind {
            b'n' => text.push('\n'),
            b'r' => text.push('\r'),
            b't' => text.push('\t'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let (decoded, length) = unicode(rest);
                text.push(decoded);
                rest = &rest[length..];
            }
            other => text.push(char::from(other)),
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character of `XXXX` or of a pair `XXXX\uXXXX`, and the bytes it took.
fn unicode(rest: &str) -> (char, usize) {
    let unit = |at: usize| {
        rest.get(at..at + 4)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    let Some(first) = unit(0) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if (0xd800..0xdc00).contains(&first) && rest[4..].starts_with("\\u") {
        if let Some(second) = unit(6).filter(|second| (0xdc00..0xe000).contains(second)) {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return (
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                10,
            );
        }
    }
    (
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER),
        4,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_and_decoded_as_serde_json_does() {
        for text in [
            "",
            "plain",
            "a\"b\\c",
            "\u{1}\n\r\t\u{1f}",
            "ä😀/",
            "fifteen bytes \"",
            "sixteen bytes: \"",
            "seventeen bytes \"\u{1}and more than thirty-two \"of\" them\\",
            "\u{7f}\u{2028}",
        ] {
            let mut ours = Vec::new();
            write_string(text, &mut ours);
            let ours = String::from_utf8(ours).unwrap();
            assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
            assert_eq!(decode(&ours[1..ours.len() - 1]), text);
        }
        for raw in [
            r"a\/b",
            r"\u00e4\uD83D\uDE00",
            r"\b\f\n\r\t\\\x",
            r"\ud83d",
            r"\ud83dx",
            r"\ude00\u0041",
        ] {
            match serde_json::from_str::<String>(&format!("\"{raw}\"")) {
                Ok(text) => assert_eq!(decode(raw), text, "{raw}"),
                Err(_) => assert!(!decode(raw).is_empty()),
            }
        }
    }
}
