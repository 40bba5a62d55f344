//! `source`: the steps a data source's rows come from.

use schemars::JsonSchema;
use serde::Deserialize;

use super::format::Format;
use super::job::Job;
use super::pages::Pages;
use super::places::{HasPlace, Placed, by_shape};
use super::request::Request;
use super::sql::SqlSource;
use super::values::{Concurrency, Duration, ListOrTemplate, Path};
use super::{Condition, Template, Tree};

/// One step, or a list of steps: each record of one runs the next.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Source {
    /// A single step.
    One(Box<Placed<Step>>),
    /// Steps in turn.
    Many(#[schemars(length(min = 1))] Vec<Placed<Step>>),
}

impl Source {
    /// Its steps, in turn.
    pub fn steps(&self) -> &[Placed<Step>] {
        match self {
            Self::One(step) => std::slice::from_ref(step),
            Self::Many(steps) => steps,
        }
    }
}

by_shape!(Source { Map => One, List => Many });

/// A step: where its records come from (one of `request`, `for_each`, `rows`, `windows`, `file`,
/// `job`, `first_of`, `all_of`), and what becomes of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The name under which later steps, `vars`, `where` and `columns` see this step's record: small
    /// letters, digits and `_`.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    pub name: Option<Placed<String>>,
    /// A request; only its path, or all of it.
    ///
    /// ```yaml
    /// request: { path: /products, query: { market: "{{ options.MARKET }}" } }
    /// ```
    pub request: Option<Placed<Request>>,
    /// A list: its elements are the records.
    ///
    /// ```yaml
    /// for_each: "{{ product.variants }}"
    /// ```
    pub for_each: Option<ListOrTemplate>,
    /// Records written in the spec; templates at any depth.
    ///
    /// ```yaml
    /// rows:
    ///   - { id: 1, name: first product, seen: "{{ now() }}" }
    /// ```
    #[schemars(with = "Option<Vec<super::places::Keyed<Tree>>>")]
    pub rows: Option<Placed<Vec<Tree>>>,
    /// Spans of time, as records `{from, to}`.
    ///
    /// ```yaml
    /// windows: { from: "{{ since or '2024-01-01' }}", step: P1M }
    /// ```
    pub windows: Option<Placed<Windows>>,
    /// Files, by URL.
    ///
    /// ```yaml
    /// file: { url: "sftp://files.example.com/out/*.csv", pick: newest }
    /// ```
    pub file: Option<Placed<FileSource>>,
    /// A query of a database.
    ///
    /// ```yaml
    /// sql: { url: "postgres://{{ options.HOST }}/shop", username: runner, password: "{{ options.PASSWORD }}", query: SELECT id, title FROM products }
    /// ```
    pub sql: Option<Box<Placed<SqlSource>>>,
    /// A report made on demand: submitted, waited for, downloaded.
    ///
    /// ```yaml
    /// job:
    ///   submit: { path: /reports, json: { type: OFFERS } }
    ///   poll: { request: "/reports/{{ submit.body.id }}", every: 20s }
    ///   until: "{{ poll.body.status == 'DONE' }}"
    ///   download: { url: "{{ poll.body.url }}", auth: none }
    /// ```
    pub job: Option<Box<Placed<Job>>>,
    /// The first of these steps whose `when` holds.
    ///
    /// ```yaml
    /// first_of:
    ///   - { when: "{{ options.GROUPS }}", for_each: "{{ options.GROUPS.split(',') }}" }
    ///   - { request: /groups, records: "$[*].id" }
    /// ```
    pub first_of: Option<Placed<Vec<Placed<Step>>>>,
    /// The records of each of these steps, one after another.
    ///
    /// ```yaml
    /// all_of:
    ///   - { request: /products }
    ///   - { request: /bundles }
    /// ```
    pub all_of: Option<Placed<Vec<Placed<Step>>>>,
    /// Where the records stand in the answer. Without it a list is its elements, anything else one
    /// record.
    ///
    /// ```yaml
    /// records: $.data.products[*]
    /// ```
    pub records: Option<Path>,
    /// How the answer or the file is read; found out where nothing is said.
    pub format: Option<Format>,
    /// How the list is paged; as `http` says where nothing is said.
    pub pages: Option<Pages>,
    /// Where it does not hold the step is passed over: its name is nothing, and the record before
    /// it goes on.
    pub when: Option<Condition>,
    /// Which of its records go on.
    #[serde(rename = "where")]
    pub filter: Option<Condition>,
    /// All records of one parent as one list; the parent goes on once.
    pub collect: Placed<bool>,
    /// What becomes of a parent without records. With `collect` it goes on, with an empty list, where
    /// nothing is said.
    pub if_none: Option<IfNone>,
    /// What a request that failed for good does.
    pub on_error: StepOnError,
    /// How many parents at a time; as `http` says, or 4. Records stay in order.
    pub concurrency: Option<Concurrency>,
}

/// Where a step's records come from: one of these.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum Origin<'s> {
    Request(&'s Placed<Request>),
    ForEach(&'s ListOrTemplate),
    Rows(&'s Placed<Vec<Tree>>),
    Windows(&'s Placed<Windows>),
    File(&'s Placed<FileSource>),
    Sql(&'s Placed<SqlSource>),
    Job(&'s Placed<Job>),
    FirstOf(&'s Placed<Vec<Placed<Step>>>),
    AllOf(&'s Placed<Vec<Placed<Step>>>),
}

impl Origin<'_> {
    /// The keys of all of them.
    pub const WORDS: [&'static str; 9] = [
        "request", "for_each", "rows", "windows", "file", "sql", "job", "first_of", "all_of",
    ];

    /// Its key.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::ForEach(_) => "for_each",
            Self::Rows(_) => "rows",
            Self::Windows(_) => "windows",
            Self::File(_) => "file",
            Self::Sql(_) => "sql",
            Self::Job(_) => "job",
            Self::FirstOf(_) => "first_of",
            Self::AllOf(_) => "all_of",
        }
    }
}

impl HasPlace for Origin<'_> {
    fn place(&self) -> std::ops::Range<usize> {
        match self {
            Self::Request(at) => at.place(),
            Self::ForEach(at) => at.place(),
            Self::Rows(at) => at.place(),
            Self::Windows(at) => at.place(),
            Self::File(at) => at.place(),
            Self::Sql(at) => at.place(),
            Self::Job(at) => at.place(),
            Self::FirstOf(at) | Self::AllOf(at) => at.place(),
        }
    }
}

impl Step {
    /// Where its records come from, as far as it is said.
    pub fn origins(&self) -> Vec<Origin<'_>> {
        let all = [
            self.request.as_ref().map(Origin::Request),
            self.for_each.as_ref().map(Origin::ForEach),
            self.rows.as_ref().map(Origin::Rows),
            self.windows.as_ref().map(Origin::Windows),
            self.file.as_ref().map(Origin::File),
            self.sql.as_deref().map(Origin::Sql),
            self.job.as_deref().map(Origin::Job),
            self.first_of.as_ref().map(Origin::FirstOf),
            self.all_of.as_ref().map(Origin::AllOf),
        ];
        all.into_iter().flatten().collect()
    }
}

/// What becomes of a parent without records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfNone {
    /// It is gone.
    #[default]
    Drop,
    /// It goes on with nothing.
    Keep,
}

/// What a request that failed for good does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepOnError {
    /// Ends the run.
    #[default]
    Fail,
    /// This parent is dropped, and that is logged.
    Skip,
}

/// Spans of time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Where the first begins. Nothing lies before it; where it is `to` or later there is no window
    /// (with a `gap`, both being one moment, there is one).
    pub from: Template,
    /// Where the last ends; now where nothing is said.
    #[serde(default)]
    pub to: Option<Template>,
    /// How long each is.
    pub step: Duration,
    /// Taken off the end of each but the last, where the API counts both ends: `1d` where it counts
    /// days, `1s` where it counts seconds. Not longer than `step`. The last one ends at `to`.
    #[serde(default)]
    pub gap: Option<Duration>,
    /// How both print.
    #[serde(default)]
    pub format: Option<Placed<String>>,
}

/// Files, by URL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// Where: `file`, `s3`, `gs`, `az`, `sftp`, `ftp`, `http` or `https`; a `*` in the name takes all that match, but on a
    /// web server, which has no list of its files.
    pub url: Template,
    /// Which of them.
    #[serde(default)]
    pub pick: Pick,
    /// Who asks.
    #[serde(default)]
    pub login: Option<Login>,
}

/// Which files of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pick {
    /// All, by name.
    #[default]
    All,
    /// The one that was changed last.
    Newest,
}

/// Who asks for a file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// The user.
    pub username: Option<Template>,
    /// The user's password.
    pub password: Option<Template>,
    /// The user's private key, for SFTP.
    pub key: Option<Template>,
    /// The server's key, for SFTP: `ssh-ed25519 AAAA…`, or its fingerprint `SHA256:…`.
    pub host_key: Option<Template>,
    /// A file of the keys of servers, as `~/.ssh/known_hosts`, for SFTP.
    pub known_hosts: Option<Template>,
    /// The access key, for S3 and Google Cloud Storage.
    pub access_key: Option<Template>,
    /// The secret key, for S3 and Google Cloud Storage.
    pub secret_key: Option<Template>,
    /// The region, for S3; `us-east-1` where nothing is said.
    pub region: Option<Template>,
    /// The server, for a bucket that is not at Amazon, Google or Azure.
    pub endpoint: Option<Template>,
    /// The JSON of a service account's key, for Google Cloud Storage; `access_key` and `secret_key` of an
    /// HMAC key do too.
    pub service_account: Option<Template>,
    /// The storage account, for Azure.
    pub account: Option<Template>,
    /// One of its keys, for Azure.
    pub account_key: Option<Template>,
    /// A shared access signature instead, for Azure: `sv=…&sig=…`.
    pub sas: Option<Template>,
}
