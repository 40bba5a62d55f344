//! `target`: where an export's rows go.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;

use super::file_target::FileTarget;
use super::format::Format;
use super::pages::Pages;
use super::places::{HasPlace, Placed, by_shape, read};
use super::recovery::OnResponse;
use super::request::Request;
use super::sql::SqlTarget;
use super::target_job::{Requests, TargetJob};
use super::tree::Node;
use super::values::{BatchRows, Concurrency, Path, Size};
use super::{Condition, Log, Template, Tree};

/// Where rows go. In `export-delta` an entry for each kind of change, run in the order written; a
/// kind without an entry is not read. Keys beside the entries are shared by all of them.
#[derive(Debug, Clone, Default, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false))]
pub struct Target {
    /// Rows that are new since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub new: Option<Placed<Entry>>,
    /// Rows that have changed since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub modified: Option<Placed<Entry>>,
    /// Rows that are gone since the last run.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub deleted: Option<Placed<Entry>>,
    /// Rows that are as they were.
    #[schemars(extend("x-modes" = ["export-delta"]))]
    pub unchanged: Option<Placed<Entry>>,
    /// How rows are sent.
    #[schemars(flatten)]
    pub keys: TargetKeys,
    /// The entries in written order.
    #[schemars(skip)]
    pub order: Vec<EntryKind>,
}

/// What an entry is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// `new`.
    New,
    /// `modified`.
    Modified,
    /// `deleted`.
    Deleted,
    /// `unchanged`.
    Unchanged,
}

/// What happens to the rows of one kind of change: the keys of `target`, which win over those beside
/// the entry. `{}` reads and reports them, and sends nothing.
#[derive(Debug, Clone, Default, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false))]
pub struct Entry {
    /// What is logged for this kind of change alone: `start` before its rows are asked for, `row`,
    /// `batch`, and `finish` after its last row.
    pub log: Vec<Log>,
    /// How rows are sent.
    #[schemars(flatten)]
    pub keys: TargetKeys,
}

impl Target {
    /// The keys of it, and those of its entries.
    pub fn owners(&self) -> impl Iterator<Item = &TargetKeys> {
        let entries = self.entries().map(|(_, entry)| &entry.keys);
        entries.chain([&self.keys])
    }

    /// The entries, in written order.
    pub fn entries(&self) -> impl Iterator<Item = (EntryKind, &Placed<Entry>)> {
        let entry = |kind: &EntryKind| match kind {
            EntryKind::New => self.new.as_ref(),
            EntryKind::Modified => self.modified.as_ref(),
            EntryKind::Deleted => self.deleted.as_ref(),
            EntryKind::Unchanged => self.unchanged.as_ref(),
        };
        let order = self.order.iter();
        order.filter_map(move |kind| Some((*kind, entry(kind)?)))
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// What is beside the keys.
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Own {
            new: Option<Placed<Entry>>,
            modified: Option<Placed<Entry>>,
            deleted: Option<Placed<Entry>>,
            unchanged: Option<Placed<Entry>>,
        }
        let node = Node::deserialize(deserializer)?;
        let own: Own = read(&node).map_err(serde::de::Error::custom)?;
        Ok(Self {
            new: own.new,
            modified: own.modified,
            deleted: own.deleted,
            unchanged: own.unchanged,
            keys: read(&node).map_err(serde::de::Error::custom)?,
            order: node.keys().filter_map(|key| read(&key).ok()).collect(),
        })
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// What is beside the keys.
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Own {
            log: Vec<Log>,
        }
        let node = Node::deserialize(deserializer)?;
        let own: Own = read(&node).map_err(serde::de::Error::custom)?;
        Ok(Self {
            log: own.log,
            keys: read(&node).map_err(serde::de::Error::custom)?,
        })
    }
}

/// How rows are sent: one of `request`, `steps`, `job` and `file`, and what is said about it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetKeys {
    /// The request, once a row, or once a batch.
    ///
    /// ```yaml
    /// request: { path: "/offers/{{ row.sku }}", method: PUT, json: "{{ item }}" }
    /// ```
    pub request: Option<Placed<Request>>,
    /// Requests in turn for each row; a failed one ends the row, the last that ran gives its outcome.
    ///
    /// ```yaml
    /// steps:
    ///   - { name: found, request: { path: /products, query: { sku: "{{ row.sku }}" } } }
    ///   - { when: "{{ not found.body.items }}", request: { path: /products, json: "{{ item }}" } }
    ///   - { when: "{{ found.body.items }}", request: { method: PUT, path: "/products/{{ found.body.items[0].id }}", json: "{{ item }}" } }
    /// ```
    pub steps: Option<Placed<Vec<TargetStep>>>,
    /// Rows that the channel takes in as a job of its own: submitted, then waited for.
    ///
    /// ```yaml
    /// job:
    ///   submit: { path: /jobs, jsonl: "{{ items }}" }
    ///   poll: { request: "/jobs/{{ submit.body.id }}", every: 15s }
    ///   until: "{{ poll.body.status in ['DONE', 'FAILED'] }}"
    ///   failed: "{{ poll.body.status == 'FAILED' }}"
    /// ```
    pub job: Option<Box<Placed<TargetJob>>>,
    /// One file of all rows.
    ///
    /// ```yaml
    /// file: { url: "sftp://{{ options.HOST }}/in/offers.csv.gz", login: { username: "{{ options.USERNAME }}", password: "{{ options.PASSWORD }}" } }
    /// ```
    pub file: Option<Box<Placed<FileTarget>>>,
    /// A database.
    ///
    /// ```yaml
    /// sql: { url: "postgres://{{ options.HOST }}/shop", username: runner, password: "{{ options.PASSWORD }}", table: products, key: sku }
    /// ```
    pub sql: Option<Box<Placed<SqlTarget>>>,
    /// How many rows go into one request: a number, or `{rows, bytes, by, split, whole}`.
    ///
    /// ```yaml
    /// batch: { rows: 10000, bytes: 9MB }
    /// ```
    pub batch: Option<Placed<Batch>>,
    /// One row as the channel wants it: `item` in the request of a row, `items` in that of a batch.
    ///
    /// ```yaml
    /// item: { sku: "{{ row.sku }}", price: "{{ row.price | to_number }}" }
    /// ```
    pub item: Option<Tree>,
    /// Each row's fate in the answer to a batch.
    ///
    /// ```yaml
    /// results: { list: "$.results[*]", match: position, ok: "{{ result.status == 'ok' }}", message: "{{ result.error }}" }
    /// ```
    pub results: Option<Placed<Results>>,
    /// What must be true besides the status.
    ///
    /// ```yaml
    /// ok: "{{ response.body.success }}"
    /// ```
    pub ok: Option<Condition>,
    /// What answers mean; before the rules of `http`.
    pub on_response: Option<Placed<Vec<Placed<OnResponse>>>>,
    /// Requests in turn before the first row is sent; what is sent sees their answers by name. Beside the
    /// entries of `export-delta` they come before the first of them.
    ///
    /// ```yaml
    /// before: [{ name: index, request: { path: /indexes, json: { name: "products-{{ run.id }}" } } }]
    /// ```
    pub before: Vec<TargetStep>,
    /// Requests in turn after the last row, unless the run has failed by then.
    ///
    /// ```yaml
    /// after: [{ when: "{{ run.rows_failed == 0 }}", request: { path: /swap, json: { index: "{{ index.body.id }}" } } }]
    /// ```
    pub after: Vec<TargetStep>,
    /// How many requests at a time; 1 where nothing is said. More give up the order of sending;
    /// feedback stays in order.
    pub concurrency: Option<Concurrency>,
}

/// By which means rows are sent: one of these.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum Means<'s> {
    Request(&'s Placed<Request>),
    Steps(&'s Placed<Vec<TargetStep>>),
    Job(&'s Placed<TargetJob>),
    File(&'s Placed<FileTarget>),
    Sql(&'s Placed<SqlTarget>),
}

impl Means<'_> {
    /// The keys of all of them.
    pub const WORDS: [&'static str; 5] = ["request", "steps", "job", "file", "sql"];

    /// Its key.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Steps(_) => "steps",
            Self::Job(_) => "job",
            Self::File(_) => "file",
            Self::Sql(_) => "sql",
        }
    }
}

impl HasPlace for Means<'_> {
    fn place(&self) -> Range<usize> {
        match self {
            Self::Request(at) => at.place(),
            Self::Steps(at) => at.place(),
            Self::Job(at) => at.place(),
            Self::File(at) => at.place(),
            Self::Sql(at) => at.place(),
        }
    }
}

/// A key that says more of how rows are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum MoreKey {
    Batch,
    Item,
    Results,
    Ok,
    OnResponse,
    Concurrency,
}

impl MoreKey {
    /// The key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Item => "item",
            Self::Results => "results",
            Self::Ok => "ok",
            Self::OnResponse => "on_response",
            Self::Concurrency => "concurrency",
        }
    }
}

impl TargetKeys {
    /// By which means rows are sent, as far as it is said.
    pub fn means(&self) -> Vec<Means<'_>> {
        let all = [
            self.request.as_ref().map(Means::Request),
            self.steps.as_ref().map(Means::Steps),
            self.job.as_deref().map(Means::Job),
            self.file.as_deref().map(Means::File),
            self.sql.as_deref().map(Means::Sql),
        ];
        all.into_iter().flatten().collect()
    }

    /// What else is said of how rows are sent, and where.
    pub fn more(&self) -> Vec<(MoreKey, Range<usize>)> {
        let all = [
            (MoreKey::Batch, self.batch.as_ref().map(HasPlace::place)),
            (MoreKey::Item, self.item.as_ref().map(HasPlace::place)),
            (MoreKey::Results, self.results.as_ref().map(HasPlace::place)),
            (MoreKey::Ok, self.ok.as_ref().map(HasPlace::place)),
            (
                MoreKey::OnResponse,
                self.on_response.as_ref().map(HasPlace::place),
            ),
            (
                MoreKey::Concurrency,
                self.concurrency.as_ref().map(HasPlace::place),
            ),
        ];
        let said = all.into_iter();
        said.filter_map(|(key, place)| Some((key, place?)))
            .collect()
    }
}

/// A request of several that a row needs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetStep {
    /// The name under which later steps and `feedback` see its answer: small letters, digits and `_`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    pub name: Option<Placed<String>>,
    /// Whether it runs.
    #[serde(default)]
    pub when: Option<Condition>,
    /// The request.
    pub request: Placed<Request>,
}

/// How many rows go into one request.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Batch {
    /// So many rows.
    Rows(BatchRows),
    /// All of it.
    Whole(Box<BatchKeys>),
}

by_shape!(Batch { Scalar => Rows, Map => Whole });

/// How many rows go into one request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchKeys {
    /// Rows at most; 1000 where nothing is said.
    pub rows: Option<BatchRows>,
    /// Bytes of all items at most, as JSON.
    pub bytes: Option<Size>,
    /// Rows of one value go together, in a batch of their own. A group that is larger than a batch is an
    /// error of its rows. A row whose value is empty belongs to no group.
    pub by: Option<Template>,
    /// A group that is larger than a batch is sent in several.
    pub split: Placed<bool>,
    /// Whole groups go together, as many as a batch holds: `groups` beside `items`.
    pub whole: Placed<bool>,
}

/// Each row's fate in the answer to a batch.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Results {
    /// Where the fates are fetched, where that is not the answer itself. Of several requests the last has
    /// them, and those before lead to it; where its `when` does not hold, nothing is told of any row.
    ///
    /// ```yaml
    /// request:
    ///   - { name: report, request: "/documents/{{ poll.body.report }}" }
    ///   - { when: "{{ report.body.url }}", request: { url: "{{ report.body.url }}" } }
    /// ```
    pub request: Option<Placed<Requests>>,
    /// How that answer is paged, where it is.
    pub pages: Option<Pages>,
    /// How that answer is read; found out where nothing is said.
    pub format: Option<Format>,
    /// Where the list stands; the whole answer where nothing is said.
    pub list: Option<Path>,
    /// Which row an element is about: `position`, `{index: …}` (from 0), or `{row: …, result: …}`,
    /// which are compared as text.
    #[serde(rename = "match")]
    pub matching: Option<Placed<Match>>,
    /// Whether the row went through; true where nothing is said.
    pub ok: Option<Condition>,
    /// Whether the row is sent once more, without the others of its batch: `attempts`, `wait` and
    /// `max_wait` are those of the request's `retry`.
    pub retry: Option<Condition>,
    /// What a row is that no element is about. Where nothing is said, `failed` if the results stand in
    /// the answer to what was sent, and `unknown` if they are asked for later.
    pub missing: Option<Missing>,
    /// Whether the channel applies nothing of a batch with a fault: rows without one are sent again.
    pub all_or_nothing: bool,
    /// The channel's code for what is wrong.
    pub code: Option<Template>,
    /// What is wrong, in words.
    pub message: Option<Template>,
}

/// Which row an element is about.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Match {
    /// By its place.
    Word(MatchWord),
    /// By what it says.
    Whole(Box<MatchKeys>),
}

by_shape!(Match { Scalar => Word, Map => Whole });

/// Matches with nothing to say.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchWord {
    /// The first element is about the first row.
    Position,
}

/// Which row an element is about.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MatchKeys {
    /// The row's place in its batch, from 0.
    pub index: Option<Template>,
    /// What a row is known by; together with `result`.
    pub row: Option<Template>,
    /// What an element knows it by.
    pub result: Option<Template>,
}

/// What a row is that no element is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// It has failed.
    Failed,
    /// It went through.
    Ok,
    /// Nobody knows.
    Unknown,
}
