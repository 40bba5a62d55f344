//! Where an export's rows go, compiled.

use std::sync::Arc;

use super::WatchedPlan;
use super::file_target::FileTargetPlan;
use super::poll::PollPlan;
use super::reads::BodyReads;
use super::request::RequestPlan;
use super::source::{FetchPlan, ReadingPlan};
use super::sql::SqlTargetPlan;
use crate::spec::target::Missing;
use crate::template::tree::TemplateTree;
use crate::template::{Template, Uses};

/// Rows of a batch at most, where nothing is said.
pub const BATCH_ROWS: usize = 1000;
/// Rows of a transaction, where nothing is said.
pub const TRANSACTION_ROWS: usize = 500;

/// How rows are sent.
#[derive(Debug)]
pub struct TargetPlan {
    /// What it is called in messages: "target", or "target, new".
    pub label: Arc<str>,
    /// By which means.
    pub kind: TargetKind,
    /// Rows that go together; each goes alone where there is none.
    pub batch: Option<BatchPlan>,
    /// A row as the channel wants it.
    pub item: Option<ItemPlan>,
    /// What must be true besides the status.
    pub ok: Option<Template>,
    /// Each row's fate in an answer.
    pub results: Option<ResultsPlan>,
    /// What `ok` reads of the answer.
    pub ok_reads: BodyReads,
    /// What `results` do.
    pub results_read: BodyReads,
    /// Sends at a time.
    pub concurrency: usize,
}

impl TargetPlan {
    /// The steps, of the target or of what submits its jobs.
    pub fn steps(&self) -> &[TargetStepPlan] {
        match &self.kind {
            TargetKind::Steps(steps) => steps,
            TargetKind::Job(job) => match &job.submit {
                SubmitPlan::Steps(steps) => steps,
                SubmitPlan::Request(_) => &[],
            },
            TargetKind::Request(_) | TargetKind::File(_) | TargetKind::Sql(_) => &[],
        }
    }

    /// Notes what the target reads of its own answers.
    pub fn note_reads(&mut self, uses: &Uses) {
        match &mut self.kind {
            TargetKind::Steps(steps) => note_reads(steps, uses),
            TargetKind::Job(job) => {
                job.submit_reads = BodyReads::of(uses, "submit");
                if let SubmitPlan::Steps(steps) = &mut job.submit {
                    note_reads(steps, uses);
                    if let Some(last) = steps.last_mut() {
                        last.reads = last.reads.max(job.submit_reads);
                    }
                }
            }
            TargetKind::Request(_) | TargetKind::File(_) | TargetKind::Sql(_) => {}
        }
    }
}

/// By which means rows are sent.
#[derive(Debug)]
pub enum TargetKind {
    /// A request, for a row or a batch.
    Request(Box<RequestPlan>),
    /// Requests in turn, for a row.
    Steps(Vec<TargetStepPlan>),
    /// A job of the channel, for a row or a batch.
    Job(Box<TargetJobPlan>),
    /// One file of all rows.
    File(Arc<FileTargetPlan>),
    /// A database.
    Sql(Box<SqlTargetPlan>),
}

/// A request of several that a row needs.
#[derive(Debug)]
pub struct TargetStepPlan {
    /// Under which name its answer is seen.
    pub name: Option<Arc<str>>,
    /// Whether it runs.
    pub when: Option<Template>,
    /// Whether an answer before it decides that.
    pub when_depends: bool,
    /// What those that come after it read of its answer.
    pub reads: BodyReads,
    /// The request.
    pub request: RequestPlan,
}

impl TargetStepPlan {
    /// Notes what those that come after it read of its answer.
    fn note_reads(&mut self, uses: &Uses) {
        let name = self.name.as_deref().unwrap_or_default();
        self.reads = self.reads.max(BodyReads::of(uses, name));
    }
}

/// Notes what is read of the answers of steps.
pub fn note_reads(steps: &mut [TargetStepPlan], uses: &Uses) {
    for step in steps {
        step.note_reads(uses);
    }
}

/// Rows that go together.
#[derive(Debug)]
pub struct BatchPlan {
    /// Rows at most.
    pub rows: usize,
    /// Bytes of all items at most.
    pub bytes: Option<u64>,
    /// Rows of one value go together.
    pub by: Option<ByPlan>,
}

impl BatchPlan {
    /// How groups go, where there are any.
    pub fn groups(&self) -> Option<Groups> {
        self.by.as_ref().map(|by| by.groups)
    }
}

/// Rows of one value go together.
#[derive(Debug)]
pub struct ByPlan {
    /// The value.
    pub value: Template,
    /// How they go.
    pub groups: Groups,
}

/// How the rows of one value go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// A group is a batch; one that is larger than a batch is an error of its rows.
    Alone,
    /// As many whole groups as a batch holds.
    Packed,
    /// A group that is larger than a batch is several batches.
    Cut,
}

/// A row as the channel wants it.
#[derive(Debug)]
pub struct ItemPlan {
    /// Its value.
    pub tree: TemplateTree,
    /// Its own keys, for those that were empty in every row.
    pub keys: Vec<WatchedPlan>,
    /// Whether it reads `batch`, so that it is made anew where its row goes into another.
    pub reads_batch: bool,
}

/// What starts a job.
#[derive(Debug)]
pub enum SubmitPlan {
    /// One request.
    Request(Box<RequestPlan>),
    /// Several in turn.
    Steps(Vec<TargetStepPlan>),
}

/// What is read of an element of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementReads {
    /// Nothing: whether it is there decides.
    Nothing,
    /// It as it is.
    Itself,
    /// Something in it, by its name.
    Names,
}

/// Each row's fate in an answer.
#[derive(Debug)]
pub struct ResultsPlan {
    /// The names that are read in an element.
    pub names: Vec<String>,
    /// What `ok` and `retry` read of an element.
    pub element_reads: ElementReads,
    /// What it is called in messages.
    pub label: Arc<str>,
    /// Requests that lead to where fates are fetched.
    pub leads: Vec<TargetStepPlan>,
    /// Where fates are fetched, where that is not the answer itself.
    pub request: Option<FetchPlan>,
    /// Whether they are.
    pub when: Option<Template>,
    /// Where the list stands, and what the answer is.
    pub reading: Arc<ReadingPlan>,
    /// Which row an element is about.
    pub matching: MatchPlan,
    /// Whether the row went through.
    pub ok: Option<Template>,
    /// Whether the row is sent once more.
    pub retry: Option<Template>,
    /// What a row is that no element is about.
    pub missing: Missing,
    /// Whether the author says so.
    pub is_missing_said: bool,
    /// Whether the channel applies nothing of a batch with a fault.
    pub all_or_nothing: bool,
    /// The channel's code.
    pub code: Option<Template>,
    /// What is wrong, in words.
    pub message: Option<Template>,
}

/// Which row an element is about.
#[derive(Debug)]
pub enum MatchPlan {
    /// The first element is about the first row.
    Position,
    /// The row at an index, from 0.
    Index(Template),
    /// The row that is known by the same text.
    Key {
        /// What a row is known by.
        row: Template,
        /// What an element knows it by.
        result: Template,
    },
}

/// A job of the channel.
#[derive(Debug)]
pub struct TargetJobPlan {
    /// Starts it.
    pub submit: SubmitPlan,
    /// What is read of the answer to what submits it.
    pub submit_reads: BodyReads,
    /// Whether a job that failed has applied nothing.
    pub all_or_nothing: bool,
    /// How its end is waited for.
    pub poll: PollPlan,
}
