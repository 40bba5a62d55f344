//! All records of an answer, or of a list, at once: for those who look at each more than once.

use std::sync::Arc;

use minijinja::value::ValueKind;

use super::fetch::{Item, fetch};
use super::read::{Broken, ReadProgress, ReadTask, failed, plain_page, read_answer};
use super::{Context, SourceError};
use crate::formats::{Likeness, PageFindings};
use crate::http::Answer;
use crate::json_path::PathPlan;
use crate::path;
use crate::plan::source::{FetchPlan, ReadingPlan};
use crate::template::{Frame, Value, text_of};

/// The records of a list, and the last answer that had any.
pub async fn fetched(
    context: &Context,
    plan: &FetchPlan,
    frame: &Arc<Frame>,
) -> Result<(Vec<Value>, Option<Arc<Answer>>), SourceError> {
    let mut records = Vec::new();
    let mut last = None;
    let mut each = async |given: Item<'_>| {
        if let Item::Record(record, answer) = given {
            records.push(record);
            last = Some(Arc::clone(answer));
        }
        Ok(())
    };
    fetch(context, plan, frame, &mut each).await?;
    Ok((records, last))
}

/// The records of an answer that is held; `names` are those that are read of them. In a list of JSON
/// `null` keeps its place, as nothing.
pub async fn of_answer(
    context: &Context,
    label: &str,
    plan: &Arc<ReadingPlan>,
    answer: &Arc<Answer>,
    (frame, names): (&Arc<Frame>, &[String]),
) -> Result<Vec<Value>, SourceError> {
    if answer.held.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    let origin = context.http.redactor().redact(answer.url.as_str());
    let seen = Arc::new(Frame::on(frame).with("response", answer.to_value()));
    let job = ReadTask {
        plan,
        probes: &[],
        frame: &seen,
        label,
        origin: &origin,
        redactor: context.http.redactor(),
    };
    // A path leads nowhere through a few words, and nobody knows what they mean.
    if let Some(words) = words_in_the_way(plan, answer) {
        let words: String = words.trim().chars().take(60).collect();
        let reason =
            format!("`list` is a path, and where it goes on the answer has text: {words:?}");
        return Err(failed(&job, reason));
    }
    if let Some(records) = plain_page(&job, answer)? {
        return Ok(records);
    }
    let mut records = Vec::new();
    let mut each = async |record| {
        records.push(record);
        Ok(())
    };
    let mut progress = ReadProgress::default();
    match read_answer(&job, answer, None, &mut progress, &mut each).await {
        Ok(read) => match why_no_table(&read.found, names) {
            None => Ok(records),
            Some(reason) => Err(failed(&job, reason)),
        },
        Err(Broken::Failed(error)) => Err(error),
        Err(Broken::Lost(fault)) => Err(failed(&job, fault.to_string())),
    }
}

/// Why lines of cells are none: words have no header in which what is read has a name, and what is cut
/// off has lost more than it shows.
fn why_no_table(found: &PageFindings, names: &[String]) -> Option<String> {
    if found.is_cut {
        return Some(found.warnings.join("; "));
    }
    let is_table =
        found.likeness == Likeness::Header && !found.keys.is_empty() && !names.is_empty();
    let is_read = |key: &String| names.contains(key);
    (is_table && !found.keys.iter().any(is_read)).then(|| {
        format!(
            "the header has {}, and none of what is read of a result: {}",
            found.keys.join(", "),
            names.join(", ")
        )
    })
}

/// What is in the way of a path: the answer itself, or what stands where the path goes on.
fn words_in_the_way(plan: &ReadingPlan, answer: &Answer) -> Option<String> {
    let path = plan.records.as_ref().filter(|_| plan.format.is_none())?;
    let text = answer.text().trim_start();
    match (path, text.chars().next()?) {
        (PathPlan::Template(_), _) => None,
        (_, first) if first.is_alphanumeric() => Some(text.to_owned()),
        (_, first @ ('{' | '[' | '"' | '<')) => {
            let body = answer.body();
            // What breaks off is told as that by who reads it.
            if body.kind() == ValueKind::String && first != '"' {
                return None;
            }
            let found = path::in_the_way(path, &body)?;
            Some(text_of(&found).into_owned())
        }
        _ => None,
    }
}
