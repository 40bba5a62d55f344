//! A record as the JSON it came as: where each value stands is noted in one pass, and a value is made
//! only when it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::value::RawValue;

use super::number::NumberText;
use crate::row::text::decode;

/// Lists and maps inside each other at most, as `serde_json` has it.
const DEEPEST: usize = 128;

/// JSON that was checked, and where its values stand.
struct Document {
    text: Box<str>,
    nodes: Vec<Node>,
    /// Whether it is sent on as it stands, `null` included.
    is_exact: bool,
}

/// A value. What a list or a map holds follows it; of a map, a name and its value in turn.
#[derive(Clone, Copy)]
struct Node {
    start: u32,
    end: u32,
    /// The number of the value behind this one and all that it holds.
    next: u32,
    kind: Kind,
    /// Of a map: whether two of its names may be the same.
    may_repeat: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Number,
    /// A string without escapes.
    Text,
    /// A string with escapes.
    Escaped,
    List,
    Map,
}

/// Whether two names are the same; most that are not differ at once.
#[inline]
fn is_same(name: &str, other: &str) -> bool {
    name.len() == other.len()
        && name.as_bytes().first() == other.as_bytes().first()
        && name == other
}

/// What a path leads to.
pub enum Found<'d> {
    /// Nothing, or `null`.
    Nothing,
    /// Text.
    Text(Cow<'d, str>),
    /// A boolean.
    Bool(bool),
    /// A number as it was written.
    Number(&'d str),
    /// A list.
    List(Elements<'d>),
    /// A map.
    Map,
    /// A character of a text, which only the engine tells.
    Unclear,
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathKey {
    /// A field.
    Name(Box<str>),
    /// An element, from 0.
    Index(usize),
}

/// A list or a map of a document.
#[derive(Clone)]
pub struct DocumentValue {
    document: Arc<Document>,
    node: u32,
}

/// The elements of a list.
pub struct Elements<'d> {
    document: &'d Document,
    at: u32,
    end: u32,
}

/// Reads checked JSON, `null` becomes nothing. An error is JSON that is too deep, or longer than
/// 4 GiB.
pub fn read(raw: Box<RawValue>) -> Result<Value, serde_json::Error> {
    read_as(raw, false)
}

/// Reads JSON that is sent on as it stands: templates see its `null` as nothing, but where it is
/// written it is there.
pub fn read_exact(json: Vec<u8>) -> Result<Value, serde_json::Error> {
    let refused = |error: std::string::FromUtf8Error| -> serde_json::Error {
        serde::de::Error::custom(error.to_string())
    };
    let text = String::from_utf8(json).map_err(refused)?;
    read_as(RawValue::from_string(text)?, true)
}

fn read_as(raw: Box<RawValue>, is_exact: bool) -> Result<Value, serde_json::Error> {
    let text: Box<str> = raw.into();
    let refused = |message: String| -> serde_json::Error { serde::de::Error::custom(message) };
    if u32::try_from(text.len()).is_err() {
        return Err(refused("a record is longer than 4 GiB".to_owned()));
    }
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
        nodes: Vec::with_capacity(text.len() / 16 + 4),
    };
    if !reader.value(0) {
        return Err(refused(format!(
            "more than {DEEPEST} lists and maps stand inside each other"
        )));
    }
    let nodes = reader.nodes;
    let document = Document {
        text,
        nodes,
        is_exact,
    };
    if matches!(document.nodes[0].kind, Kind::List | Kind::Map) {
        let document = Arc::new(document);
        return Ok(Value::from_object(DocumentValue { document, node: 0 }));
    }
    Ok(value_of(document.found(0)))
}

fn value_of(found: Found<'_>) -> Value {
    match found {
        Found::Text(text) => Value::from(text.as_ref()),
        Found::Bool(value) => Value::from(value),
        Found::Number(text) => NumberText::value_of(text),
        Found::Nothing | Found::List(_) | Found::Map | Found::Unclear => Value::UNDEFINED,
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    /// The length of the text was checked to fit.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the text is shorter than 4 GiB"
    )]
    fn push(&mut self, start: usize, kind: Kind) -> usize {
        self.nodes.push(Node {
            start: start as u32,
            end: self.at as u32,
            next: self.nodes.len() as u32 + 1,
            kind,
            may_repeat: false,
        });
        self.nodes.len() - 1
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the text is shorter than 4 GiB"
    )]
    fn close(&mut self, node: usize) {
        self.nodes[node].end = self.at as u32;
        self.nodes[node].next = self.nodes.len() as u32;
    }

    /// Notes a value and all that it holds; false where it is too deep.
    fn value(&mut self, depth: usize) -> bool {
        let first = self.peek();
        let start = self.at;
        match first {
            b'"' => self.string(),
            b'{' | b'[' if depth >= DEEPEST => return false,
            b'{' | b'[' => return self.several(depth, first == b'{'),
            b't' | b'f' => {
                self.at += if first == b't' { 4 } else { 5 };
                self.push(start, Kind::Bool);
            }
            b'n' => {
                self.at += 4;
                self.push(start, Kind::Null);
            }
            _ => {
                let rest = &self.bytes[start..];
                let is_part =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                self.at += rest.iter().take_while(|byte| is_part(byte)).count().max(1);
                self.push(start, Kind::Number);
            }
        }
        true
    }

    fn string(&mut self) {
        let start = self.at + 1;
        let mut at = start;
        let mut kind = Kind::Text;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' => {
                    kind = Kind::Escaped;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.at = at;
        self.push(start, kind);
        self.at = at + 1;
    }

    /// A bit for the name that begins here and was just read.
    fn bit_of(&self, start: usize) -> u64 {
        let name = &self.bytes[start..(self.at - 1).max(start)];
        if name.contains(&b'\\') {
            // It may be any.
            return u64::MAX;
        }
        let first = name.first().copied().unwrap_or_default();
        let last = name.last().copied().unwrap_or_default();
        let mixed = usize::from(first) * 7 + usize::from(last) * 31 + name.len() * 13;
        1 << (mixed % 64)
    }

    fn several(&mut self, depth: usize, is_map: bool) -> bool {
        let start = self.at;
        self.at += 1;
        let kind = if is_map { Kind::Map } else { Kind::List };
        let node = self.push(start, kind);
        let mut names = 0_u64;
        loop {
            match self.peek() {
                b'}' | b']' | 0 => {
                    self.at += 1;
                    self.close(node);
                    return true;
                }
                b',' => self.at += 1,
                _ if is_map => {
                    let at = self.at;
                    self.string();
                    // Names whose bits differ are not the same.
                    let bit = self.bit_of(at + 1);
                    self.nodes[node].may_repeat |= names & bit != 0;
                    names |= bit;
                    self.peek();
                    // The colon.
                    self.at += 1;
                    if !self.value(depth + 1) {
                        return false;
                    }
                }
                _ => {
                    if !self.value(depth + 1) {
                        return false;
                    }
                }
            }
        }
    }
}

impl Document {
    fn slice(&self, node: Node) -> &str {
        &self.text[node.start as usize..node.end as usize]
    }

    fn string(&self, node: Node) -> Cow<'_, str> {
        let text = self.slice(node);
        if node.kind == Kind::Text {
            return Cow::Borrowed(text);
        }
        decode(text)
    }

    fn found(&self, at: u32) -> Found<'_> {
        let node = self.nodes[at as usize];
        match node.kind {
            Kind::Null => Found::Nothing,
            Kind::Bool => Found::Bool(self.slice(node) == "true"),
            Kind::Number => Found::Number(self.slice(node)),
            Kind::Text | Kind::Escaped => Found::Text(self.string(node)),
            Kind::List => Found::List(Elements {
                document: self,
                at: at + 1,
                end: node.next,
            }),
            Kind::Map => Found::Map,
        }
    }

    /// The value of a field; of two with one name the last.
    fn field(&self, map: u32, name: &str) -> Option<u32> {
        let node = self.nodes[map as usize];
        if node.kind != Kind::Map {
            return None;
        }
        let mut found = None;
        let mut at = map + 1;
        while at < node.next {
            let key = self.nodes[at as usize];
            let is_it = match key.kind {
                Kind::Text => is_same(self.slice(key), name),
                _ => self.string(key) == name,
            };
            if is_it {
                found = Some(at + 1);
                if !node.may_repeat {
                    break;
                }
            }
            at = self.nodes[at as usize + 1].next;
        }
        found
    }

    fn element(&self, list: u32, index: usize) -> Option<u32> {
        let node = self.nodes[list as usize];
        if node.kind != Kind::List {
            return None;
        }
        let mut at = list + 1;
        for _ in 0..index {
            if at >= node.next {
                return None;
            }
            at = self.nodes[at as usize].next;
        }
        (at < node.next).then_some(at)
    }

    /// What a path leads to from a value.
    fn follow(&self, from: u32, path: &[PathKey]) -> Found<'_> {
        let mut at = from;
        for key in path {
            let next = match key {
                PathKey::Name(name) => self.field(at, name),
                PathKey::Index(index) => self.element(at, *index),
            };
            let is_text = matches!(self.nodes[at as usize].kind, Kind::Text | Kind::Escaped);
            match next {
                Some(next) => at = next,
                None if is_text && matches!(key, PathKey::Index(_)) => return Found::Unclear,
                None => return Found::Nothing,
            }
        }
        self.found(at)
    }
}

impl<'d> Elements<'d> {
    /// What each element has behind a path.
    pub fn at(mut self, path: &'d [PathKey]) -> impl Iterator<Item = Found<'d>> {
        std::iter::from_fn(move || {
            let document = self.document;
            let at = self.next()?;
            Some(document.follow(at, path))
        })
    }

    fn next(&mut self) -> Option<u32> {
        let at = self.at;
        if at >= self.end {
            return None;
        }
        self.at = self.document.nodes[at as usize].next;
        Some(at)
    }
}

impl DocumentValue {
    /// The JSON it came as.
    pub fn json(&self) -> &str {
        self.document.slice(self.node())
    }

    /// The JSON, where it is sent on as it stands.
    pub fn exact_json(&self) -> Option<&str> {
        self.document.is_exact.then(|| self.json())
    }

    /// What a path leads to.
    pub fn at<'d>(&'d self, path: &[PathKey]) -> Found<'d> {
        self.document.follow(self.node, path)
    }

    fn value(&self, at: u32) -> Value {
        match self.document.nodes[at as usize].kind {
            Kind::List | Kind::Map => Value::from_object(Self {
                document: Arc::clone(&self.document),
                node: at,
            }),
            _ => value_of(self.document.found(at)),
        }
    }

    fn node(&self) -> Node {
        self.document.nodes[self.node as usize]
    }
}

impl fmt::Debug for DocumentValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.document.slice(self.node()))
    }
}

impl Object for DocumentValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.node().kind {
            Kind::List => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let index = usize::try_from(key.clone()).ok()?;
        let at = self.document.element(self.node, index)?;
        Some(self.value(at))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self.document.field(self.node, key)?;
        Some(self.value(at))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let node = self.node();
        let mut at = self.node + 1;
        if node.kind == Kind::List {
            // All at once: to find each by its number would go through those before it again.
            let mut items = Vec::new();
            while at < node.next {
                items.push(self.value(at));
                at = self.document.nodes[at as usize].next;
            }
            return Enumerator::Values(items);
        }
        let may_repeat = node.may_repeat;
        let mut names: Vec<Cow<'_, str>> = Vec::new();
        while at < node.next {
            let name = self.document.string(self.document.nodes[at as usize]);
            if !may_repeat || !names.contains(&name) {
                names.push(name);
            }
            at = self.document.nodes[at as usize + 1].next;
        }
        Enumerator::Values(names.iter().map(|name| Value::from(&**name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::json;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_document_holds_what_serde_json_reads() {
        let texts = [
            r#"{"a":1,"b":[1,2.50,"x\n\u00e4\"",null,true,false,{"c":[]},[[]]],"":{},"a":2}"#,
            " [ { \"k\" : -1e-3 } , [ ] , \"\\\\\" , 12345678901234567890 ] ",
            r#"{"\u0061":"escaped name","deep":{"er":{"x":[{"y":"z"}]}}}"#,
            "\"text\"",
            "7",
            "{}",
            "[]",
        ];
        for text in texts {
            let value = read(raw(text)).unwrap();
            let mut written = Vec::new();
            json::write(&value, &mut written);
            let ours: serde_json::Value = serde_json::from_slice(&written).unwrap();
            let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        let value = read(raw(r#"{"a":[19.90,1e3]}"#)).unwrap();
        assert_eq!(crate::template::text_of(&value), r#"{"a":[19.90,1e3]}"#);
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let text = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
        assert!(read(raw(&text)).is_err());
    }
}
