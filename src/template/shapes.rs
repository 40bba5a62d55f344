//! What values looked like that were seen before: which fields a map has, what a list holds.

use std::collections::BTreeMap;

use minijinja::value::{Value, ValueKind};

use super::is_nothing;

/// What was seen at one place, over all values.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    fields: BTreeMap<String, Shape>,
    element: Option<Box<Shape>>,
    maps: usize,
    texts: usize,
    others: usize,
    samples: Vec<String>,
}

/// So many values are kept as examples.
const SAMPLES: usize = 3;
/// Longer ones are cut.
const SAMPLE_LENGTH: usize = 60;

/// Shapes by the names that templates use.
pub type Shapes = BTreeMap<String, Shape>;

impl Shape {
    /// Takes one more value.
    pub fn observe(&mut self, value: &Value) {
        if is_nothing(value) {
            return;
        }
        match value.kind() {
            ValueKind::Map => {
                self.maps += 1;
                for key in value.try_iter().into_iter().flatten() {
                    let Ok(field) = value.get_item(&key) else {
                        continue;
                    };
                    self.fields
                        .entry(key.to_string())
                        .or_default()
                        .observe(&field);
                }
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let element = self.element.get_or_insert_default();
                for item in value.try_iter().into_iter().flatten() {
                    element.observe(&item);
                }
            }
            ValueKind::String => {
                self.texts += 1;
                self.keep(value);
            }
            _ => {
                self.others += 1;
                self.keep(value);
            }
        }
    }

    fn keep(&mut self, value: &Value) {
        if self.samples.len() == SAMPLES {
            return;
        }
        let text = match value.as_str() {
            Some(text) => format!("'{text}'"),
            None => value.to_string(),
        };
        let mut short: String = text.chars().take(SAMPLE_LENGTH).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        if !self.samples.contains(&short) {
            self.samples.push(short);
        }
    }

    /// A few of the values, as a template would write them.
    pub fn samples(&self) -> &[String] {
        &self.samples
    }

    /// What it was, in a word or two; nothing where it never was anything.
    pub fn kind(&self) -> &'static str {
        let has = [
            self.maps > 0,
            self.element.is_some(),
            self.texts > 0,
            self.others > 0,
        ];
        match has {
            [false, false, false, false] => "nothing",
            [true, false, false, false] => "a map",
            [false, true, false, false] => "a list",
            [false, false, true, false] => "text",
            [false, false, false, true] => "a number or a flag",
            _ => "of several kinds",
        }
    }

    /// What a field holds.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields.get(name)
    }

    /// What the elements of a list are.
    pub fn element(&self) -> Option<&Self> {
        self.element.as_deref()
    }

    /// The names of all fields that were seen, where nothing but maps was.
    pub fn names(&self) -> Option<impl Iterator<Item = &str>> {
        let is_map = self.maps > 0 && self.texts == 0 && self.others == 0 && self.element.is_none();
        let has_fields = !self.fields.is_empty();
        (is_map && has_fields).then(|| self.fields.keys().map(String::as_str))
    }

    /// Whether it was text each time.
    pub fn is_text(&self) -> bool {
        self.texts > 0 && self.maps == 0 && self.others == 0 && self.element.is_none()
    }
}
