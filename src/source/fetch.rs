//! A request page by page.

use std::sync::Arc;

use super::pages::{Next, Paging};
use super::read::{Broken, Job, Progress, read_answer};
use super::{Context, SourceError};
use crate::http::{Answer, Failure, Reply, SendError};
use crate::plan::source::FetchPlan;
use crate::spec::LogLevel;
use crate::template::{Frame, Value};

/// How a list ended.
#[derive(Debug)]
pub enum Fetched {
    /// With its last page.
    Whole,
    /// The window is to be read in halves; nothing of it was given.
    Split(SendError),
}

/// What a list gives.
pub enum Given<'a> {
    /// A record, with the answer it came in.
    Record(Value, &'a Arc<Answer>),
    /// All records of a page were given.
    PageOver,
}

/// Reads all pages; `give` gets each record.
pub async fn fetch(
    context: &Context,
    plan: &FetchPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Given<'_>) -> Result<(), SourceError>,
) -> Result<Fetched, SourceError> {
    let label = &plan.request.label;
    let of_template = |error| SourceError::of_template(label, error);
    let mut paging = match &plan.pages {
        Some(pages) => Some(Paging::new(pages, frame).map_err(of_template)?),
        None => None,
    };
    let probes = paging.as_ref().map(Paging::probes).unwrap_or_default();
    let mut count = 0_u64;
    loop {
        let page = paging.as_ref().map_or(Value::UNDEFINED, Paging::to_value);
        let seen = Arc::new(Frame::on(frame).with("page", page));
        let address = paging.as_ref().and_then(|paging| paging.address.clone());
        let mut progress = Progress::default();
        let mut losses = 0;
        let (read, answer) = loop {
            let reply = context
                .http
                .send(&plan.request, &seen, address.as_ref())
                .await?;
            let (answer, rest) = match reply {
                Reply::Good(answer, rest) => (answer, rest),
                Reply::Skip(message) => {
                    let message = format!("{label}: {message}");
                    context.api.log(LogLevel::Warning, &message, None).await;
                    return Ok(Fetched::Whole);
                }
                Reply::Stop => return Ok(Fetched::Whole),
                Reply::Split(error) if count == 0 => return Ok(Fetched::Split(error)),
                Reply::Split(error) => return Err(error.into()),
            };
            let origin = context.http.redactor().redact(answer.url.as_str());
            let job = Job {
                plan: &plan.reading,
                probes: &probes,
                frame: &seen,
                label,
                origin: &origin,
                redactor: context.http.redactor(),
            };
            progress.begin_again();
            let mut each = async |record| {
                count += 1;
                give(Given::Record(record, &answer)).await
            };
            match read_answer(&job, &answer, rest, &mut progress, &mut each).await {
                Ok(read) => {
                    if read.count == 0 && count == 0 {
                        let records = plan.reading.records.as_ref();
                        context
                            .looked
                            .note(label, &origin, records, &read.found.keys);
                    }
                    break (read, answer);
                }
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Lost(fault)) => {
                    losses += 1;
                    if losses >= plan.request.retry.attempts {
                        return Err(SendError {
                            label: label.to_string(),
                            request: format!("GET {origin}"),
                            attempts: losses,
                            failure: Failure::Fault(fault),
                        }
                        .into());
                    }
                    let wait = plan
                        .request
                        .retry
                        .wait
                        .saturating_mul(1 << (losses - 1).min(8));
                    if !context
                        .http
                        .stop()
                        .sleep(wait.min(plan.request.retry.max_wait))
                        .await
                    {
                        return Err(SourceError::Stopped);
                    }
                }
            }
        };
        give(Given::PageOver).await?;
        let Some(paging) = &mut paging else {
            return Ok(Fetched::Whole);
        };
        match paging.advance(read, &answer, &seen).map_err(of_template)? {
            Next::Page => {}
            Next::End => return Ok(Fetched::Whole),
        }
    }
}
