//! What bytes are inside of: gzip, zstd, zip.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;
use globset::GlobMatcher;
use zip::ZipArchive;

use super::ReadError;
use super::detect::{self, Hints};
use crate::spec::format::Inside;

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
    /// A zip is itself what is read: a sheet.
    Never,
}

/// What is done with each file.
type Each<'e> = dyn FnMut(Unpacked<'_>, &Hints) -> Result<(), ReadError> + 'e;

/// Unpacks: `each` gets the bytes, of a zip those of each member that matches.
pub fn each<'r>(
    input: Box<dyn Read + 'r>,
    packed: Packed,
    member: Option<&GlobMatcher>,
    hints: &Hints,
    each: &mut Each<'_>,
) -> Result<(), ReadError> {
    let input = Unpacked::new(input)?;
    let beginning = input.beginning();
    let found = match beginning {
        [0x1f, 0x8b, ..] => Some(Inside::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Inside::Zstd),
        [b'P', b'K', 3 | 5, 4 | 6, ..] if !is_sheet(hints, beginning) => Some(Inside::Zip),
        _ => None,
    };
    // What was said to be packed may have been unpacked on its way; a sheet is a zip where that is said.
    let is_said = matches!(packed, Packed::Known(Inside::Zip)) && beginning.starts_with(b"PK");
    let found = match (packed, found) {
        _ if is_said => Some(Inside::Zip),
        (Packed::Never, Some(Inside::Zip)) => None,
        (_, found) => found,
    };
    match found {
        None => each(input, hints),
        Some(Inside::Gzip) => {
            let unpacked = MultiGzDecoder::new(BufReader::new(input.into_read()));
            each(Unpacked::new(Box::new(unpacked))?, &hints.inside(".gz"))
        }
        Some(Inside::Zstd) => {
            let unpacked = zstd::stream::read::Decoder::new(input.into_read())?;
            each(Unpacked::new(Box::new(unpacked))?, &hints.inside(".zst"))
        }
        Some(Inside::Zip) => members(input, member, hints, each),
    }
}

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

/// The list of a zip's members stands at its end, so it is laid aside first.
fn members(
    input: Unpacked<'_>,
    member: Option<&GlobMatcher>,
    hints: &Hints,
    each: &mut Each<'_>,
) -> Result<(), ReadError> {
    let broken = |error: zip::result::ZipError| ReadError::Broken {
        format: "zip",
        reason: error.to_string(),
    };
    let mut file = tempfile::tempfile()?;
    io::copy(&mut input.into_read(), &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .map_err(broken)?;
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
    for name in wanted {
        let file = archive.by_name(name).map_err(broken)?;
        let hints = Hints {
            name: name.to_ascii_lowercase(),
            content_type: String::new(),
            encoding: hints.encoding,
        };
        each(Unpacked::new(Box::new(file))?, &hints)?;
    }
    Ok(())
}

/// Bytes at hand.
pub fn of_bytes<'r>(bytes: &'r [u8]) -> Box<dyn Read + 'r> {
    Box::new(Cursor::new(bytes))
}
