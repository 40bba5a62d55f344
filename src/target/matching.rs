//! Which rows the elements of results are about, and what each says of its row.

use std::sync::Arc;

use minijinja::value::ValueKind;

use super::keys::{are_in_order, by_key};
use super::parcel::Unit;
use super::results::{Reason, RowResult, RowResults, batch_value};
use crate::columns::Status;
use crate::http::Answer;
use crate::json_path::PathPlan;
use crate::plan::target::{ElementReads, MatchPlan, ResultsPlan};
use crate::spec::target::Missing;
use crate::template::{Frame, Template, TemplateError, Value, is_nothing, text_of};
/// Elements and the rows they are about.
pub(super) struct Matching<'m> {
    pub plan: &'m ResultsPlan,
    pub unit: &'m Unit,
    pub answers: &'m [(Arc<str>, Arc<Answer>)],
    /// The batch with its answers.
    pub frame: &'m Arc<Frame>,
    /// Whether a report of its own was asked for, where one is.
    pub has_report: bool,
    /// Whether the list was there.
    pub has_list: bool,
}

impl Matching<'_> {
    pub fn verdicts(&self, elements: &[Value]) -> Result<RowResults, TemplateError> {
        let count = self.unit.count();
        // By position `null` is a result too, where `ok` asks for no name in it.
        let is_by_position = matches!(self.plan.matching, MatchPlan::Position);
        let takes_null = is_by_position && self.plan.element_reads == ElementReads::Itself;
        let told: Vec<(usize, &Value)> = elements
            .iter()
            .enumerate()
            .filter(|(_, element)| takes_null || !is_nothing(element))
            .collect();
        let mut verdicts = RowResults {
            rows: vec![RowResult::Missing; count],
            unmatched: Vec::new(),
            strays: 0,
            stray: None,
            missing: match told.len() {
                0 if !elements.is_empty() => {
                    "each result in the channel's answer is null".to_owned()
                }
                0 => self.nothing_found(),
                1 => "the one result in the channel's answer is not about it".to_owned(),
                count => format!("none of the {count} results in the channel's answer is about it"),
            },
            mismatch: None,
            is_empty: told.is_empty(),
            has_list: self.has_list,
            loosely: 0,
            loose: None,
        };
        let about = match &self.plan.matching {
            MatchPlan::Position => {
                if elements.len() != count {
                    verdicts.mismatch = Some(mismatch(elements.len(), count));
                    return Ok(verdicts);
                }
                told.iter().map(|(position, _)| vec![*position]).collect()
            }
            MatchPlan::Index(index) => {
                let place = |element: &Value| -> Result<Vec<usize>, TemplateError> {
                    let value = index.value(&self.seen(element))?;
                    let place = text_of(&value).trim().parse().ok();
                    Ok(place.filter(|place| *place < count).into_iter().collect())
                };
                told.iter()
                    .map(|(_, element)| place(element))
                    .collect::<Result<Vec<_>, _>>()?
            }
            MatchPlan::Key { row, result } => {
                let keys: Result<Vec<String>, _> = (0..count)
                    .map(|place| row.text(&self.frame_of(place, &Value::UNDEFINED)))
                    .collect();
                let named: Result<Vec<String>, _> = told
                    .iter()
                    .map(|(_, element)| result.text(&self.seen(element)))
                    .collect();
                let (keys, named) = (keys?, named?);
                let found = by_key(&keys, &named);
                verdicts.loosely = found.loosely.len();
                verdicts.loose = found
                    .loosely
                    .first()
                    .map(|(place, element)| (keys[*place].clone(), named[*element].clone()));
                let stray = found.about.iter().position(Vec::is_empty);
                verdicts.stray = stray.map(|element| named[element].clone());
                found.about
            }
        };
        let mut judged: Vec<Vec<Result<Option<String>, Reason>>> = vec![Vec::new(); count];
        // Of rows with one key: the elements about any of them.
        let mut shared: Vec<(&[usize], &Value)> = Vec::new();
        for ((_, element), places) in told.iter().zip(&about) {
            match places.as_slice() {
                [] => {
                    verdicts.strays += 1;
                    if let Some(reason) = self.judge(&self.seen(element), element)?.err() {
                        verdicts.unmatched.push(reason);
                    }
                }
                [place] => {
                    let frame = self.frame_of(*place, element);
                    judged[*place].push(self.judge(&frame, element)?);
                }
                several => shared.push((several, element)),
            }
        }
        let in_order = are_in_order(&about);
        self.tell_apart(&shared, in_order, &mut verdicts, &mut judged)?;
        for (row, judged) in verdicts.rows.iter_mut().zip(judged) {
            for judged in judged {
                let known = std::mem::replace(row, RowResult::Missing);
                *row = together(known, judged);
            }
        }
        Ok(verdicts)
    }

    /// Results about rows that have one key: told apart by their order, where there are as many and the
    /// other results stand in the order of their rows; else nobody knows which is whose, unless all say
    /// the same.
    fn tell_apart(
        &self,
        shared: &[(&[usize], &Value)],
        in_order: bool,
        verdicts: &mut RowResults,
        judged: &mut [Vec<Result<Option<String>, Reason>>],
    ) -> Result<(), TemplateError> {
        let mut groups: Vec<(&[usize], Vec<&Value>)> = Vec::new();
        for (places, element) in shared {
            match groups.iter_mut().find(|(known, _)| known == places) {
                Some((_, elements)) => elements.push(element),
                None => groups.push((places, vec![element])),
            }
        }
        for (places, elements) in groups {
            // The first about the first of them; of more than rows those behind are about any of them.
            let mut own = Vec::new();
            for (nth, element) in elements.iter().enumerate() {
                let place = places[nth.min(places.len() - 1)];
                own.push(self.judge(&self.frame_of(place, element), element)?);
            }
            let agree = own.iter().all(Result::is_ok) || own.iter().all(Result::is_err);
            let is_one_each = own.len() == places.len();
            if own.len() >= places.len() && agree || is_one_each && in_order {
                for (place, said) in places.iter().zip(own) {
                    judged[*place].push(said);
                }
                continue;
            }
            for place in places {
                verdicts.rows[*place] = RowResult::Unknown(Reason {
                    message: format!(
                        "{} rows of the batch have its key, {} about them, and nobody knows which is whose",
                        places.len(),
                        match elements.len() {
                            1 => "one result is".to_owned(),
                            count => format!("{count} results are"),
                        }
                    ),
                    ..Reason::default()
                });
            }
        }
        Ok(())
    }

    /// The batch and an element.
    fn seen(&self, element: &Value) -> Arc<Frame> {
        Arc::new(Frame::on(self.frame).with("result", element.clone()))
    }

    /// What is said where the list is empty, or not where it was looked for.
    pub fn nothing_found(&self) -> String {
        let place = match &self.plan.reading.records {
            Some(PathPlan::Plain(path)) => format!(" at `{}`", path.text),
            Some(PathPlan::Query(path)) => format!(" at `{}`", path.text),
            _ => String::new(),
        };
        if self.plan.request.is_some() {
            return if self.has_report {
                format!("the channel's report is empty: it has no result{place}")
            } else {
                "the channel has no report of it: the `when` of the last request does not hold"
                    .to_owned()
            };
        }
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
        if self.has_list {
            return format!("the channel's answer has an empty list of results{place}");
        }
        let has = match keys.len() {
            0 => String::new(),
            _ => format!("; it has {}", keys.join(", ")),
        };
        format!("the channel's answer has no result{place}{has}")
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
        if self.plan.element_reads == ElementReads::Names && is_plain(element) {
            return Err(TemplateError::new(format!(
                "a result is {:?}, which holds no names, and the spec reads them",
                said_by(element)
            )));
        }
        let is_ok = self
            .plan
            .ok
            .as_ref()
            .map_or(Ok(true), |ok| ok.holds(frame))?;
        let message = text(self.plan.message.as_ref(), frame)?;
        if is_ok {
            return Ok(Ok(message));
        }
        let is_passing = match &self.plan.retry {
            Some(retry) => retry.holds(frame)?,
            None => false,
        };
        Ok(Err(Reason {
            code: text(self.plan.code.as_ref(), frame)?,
            message: message.unwrap_or_else(|| said_by(element)),
            is_passing,
        }))
    }
}

/// What is said where results are told apart by their place, and there are more or fewer than rows.
fn mismatch(results: usize, rows: usize) -> String {
    let results = match results {
        0 => "no result".to_owned(),
        1 => "one result".to_owned(),
        count => format!("{count} results"),
    };
    let rows = match rows {
        1 => "one row".to_owned(),
        count => format!("{count} rows"),
    };
    format!(
        "the channel's answer has {results} for {rows}, and by position nobody knows which is whose"
    )
}

/// Several elements about one row: it failed if one of them says so, and for good if one says nothing of
/// another try.
fn together(known: RowResult, judged: Result<Option<String>, Reason>) -> RowResult {
    match (known, judged) {
        (RowResult::Again(first), Err(second)) if second.is_passing => {
            RowResult::Again(joined(first, second))
        }
        (RowResult::Failed(first) | RowResult::Again(first), Err(second)) => {
            RowResult::Failed(joined(first, second))
        }
        (known @ (RowResult::Failed(_) | RowResult::Again(_)), Ok(_)) => known,
        (unknown @ RowResult::Unknown(_), _) => unknown,
        (RowResult::Missing | RowResult::Ok(_), Err(reason)) if reason.is_passing => {
            RowResult::Again(reason)
        }
        (RowResult::Missing | RowResult::Ok(_), Err(reason)) => RowResult::Failed(reason),
        (RowResult::Ok(said), Ok(more)) => RowResult::Ok(said.or(more)),
        (RowResult::Missing, Ok(said)) => RowResult::Ok(said),
    }
}

/// Whether an element is a text, a number or a word, in which nothing stands under a name.
pub(super) fn is_plain(element: &Value) -> bool {
    matches!(
        element.kind(),
        ValueKind::String | ValueKind::Number | ValueKind::Bool
    )
}

/// Two reasons for one row; the same words are said once.
fn joined(mut first: Reason, second: Reason) -> Reason {
    let is_said = first
        .message
        .split("; ")
        .any(|known| known == second.message);
    if !is_said {
        first.message = format!("{}; {}", first.message, second.message);
    }
    first.code = first.code.or(second.code);
    first
}

/// What is told of a row that no element is about. Results that are about no row may be about this one.
pub fn of_missing(plan: &ResultsPlan, verdicts: &RowResults) -> (Status, Reason) {
    let reason = |message: String| Reason {
        message,
        ..Reason::default()
    };
    let missing = &verdicts.missing;
    match (plan.missing, verdicts.strays) {
        (Missing::Ok, 0) => (Status::Ok, Reason::default()),
        (Missing::Ok | Missing::Failed | Missing::Unknown, strays @ 1..) => {
            let are = match strays {
                1 => "one is".to_owned(),
                count => format!("{count} are"),
            };
            let message = format!("{missing}; {are} about no row of the batch: is `match` right?");
            (Status::Unknown, reason(message))
        }
        (Missing::Failed, 0) => (Status::Failed, reason(missing.clone())),
        (Missing::Unknown, 0) => (Status::Unknown, reason(missing.clone())),
    }
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

#[cfg(test)]
mod tests;
