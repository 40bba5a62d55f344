//! Lookups, compiled.

use std::sync::Arc;
use std::time::Duration;

use super::source::{FetchPlan, FilePlan};
use crate::spec::lookup::LookupIfNone;
use crate::spec::source::StepOnError;
use crate::template::Template;

/// Keys a request, where nothing is said.
pub const BATCH: usize = 50;

/// A lookup.
#[derive(Debug)]
pub struct LookupPlan {
    /// The name under which it is seen.
    pub name: Arc<str>,
    /// What it is called in messages.
    pub label: Arc<str>,
    /// What is looked up for a row; nothing where the name is a table.
    pub wanted: Option<Template>,
    /// Keys a request; nothing where it is read once, before the first row.
    pub batch: Option<usize>,
    /// Where its records come from.
    pub kind: LookupKind,
    /// A record's key.
    pub key: Template,
    /// Whether a key has several records.
    pub many: bool,
    /// What becomes of a row without a match.
    pub if_none: LookupIfNone,
    /// What a request that failed for good does.
    pub on_error: StepOnError,
    /// For which rows.
    pub when: Option<Template>,
    /// How long what was found is remembered from run to run, where it is.
    pub cache: Option<CachePlan>,
}

/// What a lookup remembers from run to run.
#[derive(Debug)]
pub struct CachePlan {
    /// How long.
    pub lasts: Duration,
    /// A hash of the spec: another one asks anew.
    pub spec: String,
}

/// Where its records come from.
#[derive(Debug)]
pub enum LookupKind {
    /// A request.
    Request(Box<FetchPlan>),
    /// A file.
    File(Box<FilePlan>),
    /// The spec.
    Rows(Vec<Template>),
}
