//! `results`: each row's fate in the answer to a batch, or in a second answer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use minijinja::value::ValueKind;

use super::carry::Carried;
use super::parcel::Unit;
use super::sender::Sender;
use crate::formats::collect;
use crate::http::Answer;
use crate::plan::path::{PathPlan, PathStep};
use crate::plan::target::{MatchPlan, ResultsPlan};
use crate::source::gather;
use crate::spec::target::Missing;
use crate::template::{Frame, Template, TemplateError, Value, is_nothing, text_of};

/// What an answer says of a row.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It went through; what is said about it.
    Ok(Option<String>),
    /// It did not.
    Failed(Reason),
    /// Nothing.
    Missing,
}

/// Why a row did not go through.
#[derive(Debug, Clone, Default)]
pub struct Reason {
    pub code: Option<String>,
    pub message: String,
}

/// What an answer says of the rows of a batch.
#[derive(Debug)]
pub struct Verdicts {
    /// Of each row, in their order.
    pub rows: Vec<Verdict>,
    /// Faults that no row could be found for.
    pub unmatched: Vec<Reason>,
    /// Why nothing is said of a row.
    pub missing: String,
}

impl Sender {
    /// Finds each row's fate. An error is that the fates could not be read.
    pub(super) async fn verdicts(
        &self,
        plan: &ResultsPlan,
        unit: &Unit,
        frame: &Arc<Frame>,
        carried: &Carried,
    ) -> Result<Verdicts, String> {
        let mut seen = Frame::on(frame);
        for (name, answer) in &carried.answers {
            seen.set(Arc::clone(name), answer.to_value());
        }
        let seen = Arc::new(seen);
        let mut answers = carried.answers.clone();
        let elements = match (&plan.request, &carried.answer) {
            (Some(fetch), _) => {
                let (elements, answer) = gather::fetched(&self.context, fetch, &seen)
                    .await
                    .map_err(|error| error.to_string())?;
                if let Some(answer) = answer {
                    answers.retain(|(name, _)| &**name != "response");
                    answers.push(("response".into(), answer));
                }
                elements
            }
            (None, Some(answer)) => {
                gather::of_answer(&self.context, &plan.label, &plan.reading, answer, &seen)
                    .await
                    .map_err(|error| error.to_string())?
            }
            (None, None) => Vec::new(),
        };
        let is_there = elements.iter().any(|element| !is_nothing(element))
            || self
                .plan
                .results
                .as_ref()
                .is_none_or(|plan| has_list(plan, carried));
        let matching = Matching {
            plan,
            unit,
            answers: &answers,
            frame: &seen,
        };
        {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            lists.is_found |= is_there;
            if !is_there {
                lists.vain.get_or_insert_with(|| matching.nothing_found());
            }
        }
        matching
            .verdicts(&elements)
            .map_err(|error| format!("{}: {error}", plan.label))
    }
}

/// Whether an answer has the list, empty or not, as far as a plain path tells.
fn has_list(plan: &ResultsPlan, carried: &Carried) -> bool {
    let (Some(PathPlan::Plain(path)), None) = (&plan.reading.records, &plan.request) else {
        return true;
    };
    let Some(answer) = &carried.answer else {
        return true;
    };
    let steps = match path.steps.split_last() {
        Some((PathStep::Each, steps)) => steps,
        _ => &path.steps,
    };
    let mut nodes = Vec::new();
    collect(&answer.body(), steps, &mut nodes);
    !nodes.is_empty()
}

/// Elements and the rows they are about.
struct Matching<'m> {
    plan: &'m ResultsPlan,
    unit: &'m Unit,
    answers: &'m [(Arc<str>, Arc<Answer>)],
    /// The batch with its answers.
    frame: &'m Arc<Frame>,
}

impl Matching<'_> {
    fn verdicts(&self, elements: &[Value]) -> Result<Verdicts, TemplateError> {
        let mut rows = vec![Verdict::Missing; self.unit.count()];
        let mut unmatched = Vec::new();
        let keys = self.keys()?;
        for (position, element) in elements.iter().enumerate() {
            if is_nothing(element) {
                continue;
            }
            let places = self.places(position, element, &keys)?;
            if places.is_empty() {
                let seen = Frame::on(self.frame).with("result", element.clone());
                if let Some(reason) = self.judge(&Arc::new(seen), element)?.err() {
                    unmatched.push(Reason {
                        message: format!(
                            "the channel tells of a fault that fits no row of the batch (is `match` right?): {}",
                            reason.message
                        ),
                        ..reason
                    });
                }
            }
            for place in places {
                let frame = self.frame_of(place, element);
                let judged = self.judge(&frame, element)?;
                let known = std::mem::replace(&mut rows[place], Verdict::Missing);
                rows[place] = together(known, judged);
            }
        }
        let missing = match elements.len() {
            0 => self.nothing_found(),
            1 => "the one result in the channel's answer is not about it".to_owned(),
            count => format!("none of the {count} results in the channel's answer is about it"),
        };
        Ok(Verdicts {
            rows,
            unmatched,
            missing,
        })
    }

    /// What is said where the list is empty, or not where it was looked for.
    fn nothing_found(&self) -> String {
        let place = match &self.plan.reading.records {
            Some(PathPlan::Plain(path)) => format!(" at `{}`", path.text),
            Some(PathPlan::Query(query)) => format!(" at `{query}`"),
            _ => String::new(),
        };
        let body = self
            .frame
            .get("response")
            .and_then(|answer| answer.get_attr("body").ok());
        let body = body.unwrap_or_default();
        let mut keys = Vec::new();
        if body.kind() == ValueKind::Map {
            let all = body.try_iter().into_iter().flatten();
            keys.extend(all.take(20).map(|key| text_of(&key).into_owned()));
        }
        let has = match keys.len() {
            0 => String::new(),
            _ => format!("; it has {}", keys.join(", ")),
        };
        format!("the channel's answer has no result{place}{has}")
    }

    /// Rows by what they are known by.
    fn keys(&self) -> Result<HashMap<String, Vec<usize>>, TemplateError> {
        let mut keys: HashMap<String, Vec<usize>> = HashMap::new();
        if let MatchPlan::Key { row, .. } = &self.plan.matching {
            for place in 0..self.unit.count() {
                let key = row.text(&self.frame_of(place, &Value::UNDEFINED))?;
                keys.entry(key).or_default().push(place);
            }
        }
        Ok(keys)
    }

    /// The rows that an element is about.
    fn places(
        &self,
        position: usize,
        element: &Value,
        keys: &HashMap<String, Vec<usize>>,
    ) -> Result<Vec<usize>, TemplateError> {
        let seen = || Arc::new(Frame::on(self.frame).with("result", element.clone()));
        let place = match &self.plan.matching {
            MatchPlan::Position => Some(position),
            MatchPlan::Index(index) => {
                let value = index.value(&seen())?;
                text_of(&value).trim().parse().ok()
            }
            MatchPlan::Key { result, .. } => {
                let key = result.text(&seen())?;
                return Ok(keys.get(&key).cloned().unwrap_or_default());
            }
        };
        Ok(place
            .filter(|place| *place < self.unit.count())
            .into_iter()
            .collect())
    }

    /// What is known of a row and an element.
    fn frame_of(&self, place: usize, element: &Value) -> Arc<Frame> {
        let parcel = &self.unit.parcels[place];
        let mut frame = Frame::on(&parcel.frame)
            .with("item", parcel.item.clone())
            .with("batch", batch_value(self.unit, place))
            .with("result", element.clone());
        for (name, answer) in self.answers {
            frame.set(Arc::clone(name), answer.to_value());
        }
        Arc::new(frame)
    }

    /// Whether an element says that its row went through, and what is said.
    fn judge(
        &self,
        frame: &Arc<Frame>,
        element: &Value,
    ) -> Result<Result<Option<String>, Reason>, TemplateError> {
        let is_ok = self
            .plan
            .ok
            .as_ref()
            .map_or(Ok(true), |ok| ok.holds(frame))?;
        let message = text(self.plan.message.as_ref(), frame)?;
        if is_ok {
            return Ok(Ok(message));
        }
        Ok(Err(Reason {
            code: text(self.plan.code.as_ref(), frame)?,
            message: message.unwrap_or_else(|| said_by(element)),
        }))
    }
}

/// A row's place in its batch.
pub fn batch_value(unit: &Unit, index: usize) -> Value {
    Value::from_pairs([
        ("number", unit.number.map_or(Value::UNDEFINED, Value::from)),
        ("size", Value::from(unit.count())),
        ("index", Value::from(index)),
    ])
}

fn text(template: Option<&Template>, frame: &Arc<Frame>) -> Result<Option<String>, TemplateError> {
    let Some(template) = template else {
        return Ok(None);
    };
    let text = template.text(frame)?;
    Ok((!text.is_empty()).then_some(text))
}

/// What an element says where the spec does not say which part of it is the message.
fn said_by(element: &Value) -> String {
    let mut json = Vec::new();
    crate::template::json::write(element, &mut json);
    let text = String::from_utf8_lossy(&json);
    match element.as_str() {
        Some(text) => text.to_owned(),
        None => text.chars().take(300).collect(),
    }
}

/// Several elements about one row: it failed if one of them says so.
fn together(known: Verdict, judged: Result<Option<String>, Reason>) -> Verdict {
    match (known, judged) {
        (Verdict::Failed(mut first), Err(second)) => {
            if !first
                .message
                .split("; ")
                .any(|known| known == second.message)
            {
                first.message = format!("{}; {}", first.message, second.message);
            }
            first.code = first.code.or(second.code);
            Verdict::Failed(first)
        }
        (failed @ Verdict::Failed(_), Ok(_)) => failed,
        (_, Err(reason)) => Verdict::Failed(reason),
        (Verdict::Ok(said), Ok(more)) => Verdict::Ok(said.or(more)),
        (Verdict::Missing, Ok(said)) => Verdict::Ok(said),
    }
}

/// What is told of a row that no element is about.
pub fn of_missing(plan: &ResultsPlan, reason: &str) -> Verdict {
    match plan.missing {
        Missing::Ok => Verdict::Ok(None),
        Missing::Failed => Verdict::Failed(Reason {
            code: None,
            message: reason.to_owned(),
        }),
    }
}
