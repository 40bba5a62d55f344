//! Reading rows. A read moves a cursor, so one whose answer is lost is never simply repeated.

use reqwest::Method;
use xxhash_rust::xxh3::Xxh3;

use super::call::Answer;
use super::client::ContainerApi;
use super::error::ApiError;
use super::wait::Waits;
use crate::plan::Change;
use crate::row::{Batch, Row, scan_answer};
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

/// Reads one input from its start to its end.
#[derive(Debug)]
pub struct InputReader {
    api: ContainerApi,
    kind: InputType,
    word: &'static str,
    query: String,
    rows: u64,
    last: Option<LastBatch>,
    ended: bool,
}

/// The batch that was read last, to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LastBatch {
    rows: u64,
    hash: u128,
}

/// What a read gave.
enum Read {
    Rows(Batch),
    End,
    NotThere(Answer),
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
            api,
            kind,
            word: kind.word(),
            query,
            rows: 0,
            last: None,
            ended: false,
        }
    }

    /// How many rows were read.
    pub fn rows_read(&self) -> u64 {
        self.rows
    }

    fn next_path(&self) -> String {
        format!("/input/{}/next_batch?{}", self.word, self.query)
    }

    /// The next rows, nothing at the end. A change file that is not there is nothing to do.
    pub async fn next(&mut self) -> Result<Option<Batch>, ApiError> {
        if self.ended {
            return Ok(None);
        }
        let mut waits = Waits::default();
        let read = match self.read(&mut waits).await {
            Ok(read) => read,
            Err(ReadError::Final(error)) => return Err(error),
            Err(ReadError::Broken(reason)) => self.read_again(reason, &mut waits).await?,
        };
        let read = match read {
            Read::NotThere(answer) => self.not_there(answer).await?,
            read => read,
        };
        if let Read::Rows(batch) = read {
            self.note(&batch);
            Ok(Some(batch))
        } else {
            self.ended = true;
            Ok(None)
        }
    }

    fn note(&mut self, batch: &Batch) {
        let mut hasher = Xxh3::new();
        batch.rows().for_each(|row| hash_row(&mut hasher, row));
        let rows = batch.len() as u64;
        self.rows += rows;
        self.last = Some(LastBatch {
            rows,
            hash: hasher.digest128(),
        });
    }

    /// The file was not provided.
    async fn not_there(&mut self, answer: Answer) -> Result<Read, ApiError> {
        let error = ApiError::call("GET", &self.next_path(), &answer);
        if self.rows > 0 {
            return Err(error);
        }
        match self.kind {
            InputType::Change(_) => Ok(Read::End),
            InputType::Input if self.word == OLDER_INPUT => Err(error),
            InputType::Input => {
                self.word = OLDER_INPUT;
                let read = match self.read(&mut Waits::default()).await {
                    Ok(read) => read,
                    Err(ReadError::Final(_)) => return Err(error),
                    Err(ReadError::Broken(reason)) => {
                        self.read_again(reason, &mut Waits::default()).await?
                    }
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
    async fn read(&self, waits: &mut Waits) -> Result<Read, ReadError> {
        let path = self.next_path();
        loop {
            let answer = self.api.send(&Method::GET, &path, None).await;
            let wait = match answer {
                Answer::Whole { status: 204, .. } => return Ok(Read::End),
                Answer::Whole {
                    status: 200..=299,
                    body,
                    ..
                } => {
                    let batch =
                        scan_answer(body).map_err(|error| ReadError::Broken(error.to_string()))?;
                    return Ok(if batch.is_empty() {
                        Read::End
                    } else {
                        Read::Rows(batch)
                    });
                }
                Answer::Whole { status: 404, .. } => return Ok(Read::NotThere(answer)),
                Answer::Whole {
                    status: 429 | 503,
                    retry_after,
                    ..
                } => waits.after_busy(retry_after),
                Answer::Refused(_) => waits.after_refusal(),
                Answer::Whole { status, .. } if status < 500 => None,
                _ => return Err(ReadError::Broken(answer.describe())),
            };
            match wait {
                Some(wait) => self.api.wait(wait).await?,
                None => return Err(ApiError::call("GET", &path, &answer).into()),
            }
        }
    }

    /// Restarts the input and reads past what was handled already; the last batch must be the same
    /// as before.
    async fn read_again(&self, mut reason: String, waits: &mut Waits) -> Result<Read, ApiError> {
        loop {
            let Some(wait) = waits.after_broken() else {
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
            match self.read_past(waits).await {
                Ok(read) => return Ok(read),
                Err(ReadError::Final(error)) => return Err(error),
                Err(ReadError::Broken(again)) => reason = again,
            }
        }
    }

    async fn read_past(&self, waits: &mut Waits) -> Result<Read, ReadError> {
        let changed = |reason: String| {
            ReadError::Final(ApiError::Changed {
                path: self.next_path(),
                reason,
            })
        };
        let last_from = self.last.map_or(0, |last| self.rows - last.rows);
        let mut hasher = Xxh3::new();
        let mut seen = 0;
        while seen < self.rows {
            let batch = match self.read(waits).await? {
                Read::Rows(batch) => batch,
                Read::End => {
                    return Err(changed(format!(
                        "it has {seen} rows, and {} were read before",
                        self.rows
                    )));
                }
                Read::NotThere(_) => return Err(changed("it is not there any more".to_owned())),
            };
            let first = seen;
            seen += batch.len() as u64;
            for (index, row) in batch.rows().enumerate() {
                let number = first + index as u64;
                if number >= last_from && number < self.rows {
                    hash_row(&mut hasher, row);
                }
            }
            if seen < self.rows {
                continue;
            }
            if self
                .last
                .is_some_and(|last| last.hash != hasher.digest128())
            {
                return Err(changed(format!(
                    "rows {} to {} are other ones",
                    last_from + 1,
                    self.rows
                )));
            }
            let handled = usize::try_from(self.rows - first).unwrap_or(usize::MAX);
            let rest = batch.skip_rows(handled);
            if !rest.is_empty() {
                return Ok(Read::Rows(rest));
            }
        }
        self.read(waits).await
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

fn hash_row(hasher: &mut Xxh3, row: Row<'_>) {
    hasher.update(row.bytes());
    hasher.update(b"\n");
}
