//! Where records were looked for in vain: what is said when a source gives none.

use std::sync::{Mutex, PoisonError};

use crate::diagnostics::nearest::nearest;
use crate::formats::PageFindings;
use crate::json_path::{PathPlan, PathStep, PlainPath};
use crate::plan::source::ReadingPlan;
use crate::template::{Value, is_nothing};
use minijinja::value::ValueKind;

/// Places without records, one for each step.
#[derive(Debug, Default)]
pub struct Observations(Mutex<Vec<(String, String)>>);

impl Observations {
    /// Notes that a step found no record in an answer or a file.
    /// `answer` is the whole answer, where it was held.
    pub fn note(
        &self,
        step: &str,
        origin: &str,
        plan: &ReadingPlan,
        found: &PageFindings,
        answer: Option<&Value>,
    ) {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.iter().any(|(known, _)| known == step) {
            return;
        }
        let (path, keys) = (plan.records.as_ref(), found.keys.as_slice());
        let format = plan.format.as_ref();
        let elements = format.map_or(&[][..], |format| format.kind.elements());
        let place = match path {
            Some(PathPlan::Plain(path)) => format!("no records at `{}`", path.text),
            Some(PathPlan::Query(path)) => format!("no records at `{}`", path.text),
            Some(PathPlan::Template(_)) => "`records` gave none".to_owned(),
            None if elements.is_empty() => "no records".to_owned(),
            None => format!("no element `{}`", elements.join("`, `")),
        };
        let mut text = format!("{step}: {place} in {origin}");
        if keys.is_empty() {
            text.push_str("; it is empty");
        } else {
            text = format!("{text}; it has {}", keys.join(", "));
        }
        let near = elements
            .iter()
            .find_map(|element| nearest(element, keys.iter().map(String::as_str)));
        if let Some(near) = near {
            text = format!("{text}; did you mean `{near}`?");
        }
        if let Some(PathPlan::Plain(path)) = path {
            if let Some(PathStep::Key(first)) = path.steps.first() {
                let is_there = keys.iter().any(|key| **key == **first);
                let near = nearest(first, keys.iter().map(String::as_str));
                if let (false, Some(near)) = (is_there, near) {
                    text = format!("{text}; did you mean `$.{near}`?");
                }
            }
        }
        if let (Some(PathPlan::Plain(path)), Some(answer)) = (path, answer) {
            text.push_str(&how_far(path, answer).unwrap_or_default());
        }
        looked.push((step.to_owned(), text));
    }

    /// A step has records, whatever its answers are like.
    pub fn has_some(&self, step: &str) {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.retain(|(known, _)| known != step);
        looked.push((step.to_owned(), String::new()));
    }

    /// What was noted, a sentence for each step.
    pub fn sentences(&self) -> Vec<String> {
        let looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = looked.iter().filter(|(_, text)| !text.is_empty());
        said.map(|(_, text)| text.clone()).collect()
    }
}

/// How far a path of several steps leads into an answer; nothing where the first key is missing, which is
/// said already, or where nothing is missing.
fn how_far(path: &PlainPath, answer: &Value) -> Option<String> {
    let mut reached = "$".to_owned();
    let mut value = answer.clone();
    for (index, step) in path.steps.iter().enumerate() {
        match step {
            PathStep::Key(key) => {
                let next = value.get_attr(key).ok().filter(|next| !is_nothing(next));
                let Some(next) = next else {
                    if index == 0 {
                        return None;
                    }
                    let keys: Vec<String> = match value.try_iter() {
                        Ok(keys) if value.kind() == ValueKind::Map => {
                            keys.map(|key| key.to_string()).collect()
                        }
                        Ok(_) | Err(_) => Vec::new(),
                    };
                    let near = nearest(key, keys.iter().map(String::as_str));
                    let near =
                        near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
                    let has = match (value.kind(), keys.as_slice()) {
                        (ValueKind::Map, []) => "is empty".to_owned(),
                        (ValueKind::Map, keys) => format!("has {}", keys.join(", ")),
                        (kind, _) => format!("is a {kind}"),
                    };
                    return Some(format!(
                        "; `{reached}` is there, and {has}, and no `{key}`{near}"
                    ));
                };
                value = next;
                reached = format!("{reached}.{key}");
            }
            PathStep::Each => {
                let first = value
                    .get_item_by_index(0)
                    .ok()
                    .filter(|first| !is_nothing(first))?;
                value = first;
                reached.push_str("[0]");
            }
        }
    }
    None
}
