//! Where records were looked for in vain: what is said when a source gives none.

use std::sync::{Mutex, PoisonError};

use crate::check::nearest::nearest;
use crate::plan::path::{PathPlan, PathStep};

/// Places without records, one for each step.
#[derive(Debug, Default)]
pub struct Looked(Mutex<Vec<(String, String)>>);

impl Looked {
    /// Notes that a step found no record in an answer whose top has these keys.
    pub fn note(&self, step: &str, origin: &str, path: Option<&PathPlan>, keys: &[String]) {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.iter().any(|(known, _)| known == step) {
            return;
        }
        let place = match path {
            Some(PathPlan::Plain(path)) => format!("no records at `{}`", path.text),
            Some(PathPlan::Query(query)) => format!("no records at `{query}`"),
            Some(PathPlan::Template(_)) => "`records` gave none".to_owned(),
            None => "no records".to_owned(),
        };
        let mut text = format!("{step}: {place} in the answer of {origin}");
        if keys.is_empty() {
            text.push_str("; the answer is empty");
        } else {
            text = format!("{text}; it has {}", keys.join(", "));
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
