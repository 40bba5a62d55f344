//! What bytes are inside of: gzip, zstd, zip.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::bufread::GzDecoder;
use globset::GlobMatcher;
use zip::ZipArchive;

use super::ReadError;
use super::detect::{self, Hints};
use crate::spec::format::Inside;
use crate::zstd::ZstdReader;

/// Of the beginning, so much is looked at.
const BEGINNING: usize = 8 * 1024;

/// Bytes whose beginning is known before they are read.
pub struct Unpacked<'r> {
    beginning: Vec<u8>,
    rest: Box<dyn Read + 'r>,
}

impl<'r> Unpacked<'r> {
    /// Reads the beginning: readers may give it in small pieces.
    pub fn new(mut rest: Box<dyn Read + 'r>) -> io::Result<Self> {
        let mut beginning = Vec::with_capacity(BEGINNING);
        let most = u64::try_from(BEGINNING).unwrap_or(u64::MAX);
        rest.by_ref().take(most).read_to_end(&mut beginning)?;
        Ok(Self { beginning, rest })
    }

    /// The first bytes, which stay to be read.
    pub fn beginning(&self) -> &[u8] {
        &self.beginning
    }

    /// Passes over the first bytes, of those that are known.
    pub fn pass_over(&mut self, count: usize) {
        self.beginning.drain(..count.min(self.beginning.len()));
    }

    /// All bytes.
    pub fn bytes(self) -> io::Result<Vec<u8>> {
        let mut bytes = self.beginning;
        let mut rest = self.rest;
        rest.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// From the beginning on.
    pub fn into_read(self) -> Box<dyn Read + 'r> {
        Box::new(Cursor::new(self.beginning).chain(self.rest))
    }
}

/// What is known of how bytes are packed.
#[derive(Debug, Clone, Copy)]
pub enum Packed {
    /// Their first bytes tell.
    Unknown,
    /// The spec says it.
    Known(Inside),
    /// As their first bytes tell, and inside is a sheet, which is a zip itself.
    Sheet,
}

impl Packed {
    /// What is known inside: a packing is said of the outermost.
    fn inside(self) -> Self {
        match self {
            Self::Sheet => Self::Sheet,
            Self::Unknown | Self::Known(_) => Self::Unknown,
        }
    }
}

/// What is done with each file.
type Each<'e> = dyn FnMut(Unpacked<'_>, &Hints) -> Result<(), ReadError> + 'e;

/// Packings around each other: a file that was packed twice by mistake, a packed file in a zip.
const DEEPEST: u32 = 4;

/// Unpacks: `each` gets the bytes, of a zip those of each member that matches. Gives what is odd about
/// the packing, though it was read.
pub fn each<'r>(
    input: Box<dyn Read + 'r>,
    packed: Packed,
    member: Option<&GlobMatcher>,
    hints: &Hints,
    each: &mut Each<'_>,
) -> Result<Vec<String>, ReadError> {
    let mut way = Way {
        each,
        warnings: Vec::new(),
    };
    way.unpack(Unpacked::new(input)?, packed, member, hints, 0)?;
    Ok(way.warnings)
}

/// What is done on the way to the files.
struct Way<'w, 'e> {
    each: &'w mut Each<'e>,
    warnings: Vec<String>,
}

impl Way<'_, '_> {
    fn unpack(
        &mut self,
        input: Unpacked<'_>,
        packed: Packed,
        member: Option<&GlobMatcher>,
        hints: &Hints,
        depth: u32,
    ) -> Result<(), ReadError> {
        let beginning = input.beginning();
        let found = match beginning {
            _ if depth >= DEEPEST => None,
            [0x1f, 0x8b, ..] => Some(Inside::Gzip),
            // A frame, or one that holds nothing for readers.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                Some(Inside::Zstd)
            }
            [b'P', b'K', 3 | 5, 4 | 6, ..] if !is_sheet(hints, beginning) => Some(Inside::Zip),
            _ => None,
        };
        // What was said to be packed may have been unpacked on its way; a sheet is a zip where that is said.
        let is_said = matches!(packed, Packed::Known(Inside::Zip)) && beginning.starts_with(b"PK");
        let found = if is_said { Some(Inside::Zip) } else { found };
        let inner = packed.inside();
        match found {
            // Base64 is undone before, as text around all else.
            None | Some(Inside::Base64) => (self.each)(input, hints),
            Some(Inside::Gzip) => {
                let has_more = Cell::new(false);
                let unpacked = Gzip::new(input.into_read(), &has_more);
                let unpacked = Unpacked::new(Box::new(unpacked))?;
                self.unpack(unpacked, inner, member, &hints.inside(".gz"), depth + 1)?;
                if has_more.get() {
                    self.warnings.push(MORE_THAN_GZIP.to_owned());
                }
                Ok(())
            }
            Some(Inside::Zstd) => {
                let unpacked = ZstdReader::new(input.into_read());
                let unpacked = Unpacked::new(Box::new(unpacked))?;
                self.unpack(unpacked, inner, member, &hints.inside(".zst"), depth + 1)
            }
            Some(Inside::Zip) => self.members(input, packed, member, hints, depth),
        }
    }

    /// The list of a zip's members stands at its end, so it is laid aside first.
    fn members(
        &mut self,
        input: Unpacked<'_>,
        packed: Packed,
        member: Option<&GlobMatcher>,
        hints: &Hints,
        depth: u32,
    ) -> Result<(), ReadError> {
        let broken = |error: zip::result::ZipError| ReadError::Broken {
            format: "zip",
            reason: error.to_string(),
        };
        let mut file = tempfile::tempfile()?;
        io::copy(&mut input.into_read(), &mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let mut archive = ZipArchive::new(BufReader::new(&file)).map_err(broken)?;
        let names: Vec<String> = archive
            .file_names()
            .map(|name| name.map(std::borrow::Cow::into_owned))
            .collect::<Result<_, _>>()
            .map_err(broken)?;
        let is_book = names.iter().any(|name| BOOKS.contains(&name.as_str()));
        if is_book && matches!(packed, Packed::Sheet) {
            drop(archive);
            file.seek(SeekFrom::Start(0))?;
            return (self.each)(Unpacked::new(Box::new(file))?, hints);
        }
        let is_wanted = |name: &&String| {
            let file = name.rsplit('/').next().unwrap_or(name);
            let is_file =
                !name.ends_with('/') && !name.starts_with("__MACOSX") && !file.starts_with('.');
            is_file && member.is_none_or(|glob| glob.is_match(name.as_str()) || glob.is_match(file))
        };
        let mut wanted: Vec<&String> = names.iter().filter(is_wanted).collect();
        wanted.sort();
        if wanted.is_empty() {
            let names = names.join(", ");
            return Err(ReadError::Asked(match member {
                Some(glob) => format!("no file of the zip matches {}: it has {names}", glob.glob()),
                None => "the zip has no file".to_owned(),
            }));
        }
        let inner = packed.inside();
        for name in wanted {
            let file = archive.by_name(name).map_err(broken)?;
            let hints = Hints {
                name: name.to_ascii_lowercase(),
                content_type: String::new(),
                encoding: hints.encoding,
            };
            let file = Unpacked::new(Box::new(file))?;
            // `member` names a file of this zip, not of one inside it.
            self.unpack(file, inner, None, &hints, depth + 1)?;
        }
        Ok(())
    }
}

/// What is said of bytes behind gzip: gunzip passes over them too, with a warning.
const MORE_THAN_GZIP: &str =
    "behind the end of what gzip packed there are more bytes, which were passed over";

/// Gzip, part after part. Zeros behind it fill a block of a tape; what else stands there is noted.
struct Gzip<'r, 'n> {
    /// The part that is read; none behind the last.
    part: Option<GzDecoder<Packs<'r>>>,
    has_more: &'n Cell<bool>,
}

impl<'r, 'n> Gzip<'r, 'n> {
    fn new(packed: Box<dyn Read + 'r>, has_more: &'n Cell<bool>) -> Self {
        let packed = Packs {
            again: Cursor::default(),
            rest: BufReader::new(packed),
        };
        Self {
            part: Some(GzDecoder::new(packed)),
            has_more,
        }
    }
}

impl Read for Gzip<'_, '_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while let Some(part) = &mut self.part {
            let count = part.read(to)?;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            let mut packed = match self.part.take() {
                Some(part) => part.into_inner(),
                None => break,
            };
            let begins = packed.next_begins()?;
            if begins == GZIP {
                self.part = Some(GzDecoder::new(packed));
            } else {
                self.has_more.set(!begins.is_empty());
            }
        }
        Ok(0)
    }
}

/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Packed bytes, of which some were looked at and are read again.
struct Packs<'r> {
    again: Cursor<Vec<u8>>,
    rest: BufReader<Box<dyn Read + 'r>>,
}

impl Packs<'_> {
    /// What the next part begins with, behind zeros; less where the bytes end.
    fn next_begins(&mut self) -> io::Result<Vec<u8>> {
        let mut begins = Vec::new();
        while begins.len() < GZIP.len() {
            let mut byte = [0];
            if self.read(&mut byte)? == 0 {
                break;
            }
            if byte != [0] || !begins.is_empty() {
                begins.extend(byte);
            }
        }
        self.again = Cursor::new(begins.clone());
        Ok(begins)
    }

    fn has_again(&self) -> bool {
        usize::try_from(self.again.position()).is_ok_and(|at| at < self.again.get_ref().len())
    }
}

impl Read for Packs<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.has_again() {
            return self.again.read(to);
        }
        self.rest.read(to)
    }
}

impl BufRead for Packs<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.has_again() {
            return self.again.fill_buf();
        }
        self.rest.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if self.has_again() {
            self.again.consume(count);
        } else {
            self.rest.consume(count);
        }
    }
}

/// Members that every workbook of Excel or `OpenDocument` has.
const BOOKS: [&str; 3] = ["[Content_Types].xml", "xl/workbook.xml", "mimetype"];

/// A sheet is a zip too: by its name, or by its first member.
fn is_sheet(hints: &Hints, beginning: &[u8]) -> bool {
    let name = beginning.get(30..).unwrap_or_default();
    let members: [&[u8]; 5] = [
        b"[Content_Types].xml",
        b"_rels/.rels",
        b"docProps/",
        b"xl/",
        b"mimetypeapplication/vnd.oasis",
    ];
    detect::is_sheet(hints) || members.iter().any(|member| name.starts_with(member))
}

/// Bytes at hand.
pub fn of_bytes<'r>(bytes: &'r [u8]) -> Box<dyn Read + 'r> {
    Box::new(Cursor::new(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    /// What is inside, and what is said of it.
    fn unpacked(bytes: &[u8]) -> (String, Vec<String>) {
        let mut text = String::new();
        let warnings = each(
            of_bytes(bytes),
            Packed::Unknown,
            None,
            &Hints::default(),
            &mut |input, _| {
                text += &String::from_utf8(input.bytes()?).unwrap();
                Ok(())
            },
        );
        (text, warnings.unwrap())
    }

    #[test]
    fn packings_are_taken_off_one_by_one() {
        let twice = gzip(&gzip(b"a,b\n1,2\n"));
        assert_eq!(unpacked(&twice), ("a,b\n1,2\n".to_owned(), Vec::new()));
        let both = zstd::encode_all(gzip(b"a").as_slice(), 1).unwrap();
        assert_eq!(unpacked(&both), ("a".to_owned(), Vec::new()));
    }

    #[test]
    fn parts_of_gzip_are_one_text() {
        // As many as block gzip makes of a large file.
        let parts: Vec<u8> = (0..5000).flat_map(|_| gzip(b"x")).collect();
        assert_eq!(unpacked(&parts).0.len(), 5000);
    }

    #[test]
    fn what_stands_behind_gzip_is_told_unless_it_is_nothing() {
        for (behind, is_told) in [
            (vec![], false),
            (vec![0; 600], false),
            (b"\n".to_vec(), true),
            (b"not gzip".to_vec(), true),
            (b"\x00\x1f".to_vec(), true),
        ] {
            let mut bytes = gzip(b"a\n");
            bytes.extend(&behind);
            let (text, warnings) = unpacked(&bytes);
            assert_eq!(text, "a\n");
            assert_eq!(!warnings.is_empty(), is_told, "{behind:?}");
        }
        let mut bytes = gzip(b"a\n");
        bytes.extend([0; 5]);
        bytes.extend(gzip(b"b\n"));
        assert_eq!(unpacked(&bytes).0, "a\nb\n");
    }

    #[test]
    fn gzip_that_breaks_off_is_an_error() {
        let bytes = gzip(b"a,b\n1,2\n");
        let mut text = Vec::new();
        let has_more = Cell::new(false);
        let mut unpacked = Gzip::new(of_bytes(&bytes[..bytes.len() - 3]), &has_more);
        assert!(unpacked.read_to_end(&mut text).is_err());
    }
}
