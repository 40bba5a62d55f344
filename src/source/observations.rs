//! Where records were looked for in vain: what is said when a source gives none.

use std::sync::{Mutex, PoisonError};

use crate::diagnostics::nearest::nearest;
use crate::formats::PageFindings;
use crate::json_path::{PathPlan, PathStep};
use crate::plan::source::ReadingPlan;

/// Places without records, one for each step.
#[derive(Debug, Default)]
pub struct Observations(Mutex<Vec<(String, String)>>);

impl Observations {
    /// Notes that a step found no record in an answer or a file.
    pub fn note(&self, step: &str, origin: &str, plan: &ReadingPlan, found: &PageFindings) {
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
        looked.push((step.to_owned(), text));
    }

    /// What was noted, a sentence for each step.
    pub fn sentences(&self) -> Vec<String> {
        let looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looked.iter().map(|(_, text)| text.clone()).collect()
    }
}
