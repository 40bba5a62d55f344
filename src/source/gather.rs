//! All records of an answer, or of a list, at once: for those who look at each more than once.

use std::sync::Arc;

use super::fetch::{Given, fetch};
use super::read::{Broken, Job, Progress, plain_page, read_answer};
use super::{Context, SourceError};
use crate::http::Answer;
use crate::plan::path::PathPlan;
use crate::plan::source::{FetchPlan, ReadingPlan};
use crate::template::{Frame, Value};

/// The records of a list, and the last answer that had any.
pub async fn fetched(
    context: &Context,
    plan: &FetchPlan,
    frame: &Arc<Frame>,
) -> Result<(Vec<Value>, Option<Arc<Answer>>), SourceError> {
    let mut records = Vec::new();
    let mut last = None;
    let mut each = async |given: Given<'_>| {
        if let Given::Record(record, answer) = given {
            records.push(record);
            last = Some(Arc::clone(answer));
        }
        Ok(())
    };
    fetch(context, plan, frame, &mut each).await?;
    Ok((records, last))
}

/// The records of an answer that is held. In a list of JSON `null` keeps its place, as nothing.
pub async fn of_answer(
    context: &Context,
    label: &str,
    plan: &Arc<ReadingPlan>,
    answer: &Arc<Answer>,
    frame: &Arc<Frame>,
) -> Result<Vec<Value>, SourceError> {
    if answer.held.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let origin = context.http.redactor().redact(answer.url.as_str());
    let seen = Arc::new(Frame::on(frame).with("response", answer.to_value()));
    let job = Job {
        plan,
        probes: &[],
        frame: &seen,
        label,
        origin: &origin,
        redactor: context.http.redactor(),
    };
    // A path leads nowhere through an answer that is a few words, and nobody knows what they mean.
    let text = answer.text();
    let begins_with = text.trim_start().chars().next();
    let is_words = begins_with.is_some_and(char::is_alphanumeric);
    if is_words
        && plan.format.is_none()
        && matches!(plan.records, Some(PathPlan::Plain(_) | PathPlan::Query(_)))
    {
        let beginning: String = text.trim_start().chars().take(60).collect();
        let reason =
            format!("`list` is a path through JSON, and the answer is text: {beginning:?}");
        return Err(SourceError::Read {
            step: label.to_owned(),
            origin,
            reason: context.http.redactor().redact(&reason),
        });
    }
    if let Some(records) = plain_page(&job, answer)? {
        return Ok(records);
    }
    let mut records = Vec::new();
    let mut each = async |record| {
        records.push(record);
        Ok(())
    };
    let mut progress = Progress::default();
    match read_answer(&job, answer, None, &mut progress, &mut each).await {
        Ok(_) => Ok(records),
        Err(Broken::Failed(error)) => Err(error),
        Err(Broken::Lost(fault)) => Err(SourceError::Read {
            step: label.to_owned(),
            origin,
            reason: fault.to_string(),
        }),
    }
}
