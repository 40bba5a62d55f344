//! `lookups`: what else is known about a row, asked for many at a time or read once.

use schemars::JsonSchema;
use serde::Deserialize;

use super::format::Format;
use super::pages::Pages;
use super::places::{HasPlace, Placed};
use super::request::Request;
use super::source::{FileSource, StepOnError};
use super::values::{Duration, Path};
use super::{Condition, Template, Tree};

/// A lookup: its name is the record that matches, or with `many` the list of them. Without `for`,
/// and with `rows` or `file`, it is read once before the first row, and its name is a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The name under which `vars`, `where` and `columns` see it: small letters, digits and `_`.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    pub name: Placed<String>,
    /// What is looked up for a row; nothing and empty text are never asked for.
    #[serde(default, rename = "for")]
    pub wanted: Option<Template>,
    /// Keys a request; 50 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000))]
    pub batch: Option<Placed<u32>>,
    /// The request; it sees `keys`, and `key` where there is one.
    #[serde(default)]
    pub request: Option<Placed<Request>>,
    /// A file of records.
    #[serde(default)]
    pub file: Option<Placed<FileSource>>,
    /// Records written in the spec.
    #[serde(default)]
    #[schemars(with = "Option<Vec<super::places::Keyed<Tree>>>")]
    pub rows: Option<Placed<Vec<Tree>>>,
    /// Where the records stand in the answer.
    #[serde(default)]
    pub records: Option<Path>,
    /// How the answer or the file is read.
    #[serde(default)]
    pub format: Option<Format>,
    /// How the list is paged; not at all where nothing is said and `for` is.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// A record's key.
    pub key: Template,
    /// Whether a key has several records.
    #[serde(default)]
    pub many: bool,
    /// What becomes of a row without a match.
    #[serde(default)]
    pub if_none: Placed<LookupIfNone>,
    /// What a request that failed for good does: ends the run, or leaves its keys without a match.
    #[serde(default)]
    pub on_error: StepOnError,
    /// Rows for which it does not hold are not looked up.
    #[serde(default)]
    pub when: Option<Condition>,
    /// How long what was found is remembered, from run to run, with `state` or `--state`. What was not found
    /// is asked for again; so is all where the spec or an option is another.
    ///
    /// ```yaml
    /// cache: 7d
    /// ```
    #[serde(default)]
    pub cache: Option<Duration>,
}

/// Where a lookup's records come from: one of these.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum Origin<'s> {
    Request(&'s Placed<Request>),
    File(&'s Placed<FileSource>),
    Rows(&'s Placed<Vec<Tree>>),
}

impl Origin<'_> {
    /// The keys of all of them.
    pub const WORDS: [&'static str; 3] = ["request", "file", "rows"];

    /// Its key.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::File(_) => "file",
            Self::Rows(_) => "rows",
        }
    }
}

impl HasPlace for Origin<'_> {
    fn place(&self) -> std::ops::Range<usize> {
        match self {
            Self::Request(at) => at.place(),
            Self::File(at) => at.place(),
            Self::Rows(at) => at.place(),
        }
    }
}

impl Lookup {
    /// Where its records come from, as far as it is said.
    pub fn origins(&self) -> Vec<Origin<'_>> {
        let all = [
            self.request.as_ref().map(Origin::Request),
            self.file.as_ref().map(Origin::File),
            self.rows.as_ref().map(Origin::Rows),
        ];
        all.into_iter().flatten().collect()
    }
}

/// What becomes of a row without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LookupIfNone {
    /// It goes on with nothing.
    #[default]
    Keep,
    /// It is left out.
    Drop,
    /// Its mapping fails.
    Fail,
}
