//! A request page by page.

use std::sync::Arc;

use reqwest::Url;

use super::list_end::{Doubt, Next};
use super::page_check::{FirstPage, beginning, why_no_page};
use super::pages::{Advance, PageRead, Paging};
use super::read::{Broken, Job, Progress, failed, read_answer};
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
    let mut first: Option<FirstPage> = None;
    // The answer to the next page's request, where it was sent while records were given.
    let mut ahead = None;
    loop {
        let doubt = paging.as_ref().and_then(Paging::doubt);
        let (seen, address) = asked(paging.as_ref(), frame);
        let mut progress = Progress::default();
        let mut losses = 0;
        let (read, answer, held) = loop {
            let reply = match ahead.take() {
                Some(reply) => reply,
                None => {
                    let sent = context.http.send(&plan.request, &seen, address.as_ref());
                    sent.await
                }
            };
            let (answer, rest) = match reply {
                Ok(Reply::Good(answer, rest)) => (answer, rest),
                Ok(Reply::Skip(message)) => {
                    let message = format!("{label}: {message}");
                    context.api.log(LogLevel::Warning, &message, None).await;
                    return Ok(Fetched::Whole);
                }
                Ok(Reply::Stop) => return Ok(Fetched::Whole),
                Ok(Reply::Split(error)) if count == 0 => return Ok(Fetched::Split(error)),
                Ok(Reply::Split(error)) => return Err(too_late(error, count).into()),
                Err(error) if doubt.is_some() && says_no_page(&error) => {
                    let message =
                        format!("{error}. It was asked for to be sure that the list ends: it does");
                    context.api.log(LogLevel::Debug, &message, None).await;
                    return Ok(Fetched::Whole);
                }
                Err(error) => return Err(error.into()),
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
                    let why =
                        why_no_page(&job, &answer.held, &read.found, read.count, first.as_ref());
                    match why {
                        None => {}
                        Some(why) if doubt == Some(Doubt::Counted) => {
                            say_ended(context, label, &failed(&job, why)).await;
                            return Ok(Fetched::Whole);
                        }
                        Some(why) => {
                            let why = format!("{why}{}", beginning(&job, &answer));
                            return Err(failed(&job, why));
                        }
                    }
                    note_odd(context, label, &origin, &read).await;
                    if read.count == 0 && count == 0 {
                        context
                            .looked
                            .note(label, &origin, &plan.reading, &read.found);
                    }
                    break (read, answer, held);
                }
                Err(Broken::Failed(error)) if doubt == Some(Doubt::Counted) && count == 0 => {
                    say_ended(context, label, &error).await;
                    return Ok(Fetched::Whole);
                }
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Lost(fault)) => {
                    losses += 1;
                    wait_after_loss(context, plan, losses, &answer, fault).await?;
                }
            }
        };
        if first.is_none() {
            first = Some(FirstPage::of(&read.found));
        }
        let (next, held) = match &mut paging {
            Some(paging) => {
                let has_held = !held.is_empty();
                let step = (&*context.sizes, &**label);
                let advance = paging.advance(read, &answer, &seen, step);
                for (what, remark) in paging.take_remarks() {
                    if context.sizes.is_new(label, what) {
                        let remark = format!("{label}: {remark}");
                        context.api.log(LogLevel::Warning, &remark, None).await;
                    }
                }
                match advance {
                    Ok(Advance { next, known }) if known == 0 || has_held => {
                        (Ok(next), held.into_iter().skip(known))
                    }
                    Ok(_) => (
                        Err(paging.repeated("begins with records of the one before")),
                        held.into_iter().skip(0),
                    ),
                    Err(error) => (Err(error), held.into_iter().skip(0)),
                }
            }
            None => (Ok(Next::End), held.into_iter().skip(0)),
        };
        let next = next.map_err(of_template);
        let giving = async {
            for record in held {
                give(Given::Record(record, &answer)).await?;
            }
            give(Given::PageOver).await
        };
        if matches!(next, Ok(Next::Page | Next::Probe(_))) && !context.is_frugal {
            let (seen, address) = asked(paging.as_ref(), frame);
            let sending = context.http.send(&plan.request, &seen, address.as_ref());
            let (given, sent) = tokio::join!(giving, sending);
            given?;
            ahead = Some(sent);
            continue;
        }
        giving.await?;
        match next? {
            Next::Page | Next::Probe(_) => {}
            Next::End => return Ok(Fetched::Whole),
        }
    }
}

/// Whether an API says that there is no such page.
fn says_no_page(error: &SendError) -> bool {
    matches!(error.failure.status(), Some(400 | 404 | 410 | 416 | 422))
}

/// What is said where all records that were named came, and the page behind them is none.
async fn say_ended(context: &Context, label: &str, error: &SourceError) {
    if context.sizes.is_new(label, "ended") {
        let message =
            format!("{error}. All records that the answers named were read before: the list ends");
        context.api.log(LogLevel::Warning, &message, None).await;
    }
}

/// What is odd about what was read, once a step.
pub(super) async fn note_odd(context: &Context, label: &str, origin: &str, read: &PageRead) {
    for warning in &read.found.warnings {
        let message = format!("{label}: {origin}: {warning}");
        let message = context.http.redactor().redact(&message);
        context.api.log(LogLevel::Warning, &message, None).await;
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
    answer: &Answer,
    fault: Fault,
) -> Result<(), SourceError> {
    let origin = context.http.redactor().redact(answer.url.as_str());
    let retry = &plan.request.retry;
    if losses >= retry.attempts {
        return Err(SendError {
            label: plan.request.label.to_string(),
            request: format!("{} {origin}", answer.method),
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
