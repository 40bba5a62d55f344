//! Bytes are unpacked, told, decoded and read.

use std::io::Read;
use std::sync::Arc;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::read::DecoderReader;

use super::detect::{self, Hints};
use super::unpack::{self, Packed};
use super::{FormatKind, FormatPlan, PageFindings, ReadError, Shape, Sink, Wanted, decode, json};
use crate::template::{Frame, Value};
use crate::text_encoding::TextEncoding;

/// Bytes as one JSON value, unpacked and decoded.
pub fn whole<'r>(
    input: Box<dyn Read + 'r>,
    plan: Option<&FormatPlan>,
    hints: &Hints,
) -> Result<Value, ReadError> {
    let input = without_base64(input, plan);
    let inside = plan.and_then(|plan| plan.inside);
    let inside = inside.map_or(Packed::Unknown, Packed::Known);
    let member = plan.and_then(|plan| plan.member.as_ref());
    let encoding = plan.and_then(|plan| plan.encoding).or(hints.encoding);
    let mut value = Value::UNDEFINED;
    unpack::each(input, inside, member, hints, &mut |input, _| {
        let mut text = String::new();
        decode::utf8(input, encoding).read_to_string(&mut text)?;
        value = crate::template::json::read(&text).map_err(json::broken)?;
        Ok(())
    })?;
    Ok(value)
}

/// The bytes that a text in base64 is of, where the spec says that it is one.
fn without_base64<'r>(input: Box<dyn Read + 'r>, plan: Option<&FormatPlan>) -> Box<dyn Read + 'r> {
    if plan.is_some_and(|plan| plan.is_base64) {
        Box::new(Undone(DecoderReader::new(Unspaced(input), &BASE64)))
    } else {
        input
    }
}

/// With or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of base64; what is none is told as that.
struct Undone<'r>(DecoderReader<'static, GeneralPurpose, Unspaced<'r>>);

impl Read for Undone<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => std::io::Error::other(format!(
                "`inside` says base64, and this is none: {}",
                error.to_string().to_lowercase()
            )),
            _ => error,
        })
    }
}

/// Bytes without white space: base64 is broken into lines by many.
struct Unspaced<'r>(Box<dyn Read + 'r>);

impl Read for Unspaced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                if !byte.is_ascii_whitespace() {
                    // That of addresses is the same but for two signs.
                    buffer[kept] = match byte {
                        b'-' => b'+',
                        b'_' => b'/',
                        other => other,
                    };
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// What is said of a page for people.
const WEB_PAGE: &str =
    "the answer is a web page, not data: is the address right, and is a login needed?";

/// What is said of a page for people that calls itself a sheet.
const PAGE_AS_SHEET: &str = "this is an HTML page that calls itself a sheet, and is not read: ask for .xlsx, or save it as such";

/// What is said of Excel's XML of 2003.
const SPREADSHEETML: &str = "this is SpreadsheetML, the XML of Excel 2003, which is not read as a sheet: ask for .xlsx, or read its XML: format: { xml: { record: Row } }";

/// Reads records.
pub struct Reading<'p> {
    /// What the spec says about the format.
    pub plan: Option<&'p FormatPlan>,
    /// What is looked for.
    pub wanted: Wanted<'p>,
    /// What else is known about the bytes.
    pub hints: Hints,
    /// What templates of the format see.
    pub frame: &'p Arc<Frame>,
}

impl Reading<'_> {
    /// Reads to the end.
    pub fn read<'r>(
        &self,
        input: Box<dyn Read + 'r>,
        sink: &mut Sink<'_>,
    ) -> Result<PageFindings, ReadError> {
        let input = without_base64(input, self.plan);
        let inside = self.plan.and_then(|plan| plan.inside);
        let member = self.plan.and_then(|plan| plan.member.as_ref());
        let mut found = PageFindings::default();
        let is_sheet = self.plan.is_some_and(|plan| plan.kind.is_sheet());
        let inside = inside.map_or(
            if is_sheet {
                Packed::Sheet
            } else {
                Packed::Unknown
            },
            Packed::Known,
        );
        let mut warnings = Vec::new();
        let mut has_list = false;
        let (mut files, mut without) = (0_usize, Vec::new());
        let packing = unpack::each(input, inside, member, &self.hints, &mut |input, hints| {
            let mut count = 0_u64;
            found = self.read_one(input, hints, &mut |record| {
                count += 1;
                sink(record)
            })?;
            files += 1;
            if count == 0 {
                without.push(hints.name.clone());
            }
            warnings.append(&mut found.warnings);
            has_list |= found.shape == Shape::List;
            Ok(())
        })?;
        warnings.extend(packing);
        if let (true, Some(first)) = (files > without.len(), without.first()) {
            let count = without.len();
            warnings.push(format!(
                "{count} of {files} files in it have no record, the first is {first}"
            ));
        }
        found.warnings = warnings;
        // Of several files, one that has the place is enough.
        if has_list {
            found.shape = Shape::List;
        }
        Ok(found)
    }

    /// Paths lead through JSON: in anything else they would find nothing, and say nothing.
    fn is_followed(&self, kind: &FormatKind) -> Result<(), ReadError> {
        let word = kind.word();
        if self.wanted.records.is_some() && !kind.follows_records() {
            return Err(ReadError::Asked(format!(
                "`records` is a path through JSON, and this is {word}; for XML say format: {{ xml: {{ record: item }} }}"
            )));
        }
        if !self.wanted.probes.is_empty() && !kind.follows_probes() {
            return Err(ReadError::Asked(format!(
                "`next` and `total` are paths through JSON or XML, and this is {word}; write a template over the answer: \"{{{{ response.headers['x-next'] }}}}\""
            )));
        }
        Ok(())
    }

    fn read_one(
        &self,
        input: unpack::Unpacked<'_>,
        hints: &Hints,
        sink: &mut Sink<'_>,
    ) -> Result<PageFindings, ReadError> {
        if detect::is_web_page(input.beginning()) {
            let said = if detect::is_sheet(hints) {
                PAGE_AS_SHEET
            } else {
                WEB_PAGE
            };
            return Err(ReadError::Asked(said.to_owned()));
        }
        if let Some(name) = detect::foreign(input.beginning()) {
            return Err(ReadError::Asked(name.to_owned()));
        }
        let detected;
        let kind = if let Some(plan) = self.plan {
            &plan.kind
        } else {
            detected = detect::kind(hints, input.beginning());
            &detected
        };
        self.is_followed(kind)?;
        if detect::is_spreadsheetml(input.beginning()) && kind.elements().is_empty() {
            return Err(ReadError::Asked(SPREADSHEETML.to_owned()));
        }
        if let Some(other) = detect::another(kind, input.beginning()) {
            let beginning = detect::shown(input.beginning());
            return Err(ReadError::Asked(format!(
                "this is {other}, not {}: it begins with {beginning:?}",
                kind.word()
            )));
        }
        let input = Decoding {
            input,
            said: self.plan.and_then(|plan| plan.encoding),
            hinted: hints.encoding,
        };
        let mut found = kind.read(input, self.wanted, self.frame, sink)?;
        found.format = kind.word();
        found.likeness = kind.likeness();
        Ok(found)
    }
}

/// Bytes, and how they may be encoded.
pub(super) struct Decoding<'r> {
    input: unpack::Unpacked<'r>,
    /// As the spec says.
    said: Option<TextEncoding>,
    /// As the content type says.
    hinted: Option<TextEncoding>,
}

impl<'r> Decoding<'r> {
    /// How they name their encoding themselves, where nobody knows it and nothing else says one.
    pub fn unknown_encoding(&self) -> Option<String> {
        if self.said.or(self.hinted).is_some() {
            return None;
        }
        decode::unknown(self.input.beginning())
    }

    /// As text. `declared` is what they say themselves.
    pub fn text(self, declared: fn(&[u8]) -> Option<TextEncoding>) -> Box<dyn Read + 'r> {
        let encoding = self
            .said
            .or_else(|| declared(self.input.beginning()))
            .or(self.hinted);
        decode::utf8(self.input, encoding)
    }

    /// As they are.
    #[cfg(feature = "parquet")]
    pub fn into_read(self) -> Box<dyn Read + 'r> {
        self.input.into_read()
    }

    /// As they are, all at once.
    pub fn bytes(self) -> std::io::Result<Vec<u8>> {
        self.input.bytes()
    }
}
