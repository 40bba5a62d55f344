//! Requests around a target: before its first row, and after its last.

use std::sync::Arc;

use super::readable::{Unreadable, unreadable};
use crate::http::{Accepted, Answer, DeliveryEnd};
use crate::plan::target::TargetStepPlan;
use crate::source::Context;
use crate::spec::LogLevel;
use crate::template::Frame;

/// Why requests around a target came to no good end.
#[derive(Debug)]
pub enum AroundError {
    /// What went wrong.
    Failed(String),
    /// The run was stopped.
    Stopped,
}

/// Why what was answered to a request is no answer, where it is none.
pub(super) fn why_none(step: &TargetStepPlan, answer: &Answer) -> Option<String> {
    let label = &step.request.label;
    let status = answer.status;
    if answer.is_page() {
        return Some(format!(
            "{label} was answered by a web page: is the address right, and is a login needed? If pages are its answers, say on_response: [{{ status: {status}, then: ok }}]"
        ));
    }
    let what = match unreadable(&step.request, answer, step.reads)? {
        Unreadable::Empty => "nothing",
        Unreadable::Broken => "what breaks off or is broken",
        Unreadable::Text => "what is text, or nothing, and holds no names",
        Unreadable::NotGraphQl => "what has neither `data` nor `errors`",
    };
    Some(format!(
        "{label} was answered by {what}, and the spec reads it. If that is its answer, say on_response: [{{ status: {status}, then: ok }}]"
    ))
}

/// Sends requests in turn; what comes after them sees their answers by name.
pub async fn in_turn(
    context: &Context,
    steps: &[TargetStepPlan],
    base: &Arc<Frame>,
) -> Result<Arc<Frame>, AroundError> {
    let mut seen = Arc::clone(base);
    for step in steps {
        let label = &step.request.label;
        let runs = step
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.holds(&seen));
        let http = &context.http;
        let rehearsal = http.rehearsal();
        if rehearsal.is_some_and(|rehearsal| rehearsal.notes_depending(http, step, &seen)) {
            continue;
        }
        if !runs.map_err(|error| AroundError::Failed(format!("{label}, when: {error}")))? {
            let message = format!("{label}: not sent, as its `when` does not hold");
            context.api.log(LogLevel::Info, &message, None).await;
            continue;
        }
        let delivery = context.http.deliver(&step.request, &seen).await;
        let failed = match delivery.fate.into() {
            DeliveryEnd::Done(Accepted::ByStatus) => {
                let answer = delivery.answer.as_ref();
                let answer = answer.filter(|_| context.http.rehearsal().is_none());
                answer.and_then(|answer| why_none(step, answer))
            }
            DeliveryEnd::Done(Accepted::ByRule(_)) => None,
            DeliveryEnd::Skipped(message) => {
                let message = format!("{label}: {message}");
                context.api.log(LogLevel::Warning, &message, None).await;
                None
            }
            DeliveryEnd::NotSent => return Err(AroundError::Stopped),
            DeliveryEnd::Failed(error) => Some(error.to_string()),
            DeliveryEnd::Unknown(error) => {
                Some(format!("{error}; nobody knows whether it was carried out"))
            }
        };
        if let Some(reason) = failed {
            if http.stop().signal().is_some() {
                context.api.log(LogLevel::Warning, &reason, None).await;
                return Err(AroundError::Stopped);
            }
            return Err(AroundError::Failed(reason));
        }
        if let (Some(name), Some(answer)) = (&step.name, delivery.answer) {
            seen = Arc::new(Frame::on(&seen).with(Arc::clone(name), answer.to_value()));
        }
    }
    Ok(seen)
}
