//! A record as the JSON it came as: where each value stands is noted in one pass, and a value is made
//! only when it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::value::RawValue;

use super::number::NumberText;
use crate::row::text::decode;

mod path;
mod reader;

pub use path::{FieldName, PathKey};

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
    /// The number of the value behind this one and all that it holds; of a name that of its map.
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
    // What was checked before can only be too deep.
    let Some(nodes) = reader::nodes(text.as_bytes()) else {
        return Err(refused(format!(
            "more than {DEEPEST} lists and maps stand inside each other"
        )));
    };
    let document = Document {
        text,
        nodes,
        is_exact,
    };
    Ok(document.into_value())
}

/// Reads a text that nobody has checked: all of it at once, and what it holds shares it. Nothing where it
/// is no JSON, or where `serde_json` might see it otherwise.
pub fn read_text(text: &str) -> Option<Value> {
    u32::try_from(text.len()).ok()?;
    let nodes = reader::nodes(text.as_bytes())?;
    let document = Document {
        text: text.into(),
        nodes,
        is_exact: false,
    };
    Some(document.into_value())
}

fn value_of(found: Found<'_>) -> Value {
    match found {
        Found::Text(text) => Value::from(text.as_ref()),
        Found::Bool(value) => Value::from(value),
        Found::Number(text) => NumberText::value_of(text),
        Found::Nothing | Found::List(_) | Found::Map | Found::Unclear => Value::UNDEFINED,
    }
}

impl Document {
    fn into_value(self) -> Value {
        if matches!(self.nodes[0].kind, Kind::List | Kind::Map) {
            let document = Arc::new(self);
            return Value::from_object(DocumentValue { document, node: 0 });
        }
        value_of(self.found(0))
    }

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

    /// The same, looked for first where it stood in the last map: records of a list are alike.
    fn field_near(&self, map: u32, name: &FieldName) -> Option<u32> {
        let node = self.nodes[map as usize];
        if node.kind == Kind::Map && !node.may_repeat {
            let near = map.saturating_add(name.last_place());
            let key = self.nodes.get(near as usize);
            // Only a name of this very map says so.
            let is_it = key.is_some_and(|key| {
                key.next == map
                    && key.kind == Kind::Text
                    && is_same(self.slice(*key), name.as_str())
            });
            if is_it {
                return Some(near + 1);
            }
        }
        let found = self.field(map, name.as_str())?;
        name.note_place(found - 1 - map);
        Some(found)
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
                PathKey::Name(name) => self.field_near(at, name),
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

    #[test]
    fn what_is_no_json_is_refused() {
        let texts = [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{a:1}",
            "{1:1}",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "tru",
            "truex",
            "nul",
            "fals",
            "True",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "1e+",
            "+1",
            "--1",
            "0x1",
            "1_0",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"a\nb\"",
            "\"a\tb\"",
            "1 1",
            "[] []",
            "{}}",
            "]",
            "}",
            "NaN",
            "Infinity",
            "[1]x",
            "'a'",
            "\u{feff}1",
            "[1;2]",
            "{\"a\"::1}",
            "[0 1,2]",
            "{\"a\":[1,{\"b\":2]}}",
            "\u{b}1",
        ];
        for text in texts {
            assert!(serde_json::from_str::<&RawValue>(text).is_err(), "{text:?}");
            assert!(read_text(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_text_holds_what_its_parts_hold() {
        let texts = [
            r#" {"a" : 1 ,"b":[1,2.50,"x\n\u00e4\"",null,true,false,{"c":[]},[[]]], "":{},"a":2 } "#,
            "[0,-0,10,-1.5e+3,1E5,0.1,123456789012345678901234567890]",
            "\"0123456789 abcdefgh äöü €\u{1f600} \\\\ \\\" \\/ \\ud83d\"",
            "true",
            "null",
            " -12 ",
            "[]",
            "{}",
        ];
        for text in texts {
            let theirs = read(raw(text.trim())).unwrap();
            let ours = read_text(text).unwrap();
            let written = |value: &Value| {
                let mut json = Vec::new();
                json::write(value, &mut json);
                String::from_utf8(json).unwrap()
            };
            assert_eq!(written(&ours), written(&theirs), "{text}");
        }
    }

    #[test]
    fn a_field_is_found_wherever_it_stands() {
        let path = [PathKey::name("b"), PathKey::name("c")];
        let texts = [
            (r#"{"a":1,"b":{"c":"1"}}"#, Some("1")),
            (r#"{"a":1,"b":{"c":"2"}}"#, Some("2")),
            (r#"{"b":{"x":0,"c":"3"},"a":1}"#, Some("3")),
            (r#"{"a":{"b":{"c":"no"}},"b":{"c":"4"}}"#, Some("4")),
            (r#"{"x":"b","b":{"x":"c","c":"5"}}"#, Some("5")),
            (r#"{"x":"b","y":{"c":"no"}}"#, None),
            (r#"{"b":{"c":"no"},"b":{"c":"6"}}"#, Some("6")),
            (r#"{"b":[{"c":"no"}]}"#, None),
            (r#"{"\u0062":{"c":"7"}}"#, Some("7")),
        ];
        for (text, wanted) in texts.iter().chain(&texts) {
            let value = read_text(text).unwrap();
            let document = value.downcast_object_ref::<DocumentValue>().unwrap();
            match (document.at(&path), wanted) {
                (Found::Text(found), Some(wanted)) => assert_eq!(&*found, *wanted, "{text}"),
                (Found::Nothing, None) => {}
                _ => panic!("{text}"),
            }
        }
    }

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
