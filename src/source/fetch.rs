//! A request page by page.

use std::sync::Arc;

use reqwest::Url;

use super::pages::{Next, Paging};
use super::read::{Broken, Job, Progress, read_answer};
use super::{Context, SourceError};
use crate::http::{Answer, Failure, Fault, Reply, SendError};
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
    // The answer to the next page's request, where it was sent while records were given.
    let mut ahead = None;
    loop {
        let (seen, address) = asked(paging.as_ref(), frame);
        let mut progress = Progress::default();
        let mut losses = 0;
        let (read, answer, held) = loop {
            let reply = if let Some(reply) = ahead.take() {
                reply?
            } else {
                let sent = context.http.send(&plan.request, &seen, address.as_ref());
                sent.await?
            };
            let (answer, rest) = match reply {
                Reply::Good(answer, rest) => (answer, rest),
                Reply::Skip(message) => {
                    let message = format!("{label}: {message}");
                    context.api.log(LogLevel::Warning, &message, None).await;
                    return Ok(Fetched::Whole);
                }
                Reply::Stop => return Ok(Fetched::Whole),
                Reply::Split(error) if count == 0 => return Ok(Fetched::Split(error)),
                Reply::Split(error) => return Err(too_late(error, count).into()),
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
            // Of a page at hand the records wait until it is known what comes after it.
            let is_at_hand = rest.is_none();
            let mut held = Vec::new();
            let mut each = async |record| {
                count += 1;
                if is_at_hand {
                    held.push(record);
                    return Ok(());
                }
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
                    break (read, answer, held);
                }
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Lost(fault)) => {
                    losses += 1;
                    wait_after_loss(context, plan, losses, &origin, fault).await?;
                }
            }
        };
        let next = match &mut paging {
            Some(paging) => paging.advance(read, &answer, &seen).map_err(of_template),
            None => Ok(Next::End),
        };
        let giving = async {
            for record in held {
                give(Given::Record(record, &answer)).await?;
            }
            give(Given::PageOver).await
        };
        if matches!(next, Ok(Next::Page)) && !context.is_frugal {
            let (seen, address) = asked(paging.as_ref(), frame);
            let sending = context.http.send(&plan.request, &seen, address.as_ref());
            let (given, sent) = tokio::join!(giving, sending);
            given?;
            ahead = Some(sent);
            continue;
        }
        giving.await?;
        match next? {
            Next::Page => {}
            Next::End => return Ok(Fetched::Whole),
        }
    }
}

/// A window is read in halves only before any of its records were passed on.
fn too_late(error: SendError, count: u64) -> SendError {
    match error.failure {
        Failure::Rule {
            status,
            message,
            is_abort,
        } => SendError {
            failure: Failure::Rule {
                status,
                message: format!(
                    "{message} (`then: split` comes too late to halve the window: {count} of its records were passed on)"
                ),
                is_abort,
            },
            ..error
        },
        _ => error,
    }
}

/// Waits before an answer that broke off is asked for again, if it is.
async fn wait_after_loss(
    context: &Context,
    plan: &FetchPlan,
    losses: u32,
    origin: &str,
    fault: Fault,
) -> Result<(), SourceError> {
    let retry = &plan.request.retry;
    if losses >= retry.attempts {
        return Err(SendError {
            label: plan.request.label.to_string(),
            request: format!("GET {origin}"),
            attempts: losses,
            failure: Failure::Fault(fault),
        }
        .into());
    }
    let wait = retry.wait.saturating_mul(1 << (losses - 1).min(8));
    if context.http.stop().sleep(wait.min(retry.max_wait)).await {
        Ok(())
    } else {
        Err(SourceError::Stopped)
    }
}

/// What a page's request sees, and its address where an answer gave it.
fn asked(paging: Option<&Paging<'_>>, frame: &Arc<Frame>) -> (Arc<Frame>, Option<Url>) {
    let page = paging.map_or(Value::UNDEFINED, Paging::to_value);
    let seen = Arc::new(Frame::on(frame).with("page", page));
    (seen, paging.and_then(|paging| paging.address.clone()))
}
