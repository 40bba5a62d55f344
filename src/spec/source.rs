//! `source`: the steps a data source's rows come from.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Condition, Tree};

/// One step, or a list of steps: each record of one runs the next.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Source {
    /// A single step.
    One(Step),
    /// Steps in turn.
    Many(#[schemars(length(min = 1))] Vec<Step>),
}

/// A step: where its records come from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The name under which later steps, `vars`, `where` and `columns` see this step's record.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    pub name: Option<String>,
    /// Records written in the spec; templates at any depth.
    ///
    /// ```yaml
    /// rows:
    ///   - { id: 1, name: first product, seen: "{{ now() }}" }
    /// ```
    pub rows: Vec<IndexMap<String, Tree>>,
    /// Where it does not hold the step is passed over: its name is nothing, and the record before
    /// it goes on.
    #[serde(default)]
    pub when: Option<Condition>,
    /// Which of its records go on.
    #[serde(default, rename = "where")]
    pub filter: Option<Condition>,
}
