//! Records of files.

use std::sync::Arc;
use std::time::Duration;

use super::fetch::{Item, note_odd};
use super::page_check::{FirstPage, why_no_page};
use super::pages::PageRead;
use super::read::{self, Broken, ReadProgress, ReadTask};
use super::{Context, SourceError};
use crate::places::{Login, Place, PlaceError, Store};
use crate::plan::source::FilePlan;
use crate::spec::LogLevel;
use crate::spec::source::Pick;
use crate::template::{Frame, Value};

/// How often a file whose reading broke off is read again.
const LOSSES: u32 = 5;

/// Reads files; `give` gets each record.
pub async fn read(
    context: &Context,
    label: &str,
    plan: &FilePlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let of_template = |error| SourceError::of_template(label, error);
    let text = plan.url.text(frame).map_err(of_template)?;
    let shown = context.http.redactor().redact(&text);
    let failed = |reason: String| SourceError::Read {
        step: label.to_owned(),
        origin: shown.clone(),
        reason: context.http.redactor().redact(&reason),
    };
    let login = Login::of(&plan.login, frame, context.http.redactor()).map_err(of_template)?;
    let request = &plan.fetch.request;
    let (place, path) = Place::of(&context.http, &context.base, request, &text, login)
        .map_err(|error| failed(error.to_string()))?;
    if place.is_http() {
        return read_http(context, plan, frame, give).await;
    }
    let not_there = |error: PlaceError| match error {
        PlaceError::Failed { reason, .. } | PlaceError::Unknown(reason) => failed(reason),
        PlaceError::Stopped => SourceError::Stopped,
    };
    // A file of a spec lies beside it; a path that somebody fills in is of the folder that he is in.
    let beside = if place.is_disk() {
        context.plan.beside(&path)
    } else {
        None
    };
    let mut files = Vec::new();
    for path in beside.iter().chain([&path]) {
        if !files.is_empty() {
            break;
        }
        let found = place.find(path).await;
        warn_of(context, label, &place).await;
        files = match found {
            Err(_) if Some(path) == beside.as_ref() => Vec::new(),
            found => found.map_err(not_there)?,
        };
    }
    if files.is_empty() {
        return Err(failed(match beside {
            Some(beside) => format!("no file is there, nor at {beside}, beside the spec"),
            None => "no file is there".to_owned(),
        }));
    }
    files.sort();
    if plan.pick == Pick::Newest {
        if files.len() > 1 && files.iter().any(|file| file.changed.is_none()) {
            return Err(failed(
                "the server does not say when files were changed: name the file, or `pick: all`"
                    .to_owned(),
            ));
        }
        let newest = files.iter().max_by_key(|file| file.changed).cloned();
        files = newest.into_iter().collect();
    }
    let count = files.len();
    let mut without = Vec::new();
    let mut first: Option<(String, FirstPage)> = None;
    for file in files {
        let origin = format!("{shown} ({})", file.path);
        let job = ReadTask {
            plan: &plan.reading,
            probes: &[],
            frame,
            label,
            origin: &origin,
            redactor: context.http.redactor(),
        };
        let read = if let Some(store) = place.bucket() {
            read_object(context, store, &file.path, &job, give).await?
        } else {
            let opened = place.open(&file.path).await;
            warn_of(context, label, &place).await;
            let input = opened.map_err(not_there)?;
            read::read_file(&job, input, &file.path, give).await?
        };
        judge(context, &job, &read).await?;
        // Files need not be alike, and mostly are.
        let other = first.as_ref().and_then(|(path, first)| {
            let why = why_no_page(&job, &[], &read, Some(first))?;
            Some(format!("{origin} is unlike {path}: {why}"))
        });
        if let Some(other) = other {
            context.warn_once(label, "unlike", &other).await;
        }
        if first.is_none() && read.count > 0 {
            first = Some((file.path.clone(), FirstPage::of(&read)));
        }
        if read.count == 0 {
            without.push(file.path);
        }
    }
    // Where none has any, that is told of all.
    if let (Some(first), true) = (without.first(), without.len() < count) {
        let message = format!(
            "{label}: {} of {count} files have no record, the first is {first}",
            without.len()
        );
        context.warn(&message).await;
    }
    Ok(())
}

/// Says once what is doubtful about a place.
async fn warn_of(context: &Context, label: &str, place: &Place<'_>) {
    if let Some(doubt) = place.doubt().filter(|doubt| context.said.is_new(doubt)) {
        let message = format!("{label}: {doubt}");
        context.api.log(LogLevel::Warning, &message, None).await;
    }
}

/// Whether a file is what it was to be; what is odd about it is said.
pub(super) async fn judge(
    context: &Context,
    job: &ReadTask<'_>,
    read: &PageRead,
) -> Result<(), SourceError> {
    if let Some(why) = why_no_page(job, &[], read, None) {
        return Err(read::failed(job, why));
    }
    note_odd(context, job, read, None).await;
    if read.count == 0 {
        let observations = &context.observations;
        observations.note(job.label, job.origin, job.plan, &read.found, None);
    }
    Ok(())
}

/// A file that HTTP serves is an answer like others.
async fn read_http(
    context: &Context,
    plan: &FilePlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut each = async |given: Item<'_>| match given {
        Item::Record(record, _) => give(record).await,
        Item::PageOver => Ok(()),
    };
    super::fetch::fetch(context, &plan.fetch, frame, &mut each).await?;
    Ok(())
}

/// An object of a bucket.
async fn read_object(
    context: &Context,
    store: &Store<'_>,
    key: &str,
    job: &ReadTask<'_>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<PageRead, SourceError> {
    let failed = |reason: String| SourceError::Read {
        step: job.label.to_owned(),
        origin: job.origin.to_owned(),
        reason,
    };
    let mut progress = ReadProgress::default();
    let mut losses = 0;
    loop {
        let (answer, rest) = store
            .object(key)
            .await
            .map_err(|error| failed(error.to_string()))?;
        progress.begin_again();
        match read::read_answer(job, &answer, rest, &mut progress, give).await {
            Ok(read) => return Ok(read),
            Err(Broken::Failed(error)) => return Err(error),
            Err(Broken::Lost(fault)) => {
                losses += 1;
                if losses >= LOSSES {
                    return Err(failed(fault.to_string()));
                }
                if !context.http.stop().sleep(Duration::from_secs(1)).await {
                    return Err(SourceError::Stopped);
                }
            }
        }
    }
}
