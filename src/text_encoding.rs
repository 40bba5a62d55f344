//! How text is encoded: the encodings of the web, and the code pages of DOS that old merchandise systems
//! still write.

use std::borrow::Cow;

use encoding_rs::Encoding;
use yore::code_pages as pages;

/// An encoding of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// One of the web's, by the Encoding Standard.
    Web(&'static Encoding),
    /// A code page of DOS.
    Dos(&'static CodePage),
}

/// A code page of DOS: ASCII, and up to 128 characters of its own.
pub struct CodePage {
    name: &'static str,
    page: &'static (dyn yore::CodePage + Sync),
}

impl std::fmt::Debug for CodePage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for CodePage {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CodePage {}

impl CodePage {
    /// The text of bytes, each of which is a character.
    pub fn text<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        self.page.decode_lossy(bytes)
    }

    /// The bytes of a text; nothing where the page lacks a character of it.
    pub fn bytes<'t>(&self, text: &'t str) -> Option<Cow<'t, [u8]>> {
        self.page.encode(text).ok()
    }
}

/// The code pages. `cp866` is one of the web's encodings.
static CODE_PAGES: [CodePage; 11] = [
    page("cp437", &pages::CP437),
    page("cp737", &pages::CP737),
    page("cp850", &pages::CP850),
    page("cp852", &pages::CP852),
    page("cp855", &pages::CP855),
    page("cp857", &pages::CP857),
    page("cp860", &pages::CP860),
    page("cp861", &pages::CP861),
    page("cp862", &pages::CP862),
    page("cp863", &pages::CP863),
    page("cp865", &pages::CP865),
];

const fn page(name: &'static str, page: &'static (dyn yore::CodePage + Sync)) -> CodePage {
    CodePage { name, page }
}

impl TextEncoding {
    /// UTF-8.
    pub const UTF_8: Self = Self::Web(encoding_rs::UTF_8);

    /// The encoding of a label, as specs, content types and XML write it: `windows-1252`, `cp850`, `ibm437`.
    pub fn of_label(label: &str) -> Option<Self> {
        if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
            return Some(Self::Web(encoding));
        }
        let label = label.trim().to_ascii_lowercase();
        let number = ["cp", "ibm", "dos", "oem"]
            .iter()
            .find_map(|start| label.strip_prefix(start))
            .unwrap_or(&label)
            .trim_start_matches(['-', '_']);
        let mut known = CODE_PAGES.iter();
        let page = known.find(|page| page.name.trim_start_matches("cp") == number)?;
        Some(Self::Dos(page))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos(page) => page.name,
        }
    }

    /// Whether it is UTF-8.
    pub fn is_utf8(self) -> bool {
        self == Self::UTF_8
    }

    /// Whether a character has two bytes or four: UTF-16.
    pub fn is_wide(self) -> bool {
        let wide = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE];
        wide.map(Self::Web).contains(&self)
    }

    /// Whether it has every character, and may begin with a byte order mark.
    pub fn is_unicode(self) -> bool {
        self.is_utf8() || self.is_wide()
    }

    /// Whether text can be written in it.
    pub fn is_written(self) -> bool {
        match self {
            Self::Web(encoding) => encoding.output_encoding() == encoding || self.is_wide(),
            Self::Dos(_) => true,
        }
    }

    /// Whether it lacks a character of a text.
    pub fn lacks(self, text: &str) -> bool {
        match self {
            Self::Web(encoding) => encoding.encode(text).2,
            Self::Dos(page) => page.bytes(text).is_none(),
        }
    }

    /// The text of bytes, where a byte order mark says more; bytes that are none are replaced.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match (self, Encoding::for_bom(bytes)) {
            (Self::Web(encoding), _) | (Self::Dos(_), Some((encoding, _))) => {
                encoding.decode(bytes).0
            }
            (Self::Dos(page), None) => page.text(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_code_pages_are_known() {
        for label in ["cp850", "CP-850", "ibm850", "IBM-850", "850", " dos850 "] {
            let known = TextEncoding::of_label(label).map(TextEncoding::name);
            assert_eq!(known, Some("cp850"), "{label}");
        }
        assert_eq!(
            TextEncoding::of_label("cp1252").unwrap().name(),
            "windows-1252"
        );
        assert_eq!(TextEncoding::of_label("cp866").unwrap().name(), "IBM866");
        assert_eq!(TextEncoding::of_label("cp999"), None);
        assert_eq!(TextEncoding::of_label("cp"), None);
    }

    #[test]
    fn a_code_page_reads_what_it_writes() {
        let all: Vec<u8> = (0..=255).collect();
        for page in CODE_PAGES.iter().filter(|page| page.name != "cp857") {
            let text = page.text(&all).into_owned();
            assert_eq!(page.bytes(&text).as_deref(), Some(&*all), "{page:?}");
        }
        let page = TextEncoding::of_label("cp437").unwrap();
        assert!(page.lacks("€"));
        assert!(!page.lacks("für"));
        // As Python's codecs have them.
        let said = |label: &str, bytes: &[u8]| {
            let encoding = TextEncoding::of_label(label).unwrap();
            encoding.decode(bytes).into_owned()
        };
        assert_eq!(said("cp850", b"\x81ber \x9c\xe1"), "über £ß");
        assert_eq!(said("cp437", b"\x84\x94\x81\xe1"), "äöüß");
        assert_eq!(said("cp850", b"\xef\xbb\xbf\xc3\xbc"), "ü");
    }
}
