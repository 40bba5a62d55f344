//! What the first bytes of a feed show: the element of its records, the list of a document of JSON, an
//! encoding.

use std::collections::HashMap;
use std::io::Read;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::answer::found_in;
use super::yaml;
use crate::formats::{Hints, Packed, each_unpacked};

/// So many bytes of a feed are looked at; a document of JSON that is longer is not understood.
pub const LOOKED_AT: u64 = 64 * 1024 * 1024;

/// Names that elements of records have.
const NAMES: [&str; 12] = [
    "item", "product", "entry", "offer", "article", "record", "row", "produkt", "artikel",
    "articulo", "variant", "sku",
];

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// The value of `format` as YAML, where it has to be said.
    pub format: Option<String>,
    /// The value of `records` as YAML, where it has to be said.
    pub records: Option<String>,
}

impl Sample {
    /// Looks at a file of this name.
    pub fn of(name: &str, file: impl Read) -> Self {
        let hints = Hints::new(None, name);
        let mut seen = None;
        let input = Box::new(file.take(LOOKED_AT));
        // What can't be unpacked is told when it is read.
        let _ = each_unpacked(
            input,
            Packed::Unknown,
            None,
            &hints,
            &mut |inner, inside| {
                if seen.is_none() {
                    let mut bytes = Vec::new();
                    inner.into_read().take(LOOKED_AT).read_to_end(&mut bytes)?;
                    seen = Some(Self::of_bytes(&bytes, inside));
                }
                Ok(())
            },
        );
        seen.unwrap_or_default()
    }

    fn of_bytes(bytes: &[u8], hints: &Hints) -> Self {
        let begins = |signs: &[u8]| bytes.starts_with(signs);
        let is_sheet = begins(b"PK\x03\x04") || begins(b"\xD0\xCF\x11\xE0");
        let has_mark = begins(b"\xFF\xFE") || begins(b"\xFE\xFF");
        if is_sheet || has_mark || bytes.is_empty() {
            return Self::default();
        }
        let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        match start.trim_ascii_start().first() {
            Some(b'<') => Self {
                format: element_of(bytes)
                    .map(|name| format!("{{ xml: {{ record: {} }} }}", yaml(&name))),
                records: None,
            },
            Some(b'{') if !hints.is_of_lines() => Self {
                format: None,
                records: serde_json::from_slice::<Value>(start)
                    .ok()
                    .and_then(|body| found_in(&body, None).records)
                    .map(|path| yaml(&path)),
            },
            Some(b'{' | b'[') => Self::default(),
            _ => Self {
                // The bytes may end in the middle of a character.
                format: std::str::from_utf8(bytes)
                    .is_err_and(|error| error.error_len().is_some())
                    .then(|| {
                        "{ csv: { encoding: windows-1252 } }   # its bytes are no UTF-8; are the letters right?"
                            .to_owned()
                    }),
                records: None,
            },
        }
    }
}

/// The element that stands several times in one other and has elements or attributes itself.
fn element_of(bytes: &[u8]) -> Option<String> {
    #[derive(Default)]
    struct Open {
        /// How often each name stood inside, in the order in which they came first.
        names: Vec<(String, u64)>,
        has_parts: bool,
    }
    // Times, and whether it has parts, by depth and name.
    let mut seen: HashMap<(usize, String), (u64, bool)> = HashMap::new();
    let mut order = Vec::new();
    let mut open: Vec<Open> = vec![Open::default()];
    let mut names: Vec<String> = Vec::new();
    // Names of elements are ASCII, whatever the encoding says of the rest.
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let mut note = |depth: usize, name: &str, times: u64, has_parts: bool| {
        let key = (depth, name.to_owned());
        let entry = seen.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            (0, false)
        });
        entry.0 = entry.0.max(times);
        entry.1 |= has_parts;
    };
    // What is broken further on is told when it is read.
    while let Ok(event) = reader.read_event() {
        let (start, is_empty) = match &event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                let depth = open.len();
                if let (Some(closed), Some(name)) = (open.pop(), names.pop()) {
                    note(depth - 1, &name, 0, closed.has_parts);
                }
                if open.is_empty() {
                    break;
                }
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = start.name().into_inner().to_owned();
        let depth = open.len();
        let around = open.last_mut()?;
        around.has_parts = true;
        let known = around.names.iter_mut().find(|(known, _)| *known == name);
        let times = if let Some((_, times)) = known {
            *times += 1;
            *times
        } else {
            around.names.push((name.clone(), 1));
            1
        };
        let has_parts = start.attributes().next().is_some();
        note(depth, &name, times, has_parts);
        if !is_empty {
            open.push(Open {
                has_parts,
                ..Open::default()
            });
            names.push(name);
        }
    }
    let likely = |name: &str| {
        let local = name.rsplit(':').next().unwrap_or(name).to_lowercase();
        NAMES.contains(&local.as_str())
    };
    let best = order
        .iter()
        .rev()
        .filter(|(depth, _)| *depth > 1)
        .map(|key| (key, seen[key]))
        .filter(|((_, name), (times, has_parts))| *has_parts && (*times > 1 || likely(name)))
        .max_by_key(|((depth, name), (times, _))| {
            (likely(name), std::cmp::Reverse(*depth), (*times).min(2))
        });
    best.map(|((_, name), _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &[u8]) -> (Option<String>, Option<String>) {
        let sample = Sample::of(name, text);
        (sample.format, sample.records)
    }

    #[test]
    fn the_element_of_records_is_found() {
        for (text, element) in [
            (
                "<rss><channel><title>x</title><link>y</link><item><g:id>1</g:id></item><item><g:id>2</g:id></item></channel></rss>",
                Some("item"),
            ),
            // One record; what is repeated in it is none.
            (
                "<shop><products><product><id>1</id><image url='a'/><image url='b'/></product></products></shop>",
                Some("product"),
            ),
            (
                "<a><head><x><y>1</y></x></head><thing><b>1</b></thing><thing><b>2</b></thing></a>",
                Some("thing"),
            ),
            ("<a><row id='1'/><row id='2'/></a>", Some("row")),
            ("<a><b>1</b><b>2</b></a>", None),
            ("<a/>", None),
            ("<a><b>", None),
        ] {
            let expected = element.map(|name| format!("{{ xml: {{ record: {name} }} }}"));
            assert_eq!(of("feed.xml", text.as_bytes()), (expected, None), "{text}");
        }
    }

    #[test]
    fn lists_and_encodings_are_found() {
        let json = br#"{"data":{"products":[{"id":1},{"id":2}]}}"#;
        assert_eq!(
            of("feed.json", json),
            (None, Some("\"$.data.products[*]\"".to_owned()))
        );
        assert_eq!(of("feed.json", b"[{\"id\":1}]"), (None, None));
        assert_eq!(of("feed.jsonl", b"{\"a\":[{\"id\":1}]}\n"), (None, None));
        assert_eq!(of("feed.csv", b"id;title\n1;Sch\xC3\xB6n\n"), (None, None));
        let (format, _) = of("feed.csv", b"id;title\n1;Sch\xF6n\n");
        assert!(format.unwrap().contains("windows-1252"));
        assert_eq!(of("feed.csv", b"\xFF\xFEi\0d\0"), (None, None));
    }
}
