//! JSON: records are given on as they are read, what nobody asks for is passed over.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::formats::shape::{Missing, Shape};
use crate::formats::{Closed, PageFindings, ReadError, Sink, Wanted};
use crate::json_path::PathStep;
use crate::template::{Value, document, json};

/// Names at the top that are remembered.
const KEYS: usize = 40;

/// Reads a document.
pub fn read<'r>(
    input: Box<dyn Read + 'r>,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let mut reader =
        serde_json::Deserializer::from_reader(BufReader::with_capacity(256 * 1024, input));
    walk(&mut reader, wanted, sink).and_then(|found| reader.end().map(|()| found).map_err(broken))
}

/// Reads a page that is at hand.
pub fn parse_page(
    text: &str,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    if let Some(page) = document::read_text(text) {
        return of_page(&page, wanted, sink);
    }
    // What is wrong with it is said by a reader that knows lines and columns.
    let mut reader = serde_json::Deserializer::from_str(text);
    walk(&mut reader, wanted, sink).and_then(|found| reader.end().map(|()| found).map_err(broken))
}

/// The records of a page that was read as a whole; they share it.
fn of_page(
    page: &Value,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let steps = wanted.records.map_or(&[][..], |path| &path.steps);
    let mut found = PageFindings {
        probes: Vec::with_capacity(wanted.probes.len()),
        keys: keys_of(page),
        shape: Shape::of(page, steps),
        ..PageFindings::default()
    };
    let mut nodes = Vec::new();
    for probe in wanted.probes {
        nodes.clear();
        collect(page, &probe.steps, &mut nodes);
        found
            .probes
            .push(nodes.first().cloned().unwrap_or_default());
    }
    nodes.clear();
    collect(page, steps, &mut nodes);
    let spreads = steps.last() != Some(&PathStep::Each);
    let mut nothing = 0;
    let mut give = |record: Value| {
        // `null` is no record.
        if crate::template::is_nothing(&record) {
            nothing += 1;
            return Ok(());
        }
        sink(record).map_err(|Closed| ReadError::Closed)
    };
    let leads_on = !nodes.is_empty();
    for node in nodes {
        if spreads && is_list(&node) {
            for item in node.try_iter().into_iter().flatten() {
                give(item)?;
            }
        } else {
            give(node)?;
        }
    }
    found.nothing = nothing;
    if !leads_on {
        found.shape = Shape::astray(page, steps).unwrap_or(found.shape);
    }
    Ok(found)
}

pub fn broken(error: serde_json::Error) -> ReadError {
    if error.is_io() {
        return ReadError::Io(error.into());
    }
    let reason = error.to_string();
    let hint = if reason.starts_with("trailing characters") {
        "; several values behind each other are read by format: jsonl"
    } else {
        ""
    };
    ReadError::Broken {
        format: "JSON",
        reason: format!("{reason}{hint}"),
    }
}

fn walk<'de, D>(
    reader: D,
    wanted: Wanted<'_>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError>
where
    D: Deserializer<'de, Error = serde_json::Error>,
{
    let mut state = State {
        sink,
        found: PageFindings {
            probes: vec![Value::UNDEFINED; wanted.probes.len()],
            ..PageFindings::default()
        },
        shape: None,
        has_probe: vec![false; wanted.probes.len()],
        is_closed: false,
    };
    let records = wanted.records.map_or(&[][..], |path| &path.steps);
    let mut active = vec![Aim {
        target: Target::Records,
        steps: records,
        // `$` and `$.items` mean the elements of a list; `$.items[*]` its elements as they are.
        spreads: records.last() != Some(&PathStep::Each),
    }];
    let probes = wanted.probes.iter().enumerate();
    active.extend(probes.map(|(index, path)| Aim {
        target: Target::Probe(index),
        steps: &path.steps,
        spreads: false,
    }));
    let seed = Walk {
        state: &mut state,
        aims: active,
        is_top: true,
    };
    let result = seed.deserialize(reader);
    match result {
        Ok(()) => {
            state.found.shape = state.shape.take().unwrap_or_else(|| {
                let key = records.iter().find_map(|step| match step {
                    PathStep::Key(key) => Some(key.to_string()),
                    PathStep::Each => None,
                });
                Shape::Missing(Missing {
                    at: "$".to_owned(),
                    wanted: key.filter(|key| !state.found.keys.contains(key)),
                    keys: state.found.keys.clone(),
                })
            });
            Ok(state.found)
        }
        Err(_) if state.is_closed => Err(ReadError::Closed),
        Err(error) => Err(broken(error)),
    }
}

struct State<'s, 'k> {
    sink: &'s mut Sink<'k>,
    found: PageFindings,
    /// What stands where records are looked for, once that place was reached.
    shape: Option<Shape>,
    has_probe: Vec<bool>,
    is_closed: bool,
}

impl State<'_, '_> {
    fn give<E: serde::de::Error>(&mut self, record: Value) -> Result<(), E> {
        // `null` is no record.
        if crate::template::is_nothing(&record) {
            self.found.nothing += 1;
            return Ok(());
        }
        (self.sink)(record).map_err(|Closed| {
            self.is_closed = true;
            E::custom("closed")
        })
    }

    fn probe(&mut self, index: usize, value: Value) {
        if !self.has_probe[index] {
            self.has_probe[index] = true;
            self.found.probes[index] = value;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Records,
    Probe(usize),
}

/// Something that is looked for below a node.
#[derive(Debug, Clone, Copy)]
struct Aim<'p> {
    target: Target,
    steps: &'p [PathStep],
    /// Whether a list that stands there is its elements.
    spreads: bool,
}

/// A node, and what is looked for in it.
struct Walk<'w, 's, 'k, 'p> {
    state: &'w mut State<'s, 'k>,
    aims: Vec<Aim<'p>>,
    is_top: bool,
}

impl<'p> Walk<'_, '_, '_, 'p> {
    /// What is looked for behind a key, or in an element.
    fn below(&self, key: Option<&str>) -> Vec<Aim<'p>> {
        self.aims
            .iter()
            .filter_map(|aim| {
                let (step, steps) = aim.steps.split_first()?;
                let leads = match step {
                    PathStep::Each => true,
                    PathStep::Key(wanted) => key == Some(&**wanted),
                };
                leads.then_some(Aim { steps, ..*aim })
            })
            .collect()
    }

    /// Notes what this node is, if records are looked for here.
    fn note_shape(&mut self, shape: impl FnOnce() -> Shape) {
        let is_here = |aim: &Aim<'_>| {
            let is_place = matches!(aim.steps.first(), None | Some(PathStep::Each));
            aim.target == Target::Records && is_place
        };
        if self.state.shape.is_none() && self.aims.iter().any(is_here) {
            self.state.shape = Some(shape());
        }
    }

    /// A text, a number or a word: one record where no path leads to it.
    fn note_plain(&mut self, text: impl fmt::Display) {
        let is_top = self.is_top;
        self.note_shape(|| {
            if is_top {
                Shape::One
            } else {
                Shape::Plain(text.to_string().chars().take(60).collect())
            }
        });
    }

    /// Whether all that is looked for is the elements of this very node.
    fn only_spreads(&self) -> bool {
        matches!(self.aims.as_slice(), [aim] if aim.steps.is_empty() && aim.spreads && aim.target == Target::Records)
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.aims.is_empty() {
            return reader.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        let is_here = self.aims.iter().any(|aim| aim.steps.is_empty());
        if !is_here || self.only_spreads() {
            return reader.deserialize_any(self);
        }
        // Something is this node itself: it is held, and all else is looked for in what is held.
        let raw: Box<RawValue> = serde::Deserialize::deserialize(reader)?;
        let value = document::read(raw).map_err(serde::de::Error::custom)?;
        if self.is_top {
            self.state.found.keys = keys_of(&value);
        }
        let steps = self.aims.iter().find(|aim| aim.target == Target::Records);
        if let Some(steps) = steps.map(|aim| aim.steps) {
            let shape = Shape::of(&value, steps);
            if self.state.shape.is_none() && (self.is_top || !matches!(shape, Shape::Missing(_))) {
                self.state.shape = Some(shape);
            }
        }
        for aim in self.aims {
            let mut nodes = Vec::new();
            collect(&value, aim.steps, &mut nodes);
            for node in nodes {
                match aim.target {
                    Target::Probe(index) => self.state.probe(index, node),
                    Target::Records if aim.spreads && is_list(&node) => {
                        for item in node.try_iter().into_iter().flatten() {
                            self.state.give(item)?;
                        }
                    }
                    Target::Records => self.state.give(node)?,
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        self.note_shape(|| Shape::One);
        if self.only_spreads() {
            // One record: its fields are read one by one.
            let mut pairs: Vec<(String, Value)> = Vec::new();
            while let Some(key) = map.next_key::<String>()? {
                let raw: Box<RawValue> = map.next_value()?;
                if self.is_top && self.state.found.keys.len() < KEYS {
                    self.state.found.keys.push(key.clone());
                }
                let value = json::from_raw(&raw).map_err(serde::de::Error::custom)?;
                pairs.push((key, value));
            }
            return self.state.give(Value::from_pairs(pairs));
        }
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let aims = self.below(Some(&key));
            if self.is_top && self.state.found.keys.len() < KEYS {
                self.state.found.keys.push(key.into_owned());
            }
            map.next_value_seed(Walk {
                state: &mut *self.state,
                aims,
                is_top: false,
            })?;
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut list: S) -> Result<(), S::Error> {
        self.note_shape(|| Shape::List);
        if self.only_spreads() {
            while let Some(raw) = list.next_element::<Box<RawValue>>()? {
                let value = document::read(raw).map_err(serde::de::Error::custom)?;
                self.state.give(value)?;
            }
            return Ok(());
        }
        loop {
            let seed = Walk {
                aims: self.below(None),
                state: &mut *self.state,
                is_top: false,
            };
            if list.next_element_seed(seed)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.note_plain(text);
        if self.only_spreads() {
            return self.state.give(Value::from(text));
        }
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<(), E> {
        self.note_plain(value);
        if self.only_spreads() {
            return self.state.give(Value::from(value));
        }
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(mut self, number: i64) -> Result<(), E> {
        self.note_plain(number);
        if self.only_spreads() {
            return self.state.give(Value::from(number));
        }
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(mut self, number: u64) -> Result<(), E> {
        self.note_plain(number);
        if self.only_spreads() {
            return self.state.give(Value::from(number));
        }
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(mut self, number: f64) -> Result<(), E> {
        self.note_plain(number);
        if self.only_spreads() {
            return self.state.give(Value::from(number));
        }
        Ok(())
    }

    /// `null` is no record.
    fn visit_unit<E: serde::de::Error>(mut self) -> Result<(), E> {
        self.note_shape(|| Shape::Nothing);
        Ok(())
    }
}

/// The nodes that steps lead to.
pub fn collect(value: &Value, steps: &[PathStep], nodes: &mut Vec<Value>) {
    let Some((step, rest)) = steps.split_first() else {
        nodes.push(value.clone());
        return;
    };
    match step {
        PathStep::Key(key) => {
            if value.kind() == minijinja::value::ValueKind::Map {
                let item = value.get_attr(key).unwrap_or_default();
                if !item.is_undefined() {
                    collect(&item, rest, nodes);
                }
            }
        }
        PathStep::Each if is_list(value) => {
            for item in value.try_iter().into_iter().flatten() {
                collect(&item, rest, nodes);
            }
        }
        PathStep::Each if value.kind() == minijinja::value::ValueKind::Map => {
            for key in value.try_iter().into_iter().flatten() {
                collect(&value.get_item(&key).unwrap_or_default(), rest, nodes);
            }
        }
        PathStep::Each => {}
    }
}

/// Whether a value is a list.
pub fn is_list(value: &Value) -> bool {
    use minijinja::value::ValueKind;
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// The names of a map.
pub fn keys_of(value: &Value) -> Vec<String> {
    if value.kind() != minijinja::value::ValueKind::Map {
        return Vec::new();
    }
    let keys = value.try_iter().into_iter().flatten();
    keys.take(KEYS)
        .map(|key| crate::template::text_of(&key).into_owned())
        .collect()
}
