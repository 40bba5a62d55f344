//! The steps of a data source, compiled; what `lookups` shares with them.

use std::sync::Arc;

use super::pages::PagesPlan;
use super::poll::PollPlan;
use super::request::RequestPlan;
use super::sql::SqlReadPlan;
use crate::formats::FormatPlan;
use crate::json_path::PathPlan;
use crate::spec::source::{IfNone, Pick, StepOnError};
use crate::template::{DurationValue, Template};

/// What stands before `://` in the address of a file: where [`places`](crate::places) are.
pub const SCHEMES: [&str; 9] = [
    "file", "s3", "gs", "az", "sftp", "ftp", "ftps", "http", "https",
];

/// [`SCHEMES`] in words.
pub fn schemes(last: &str) -> String {
    let (end, before) = SCHEMES.split_last().unwrap_or((&"", &[]));
    format!("{} {last} {end}", before.join(", "))
}

/// Parents at a time, where nothing is said.
pub const CONCURRENCY: usize = 4;

/// A step of a data source.
#[derive(Debug)]
pub struct StepPlan {
    /// Under which name later steps and columns see its record.
    pub name: Option<Arc<str>>,
    /// What it is called in messages: its name, or its number.
    pub label: Arc<str>,
    /// Where its records come from.
    pub kind: StepKind,
    /// Whether it runs.
    pub when: Option<Template>,
    /// Which of its records go on.
    pub filter: Option<Template>,
    /// Whether all records of a parent are one list.
    pub collect: bool,
    /// What becomes of a parent without records; with `collect` it goes on where nothing is said.
    pub if_none: IfNone,
    /// What a request that failed for good does.
    pub on_error: StepOnError,
    /// Parents at a time.
    pub concurrency: usize,
    /// Whether records carry `response`, because something after the step reads it.
    pub keeps_response: bool,
}

/// Where a step's records come from.
#[derive(Debug)]
pub enum StepKind {
    /// The spec.
    Rows(Vec<Template>),
    /// A list.
    ForEach(Vec<Template>),
    /// A template that gives a list.
    ForEachOf(Template),
    /// A template that gives texts, which are read as answers are.
    ForEachText(Box<TextsPlan>),
    /// Spans of time.
    Windows(Box<WindowsPlan>),
    /// A request.
    Request(Box<FetchPlan>),
    /// Files.
    File(Box<FilePlan>),
    /// Rows of a database.
    Sql(Box<SqlReadPlan>),
    /// Work that the other side does meanwhile.
    Job(Box<JobPlan>),
    /// The first whose `when` holds.
    FirstOf(Vec<Arc<StepPlan>>),
    /// Each, one after another.
    AllOf(Vec<Arc<StepPlan>>),
}

impl StepKind {
    /// Whether its records come without waiting for anything.
    pub fn is_at_hand(&self) -> bool {
        matches!(
            self,
            Self::Rows(_) | Self::ForEach(_) | Self::ForEachOf(_) | Self::Windows(_)
        )
    }
}

/// Texts that have records inside.
#[derive(Debug)]
pub struct TextsPlan {
    /// A text, or a list of them.
    pub texts: Template,
    /// How they are read.
    pub reading: Arc<ReadingPlan>,
}

/// A request whose answer has records.
#[derive(Debug)]
pub struct FetchPlan {
    /// The request.
    pub request: RequestPlan,
    /// How it is paged.
    pub pages: Option<PagesPlan>,
    /// How its answers are read.
    pub reading: Arc<ReadingPlan>,
}

impl FetchPlan {
    /// Whether pages are told by their numbers, and ends by how much is on them.
    pub fn is_counted(&self) -> bool {
        self.pages
            .as_ref()
            .is_some_and(|pages| pages.kind.is_counted())
    }
}

/// How records are found in what was answered.
#[derive(Debug)]
pub struct ReadingPlan {
    /// Where they stand.
    pub records: Option<PathPlan>,
    /// The key that says so, in messages: `records`, or `list`.
    pub key: &'static str,
    /// What the answer is.
    pub format: Option<FormatPlan>,
    /// Whether the author says what becomes of none: then an answer without the place of records has
    /// none, and is no error.
    pub may_lack: bool,
    /// Whether an answer without a body has none, where its format knows lists without a line.
    pub may_be_empty: bool,
}

/// Spans of time.
#[derive(Debug)]
pub struct WindowsPlan {
    /// Where the first begins.
    pub from: Template,
    /// Where the last ends.
    pub to: Option<Template>,
    /// How long each is.
    pub step: DurationValue,
    /// Taken off the end of each.
    pub gap: DurationValue,
    /// How both print.
    pub format: Option<String>,
}

/// Files, by URL.
#[derive(Debug)]
pub struct FilePlan {
    /// Where.
    pub url: Template,
    /// Which of them.
    pub pick: Pick,
    /// Who asks.
    pub login: LoginPlan,
    /// How they are read.
    pub reading: Arc<ReadingPlan>,
    /// For files that HTTP serves.
    pub fetch: FetchPlan,
}

/// Who asks for a file.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the fields are those of `spec::source::Login`")]
pub struct LoginPlan {
    pub username: Option<Template>,
    pub password: Option<Template>,
    pub key: Option<Template>,
    pub access_key: Option<Template>,
    pub secret_key: Option<Template>,
    pub region: Option<Template>,
    pub endpoint: Option<Template>,
    pub account: Option<Template>,
    pub account_key: Option<Template>,
    pub sas: Option<Template>,
    pub host_key: Option<Template>,
    pub known_hosts: Option<Template>,
}

/// Work that the other side does meanwhile.
#[derive(Debug)]
pub struct JobPlan {
    /// Starts it.
    pub submit: RequestPlan,
    /// How its end is waited for.
    pub poll: PollPlan,
    /// Where its records are; in the last poll's answer where nothing is said.
    pub download: Option<FetchPlan>,
    /// How they are read.
    pub reading: Arc<ReadingPlan>,
}

/// Only what changed since the last run.
#[derive(Debug)]
pub struct IncrementalPlan {
    /// A record's date or number.
    pub value: Template,
    /// `since` of the first run.
    pub start: Option<Template>,
    /// What has a value of its own.
    pub by: Option<PartitionPlan>,
    /// Taken off what was kept.
    pub lookback: Option<DurationValue>,
}

/// What has a value of `incremental` of its own.
#[derive(Debug)]
pub struct PartitionPlan {
    /// What it is called in the state.
    pub key: Template,
    /// The step whose records have it: those behind it see `since`.
    pub step: String,
}
