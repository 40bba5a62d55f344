//! XML: a record an element; attributes are `@name`; where text stands beside elements, `#text` is all
//! of it in reading order.

use std::io::{BufReader, Read};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::XmlPlan;
use super::entities::Entities;
use super::probes::XmlProbes;
use super::value::{ElementValue, Entry, local};
use crate::formats::{PageFindings, ReadError, Sink, XmlFindings};
use crate::json_path::PlainPath;
use crate::template::Value;

/// Elements inside each other at most.
const DEEPEST: usize = 256;

/// Reads to the end. Probes are paths from the root, with or without its name.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    plan: &XmlPlan,
    probes: &[&PlainPath],
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let mut reader = Reader::from_reader(BufReader::with_capacity(256 * 1024, input));
    let mut walk = Walk::new(plan);
    walk.probes = XmlProbes::new(probes);
    walk_through(&mut reader, &mut walk, sink)?;
    Ok(PageFindings {
        probes: walk.probes.found(),
        keys: walk.keys,
        warnings: unknown_entities(walk.unknown),
        nothing: walk.nothing,
        xml: Some(Box::new(XmlFindings {
            elements: walk.records,
            around: walk.around,
            words: (!walk.words.is_empty()).then_some(walk.words),
        })),
        ..PageFindings::default()
    })
}

/// A whole document: the name of its root, and the root as records are seen.
pub fn document(text: &str) -> Result<Option<(String, Value)>, ReadError> {
    let plan = XmlPlan::default();
    let mut reader = Reader::from_reader(text.as_bytes());
    let mut walk = Walk::new(&plan);
    walk.is_whole = true;
    let mut root = None;
    walk_through(&mut reader, &mut walk, &mut |record| {
        root = Some(record);
        Ok(())
    })?;
    Ok(walk.root.zip(root))
}

/// What is no XML, though its parts are.
#[derive(Debug, thiserror::Error)]
enum XmlError {
    #[error("more than {DEEPEST} elements stand inside each other")]
    TooDeep,
    #[error("{0:?} stands outside of all elements")]
    Outside(String),
    #[error(transparent)]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error(transparent)]
    Entity(#[from] super::entities::EntityError),
}

fn walk_through<R: std::io::BufRead>(
    reader: &mut Reader<R>,
    walk: &mut Walk<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), ReadError> {
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let at = reader.buffer_position();
        let broken = |reason: String| ReadError::Broken {
            format: "XML",
            reason: format!("byte {at}: {reason}"),
        };
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => {
                return Err(std::io::Error::new(error.kind(), Arc::clone(&error)).into());
            }
            Err(error) => return Err(broken(error.to_string())),
        };
        match event {
            Event::Start(start) => walk
                .start(&start)
                .map_err(|error| broken(error.to_string()))?,
            Event::End(_) => {
                if let Some(record) = walk.end() {
                    sink(record)?;
                }
            }
            Event::Text(text) => {
                let content = text.xml10_content();
                walk.outside(&content)
                    .map_err(|error| broken(error.to_string()))?;
                walk.text(&content, &content);
            }
            Event::CData(text) => {
                let content = text.xml10_content();
                walk.text(&content, &content);
            }
            Event::GeneralRef(name) => {
                let source = format!("&{};", name.xml10_content());
                let resolved = name
                    .resolve_char_ref()
                    .map_err(|error| broken(error.to_string()))?;
                if let Some(c) = resolved {
                    walk.text(c.encode_utf8(&mut [0; 4]), &source);
                    continue;
                }
                let declared = walk.entities.resolve(&name.xml10_content());
                let text =
                    if let Some(text) = declared.map_err(|error| broken(error.to_string()))? {
                        text
                    } else {
                        let text = htmlize::unescape(source.as_str()).into_owned();
                        if text == source {
                            let (count, _) = walk.unknown.get_or_insert((0, source.clone()));
                            *count += 1;
                        }
                        text
                    };
                walk.text(&text, &source);
            }
            Event::DocType(text) => {
                let declared = walk.entities.declare(&text.xml10_content());
                declared.map_err(|error| broken(error.to_string()))?;
            }
            Event::Eof if walk.depth > 0 => {
                return Err(broken("it ends before its elements do".to_owned()));
            }
            Event::Eof if walk.root.is_none() => {
                return Err(broken("it has no element".to_owned()));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// What is said of entities that are declared nowhere, or in another file, which is not read.
fn unknown_entities(unknown: Option<(u64, String)>) -> Vec<String> {
    let said = unknown.map(|(count, first)| {
        let what = match count {
            1 => "one entity is".to_owned(),
            count => format!("{count} entities are"),
        };
        format!("{what} declared nowhere here, and left as written, the first is {first}")
    });
    Vec::from_iter(said)
}

/// Elements that are open.
struct Walk<'p> {
    plan: &'p XmlPlan,
    /// Whether the root is the one record.
    is_whole: bool,
    /// Those of the record that is being read, its own first.
    open: Vec<Element>,
    depth: usize,
    root: Option<String>,
    /// Names of elements around records.
    keys: Vec<String>,
    /// Names of records, where none is said.
    records: Vec<String>,
    /// Records that are nothing.
    nothing: u64,
    /// The elements that are open around records, the root first; and the one around the first record.
    outer: Vec<String>,
    around: Option<String>,
    /// The beginning of the words that stand in the root itself.
    words: String,
    /// How often an entity stood there that is declared nowhere, and the first.
    unknown: Option<(u64, String)>,
    entities: Entities,
    probes: XmlProbes,
}

#[derive(Default)]
struct Element {
    name: String,
    fields: Vec<(String, Value)>,
    /// All text inside, that of inner elements too, in reading order.
    text: String,
    /// What stands inside as it is written, where that is kept.
    markup: Option<String>,
    has_elements: bool,
    /// Whether text stands beside inner elements.
    has_own_text: bool,
    is_nil: bool,
}

impl<'p> Walk<'p> {
    fn new(plan: &'p XmlPlan) -> Self {
        Self {
            plan,
            is_whole: false,
            open: Vec::new(),
            depth: 0,
            root: None,
            keys: Vec::new(),
            records: Vec::new(),
            nothing: 0,
            outer: Vec::new(),
            around: None,
            words: String::new(),
            unknown: None,
            entities: Entities::default(),
            probes: XmlProbes::default(),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        let name = start.name().as_ref().to_owned();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(XmlError::TooDeep);
        }
        if self.root.is_none() {
            self.root = Some(name.clone());
        }
        let is_probed = self.probes.enter(&name);
        let is_outside = self.open.is_empty() && !self.is_record(&name);
        if is_outside {
            if self.keys.len() < 40 && !self.keys.contains(&name) {
                self.keys.push(name.clone());
            }
            self.outer.push(name.clone());
            if !is_probed {
                return Ok(());
            }
        }
        let mut element = Element {
            name,
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute?;
            let key: &str = attribute.key.as_ref();
            let value = self.entities.replace(&attribute.value)?;
            let value = htmlize::unescape_attribute(&value).into_owned();
            self.probes.attribute(key, &value);
            // Where names come from is no data.
            if key == "xmlns" || key.starts_with("xmlns:") {
                continue;
            }
            // That something is not nothing is no data either.
            let is_nil = match value.trim() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            };
            if let (true, Some(is_nil)) = (key.ends_with(":nil"), is_nil) {
                element.is_nil |= is_nil;
                continue;
            }
            element.fields.push((format!("@{key}"), Value::from(value)));
        }
        if is_outside {
            return Ok(());
        }
        let is_kept = |name: &str| {
            let wanted = &self.plan.text;
            wanted.iter().any(|one| one == name || *one == local(name))
        };
        if is_kept(&element.name) {
            element.markup = Some(String::new());
        }
        if self.open.is_empty() && self.around.is_none() {
            self.around = self.outer.last().cloned();
        }
        match self.open.last_mut() {
            Some(parent) => parent.has_elements = true,
            None if self.plan.record.is_empty()
                && self.records.len() < 8
                && !self.records.contains(&element.name) =>
            {
                self.records.push(element.name.clone());
            }
            None => {}
        }
        for outer in &mut self.open {
            if let Some(markup) = &mut outer.markup {
                // Parts of the tag as they were written.
                markup.push('<');
                markup.push_str(start);
                markup.push('>');
            }
        }
        self.open.push(element);
        Ok(())
    }

    fn is_record(&self, name: &str) -> bool {
        if self.is_whole {
            return self.depth == 1;
        }
        if self.plan.record.is_empty() {
            return self.depth == 2;
        }
        let wanted = &self.plan.record;
        wanted
            .iter()
            .any(|wanted| wanted == name || *wanted == local(name))
    }

    /// Text outside the root is no XML.
    fn outside(&self, text: &str) -> Result<(), XmlError> {
        let text = text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\0']);
        if self.depth > 0 || text.is_empty() {
            return Ok(());
        }
        let beginning: String = text.chars().take(60).collect();
        Err(XmlError::Outside(beginning))
    }

    /// Text, and how it is written.
    fn text(&mut self, text: &str, source: &str) {
        self.probes.text(text);
        for element in &mut self.open {
            if let Some(markup) = &mut element.markup {
                markup.push_str(source);
            }
        }
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
            element.has_own_text |= !text.trim().is_empty();
        } else if self.depth == 1 && self.words.len() < 60 {
            self.words.push_str(text.trim());
        }
    }

    /// Ends an element; a record comes back.
    fn end(&mut self) -> Option<Value> {
        self.depth = self.depth.saturating_sub(1);
        self.probes.leave();
        let Some(element) = self.open.pop() else {
            self.outer.pop();
            return None;
        };
        let name = element.name.clone();
        for outer in &mut self.open {
            if let Some(markup) = &mut outer.markup {
                close(markup, &name);
            }
        }
        if let Some(parent) = self.open.last_mut() {
            parent.text.push_str(&element.text);
        }
        let value = self.value_of(element);
        match self.open.last_mut() {
            None if value.is_undefined() => {
                self.nothing += 1;
                None
            }
            None => Some(value),
            Some(parent) => {
                parent.fields.push((name, value));
                None
            }
        }
    }

    fn value_of(&self, element: Element) -> Value {
        if element.is_nil {
            return Value::UNDEFINED;
        }
        let text = element.text.trim();
        let is_record = self.open.is_empty();
        let mut fields = element.fields;
        if let Some(markup) = element.markup.filter(|_| element.has_elements) {
            // What stands inside is text, not fields.
            fields.retain(|(name, _)| name.starts_with('@'));
            let markup = markup.trim();
            if fields.is_empty() && !is_record {
                return Value::from(markup);
            }
            fields.push(("#text".to_owned(), Value::from(markup)));
        } else {
            if fields.is_empty() && !is_record {
                return Value::from(text);
            }
            let is_text = element.has_own_text || !element.has_elements;
            if is_text && !text.is_empty() {
                fields.push(("#text".to_owned(), Value::from(text)));
            }
        }
        let mut entries: Vec<Entry> = Vec::new();
        for (name, value) in fields {
            let is_list = self
                .plan
                .lists
                .iter()
                .any(|list| *list == name || *list == local(&name));
            match entries.iter_mut().find(|entry| entry.name == name) {
                Some(entry) => entry.values.push(value),
                None => entries.push(Entry {
                    name,
                    values: vec![value],
                    is_list,
                }),
            }
        }
        Value::from_object(ElementValue::new(entries, self.plan.prefixes))
    }
}

/// Closes an element in kept markup: one without anything inside closes itself.
fn close(markup: &mut String, name: &str) {
    let is_empty = markup.rfind('<').is_some_and(|at| {
        let tag = &markup[at + 1..];
        tag.ends_with('>')
            && !tag.starts_with('/')
            && !tag.ends_with("/>")
            && tag[..tag.len() - 1].split_whitespace().next() == Some(name)
    });
    if is_empty {
        markup.pop();
        let end = markup.trim_end().len();
        markup.truncate(end);
        markup.push_str("/>");
    } else {
        markup.push_str("</");
        markup.push_str(name);
        markup.push('>');
    }
}
