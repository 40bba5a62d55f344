//! Records of what is too large to be held: read on a thread of its own while its bytes come in. Both
//! ways are bounded: bytes are not fetched faster than they are read, records not read faster than they
//! are taken.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use jsonpath_rust::parser::model::JpQuery;
use tokio::sync::{mpsc, oneshot};

use super::SourceError;
use super::read::{Broken, Page, ReadProgress, ReadTask, failed, is_new, plain};
use crate::formats::{self, Closed, Hints, PageFindings, ReadError, Reading, Shape, Sink, Wanted};
use crate::http::{Fault, Rest};
use crate::json_path::{PathPlan, PlainPath};
use crate::path;
use crate::plan::source::ReadingPlan;
use crate::template::{Frame, Value, is_nothing};

/// Records that cross from the reading thread at a time.
const CROSSING: usize = 64;
/// Of a file that a path with filters is followed through so many bytes are held at most.
const LARGEST_QUERIED: usize = 256 << 20;
/// Pieces of an answer, and groups of records, that wait to cross.
const WAITING: usize = 4;

/// Where the bytes come from.
pub enum Source {
    /// An answer of which a part is at hand.
    Answer { held: Bytes, rest: Rest },
    /// Anything that is read.
    Read(Box<dyn Read + Send>),
}

/// Reads on a thread of its own. Both ways are bounded: bytes are not fetched faster than they are
/// read, records not read faster than they are taken.
pub async fn stream(
    job: &ReadTask<'_>,
    source: Source,
    hints: Hints,
    page: &mut Page,
    progress: &mut ReadProgress,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<PageFindings, Broken> {
    if let Some(PathPlan::Template(_)) = &job.plan.records {
        let reason =
            "`records` of a file is a path like $.data[*], as there is no `response`".to_owned();
        return Err(failed(job, reason).into());
    }
    let (bytes_in, bytes_out) = mpsc::channel::<Result<Bytes, Fault>>(WAITING);
    let (records_in, mut records_out) = mpsc::channel::<Vec<Value>>(WAITING);
    let (ended_in, ended) = oneshot::channel();
    let (input, rest): (Box<dyn Read + Send>, _) = match source {
        Source::Answer { held, rest } => {
            let reader = Crossing {
                bytes: held,
                next: bytes_out,
                fault: None,
            };
            (Box::new(reader), Some(rest))
        }
        Source::Read(input) => (input, None),
    };
    let plan = Arc::clone(job.plan);
    let probes: Vec<PlainPath> = job.probes.iter().map(|path| (*path).clone()).collect();
    let frame = Arc::clone(job.frame);
    std::thread::spawn(move || {
        let result = read_all(&plan, &probes, hints, &frame, input, &records_in);
        // Whoever waited may be gone.
        let _ = ended_in.send(result);
    });
    // The sender goes with it: at its end the reader sees the end.
    let feed = async move {
        let Some(mut rest) = rest else { return };
        loop {
            let piece = match rest.next().await {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => return,
                Err(fault) => Err(fault),
            };
            let is_over = piece.is_err();
            if bytes_in.send(piece).await.is_err() || is_over {
                return;
            }
        }
    };
    let take = async {
        while let Some(records) = records_out.recv().await {
            for record in records {
                page.note(&record);
                if is_new(job, progress, &record)? {
                    give(record).await?;
                }
            }
        }
        Ok::<(), SourceError>(())
    };
    let mut feed = std::pin::pin!(feed);
    let mut take = std::pin::pin!(take);
    let mut has_fed = false;
    loop {
        tokio::select! {
            taken = &mut take => {
                taken?;
                break;
            }
            () = &mut feed, if !has_fed => has_fed = true,
        }
    }
    match ended.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(match fault_of(&error) {
            Some(fault) => Broken::Lost(fault),
            None => failed(job, error.to_string()).into(),
        }),
        Err(_) => Err(failed(
            job,
            "a bug in runner: reading broke off; please report it".to_owned(),
        )
        .into()),
    }
}

fn read_all(
    plan: &ReadingPlan,
    probes: &[PlainPath],
    hints: Hints,
    frame: &Arc<Frame>,
    input: Box<dyn Read + Send>,
    records: &mpsc::Sender<Vec<Value>>,
) -> Result<PageFindings, ReadError> {
    let probes: Vec<&PlainPath> = probes.iter().collect();
    let reading = Reading {
        plan: plan.format.as_ref(),
        wanted: Wanted {
            records: plain(plan.records.as_ref()),
            probes: &probes,
        },
        hints,
        frame,
    };
    let mut crossing = Vec::with_capacity(CROSSING);
    let mut sink = |record| {
        crossing.push(record);
        if crossing.len() < CROSSING {
            return Ok(());
        }
        let full = std::mem::replace(&mut crossing, Vec::with_capacity(CROSSING));
        records.blocking_send(full).map_err(|_| Closed)
    };
    let found = match &plan.records {
        Some(path @ PathPlan::Query(query)) => {
            read_query(path, &query.query, &reading, input, &mut sink)
        }
        Some(PathPlan::Plain(_) | PathPlan::Template(_)) | None => reading.read(input, &mut sink),
    };
    // What was read before something broke is passed on first.
    if !crossing.is_empty() && records.blocking_send(crossing).is_err() {
        return Err(ReadError::Closed);
    }
    found
}

/// Records that a path with filters finds: all of the document is held for it.
fn read_query(
    path: &PathPlan,
    query: &JpQuery,
    reading: &Reading<'_>,
    input: Box<dyn Read + Send>,
    sink: &mut Sink<'_>,
) -> Result<PageFindings, ReadError> {
    let limited = Limited {
        input,
        left: LARGEST_QUERIED,
    };
    let body = formats::whole(Box::new(limited), reading.plan, &reading.hints)?;
    let found = path::all(path, &body, reading.frame)
        .map_err(|error| ReadError::Asked(error.to_string()))?;
    let mut shape = Shape::List;
    if found.is_empty() {
        shape = path::shape_of(query, &body);
    }
    for record in found.into_iter().filter(|record| !is_nothing(record)) {
        sink(record)?;
    }
    Ok(PageFindings {
        keys: formats::keys_of(&body),
        shape,
        format: "json",
        ..PageFindings::default()
    })
}

/// Bytes up to a limit; more are an error, not an end.
struct Limited {
    input: Box<dyn Read + Send>,
    left: usize,
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.left = self.left.checked_sub(count).ok_or_else(|| {
            let most = LARGEST_QUERIED >> 20;
            io::Error::other(format!(
                "the file has more than {most} MB: a path with filters needs all of it at once; write a plain path like $.data[*], and the filter as `where`"
            ))
        })?;
        Ok(count)
    }
}

/// Bytes that cross from the network to the thread that reads them.
struct Crossing {
    bytes: Bytes,
    next: mpsc::Receiver<Result<Bytes, Fault>>,
    /// What ended the bytes: whoever reads on is told again.
    fault: Option<Fault>,
}

impl Read for Crossing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.bytes.is_empty() {
            if let Some(fault) = &self.fault {
                return Err(io::Error::other(fault.clone()));
            }
            match self.next.blocking_recv() {
                Some(Ok(bytes)) => self.bytes = bytes,
                Some(Err(fault)) => self.fault = Some(fault),
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes.split_to(count));
        Ok(count)
    }
}

/// The fault that ended the bytes, if one did.
fn fault_of(error: &ReadError) -> Option<Fault> {
    let ReadError::Io(error) = error else {
        return None;
    };
    let mut inner: Option<&(dyn std::error::Error + 'static)> =
        error.get_ref().map(|inner| inner as _);
    while let Some(error) = inner {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return Some(fault.clone());
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            inner = io.get_ref().map(|inner| inner as _);
            continue;
        }
        inner = error.source();
    }
    None
}
