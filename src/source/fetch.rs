//! A request page by page.

use std::sync::Arc;

use minijinja::value::ValueKind;
use reqwest::Url;

use super::list_end::{Doubt, Next};
use super::page_check::{FirstPage, beginning, goes_astray, may_be_none, why_no_page};
use super::pages::{Advance, PageRead, Paging};
use super::read::{Broken, ReadProgress, ReadTask, failed, read_answer};
use super::{Context, SourceError};
use crate::formats;
use crate::http::{Answer, Elsewhere, Failure, Fault, Reply, SendError};
use crate::json_path::PlainPath;
use crate::path;
use crate::plan::source::FetchPlan;
use crate::spec::LogLevel;
use crate::template::{Frame, TemplateError, Value, is_nothing, text_of};

/// How a list ended.
#[derive(Debug)]
pub enum Fetched {
    /// With its last page.
    Whole,
    /// The window is to be read in halves; nothing of it was given.
    Split(SendError),
}

/// What a list gives.
pub enum Item<'a> {
    /// A record, with the answer it came in.
    Record(Value, &'a Arc<Answer>),
    /// All records of a page were given.
    PageOver,
}

/// What came of a page's request.
enum NextPage {
    /// A page; its records, where they wait until it is known what comes after it.
    Page(PageRead, Arc<Answer>, Vec<Value>),
    /// There is no such page, or a rule ends the list.
    Over,
    /// The window is to be read in halves.
    Split(SendError),
}

/// A list that is being read.
struct List<'p> {
    context: &'p Context,
    plan: &'p FetchPlan,
    probes: Vec<&'p PlainPath>,
    /// Records that came so far, and pages behind the first.
    count: u64,
    pages: u64,
    first: Option<FirstPage>,
    /// The answer to the next page's request, where it was sent while records were given.
    ahead: Option<Result<Reply, SendError>>,
}

/// Reads all pages; `give` gets each record.
pub async fn fetch(
    context: &Context,
    plan: &FetchPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Item<'_>) -> Result<(), SourceError>,
) -> Result<Fetched, SourceError> {
    let label = &plan.request.label;
    let of_template = |error| SourceError::of_template(label, error);
    let mut paging = match &plan.pages {
        Some(pages) => {
            let records = plan.reading.records.as_ref();
            Some(Paging::new(pages, records, frame).map_err(of_template)?)
        }
        None => None,
    };
    let mut list = List {
        context,
        plan,
        probes: paging.as_ref().map(Paging::probes).unwrap_or_default(),
        count: 0,
        pages: 0,
        first: None,
        ahead: None,
    };
    loop {
        let doubt = paging.as_ref().and_then(Paging::doubt);
        let (seen, address) = asked(paging.as_ref(), frame);
        let (read, answer, mut held) = match list.page(&seen, address.as_ref(), doubt, give).await?
        {
            NextPage::Page(read, answer, held) => (read, answer, held),
            NextPage::Over => return Ok(Fetched::Whole),
            NextPage::Split(error) => return Ok(Fetched::Split(error)),
        };
        list.first.get_or_insert_with(|| FirstPage::of(&read));
        let next = match &mut paging {
            Some(paging) => list.after(paging, read, &answer, &seen, &mut held).await,
            None => Ok(Next::End),
        };
        let next = next.map_err(of_template);
        let giving = async {
            for record in held {
                give(Item::Record(record, &answer)).await?;
            }
            give(Item::PageOver).await
        };
        if matches!(next, Ok(Next::Page | Next::Probe(_))) && !context.is_frugal {
            let (seen, address) = asked(paging.as_ref(), frame);
            let sending =
                context
                    .http
                    .send(&plan.request, &seen, address.as_ref().map(Elsewhere::Next));
            let (given, sent) = tokio::join!(giving, sending);
            given?;
            list.ahead = Some(sent);
            list.pages += 1;
            continue;
        }
        giving.await?;
        match next? {
            Next::Page | Next::Probe(_) => list.pages += 1,
            Next::End => return Ok(Fetched::Whole),
        }
    }
}

impl List<'_> {
    /// Asks for a page and reads it, again where its answer breaks off.
    async fn page(
        &mut self,
        seen: &Arc<Frame>,
        address: Option<&Url>,
        doubt: Option<Doubt>,
        give: &mut impl AsyncFnMut(Item<'_>) -> Result<(), SourceError>,
    ) -> Result<NextPage, SourceError> {
        let (context, plan) = (self.context, self.plan);
        let (http, elsewhere) = (&context.http, address.map(Elsewhere::Next));
        let label = &plan.request.label;
        let mut progress = ReadProgress::default();
        let mut losses = 0;
        loop {
            let reply = match self.ahead.take() {
                Some(reply) => reply,
                None => http.send(&plan.request, seen, elsewhere).await,
            };
            let (answer, rest) = match reply {
                Ok(Reply::Good(answer, rest)) => (answer, rest),
                Ok(Reply::Skip(message)) => {
                    let message = format!("{label}: {message}");
                    context.api.log(LogLevel::Warning, &message, None).await;
                    return Ok(NextPage::Over);
                }
                Ok(Reply::Stop) => return Ok(NextPage::Over),
                Ok(Reply::Split(error)) if self.count == 0 => return Ok(NextPage::Split(error)),
                Ok(Reply::Split(error)) => return Err(too_late(error, self.count).into()),
                Err(error) if doubt.is_some() && says_no_page(&error) => {
                    let message =
                        format!("{error}. It was asked for to be sure that the list ends: it does");
                    context.api.log(LogLevel::Debug, &message, None).await;
                    return Ok(NextPage::Over);
                }
                Err(error) => return Err(error.into()),
            };
            let origin = context.http.redactor().redact(answer.url.as_str());
            let job = ReadTask {
                plan: &plan.reading,
                probes: &self.probes,
                frame: seen,
                label,
                origin: &origin,
                redactor: context.http.redactor(),
            };
            progress.begin_again();
            // Of a page at hand the records wait until it is known what comes after it.
            let is_at_hand = rest.is_none();
            let mut held = Vec::new();
            let mut passed_on = 0;
            let mut each = async |record| {
                if is_at_hand {
                    held.push(record);
                    return Ok(());
                }
                passed_on += 1;
                give(Item::Record(record, &answer)).await
            };
            let mut read = read_answer(&job, &answer, rest, &mut progress, &mut each).await;
            // Whether a page is full is not a matter of what is selected of it.
            if let (Ok(read), Some(records), true, true) = (
                &mut read,
                &plan.reading.records,
                is_at_hand,
                plan.is_counted(),
            ) {
                read.listed = path::listed(records, || answer.body());
            }
            let is_over = doubt == Some(Doubt::Counted) && passed_on == 0;
            self.count += passed_on;
            match read {
                Ok(read) => {
                    let first = self.first.as_ref();
                    match why_no_page(&job, &answer.held, &read, first) {
                        None => {}
                        Some(why) if is_over => {
                            say_ended(context, label, &failed(&job, why)).await;
                            return Ok(NextPage::Over);
                        }
                        Some(why) => {
                            let why = format!("{why}{}", beginning(&job, &answer));
                            return Err(failed(&job, why));
                        }
                    }
                    note_odd(context, &job, &read, first).await;
                    if read.count == 0 && read.found.keys.iter().any(|key| tells_of_failure(key)) {
                        self.say_failure(&answer, &origin).await;
                    }
                    if read.count == 0 && self.count == 0 {
                        self.note_nothing(&answer, &origin, &read);
                    }
                    self.count += held.len() as u64;
                    return Ok(NextPage::Page(read, answer, held));
                }
                Err(Broken::Failed(error)) if is_over => {
                    say_ended(context, label, &error).await;
                    return Ok(NextPage::Over);
                }
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Lost(fault)) => {
                    losses += 1;
                    wait_after_loss(context, plan, losses, &answer, fault).await?;
                }
            }
        }
    }

    /// Notes where records were looked for in vain.
    fn note_nothing(&self, answer: &Answer, origin: &str, read: &PageRead) {
        let (step, reading) = (&self.plan.request.label, &self.plan.reading);
        let observations = &self.context.observations;
        observations.note(step, origin, reading, &read.found, Some(&answer.body()));
    }

    /// An answer without a record that tells of a failure itself: said once.
    async fn say_failure(&self, answer: &Answer, origin: &str) {
        let label = &self.plan.request.label;
        let body = answer.body();
        let told = formats::keys_of(&body).into_iter().find_map(|key| {
            let value = body.get_attr(&key).unwrap_or_default();
            let is_false = value.kind() == ValueKind::Bool && !value.is_true();
            let is_none = is_nothing(&value) || value.len() == Some(0) || is_false;
            let is_failure = if ["success", "ok"].contains(&&*key) {
                is_false
            } else {
                tells_of_failure(&key) && !is_none
            };
            is_failure.then(|| (key, text_of(&value).into_owned()))
        });
        let Some((key, value)) = told else { return };
        let value: String = value.chars().take(100).collect();
        let message = format!("{origin}: no record, and `{key}` says {value:?}");
        self.context.warn_once(label, "failure", &message).await;
    }

    /// What comes after a page; records that the page before had too are taken out of `held`.
    async fn after(
        &self,
        paging: &mut Paging<'_>,
        read: PageRead,
        answer: &Arc<Answer>,
        seen: &Arc<Frame>,
        held: &mut Vec<Value>,
    ) -> Result<Next, TemplateError> {
        let label = &self.plan.request.label;
        let sizes = &self.context.sizes;
        let advance = paging.advance(read, answer, seen, (&**sizes, &**label));
        for (what, remark) in paging.take_remarks() {
            self.context.warn_once(label, what, &remark).await;
        }
        let Advance { next, known } = advance?;
        // Once a step: the answer is read once more for it.
        if next == Next::End && self.pages == 0 && sizes.is_new(label, "next") {
            if let Some(remark) = paging.nearly_next(answer) {
                self.context.warn(&format!("{label}: {remark}")).await;
            }
        }
        if known > 0 && held.is_empty() {
            return Err(paging.repeated("begins with records of the one before"));
        }
        held.drain(..known.min(held.len()));
        Ok(next)
    }
}

/// Whether a name at the top of an answer is one under which a failure is told of.
fn tells_of_failure(key: &str) -> bool {
    ["error", "errors", "fault", "success", "ok"].contains(&key)
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
        context.warn(&message).await;
    }
}

/// What is odd about what was read, once a step.
pub(super) async fn note_odd(
    context: &Context,
    job: &ReadTask<'_>,
    read: &PageRead,
    first: Option<&FirstPage>,
) {
    let (label, origin) = (job.label, job.origin);
    for warning in &read.found.warnings {
        context.warn(&format!("{label}: {origin}: {warning}")).await;
    }
    let astray = goes_astray(job, &read.found).map(|astray| ("astray", astray));
    let odd = may_be_none(&read.found, read.count, first).map(|odd| ("may be none", odd));
    for (what, warning) in astray.into_iter().chain(odd) {
        let message = format!("{origin}: {warning}");
        context.warn_once(label, what, &message).await;
    }
}

/// A window is read in halves only before any of its records were passed on.
fn too_late(error: SendError, count: u64) -> SendError {
    match error.failure {
        Failure::Rule {
            status,
            message,
            end,
        } => SendError {
            failure: Failure::Rule {
                status,
                message: format!(
                    "{message} (`then: split` comes too late to halve the window: {count} of its records were passed on)"
                ),
                end,
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
