//! What will run: the spec compiled. Option values come in when it runs.
//!
//! Plain synchronous code that knows no network. `check` compiles exactly what a run compiles.

pub mod around;
pub mod auth;
mod compile;
pub mod file_name;
pub mod file_target;
mod logging;
pub mod lookup;
pub mod option_values;
mod options;
pub mod pages;
pub mod poll;
pub mod rate;
pub mod reads;
pub mod request;
pub(crate) mod scopes;
pub use scopes::RESERVED;
mod secret;
mod secret_forms;
pub mod source;
pub mod sql;
pub mod target;
pub mod tls;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use compile::{Loaded, compile, load, load_beside, seen_of};
pub use logging::{FailRule, LogRule, NotifyRule};
pub use option_values::{Environment, OptionErrors, OptionValue, OptionValues};
pub use options::{OptionPlan, flag_of};
pub use secret::{Redactor, Secret, hidden_name};

use auth::AuthPlan;
use lookup::LookupPlan;
use request::LimitPlan;
use source::{IncrementalPlan, StepPlan};
use target::TargetPlan;

use crate::row::pattern::Pattern;
use crate::spec::{FeedbackRows, Input, KeepWord, Limit, LogAt, Mode, OnError};
use crate::template::Template;
use around::AroundPlan;
use reads::BodyReads;

impl Plan {
    /// The path of a file beside the spec; nothing for a path that is whole, or where the spec lies in the
    /// folder that one is in.
    pub fn beside(&self, path: &str) -> Option<String> {
        let folder = self
            .folder
            .as_ref()
            .filter(|_| Path::new(path).is_relative())?;
        Some(folder.join(path).to_string_lossy().into_owned())
    }
}

/// A spec as it was read.
#[derive(Debug)]
pub struct SpecSource {
    /// The file as the user named it.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
}

/// A compiled spec.
#[derive(Debug)]
pub struct Plan {
    /// The connector's name.
    pub name: String,
    /// What it does, in the author's words.
    pub description: Option<String>,
    /// What kind of connector it is.
    pub mode: Mode,
    /// Its options, in the order written.
    pub options: Vec<OptionPlan>,
    /// The steps of a data source, none in other modes.
    pub source: Vec<Arc<StepPlan>>,
    /// Only what changed since the last run.
    pub incremental: Option<IncrementalPlan>,
    /// The file of the platform's bucket in which the state is kept.
    pub state: Option<String>,
    /// Whether a data source may end without a record.
    pub allow_empty: bool,
    /// What else is known about a row.
    pub lookups: Vec<Arc<LookupPlan>>,
    /// Who asks, as requests refer to it.
    pub auths: Vec<AuthPlan>,
    /// The folder that the spec lies in; nothing where it is the one that one is in.
    pub folder: Option<PathBuf>,
    /// The spec, where its settings depend on the options.
    pub unsettled: Option<SpecSource>,
    /// Certificates of a client and of an authority.
    pub tls: Option<tls::TlsPlan>,
    /// How fast requests are sent, as they refer to it.
    pub limits: Vec<LimitPlan>,
    /// What is asked of the platform.
    pub input: Input,
    /// Rows a read.
    pub batch_size: u32,
    /// What a row becomes.
    pub mapping: MappingPlan,
    /// Requests around all entries.
    pub around: AroundPlan,
    /// The entries of an export, in the order written; one without a change in mode `export`.
    pub entries: Vec<EntryPlan>,
    /// Whether `feedback` or `log` read what a target's channel answered.
    pub keeps_answers: bool,
    /// What is told back of each row.
    pub feedback: Option<FeedbackPlan>,
    /// What happens when the mapping of a row fails.
    pub on_error: OnError,
    /// How many mapping errors are allowed.
    pub max_errors: Option<Limit>,
    /// How many failed rows are allowed.
    pub max_failures: Option<Limit>,
    /// Conditions that end the run.
    pub fail_when: Vec<FailRule>,
    /// What is logged.
    pub log: Vec<LogRule>,
    /// What the end user is told.
    pub notify: Vec<NotifyRule>,
    /// Whether finished rows are looked at once more: told back, or logged.
    pub reads_finished_rows: bool,
}

impl Plan {
    /// Whether rows or batches are logged as the run goes.
    pub fn logs_as_it_goes(&self) -> bool {
        logs_as_it_goes(&self.log, &self.entries)
    }
}

fn logs_as_it_goes(log: &[LogRule], entries: &[EntryPlan]) -> bool {
    let entries = entries.iter().flat_map(|entry| &entry.log);
    let mut rules = log.iter().chain(entries);
    rules.any(|rule| matches!(rule.at, LogAt::Row | LogAt::Batch))
}

/// What a row becomes.
#[derive(Debug)]
pub struct MappingPlan {
    /// Names of `vars`, in order.
    pub var_names: Arc<[Arc<str>]>,
    /// Their templates, in the same order.
    pub vars: Vec<Template>,
    /// The list a row is split by.
    pub split: Option<Template>,
    /// Which rows go on.
    pub filter: Option<Template>,
    /// Which rows fail, and why.
    pub reject: Vec<RejectRule>,
    /// Columns that are set, in order.
    pub columns: Vec<ColumnPlan>,
    /// Columns that go on by themselves.
    pub keep: KeepPlan,
    /// Columns that are left out.
    pub drop: Vec<Pattern>,
    /// New names.
    pub rename: Vec<(Pattern, Pattern)>,
    /// The columns whose values together are kept once.
    pub unique: Vec<String>,
    /// Whether `feedback` or `log` read what only the mapping knew (`vars`, records).
    pub keeps_frames: bool,
}

impl MappingPlan {
    /// The columns that the spec names, where it names all of them: a file without rows has them too.
    pub fn fixed_columns(&self) -> Vec<String> {
        let names_all = matches!(&self.keep, KeepPlan::Word(KeepWord::None));
        let is_plain = |name: &&str| !name.contains(['*', '{']);
        if !names_all || !self.rename.is_empty() || !self.drop.is_empty() {
            return Vec::new();
        }
        let names = self.columns.iter().map(|column| column.name.as_str());
        names.filter(is_plain).map(str::to_owned).collect()
    }
}

/// A column that is set.
#[derive(Debug)]
pub struct ColumnPlan {
    /// Its name as written.
    pub name: String,
    /// The name, worked out from the options.
    pub name_template: Option<Template>,
    /// Its value.
    pub value: Template,
    /// The fields of records and rows that it reads, as `(owner, field)`; those of `vars` that it reads
    /// too.
    pub reads: Vec<(String, String)>,
}

/// What is pointed at where it was empty in every row: a column, or a key of an item.
#[derive(Debug, Clone)]
pub struct WatchedPlan {
    /// What it is called.
    pub name: String,
    /// Whether it is text that stands in the spec.
    pub is_constant: bool,
    /// The fields of records and rows that it reads, as `(owner, field)`.
    pub reads: Vec<(String, String)>,
}

impl ColumnPlan {
    /// What is pointed at where the column was empty.
    pub fn watched(&self) -> WatchedPlan {
        WatchedPlan {
            name: self.name.clone(),
            is_constant: self.value.as_constant().is_some(),
            reads: self.reads.clone(),
        }
    }
}

/// Which columns go on by themselves.
#[derive(Debug)]
pub enum KeepPlan {
    /// All or none.
    Word(KeepWord),
    /// These.
    Names(Vec<Pattern>),
}

/// A reason for which a row fails.
#[derive(Debug)]
pub struct RejectRule {
    /// When.
    pub when: Template,
    /// The reason.
    pub message: Template,
}

/// One input of an export.
#[derive(Debug)]
pub struct EntryPlan {
    /// The kind of change; nothing in mode `export`.
    pub change: Option<Change>,
    /// Requests around this entry alone.
    pub around: AroundPlan,
    /// What is logged for this entry alone.
    pub log: Vec<LogRule>,
    /// How its rows are sent; without it they are read, judged and reported.
    pub target: Option<Arc<TargetPlan>>,
}

/// Kinds of change since the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the platform's")]
pub enum Change {
    New,
    Modified,
    Deleted,
    Unchanged,
}

impl Change {
    /// All kinds, in the platform's order.
    pub const ALL: [Self; 4] = [Self::New, Self::Modified, Self::Deleted, Self::Unchanged];

    /// The word in the spec and in the path.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What is told back of each row.
#[derive(Debug)]
pub struct FeedbackPlan {
    /// Of which rows.
    pub rows: FeedbackRows,
    /// The columns.
    pub columns: Vec<(String, Template)>,
    /// What they read of a target's answer.
    pub reads: BodyReads,
}
