//! Work that the other side does meanwhile: submitted, polled, downloaded.

use std::sync::Arc;

use tokio::time::Instant;

use super::fetch::{Given, fetch, note_odd};
use super::page_check::{beginning, why_no_page};
use super::read::{Broken, Job, Progress, failed, read_answer};
use super::{Context, SourceError};
use crate::http::{Answer, Reply};
use crate::plan::request::RequestPlan;
use crate::plan::source::JobPlan;
use crate::template::Frame;

/// Does a job; `give` gets each record of its result.
pub async fn run(
    context: &Context,
    label: &str,
    plan: &JobPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Given<'_>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let Some(submitted) = ask(context, &plan.submit, frame).await? else {
        return Ok(());
    };
    let frame = Arc::new(Frame::on(frame).with("submit", submitted.to_value()));
    let deadline = Instant::now() + plan.timeout;
    let of_template = |error| SourceError::of_template(label, error);
    loop {
        if !context.http.stop().sleep(plan.every).await {
            cancel(context, plan, &frame).await;
            return Err(SourceError::Stopped);
        }
        let answer = match ask(context, &plan.poll, &frame).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Ok(()),
            Err(error) => {
                if error.is_stop() {
                    cancel(context, plan, &frame).await;
                }
                return Err(error);
            }
        };
        let polled = Arc::new(Frame::on(&frame).with("poll", answer.to_value()));
        if plan.until.holds(&polled).map_err(of_template)? {
            if let Some(failed) = &plan.failed {
                if failed.holds(&polled).map_err(of_template)? {
                    let body = context.http.excerpt(answer.text());
                    return Err(broken(
                        context,
                        label,
                        &answer,
                        format!("the job failed: {body}"),
                    ));
                }
            }
            return download(context, label, plan, &polled, &answer, give).await;
        }
        if Instant::now() >= deadline {
            cancel(context, plan, &frame).await;
            let reason = format!(
                "the job was not done within {} s; raise poll: {{ timeout: … }}",
                plan.timeout.as_secs()
            );
            return Err(broken(context, label, &answer, reason));
        }
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
            let message = format!("{}: {message}", plan.label);
            let level = crate::spec::LogLevel::Warning;
            context.api.log(level, &message, None).await;
            Ok(None)
        }
        Reply::Stop => Ok(None),
        Reply::Split(error) => Err(error.into()),
    }
}

/// Tells the other side that nobody waits any more. Whether it hears it changes nothing here.
async fn cancel(context: &Context, plan: &JobPlan, frame: &Arc<Frame>) {
    if let Some(request) = &plan.cancel {
        let _ = context.http.send_last(request, frame).await;
    }
}

async fn download(
    context: &Context,
    label: &str,
    plan: &JobPlan,
    frame: &Arc<Frame>,
    answer: &Arc<Answer>,
    give: &mut impl AsyncFnMut(Given<'_>) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    if let Some(download) = &plan.download {
        fetch(context, download, frame, give).await?;
        return Ok(());
    }
    let origin = context.http.redactor().redact(answer.url.as_str());
    let job = Job {
        plan: &plan.reading,
        probes: &[],
        frame,
        label,
        origin: &origin,
        redactor: context.http.redactor(),
    };
    let mut each = async |record| give(Given::Record(record, answer)).await;
    let mut progress = Progress::default();
    match read_answer(&job, answer, None, &mut progress, &mut each).await {
        Ok(read) => match why_no_page(&job, &answer.held, &read.found, read.count, None) {
            None => {
                note_odd(context, label, &origin, &read).await;
                if read.count == 0 {
                    let looked = &context.looked;
                    looked.note(label, &origin, &plan.reading, &read.found);
                }
                Ok(())
            }
            Some(why) => Err(failed(&job, format!("{why}{}", beginning(&job, answer)))),
        },
        Err(Broken::Failed(error)) => Err(error),
        Err(Broken::Lost(fault)) => Err(broken(context, label, answer, fault.to_string())),
    }
}
