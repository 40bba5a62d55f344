//! `keep`: which columns go on by themselves.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::by_shape;

/// `all`, `none`, or a list of names with `*`.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Keep {
    /// `all` or `none`.
    Word(KeepWord),
    /// The names; `*` stands for any text.
    Names(Vec<String>),
}

by_shape!(Keep { Scalar => Word, List => Names });

/// Everything or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeepWord {
    /// Every column goes on.
    All,
    /// Only what `columns` makes goes on.
    None,
}
