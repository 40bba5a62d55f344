//! XML: a record an element; attributes are `@name`, text beside elements is `#text`.

use std::io::{BufReader, Read};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Found, ReadError, Sink};
use crate::plan::format::XmlPlan;
use crate::template::Value;

/// Elements inside each other at most.
const DEEPEST: usize = 256;

/// Reads to the end.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    plan: &XmlPlan,
    sink: &mut Sink<'_>,
) -> Result<Found, ReadError> {
    let mut reader = Reader::from_reader(BufReader::with_capacity(256 * 1024, input));
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut walk = Walk {
        plan,
        open: Vec::new(),
        depth: 0,
        keys: Vec::new(),
    };
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
            Event::Start(start) => walk.start(&start).map_err(broken)?,
            Event::End(_) => {
                if let Some(record) = walk.end() {
                    sink(record)?;
                }
            }
            Event::Text(text) => walk.text(&text.xml10_content()),
            Event::CData(text) => walk.text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let resolved = name
                    .resolve_char_ref()
                    .map_err(|error| broken(error.to_string()))?;
                if let Some(c) = resolved {
                    walk.text(c.encode_utf8(&mut [0; 4]));
                } else {
                    let entity = format!("&{};", name.xml10_content());
                    walk.text(&htmlize::unescape(entity.as_str()));
                }
            }
            Event::Eof if walk.depth > 0 => {
                return Err(broken("it ends before its elements do".to_owned()));
            }
            Event::Eof => {
                return Ok(Found {
                    probes: Vec::new(),
                    keys: walk.keys,
                });
            }
            _ => {}
        }
    }
}

/// Elements that are open.
struct Walk<'p> {
    plan: &'p XmlPlan,
    /// Those of the record that is being read, its own first.
    open: Vec<Element>,
    depth: usize,
    /// Names of elements around records.
    keys: Vec<String>,
}

#[derive(Default)]
struct Element {
    name: String,
    fields: Vec<(String, Value)>,
    text: String,
}

impl Walk<'_> {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.name().as_ref().to_owned();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!(
                "more than {DEEPEST} elements stand inside each other"
            ));
        }
        if self.open.is_empty() && !self.is_record(&name) {
            if self.keys.len() < 40 && !self.keys.contains(&name) {
                self.keys.push(name);
            }
            return Ok(());
        }
        let mut element = Element {
            name,
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key: &str = attribute.key.as_ref();
            let value = htmlize::unescape_attribute(&*attribute.value).into_owned();
            element.fields.push((format!("@{key}"), Value::from(value)));
        }
        self.open.push(element);
        Ok(())
    }

    fn is_record(&self, name: &str) -> bool {
        if self.plan.record.is_empty() {
            return self.depth == 2;
        }
        let wanted = &self.plan.record;
        wanted
            .iter()
            .any(|wanted| wanted == name || *wanted == local(name))
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Ends an element; a record comes back.
    fn end(&mut self) -> Option<Value> {
        self.depth = self.depth.saturating_sub(1);
        let element = self.open.pop()?;
        let name = element.name.clone();
        let value = self.value_of(element);
        match self.open.last_mut() {
            None => Some(value),
            Some(parent) => {
                parent.fields.push((name, value));
                None
            }
        }
    }

    fn value_of(&self, element: Element) -> Value {
        let text = element.text.trim();
        let is_record = self.open.is_empty();
        if element.fields.is_empty() && !is_record {
            return Value::from(text);
        }
        let mut fields = element.fields;
        if !text.is_empty() {
            fields.push(("#text".to_owned(), Value::from(text)));
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

struct Entry {
    name: String,
    values: Vec<Value>,
    is_list: bool,
}

/// The name behind a prefix.
fn local(name: &str) -> &str {
    match name.split_once(':') {
        Some((_, local)) if !name.starts_with('@') => local,
        _ => name,
    }
}

/// An element with fields. A prefix may be left out where no other field has the name without it.
#[derive(Debug)]
struct ElementValue {
    /// The name as it is listed, as it was written, and the value.
    fields: Vec<(Arc<str>, Arc<str>, Value)>,
}

impl ElementValue {
    fn new(entries: Vec<Entry>, prefixes: bool) -> Self {
        let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let fields = entries.into_iter().map(|mut entry| {
            let written: Arc<str> = Arc::from(entry.name.as_str());
            let short = local(&written);
            let is_alone = names.iter().filter(|name| local(name) == short).count() == 1;
            let listed: Arc<str> = if prefixes || !is_alone {
                Arc::clone(&written)
            } else {
                Arc::from(short)
            };
            let value = match entry.values.len() {
                1 if !entry.is_list => entry.values.remove(0),
                _ => Value::from(entry.values),
            };
            (listed, written, value)
        });
        Self {
            fields: fields.collect(),
        }
    }
}

impl Object for ElementValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let by_written = || self.fields.iter().find(|(_, written, _)| **written == *key);
        let by_listed = || self.fields.iter().find(|(listed, _, _)| **listed == *key);
        let by_local = || {
            self.fields
                .iter()
                .find(|(_, written, _)| local(written) == key)
        };
        let (_, _, value) = by_written().or_else(by_listed).or_else(by_local)?;
        Some(value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.fields.iter();
        Enumerator::Values(
            names
                .map(|(listed, _, _)| Value::from(Arc::clone(listed)))
                .collect(),
        )
    }
}
