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
pub enum PathValue<'d> {
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

fn value_of(found: PathValue<'_>) -> Value {
    match found {
        PathValue::Text(text) => Value::from(text.as_ref()),
        PathValue::Bool(value) => Value::from(value),
        PathValue::Number(text) => NumberText::value_of(text),
        PathValue::Nothing | PathValue::List(_) | PathValue::Map | PathValue::Unclear => {
            Value::UNDEFINED
        }
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

    fn found(&self, at: u32) -> PathValue<'_> {
        let node = self.nodes[at as usize];
        match node.kind {
            Kind::Null => PathValue::Nothing,
            Kind::Bool => PathValue::Bool(self.slice(node) == "true"),
            Kind::Number => PathValue::Number(self.slice(node)),
            Kind::Text | Kind::Escaped => PathValue::Text(self.string(node)),
            Kind::List => PathValue::List(Elements {
                document: self,
                at: at + 1,
                end: node.next,
            }),
            Kind::Map => PathValue::Map,
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
    fn follow(&self, from: u32, path: &[PathKey]) -> PathValue<'_> {
        let mut at = from;
        for key in path {
            let next = match key {
                PathKey::Name(name) => self.field_near(at, name),
                PathKey::Index(index) => self.element(at, *index),
            };
            let is_text = matches!(self.nodes[at as usize].kind, Kind::Text | Kind::Escaped);
            match next {
                Some(next) => at = next,
                None if is_text && matches!(key, PathKey::Index(_)) => return PathValue::Unclear,
                None => return PathValue::Nothing,
            }
        }
        self.found(at)
    }
}

impl<'d> Elements<'d> {
    /// What each element has behind a path.
    pub fn at(mut self, path: &'d [PathKey]) -> impl Iterator<Item = PathValue<'d>> {
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
    pub fn at<'d>(&'d self, path: &[PathKey]) -> PathValue<'d> {
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
mod tests;
