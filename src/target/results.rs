//! `results`: each row's fate in the answer to a batch, or in a second answer.

use std::sync::{Arc, PoisonError};

use minijinja::value::ValueKind;

use super::around::why_none;
use super::carry::Carried;
use super::matching::{Matching, is_plain};
use super::parcel::Unit;
use super::sender::BatchSender;
use crate::formats::collect;
use crate::http::{Answer, Failure, Reply};
use crate::json_path::{PathPlan, PathStep};
use crate::plan::target::{ResultsPlan, TargetStepPlan};
use crate::source::{SourceError, gather};
use crate::template::{Frame, TemplateError, TextTree, Value, is_nothing};

/// What an answer says of a row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// It went through; what is said about it.
    Ok(Option<String>),
    /// It did not.
    Failed(Reason),
    /// It did not, and is to be sent once more.
    Again(Reason),
    /// Something, and nobody knows whether it is about this row.
    Unknown(Reason),
    /// Nothing.
    Missing,
}

impl RowResult {
    /// Whether it says that the row did not go through.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Failed(_) | Self::Again(_) => true,
            Self::Ok(_) | Self::Unknown(_) | Self::Missing => false,
        }
    }
}

/// Why a row did not go through.
#[derive(Debug, Clone, Default)]
pub struct Reason {
    pub code: Option<String>,
    pub message: String,
    /// Whether the row is to be sent once more.
    pub is_passing: bool,
}

/// What an answer says of the rows of a batch.
#[derive(Debug)]
pub struct RowResults {
    /// Of each row, in their order.
    pub rows: Vec<RowResult>,
    /// Faults that no row could be found for.
    pub unmatched: Vec<Reason>,
    /// How many elements are about no row, and how the first of them names its row.
    pub strays: usize,
    pub stray: Option<String>,
    /// Why nothing is said of a row.
    pub missing: String,
    /// Why nobody knows which element is about which row, where that is so.
    pub mismatch: Option<String>,
    /// Whether there was no element at all.
    pub is_empty: bool,
    /// Whether the list was there, though it may have been empty.
    pub has_list: bool,
    /// How many rows were found by their key without case and space, and the first of them.
    pub(super) loosely: usize,
    pub(super) loose: Option<(String, String)>,
}

impl BatchSender {
    /// Finds each row's fate. An error is that the fates could not be read.
    pub(super) async fn verdicts(
        &self,
        plan: &ResultsPlan,
        unit: &Unit,
        frame: &Arc<Frame>,
        carried: &Carried,
    ) -> Result<RowResults, Unread> {
        let mut seen = Frame::on(frame);
        for (name, answer) in &carried.answers {
            seen.set(Arc::clone(name), answer.to_value());
        }
        let mut seen = Arc::new(seen);
        let mut answers = carried.answers.clone();
        for lead in &plan.leads {
            let Some(answer) = self.lead(lead, &seen).await? else {
                continue;
            };
            if let Some(name) = &lead.name {
                let value = answer.to_value();
                seen = Arc::new(Frame::on(&seen).with(Arc::clone(name), value));
                answers.push((Arc::clone(name), answer));
            }
        }
        let when = plan.when.as_ref();
        let is_reported = when.map_or(Ok(true), |when| when.holds(&seen));
        let is_reported = is_reported
            .map_err(|error| Unread::of_spec(format!("{}, when: {error}", plan.label)))?;
        let elements = match (&plan.request, &carried.answer) {
            (Some(_), _) if !is_reported => Vec::new(),
            (Some(fetch), _) => {
                let (elements, answer) = gather::fetched(&self.context, fetch, &seen)
                    .await
                    .map_err(|error| Unread::of(&error))?;
                if let Some(answer) = answer {
                    answers.retain(|(name, _)| &**name != "response");
                    answers.push(("response".into(), answer));
                }
                elements
            }
            (None, Some(answer)) => gather::of_answer(
                &self.context,
                &plan.label,
                &plan.reading,
                answer,
                (&seen, &plan.names),
            )
            .await
            .map_err(|error| Unread::of(&error))?,
            (None, None) => Vec::new(),
        };
        let elements = if says_none(plan, carried) {
            Vec::new()
        } else {
            elements
        };
        let is_there = elements.iter().any(|element| !is_nothing(element))
            || has_list(plan, carried, &seen)
                .map_err(|error| Unread::of_spec(format!("{}, list: {error}", plan.label)))?;
        let matching = Matching {
            plan,
            unit,
            answers: &answers,
            frame: &seen,
            has_report: is_reported,
            has_list: is_there,
        };
        let verdicts = matching
            .verdicts(&elements)
            .map_err(|error| Unread::of_spec(format!("{}: {error}", plan.label)))?;
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.is_found |= is_there;
        if !is_there {
            lists.vain.get_or_insert_with(|| matching.nothing_found());
        }
        lists.strays += verdicts.strays;
        lists.stray = lists.stray.take().or(verdicts.stray.clone());
        lists.loosely += verdicts.loosely;
        lists.loose = lists.loose.take().or(verdicts.loose.clone());
        Ok(verdicts)
    }

    /// What a request is answered that leads to where fates are fetched; nothing where it is not sent.
    async fn lead(
        &self,
        lead: &TargetStepPlan,
        frame: &Arc<Frame>,
    ) -> Result<Option<Arc<Answer>>, Unread> {
        let runs = lead
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.holds(frame));
        let of_spec = |error: TemplateError| {
            Unread::of_spec(format!("{}, when: {error}", lead.request.label))
        };
        if !runs.map_err(of_spec)? {
            return Ok(None);
        }
        let label = &lead.request.label;
        match self.context.http.send(&lead.request, frame, None).await {
            Ok(Reply::Good(answer, _)) => match why_none(lead, &answer) {
                None => Ok(Some(answer)),
                Some(why) => Err(Unread::of_channel(why)),
            },
            Ok(Reply::Skip(message)) => Err(Unread::of_channel(format!("{label}: {message}"))),
            Ok(Reply::Stop) => Err(Unread::of_channel(format!("{label}: a rule ends it"))),
            Ok(Reply::Split(error)) | Err(error) => Err(Unread::of(&error.into())),
        }
    }
}

/// Why fates could not be read.
#[derive(Debug)]
pub struct Unread {
    /// In words.
    pub reason: String,
    /// Whether the spec may be why, so that it is the same for all.
    pub is_of_spec: bool,
}

impl Unread {
    fn of_spec(reason: String) -> Self {
        Self {
            reason,
            is_of_spec: true,
        }
    }

    fn of_channel(reason: String) -> Self {
        Self {
            reason,
            is_of_spec: false,
        }
    }

    fn of(error: &SourceError) -> Self {
        Self {
            reason: error.to_string(),
            is_of_spec: match error {
                SourceError::Send(error) => matches!(error.failure, Failure::Template(_)),
                SourceError::Step { .. } | SourceError::Read { .. } => true,
                SourceError::Stopped => false,
            },
        }
    }
}

/// Whether an answer has the list, empty or not, as far as can be told.
fn has_list(
    plan: &ResultsPlan,
    carried: &Carried,
    frame: &Arc<Frame>,
) -> Result<bool, TemplateError> {
    let (Some(answer), None) = (&carried.answer, &plan.request) else {
        return Ok(true);
    };
    let path = match &plan.reading.records {
        Some(PathPlan::Plain(path)) => path,
        Some(PathPlan::Query(_)) => return Ok(!is_nothing(&answer.body())),
        Some(PathPlan::Template(template)) => {
            let seen = Arc::new(Frame::on(frame).with("response", answer.to_value()));
            return Ok(!is_nothing(&template.value(&seen)?));
        }
        // Words around no element are no list of them.
        None => {
            let body = answer.body();
            let is_of_words = body.downcast_object_ref::<TextTree>().is_some_and(|tree| {
                let text = tree.root().get_attr("#text").unwrap_or_default();
                is_plain(tree.root()) || !is_nothing(&text)
            });
            return Ok(!is_nothing(&body) && !is_of_words);
        }
    };
    let steps = match path.steps.split_last() {
        Some((PathStep::Each, steps)) => steps,
        _ => &path.steps,
    };
    let mut nodes = Vec::new();
    collect(&answer.body(), steps, &mut nodes);
    Ok(!nodes.is_empty())
}

/// A row's place in its batch.
pub fn batch_value(unit: &Unit, index: usize) -> Value {
    Value::from_pairs([
        ("number", unit.number.map_or(Value::UNDEFINED, Value::from)),
        ("size", Value::from(unit.count())),
        ("index", Value::from(index)),
    ])
}

/// Whether what stands in the place of a list says that there is none: `false`, `""`, `{}`.
fn says_none(plan: &ResultsPlan, carried: &Carried) -> bool {
    let (Some(answer), None, Some(PathPlan::Plain(path))) =
        (&carried.answer, &plan.request, &plan.reading.records)
    else {
        return false;
    };
    if path.steps.is_empty() || path.steps.contains(&PathStep::Each) {
        return false;
    }
    let mut nodes = Vec::new();
    collect(&answer.body(), &path.steps, &mut nodes);
    nodes.first().is_some_and(|value| match value.kind() {
        ValueKind::Bool => !value.is_true(),
        ValueKind::String | ValueKind::Map => value.len() == Some(0),
        _ => false,
    })
}
