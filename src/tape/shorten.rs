//! Answers made shorter: no more of their records than a run needs that ends early. Only those of a source
//! that is one request, whose records all go on, and whose answers nothing else reads.

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::formats::{CsvPlan, FormatKind};
use crate::json_path::{PathPlan, PathStep};
use crate::plan::Plan;
use crate::plan::source::StepKind;

/// Where answers hold their records, and how many of them are kept.
#[derive(Debug)]
pub struct Shorten {
    /// The names that lead to the list in JSON; nothing where no path leads there by names.
    way: Option<Vec<Box<str>>>,
    /// Whether lines are records: nothing else is said of them.
    has_lines: bool,
    most: usize,
}

impl Shorten {
    /// For a source that ends after so many records; nothing where more of an answer may be needed, as a
    /// later step or a condition drops some.
    pub fn of(plan: &Plan, records: u64) -> Option<Self> {
        let [step] = plan.source.as_slice() else {
            return None;
        };
        let StepKind::Request(request) = &step.kind else {
            return None;
        };
        let is_read_otherwise = !plan.lookups.is_empty() || step.keeps_response;
        if step.filter.is_some() || step.collect || is_read_otherwise {
            return None;
        }
        // One more shows that there is more.
        let most = usize::try_from(records).ok()?.saturating_add(1);
        let is_plain = |csv: &CsvPlan| csv.skip == 0 && csv.quote.is_none() && csv.escape.is_none();
        Some(Self {
            way: match &request.reading.records {
                Some(path) => way(path),
                None => Some(Vec::new()),
            },
            has_lines: match request.reading.format.as_ref().map(|format| &format.kind) {
                None | Some(FormatKind::Jsonl) => true,
                Some(FormatKind::Csv(csv)) => is_plain(csv),
                Some(
                    FormatKind::Json
                    | FormatKind::Xml(_)
                    | FormatKind::Xlsx(_)
                    | FormatKind::Parquet,
                ) => false,
            },
            most,
        })
    }

    /// How many lines are kept of a body whose type or address says that it is CSV or JSON lines, unpacked:
    /// one of names comes before those of records.
    pub fn lines(&self, content_type: &str, path: &str) -> Option<usize> {
        let content_type = content_type.to_lowercase();
        let path = path.to_lowercase();
        let types = ["csv", "tab-separated", "ndjson", "jsonl", "json-lines"];
        let endings = [".csv", ".tsv", ".jsonl", ".ndjson"];
        let is_of_lines = types.iter().any(|kind| content_type.contains(kind))
            || endings.iter().any(|ending| path.ends_with(ending));
        let is_packed = ["zip", "gzip", "octet"]
            .iter()
            .any(|kind| content_type.contains(kind));
        (self.has_lines && is_of_lines && !is_packed).then(|| self.most.saturating_add(1))
    }

    /// A body with fewer records; as it is where it is no JSON that has them. What stays is written as it
    /// came.
    pub fn body(&self, body: String) -> String {
        let raw = serde_json::from_str::<&RawValue>(&body);
        let way = self.way.as_deref();
        let shorter = way.and_then(|way| self.within(raw.ok()?, way));
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

/// The names that lead to a list; nothing where a path goes elsewhere.
fn way(path: &PathPlan) -> Option<Vec<Box<str>>> {
    let steps = match path {
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
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_cut_and_all_else_stays_as_it_came() {
        let shorten = Shorten {
            way: Some(vec!["data".into(), "items".into()]),
            has_lines: false,
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
