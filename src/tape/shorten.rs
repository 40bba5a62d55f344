//! Answers made shorter: no more of their records than a run needs that ends early.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::json_path::{PathPlan, PathStep};
use crate::plan::source::{StepKind, StepPlan};

/// Where answers hold their records, and how many of them are kept.
#[derive(Debug)]
pub struct Shorten {
    way: Vec<Box<str>>,
    most: usize,
}

impl Shorten {
    /// For a source that ends after so many records; nothing where more of an answer may be needed, as a
    /// later step or a condition drops some.
    pub fn of(source: &[Arc<StepPlan>], records: u64) -> Option<Self> {
        let [step] = source else {
            return None;
        };
        let StepKind::Request(request) = &step.kind else {
            return None;
        };
        if step.filter.is_some() || step.collect {
            return None;
        }
        let steps = match request.reading.records.as_ref()? {
            PathPlan::Plain(path) => &path.steps,
            PathPlan::Query(_) | PathPlan::Template(_) => return None,
        };
        let (last, way) = steps.split_last()?;
        let way = match last {
            PathStep::Each => way,
            PathStep::Key(_) => steps,
        };
        let names = way.iter().map(|step| match step {
            PathStep::Key(name) => Some(name.clone()),
            PathStep::Each => None,
        });
        Some(Self {
            way: names.collect::<Option<_>>()?,
            // One more shows that there is more.
            most: usize::try_from(records).ok()?.saturating_add(1),
        })
    }

    /// A body with fewer records; as it is where it is no JSON that has them. What stays is written as it
    /// came.
    pub fn body(&self, body: String) -> String {
        let raw = serde_json::from_str::<&RawValue>(&body);
        let shorter = raw.ok().and_then(|raw| self.within(raw, &self.way));
        shorter.unwrap_or(body)
    }

    fn within(&self, raw: &RawValue, way: &[Box<str>]) -> Option<String> {
        let Some((name, rest)) = way.split_first() else {
            let mut items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            if items.len() <= self.most {
                return None;
            }
            items.truncate(self.most);
            return serde_json::to_string(&items).ok();
        };
        let mut fields: IndexMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        let shorter = self.within(fields.get(&**name)?, rest)?;
        let shorter: &RawValue = serde_json::from_str(&shorter).ok()?;
        fields.insert(name.to_string(), shorter);
        serde_json::to_string(&fields).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_cut_and_all_else_stays_as_it_came() {
        let shorten = Shorten {
            way: vec!["data".into(), "items".into()],
            most: 2,
        };
        for (body, shorter) in [
            (
                r#"{"total": 3.10, "data": {"items": [{"a": 1.0},{"b":2},3], "x":"é"}}"#,
                r#"{"total":3.10,"data":{"items":[{"a": 1.0},{"b":2}],"x":"é"}}"#,
            ),
            (
                r#"{"data": {"items": [1, 2]}}"#,
                r#"{"data": {"items": [1, 2]}}"#,
            ),
            (r#"{"data": [1, 2, 3]}"#, r#"{"data": [1, 2, 3]}"#),
            ("<a/>", "<a/>"),
        ] {
            assert_eq!(shorten.body(body.to_owned()), shorter);
        }
    }
}
