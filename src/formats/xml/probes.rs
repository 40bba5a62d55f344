//! Paths followed in XML while it is read: the text of an element, or an attribute.

use super::value::local;
use crate::json_path::{PathStep, PlainPath};
use crate::template::Value;

/// Paths, and what they led to so far.
#[derive(Debug, Default)]
pub struct XmlProbes {
    probes: Vec<Probe>,
    /// The elements that are open, the root first; kept only where there are probes.
    open: Vec<String>,
}

#[derive(Debug)]
struct Probe {
    /// The names of elements that lead there; nothing where the path has `[*]`.
    names: Option<Vec<String>>,
    /// The attribute that is read instead of the text.
    attribute: Option<String>,
    value: Option<String>,
    /// At which depth the element is open whose text is read.
    reading: Option<usize>,
    is_done: bool,
}

impl XmlProbes {
    /// Probes of these paths, each from the root, with or without its name.
    pub fn new(paths: &[&PlainPath]) -> Self {
        let probes = paths.iter().map(|path| {
            let names = path.steps.iter().map(|step| match step {
                PathStep::Key(key) => Some(key.to_string()),
                PathStep::Each => None,
            });
            let mut names: Option<Vec<String>> = names.collect();
            let attribute = names.as_mut().and_then(|names| {
                let last = names.pop_if(|last| last.starts_with('@') || last == "#text")?;
                last.strip_prefix('@').map(str::to_owned)
            });
            Probe {
                names,
                attribute,
                value: None,
                reading: None,
                is_done: false,
            }
        });
        Self {
            probes: probes.collect(),
            open: Vec::new(),
        }
    }

    /// An element begins; whether its attributes are looked at.
    pub fn enter(&mut self, name: &str) -> bool {
        if self.probes.is_empty() {
            return false;
        }
        self.open.push(name.to_owned());
        let depth = self.open.len();
        let mut is_wanted = false;
        for probe in &mut self.probes {
            if !probe.is_done && probe.reading.is_none() && probe.is_at(&self.open) {
                is_wanted |= probe.attribute.is_some();
                probe.reading = Some(depth);
            }
        }
        is_wanted
    }

    /// An attribute of the element that has just begun.
    pub fn attribute(&mut self, name: &str, value: &str) {
        let depth = self.open.len();
        for probe in &mut self.probes {
            let is_it = probe
                .attribute
                .as_deref()
                .is_some_and(|wanted| wanted == name);
            if is_it && probe.reading == Some(depth) && !probe.is_done {
                probe.value = Some(value.to_owned());
                probe.is_done = true;
            }
        }
    }

    /// Text of the innermost element.
    pub fn text(&mut self, text: &str) {
        for probe in &mut self.probes {
            if probe.reading.is_some() && probe.attribute.is_none() {
                probe.value.get_or_insert_default().push_str(text);
            }
        }
    }

    /// The innermost element ends.
    pub fn leave(&mut self) {
        let depth = self.open.len();
        self.open.pop();
        for probe in &mut self.probes {
            if probe.reading == Some(depth) {
                probe.reading = None;
                probe.is_done = probe.value.is_some();
            }
        }
    }

    /// What each path led to first; nothing where it led nowhere.
    pub fn found(&self) -> Vec<Value> {
        let value = |probe: &Probe| match probe.value.as_deref().map(str::trim) {
            Some(text) if !text.is_empty() => Value::from(text),
            _ => Value::UNDEFINED,
        };
        self.probes.iter().map(value).collect()
    }
}

impl Probe {
    /// Whether these open elements are the way to it.
    fn is_at(&self, open: &[String]) -> bool {
        let Some(names) = &self.names else {
            return false;
        };
        let is_same = |open: &[String]| {
            open.len() == names.len()
                && open
                    .iter()
                    .zip(names)
                    .all(|(name, wanted)| name == wanted || local(name) == wanted)
        };
        is_same(open) || is_same(&open[1..])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::XmlPlan;
    use super::super::read;
    use super::*;

    fn probe(xml: &'static str, steps: &[&str]) -> String {
        let path = PlainPath {
            steps: steps
                .iter()
                .map(|step| PathStep::Key((*step).into()))
                .collect::<Vec<_>>()
                .into(),
            text: Arc::from("$"),
        };
        let plan = XmlPlan::default();
        let input = Box::new(xml.as_bytes());
        let found = read(input, &plan, &[&path], &mut |_| Ok(())).unwrap();
        crate::template::text_of(&found.probes[0]).into_owned()
    }

    #[test]
    fn paths_lead_to_texts_and_attributes() {
        let xml = r#"<a:list xmlns:a="u" total="3"><p><n>x</n></p><a:next>A<b>2</b></a:next><n>y</n></a:list>"#;
        assert_eq!(probe(xml, &["list", "next"]), "A2");
        assert_eq!(probe(xml, &["next"]), "A2");
        assert_eq!(probe(xml, &["a:list", "a:next"]), "A2");
        assert_eq!(probe(xml, &["n"]), "y");
        assert_eq!(probe(xml, &["p", "n"]), "x");
        assert_eq!(probe(xml, &["list", "@total"]), "3");
        assert_eq!(probe(xml, &["@total"]), "3");
        assert_eq!(probe(xml, &["n", "#text"]), "y");
        assert_eq!(probe(xml, &["nothing"]), "");
    }
}
