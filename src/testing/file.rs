//! What stands in a test file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;

use super::mistakes::mistakes;
use crate::diagnostics::{Code, Diagnostic, FileError, SpecErrors};
use crate::spec::Tree;
use crate::spec::compose::compose;
use crate::spec::places::{Keyed, Placed, read};
use crate::spec::schema::tidied;
use crate::spec::structure::check_part;

/// Tests of a spec: cases with what it is given and what must come of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "tests of a runner connector spec", extend("$id" = "test.schema.json"))]
pub struct TestKeys {
    /// The spec, beside this file; `NAME.yaml` of `NAME.test.yaml` where none is named.
    pub spec: Option<String>,
    /// The cases.
    pub cases: Vec<Placed<Case>>,
}

/// One case: what the connector is given, and what must come of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case is about.
    pub name: String,
    /// The options' values. A password that is not given is one that nobody knows.
    #[serde(default)]
    pub options: Keyed<Tree>,
    /// The present; that of the tape where nothing is said, else 2026-01-01T00:00:00Z.
    pub now: Option<Placed<String>>,
    /// The tape, beside this file; `NAME.tape.jsonl` where there is one and no `answers`.
    pub tape: Option<Placed<String>>,
    /// Rows of the site.
    pub input: Option<Tree>,
    /// New rows, of a delta export.
    pub new: Option<Tree>,
    /// Modified rows, of a delta export.
    pub modified: Option<Tree>,
    /// Deleted rows, of a delta export.
    pub deleted: Option<Tree>,
    /// Unchanged rows, of a delta export.
    pub unchanged: Option<Tree>,
    /// Answers; where several are to the same request they come in turn, and the last stays.
    #[serde(default)]
    pub answers: Vec<Placed<WrittenAnswer>>,
    /// What must come of it.
    pub expect: Placed<Expect>,
}

/// An answer that a test has written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenAnswer {
    /// The request: `GET /products`, a path alone, a whole address; parameters count where they are
    /// named, and a `*` at the end stands for any rest.
    pub request: String,
    /// The status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Headers.
    #[serde(default)]
    pub headers: Keyed<Tree>,
    /// The body as JSON.
    pub json: Option<Tree>,
    /// The body as text.
    pub body: Option<String>,
}

fn ok() -> u16 {
    200
}

/// What must come of a case.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How the run ends; 0 where nothing is said.
    pub exit: Option<Placed<i64>>,
    /// All rows that are written, in order, with all of their columns.
    pub rows: Option<Tree>,
    /// Rows that are among those written; columns that are not named may be anything.
    pub some: Option<Tree>,
    /// Rows by the value of a column: `{ id: { A1: { title: Shoe } } }`.
    pub by: Option<Tree>,
    /// How many rows are written.
    pub count: Option<Placed<i64>>,
    /// All requests, in order: `GET /products?page=1`, or `{ request: POST /offers, json: … }`.
    pub requests: Option<Tree>,
    /// All rows of the feedback, in order, with all of their columns.
    pub feedback: Option<Tree>,
    /// Messages that are among the logs: a part of the text, or `{ level: warning, message: … }`.
    pub logs: Option<Tree>,
}

/// A test file that was read.
#[derive(Debug)]
pub struct TestFile {
    /// As it was named.
    pub path: PathBuf,
    /// Its text.
    pub source: Arc<str>,
    /// The spec.
    pub spec: PathBuf,
    /// What stands in it.
    pub keys: TestKeys,
}

impl TestFile {
    /// Reads a test file.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = FileError::read(path)?;
        Self::of_text(path, text)
    }

    /// The same for its text.
    pub fn of_text(path: &Path, text: String) -> Result<Self, FileError> {
        let file = path.display().to_string();
        let source: Arc<str> = Arc::from(text);
        let mut errors = Vec::new();
        let keys = Self::keys(&source, &mut errors);
        let wrong =
            |errors| SpecErrors::new(&file, Arc::clone(&source), errors, Vec::new(), Vec::new());
        let Some(keys) = keys.filter(|_| errors.is_empty()) else {
            return Err(wrong(errors).into());
        };
        let spec = match &keys.spec {
            Some(spec) => path.with_file_name(spec),
            None => spec_of(path),
        };
        Ok(Self {
            path: path.to_owned(),
            source,
            spec,
            keys,
        })
    }

    fn keys(source: &str, errors: &mut Vec<Diagnostic>) -> Option<TestKeys> {
        let is_blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if source.lines().all(is_blank) {
            errors.push(
                Diagnostic::new(Code::Yaml, 0..0, "the test file is empty")
                    .hint("begin with `cases:` and a case: `- { name: …, expect: { rows: […] } }`; runner test --update writes what is expected"),
            );
            return None;
        }
        let tree = compose(source, errors)?;
        let tree = check_part(&tree, &schema(), "the test file", errors)?;
        let keys: TestKeys = match read(&tree) {
            Ok(keys) => keys,
            Err(error) => {
                errors.push(Diagnostic::new(
                    Code::WrongType,
                    tree.span,
                    error.to_string(),
                ));
                return None;
            }
        };
        errors.extend(mistakes(&keys, &tree.span));
        Some(keys)
    }
}

/// The JSON Schema of test files.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    tidied(generator.into_root_schema_for::<TestKeys>().to_value())
}

/// The spec of a test file that names none.
fn spec_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name
        .strip_suffix(".test.yaml")
        .or(name.strip_suffix(".test.yml"));
    let named = |ending: &str| path.with_file_name(format!("{}.{ending}", stem.unwrap_or(&name)));
    let (yaml, yml) = (named("yaml"), named("yml"));
    if yml.exists() && !yaml.exists() {
        yml
    } else {
        yaml
    }
}

/// The test file of a spec.
pub fn beside(spec: &Path) -> PathBuf {
    let (yaml, yml) = (
        spec.with_extension("test.yaml"),
        spec.with_extension("test.yml"),
    );
    if yml.exists() && !yaml.exists() {
        yml
    } else {
        yaml
    }
}

impl Expect {
    /// Whether nothing is expected but that the run ends well.
    pub fn is_empty(&self) -> bool {
        let Self {
            exit,
            rows,
            some,
            by,
            count,
            requests,
            feedback,
            logs,
        } = self;
        exit.is_none()
            && count.is_none()
            && [rows, some, by, requests, feedback, logs]
                .iter()
                .all(|tree| tree.is_none())
    }
}
