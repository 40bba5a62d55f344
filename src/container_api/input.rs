//! Reading rows. A read moves a cursor, so one whose answer is lost is never simply repeated.

use std::sync::Arc;

use reqwest::Method;
use tokio::sync::oneshot;

use super::call::CallAnswer;
use super::client::ContainerApi;
use super::error::ApiError;
use super::wait::Waits;
use crate::plan::Change;
use crate::retry::{Attempt, RetryEnd, retry};
use crate::row::{Batch, ScanError, Scanner};
use crate::spec::{Input, LogLevel};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputType {
    /// All rows.
    Input,
    /// Rows of one kind of change.
    Change(Change),
}

impl InputType {
    /// The word in the path.
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Change(change) => change.word(),
        }
    }
}

/// The deprecated name of `input`, the only one that older sidecars know.
const OLDER_INPUT: &str = "full";

/// Answers up to this length are scanned as they come, in no time; the end of the input is one.
const SHORT: usize = 4096;

/// Reads one input from its start to its end.
#[derive(Debug)]
pub struct InputReader {
    api: ContainerApi,
    kind: InputType,
    word: &'static str,
    query: String,
    rows: u64,
    /// The batch that was read last, to know it again.
    last: Option<Arc<Batch>>,
    /// The waits of what is made good. They begin anew with every answer that was sound, not with
    /// every answer that came: one that is always broken ends the run.
    repairs: Waits,
    /// What the scan of the answer that was handed out will say.
    awaited: Option<oneshot::Receiver<Scanned>>,
    scanner: Scanner,
    has_begun: bool,
    ended: bool,
}

/// What came of scanning an answer: its rows, or why it has none.
type Scanned = Result<Arc<Batch>, ScanError>;

/// Rows that are handed out.
#[derive(Debug)]
pub enum Handed {
    /// Rows.
    Rows(Arc<Batch>),
    /// An answer that is still to be scanned.
    Unread(Unread),
}

/// An answer that is to be scanned by whoever takes the rows.
#[derive(Debug)]
pub struct Unread {
    body: Vec<u8>,
    scanned: oneshot::Sender<Scanned>,
}

impl Unread {
    /// The rows. Where there are none, the reader is told, and what it hands out next stands in
    /// for this answer.
    pub fn scan(self, scanner: &mut Scanner) -> Option<Arc<Batch>> {
        let scanned = scanner.answer(self.body).map(Arc::new);
        let rows = scanned.as_ref().ok().map(Arc::clone);
        // A reader that is gone wants to know nothing.
        let _ = self.scanned.send(scanned.map_err(|refused| refused.error));
        rows
    }
}

/// What a read gave.
enum Read {
    Rows(Batch),
    Unread(Vec<u8>),
    End,
    NotThere(CallAnswer),
}

/// A read that has to be made up for.
enum ReadError {
    /// The answer was lost or broken.
    Broken(String),
    Final(ApiError),
}

impl From<ApiError> for ReadError {
    fn from(error: ApiError) -> Self {
        Self::Final(error)
    }
}

impl InputReader {
    /// A reader of `size` rows at a time.
    pub fn new(api: ContainerApi, kind: InputType, input: &Input, size: u32) -> Self {
        let mut query = format!("size={size}");
        if input.show_hidden {
            query.push_str("&show-hidden=true");
        }
        if let Some(id) = input.classification_id {
            query.push_str("&classification-id=");
            query.push_str(&id.to_string());
        }
        Self {
            scanner: Scanner::new(api.spare().clone()),
            api,
            kind,
            word: kind.word(),
            query,
            rows: 0,
            last: None,
            repairs: Waits::default(),
            awaited: None,
            has_begun: false,
            ended: false,
        }
    }

    fn next_path(&self) -> String {
        format!("/input/{}/next_batch?{}", self.word, self.query)
    }

    /// The next rows, nothing at the end. A change file that is not there is nothing to do.
    ///
    /// The next answer is asked for while the last one is scanned elsewhere. Only when its rows are
    /// known to be sound is the next one handed out; else both are made good.
    pub async fn next(&mut self) -> Result<Option<Handed>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        if !std::mem::replace(&mut self.has_begun, true) {
            self.begin().await?;
        }
        let mut read = self.read(&mut Waits::default()).await;
        if let Some(scanned) = self.awaited.take() {
            match scanned.await {
                Ok(Ok(batch)) if batch.is_empty() => {
                    self.ended = true;
                    return Ok(None);
                }
                Ok(Ok(batch)) => self.note(&batch),
                // That answer was lost, and the one behind it with it.
                Ok(Err(error)) => read = Err(ReadError::Broken(error.to_string())),
                // Nobody takes rows any more.
                Err(_) => return Err(ApiError::Stopped),
            }
        }
        let read = match read {
            Ok(read) => read,
            Err(ReadError::Final(error)) => return Err(error),
            Err(ReadError::Broken(reason)) => self.read_again(reason).await?,
        };
        let read = match read {
            Read::NotThere(answer) => self.not_there(answer).await?,
            read => read,
        };
        Ok(match read {
            Read::Rows(batch) => {
                let batch = Arc::new(batch);
                self.note(&batch);
                Some(Handed::Rows(batch))
            }
            Read::Unread(body) => {
                let (scanned, awaited) = oneshot::channel();
                self.awaited = Some(awaited);
                Some(Handed::Unread(Unread { body, scanned }))
            }
            Read::End | Read::NotThere(_) => {
                self.ended = true;
                None
            }
        })
    }

    /// Puts the cursor at the start: a run before this one may have moved it. A sidecar that can't, or
    /// has no such file, is asked for rows all the same; those that would be missing are counted.
    async fn begin(&self) -> Result<(), ApiError> {
        let path = format!("/input/{}/restart", self.word);
        let answer = self.api.repeated(&Method::GET, &path, None).await?;
        match answer {
            CallAnswer::Whole { .. } => Ok(()),
            CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                Err(ApiError::call("GET", &path, &answer))
            }
        }
    }

    fn note(&mut self, batch: &Arc<Batch>) {
        self.rows += batch.len() as u64;
        self.last = Some(Arc::clone(batch));
        self.repairs = Waits::default();
    }

    /// The file was not provided.
    async fn not_there(&mut self, answer: CallAnswer) -> Result<Read, ApiError> {
        let error = ApiError::call("GET", &self.next_path(), &answer);
        if self.rows > 0 {
            return Err(error);
        }
        match self.kind {
            InputType::Change(_) => Ok(Read::End),
            InputType::Input if self.word == OLDER_INPUT => Err(error),
            InputType::Input => {
                self.word = OLDER_INPUT;
                self.begin().await?;
                let read = match self.read(&mut Waits::default()).await {
                    Ok(read) => read,
                    Err(ReadError::Final(_)) => return Err(error),
                    Err(ReadError::Broken(reason)) => self.read_again(reason).await?,
                };
                match read {
                    // The name that this page knows is the one to report.
                    Read::NotThere(_) => Err(error),
                    read => Ok(read),
                }
            }
        }
    }

    /// One read; repeated only where it surely was not done.
    async fn read(&mut self, waits: &mut Waits) -> Result<Read, ReadError> {
        let path = self.next_path();
        let api = &self.api;
        let read = retry(api.stop(), async |_| {
            let answer = api.read(&path).await;
            if answer.is_surely_not_done() {
                let wait = waits.after_not_done(&answer);
                return Attempt::Again(ApiError::call("GET", &path, &answer).into(), wait);
            }
            match answer {
                CallAnswer::Whole {
                    status: 200..=499, ..
                } => Attempt::Done(answer),
                CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                    Attempt::Failed(ReadError::Broken(answer.describe()))
                }
            }
        });
        let answer = read.await.map_err(|end| match end {
            RetryEnd::Failed(error) => error,
            RetryEnd::Stopped(_) => ApiError::Stopped.into(),
        })?;
        match answer {
            CallAnswer::Whole { status: 204, .. } => Ok(Read::End),
            CallAnswer::Whole {
                status: 200..=299,
                body,
                ..
            } if body.len() > SHORT => Ok(Read::Unread(body)),
            CallAnswer::Whole {
                status: 200..=299,
                body,
                ..
            } => self.scan(body),
            CallAnswer::Whole { status: 404, .. } => Ok(Read::NotThere(answer)),
            CallAnswer::Whole { .. } | CallAnswer::Refused(_) | CallAnswer::Lost(_) => {
                Err(ApiError::call("GET", &path, &answer).into())
            }
        }
    }

    fn scan(&mut self, body: Vec<u8>) -> Result<Read, ReadError> {
        match self.scanner.answer(body) {
            Ok(batch) if batch.is_empty() => Ok(Read::End),
            Ok(batch) => Ok(Read::Rows(batch)),
            Err(error) => Err(ReadError::Broken(error.to_string())),
        }
    }

    /// Restarts the input and reads past what was handled already; the last batch must be the same
    /// as before.
    async fn read_again(&mut self, mut reason: String) -> Result<Read, ApiError> {
        loop {
            let Some(wait) = self.repairs.after_broken() else {
                return Err(ApiError::Call {
                    method: "GET",
                    path: self.next_path(),
                    reason: format!("{reason}, several times in a row"),
                });
            };
            self.api.wait(wait).await?;
            let message = format!(
                "{}: {reason}. The input is read again from its start, past {} rows",
                self.next_path(),
                self.rows
            );
            self.api.log(LogLevel::Debug, &message, None).await;
            self.api
                .get_repeatable(&format!("/input/{}/restart", self.word))
                .await?;
            match self.read_past().await {
                Ok(read) => return Ok(read),
                Err(ReadError::Final(error)) => return Err(error),
                Err(ReadError::Broken(again)) => reason = again,
            }
        }
    }

    async fn read_past(&mut self) -> Result<Read, ReadError> {
        let path = self.next_path();
        let changed = |reason: String| {
            let path = path.clone();
            ReadError::Final(ApiError::Changed { path, reason })
        };
        let last = self.last.clone();
        let last_rows = last.as_ref().map_or(0, |batch| batch.len() as u64);
        let last_from = self.rows - last_rows;
        let mut seen = 0;
        while seen < self.rows {
            let mut read = self.read(&mut Waits::default()).await?;
            if let Read::Unread(body) = read {
                read = self.scan(body)?;
            }
            let batch = match read {
                Read::Rows(batch) => batch,
                Read::NotThere(_) => return Err(changed("it is not there any more".to_owned())),
                Read::End | Read::Unread(_) => {
                    return Err(changed(format!(
                        "it has {seen} rows, and {} were read before",
                        self.rows
                    )));
                }
            };
            for (number, row) in (seen..).zip(batch.rows()) {
                let is_last = number >= last_from && number < self.rows;
                let before = usize::try_from(number.wrapping_sub(last_from))
                    .ok()
                    .filter(|_| is_last)
                    .and_then(|index| last.as_ref().map(|last| last.row(index).json()));
                if before.is_some_and(|before| before != row.json()) {
                    return Err(changed(format!(
                        "rows {} to {} are other ones",
                        last_from + 1,
                        self.rows
                    )));
                }
            }
            let first = seen;
            seen += batch.len() as u64;
            if seen > self.rows {
                let handled = usize::try_from(self.rows - first).unwrap_or(usize::MAX);
                return Ok(Read::Rows(batch.skip_rows(handled)));
            }
        }
        self.read(&mut Waits::default()).await
    }

    /// Compares the rows read with the platform's own count. A platform that can't count is no
    /// failure.
    pub async fn check_count(&self) -> Result<(), ApiError> {
        if self.rows == 0 && matches!(self.kind, InputType::Change(_)) {
            // The file may not be there at all.
            return Ok(());
        }
        let path = format!("/items/{}/count", self.word);
        let body = match self.api.get_repeatable(&path).await {
            Ok(body) => body,
            Err(ApiError::Stopped) => return Err(ApiError::Stopped),
            Err(_) => return Ok(()),
        };
        let answer: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let count = answer
            .as_ref()
            .and_then(|answer| answer.pointer("/data/count"));
        let counted = count.and_then(|count| match count {
            serde_json::Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        match counted {
            Some(counted) if counted != self.rows => Err(ApiError::Count {
                path,
                counted,
                read: self.rows,
            }),
            _ => Ok(()),
        }
    }
}
