//! Work that the other side does meanwhile: submitted, polled, downloaded.

use std::sync::Arc;

use super::fetch::{Item, fetch, note_odd};
use super::page_check::{beginning, why_no_page};
use super::read::{Broken, ReadProgress, ReadTask, failed, read_answer};
use super::{Context, SourceError};
use crate::http::{Answer, Asked, JobEnd, Reply};
use crate::plan::request::RequestPlan;
use crate::plan::source::JobPlan;
use crate::spec::LogLevel;
use crate::template::Frame;

/// Does a job; `give` gets each record of its result.
pub async fn run(
    context: &Context,
    label: &str,
    plan: &JobPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Item<'_>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let Some(submitted) = ask(context, &plan.submit, frame).await? else {
        return Ok(());
    };
    let frame = Arc::new(Frame::on(frame).with("submit", submitted.to_value()));
    let (http, poll) = (&context.http, &plan.poll);
    let ask = async || Asked::of(http.send(&poll.request, &frame, None).await);
    let watch = http.watch_job(poll, &submitted, &frame, ask).await;
    let unread = |answer: &Answer, reason: String| Err(broken(context, label, answer, reason));
    match watch.end {
        JobEnd::Done(polled, answer) => {
            download(context, label, plan, &polled, &answer, give).await
        }
        JobEnd::Failed(answer) => {
            let body = context.http.excerpt(answer.text());
            unread(&answer, format!("the job failed: {body}"))
        }
        JobEnd::TooLate(answer) => {
            let answer = answer.unwrap_or(submitted);
            let reason = format!(
                "the job was not done within {} s; raise poll: {{ timeout: … }}",
                plan.poll.timeout.as_secs()
            );
            unread(&answer, reason)
        }
        JobEnd::Untold(error) | JobEnd::Unclear(error) => {
            Err(SourceError::of_template(label, error))
        }
        JobEnd::PassedOver(message) => {
            if let Some(message) = message {
                passed_over(context, &plan.poll.request, message).await;
            }
            Ok(())
        }
        JobEnd::Unreadable(reason) => unread(&submitted, reason),
        JobEnd::Split(error) | JobEnd::Lost(error) => Err(error.into()),
        JobEnd::Stopped => Err(SourceError::Stopped),
    }
}

fn broken(context: &Context, label: &str, answer: &Answer, reason: String) -> SourceError {
    let redactor = context.http.redactor();
    SourceError::Read {
        step: label.to_owned(),
        origin: redactor.redact(answer.url.as_str()),
        reason: redactor.redact(&reason),
    }
}

/// A request whose answer is read whole; nothing where a rule passes it over.
async fn ask(
    context: &Context,
    plan: &RequestPlan,
    frame: &Arc<Frame>,
) -> Result<Option<Arc<Answer>>, SourceError> {
    match context.http.send(plan, frame, None).await? {
        Reply::Good(answer, _) => Ok(Some(answer)),
        Reply::Skip(message) => {
            passed_over(context, plan, message).await;
            Ok(None)
        }
        Reply::Stop => Ok(None),
        Reply::Split(error) => Err(error.into()),
    }
}

/// A rule passes a request over, which is told.
async fn passed_over(context: &Context, plan: &RequestPlan, message: String) {
    let message = format!("{}: {message}", plan.label);
    context.api.log(LogLevel::Warning, &message, None).await;
}

async fn download(
    context: &Context,
    label: &str,
    plan: &JobPlan,
    frame: &Arc<Frame>,
    answer: &Arc<Answer>,
    give: &mut impl AsyncFnMut(Item<'_>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    if let Some(download) = &plan.download {
        fetch(context, download, frame, give).await?;
        return Ok(());
    }
    let origin = context.http.redactor().redact(answer.url.as_str());
    let job = ReadTask {
        plan: &plan.reading,
        probes: &[],
        frame,
        label,
        origin: &origin,
        redactor: context.http.redactor(),
    };
    let mut each = async |record| give(Item::Record(record, answer)).await;
    let mut progress = ReadProgress::default();
    match read_answer(&job, answer, None, &mut progress, &mut each).await {
        Ok(read) => match why_no_page(&job, &answer.held, &read, None) {
            None => {
                note_odd(context, &job, &read, None).await;
                if read.count == 0 {
                    let observations = &context.observations;
                    observations.note(label, &origin, &plan.reading, &read.found, None);
                }
                Ok(())
            }
            Some(why) => Err(failed(&job, format!("{why}{}", beginning(&job, answer)))),
        },
        Err(Broken::Failed(error)) => Err(error),
        Err(Broken::Lost(fault)) => Err(broken(context, label, answer, fault.to_string())),
    }
}
