//! What bytes are, where the spec does not say it: by content type, by name, by the first bytes.

use super::{FormatKind, SIGNS};
use crate::text_encoding::TextEncoding;

/// What is known about bytes besides themselves.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The content type, in lower case.
    pub content_type: String,
    /// The name of the file, or the path of the URL, in lower case.
    pub name: String,
    /// The encoding that the content type names.
    pub encoding: Option<TextEncoding>,
}

impl Hints {
    /// What a content type and a name say.
    pub fn new(content_type: Option<&str>, name: &str) -> Self {
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let charset = content_type
            .split(';')
            .find_map(|part| part.trim().strip_prefix("charset="))
            .map(|charset| charset.trim_matches('"'));
        Self {
            encoding: charset.and_then(TextEncoding::of_label),
            name: name.to_ascii_lowercase(),
            content_type,
        }
    }

    /// Whether name or content type say that it is lines of text, of which there may be none.
    pub fn is_of_lines(&self) -> bool {
        kind(self, b"").is_of_lines()
    }

    /// Whether the name ends in one of these.
    pub(super) fn ends(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending))
    }

    /// Whether the content type holds one of these.
    pub(super) fn holds(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.content_type.contains(word))
    }

    /// The same for what is inside: without the ending of what it is inside of.
    #[must_use]
    pub fn inside(&self, ending: &str) -> Self {
        Self {
            content_type: String::new(),
            name: self
                .name
                .strip_suffix(ending)
                .unwrap_or(&self.name)
                .to_owned(),
            encoding: self.encoding,
        }
    }
}

/// How a format is told where the spec does not say it. White space and marks before the first
/// character are the format's to pass over.
pub struct Signs {
    /// For sure: by its name, by its content type, or by bytes that nothing else has.
    pub by_name: fn(&Hints, &[u8]) -> bool,
    /// By how it begins.
    pub by_beginning: fn(&Hints, &[u8]) -> bool,
    /// Where nothing is sure.
    pub perhaps: fn(&Hints, &[u8]) -> bool,
    /// The format.
    pub kind: fn() -> FormatKind,
}

/// Whether a zip is a sheet of Excel or `OpenDocument`.
pub fn is_sheet(hints: &Hints) -> bool {
    let has_ending = [".xlsx", ".xlsm", ".xls", ".ods", ".xlsb"]
        .iter()
        .any(|ending| hints.name.ends_with(ending));
    has_ending
        || hints.content_type.contains("spreadsheet")
        || hints.content_type.contains("ms-excel")
}

/// Whether bytes are a page for people: of a login, or of an error.
pub fn is_web_page(beginning: &[u8]) -> bool {
    let start = beginning.trim_ascii_start();
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let mut start = start.trim_ascii_start();
    // A cache signs in a comment; a page may be XML too.
    while let Some(rest) = behind(start, b"<!--", b"-->").or_else(|| behind(start, b"<?", b"?>")) {
        start = rest.trim_ascii_start();
    }
    let head = start[..start.len().min(40)].to_ascii_lowercase();
    let is_element = |name: &[u8]| {
        let after = head.strip_prefix(name).and_then(|rest| rest.first());
        after.is_some_and(|byte| *byte == b'>' || byte.is_ascii_whitespace())
    };
    let doctype = head
        .strip_prefix(b"<!doctype")
        .map(<[u8]>::trim_ascii_start);
    doctype.is_some_and(|name| name.starts_with(b"html"))
        || head.starts_with(b"<html")
        || [&b"<head"[..], b"<body", b"<script"]
            .into_iter()
            .any(is_element)
}

/// Whether text that calls itself HTML begins with an element of HTML, and not of other XML.
pub fn begins_as_html(text: &str) -> bool {
    const ELEMENTS: [&str; 28] = [
        "a", "b", "body", "br", "center", "div", "font", "form", "h1", "h2", "h3", "h4", "head",
        "hr", "html", "i", "img", "link", "main", "meta", "p", "pre", "script", "section", "span",
        "style", "table", "title",
    ];
    if is_web_page(text.as_bytes()) {
        return true;
    }
    let Some(rest) = text.trim_start().strip_prefix('<') else {
        return false;
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
    let name = rest[..end.unwrap_or(rest.len())].to_ascii_lowercase();
    ELEMENTS.contains(&name.as_str())
}

/// What comes behind what begins and ends like this.
fn behind<'b>(bytes: &'b [u8], begins: &[u8], ends: &[u8]) -> Option<&'b [u8]> {
    let rest = bytes.strip_prefix(begins)?;
    let end = memchr::memmem::find(rest, ends)?;
    Some(&rest[end + ends.len()..])
}

/// Whether bytes are a sheet in the XML of Excel 2003.
pub fn is_spreadsheetml(beginning: &[u8]) -> bool {
    let start = without_mark(beginning);
    let name: &[u8] = b"urn:schemas-microsoft-com:office:spreadsheet";
    let head = &start[..start.len().min(2000)];
    looks_like_xml(start) && memchr::memmem::find(head, name).is_some()
}

/// What bytes are that nobody here reads, by their first bytes, and what to do.
pub fn foreign(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
            Some("this is compressed by bzip2, which is not read here: ask for gzip, zip or zstd")
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => {
            Some("this is compressed by xz, which is not read here: ask for gzip, zip or zstd")
        }
        [b'7', b'z', 0xBC, 0xAF, ..] => {
            Some("this is a 7z archive, which is not read here: ask for gzip, zip or zstd")
        }
        [b'R', b'a', b'r', b'!', ..] => {
            Some("this is a rar archive, which is not read here: ask for gzip, zip or zstd")
        }
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("this is a PDF, which holds no records"),
        _ if beginning.get(257..262) == Some(b"ustar") => Some(
            "this is a tar archive, which is not read here: ask for the file alone, or for a zip",
        ),
        _ => None,
    }
}

/// What bytes are instead of what they are read as, where their first ones show it beyond doubt.
pub fn another(kind: &FormatKind, beginning: &[u8]) -> Option<&'static str> {
    kind.is_instead(without_mark(beginning))
}

/// The first characters, for people.
pub fn shown(beginning: &[u8]) -> String {
    let text = String::from_utf8_lossy(&beginning[..beginning.len().min(400)]);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    text.chars().take(60).collect()
}

fn without_mark(beginning: &[u8]) -> &[u8] {
    let start = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning);
    start.trim_ascii_start()
}

/// A bracket, and behind it what can only stand there in JSON.
pub(super) fn looks_like_json(start: &[u8]) -> bool {
    let Some((first @ (b'{' | b'['), rest)) = start.split_first() else {
        return false;
    };
    match rest.trim_ascii_start().first() {
        Some(b'"') => {
            // `["a","b"]` may be names with brackets; a name of a map is followed by its colon.
            *first == b'[' || {
                let mut parts = rest.trim_ascii_start()[1..].splitn(2, |byte| *byte == b'"');
                let behind = parts.nth(1).unwrap_or_default();
                behind.is_empty() || behind.trim_ascii_start().starts_with(b":")
            }
        }
        Some(b'}') => *first == b'{',
        Some(b'{' | b'[' | b']') => *first == b'[',
        _ => false,
    }
}

pub(super) fn looks_like_xml(start: &[u8]) -> bool {
    match start {
        [b'<', b'?' | b'!', ..] => true,
        [b'<', c, ..] if c.is_ascii_alphabetic() => {
            start.iter().take(400).any(|byte| *byte == b'>')
        }
        _ => false,
    }
}

pub(super) fn is_table(start: &[u8]) -> bool {
    let head = start[..start.len().min(6)].to_ascii_lowercase();
    head == b"<table"
}

/// The first character, white space aside.
pub(super) fn first(start: &[u8]) -> Option<&u8> {
    start.iter().find(|byte| !byte.is_ascii_whitespace())
}

/// What the bytes are: by what is sure, by how they begin, by what may be; JSON in the end.
pub fn kind(hints: &Hints, beginning: &[u8]) -> FormatKind {
    let start = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning);
    let by_name = SIGNS.iter().find(|signs| (signs.by_name)(hints, beginning));
    let signs = by_name
        .or_else(|| {
            SIGNS
                .iter()
                .find(|signs| (signs.by_beginning)(hints, start))
        })
        .or_else(|| SIGNS.iter().find(|signs| (signs.perhaps)(hints, start)));
    signs.map_or(FormatKind::Json, |signs| (signs.kind)())
}

/// Whether the first line is a whole object and another follows.
pub(super) fn is_lines(start: &[u8]) -> bool {
    let mut lines = start.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
    is_whole && lines.any(|line| line.first() == Some(&b'{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_for_people_are_known() {
        for page in [
            "<!DOCTYPE HTML><p>x",
            "\n <html lang=en>",
            "<!doctype \n html>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"a\">",
            "\u{FEFF} <html>",
            "<!-- cache 7 -->\n<!-- b --><html>",
            "<head><title>x",
            "<script>a()</script>",
            "<body class=a>",
        ] {
            assert!(is_web_page(page.as_bytes()), "{page}");
        }
        for other in [
            "<header><a/></header>",
            "<?xml version=\"1.0\"?><products/>",
            "<!DOCTYPE products><products/>",
            "<?xml",
            "<!-- products --><products/>",
            "<!-- open",
            "{}",
        ] {
            assert!(!is_web_page(other.as_bytes()), "{other}");
        }
    }
}
