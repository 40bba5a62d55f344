//! Where something stands in an answer: a `JSONPath`, compiled once, or a template over `response`.

use std::sync::Arc;

use jsonpath_rust::parser::model::JpQuery;

use crate::template::Template;

/// Where something stands.
#[derive(Debug)]
pub enum PathPlan {
    /// A path of the plain kind, which can be followed while an answer is read.
    Plain(PlainPath),
    /// Any other `JSONPath`.
    Query(QueryPath),
    /// A template over `response`.
    Template(Template),
}

/// A `JSONPath` that is followed in values.
#[derive(Debug)]
pub struct QueryPath {
    /// As it was parsed.
    pub query: JpQuery,
    /// As it was written.
    pub text: Arc<str>,
}

/// A path of names and `[*]` alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainPath {
    /// Its steps.
    pub steps: Arc<[PathStep]>,
    /// As it was written.
    pub text: Arc<str>,
}

/// A step of a plain path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// A field.
    Key(Box<str>),
    /// Every element, or every field's value.
    Each,
}

impl PlainPath {
    /// The path if it is of the plain kind.
    pub fn of(text: &str, query: &JpQuery) -> Option<Self> {
        use jsonpath_rust::parser::model::{Segment, Selector};
        let steps = query.segments.iter().map(|segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(PathStep::Key(name.as_str().into())),
            Segment::Selector(Selector::Wildcard) => Some(PathStep::Each),
            _ => None,
        });
        Some(Self {
            steps: steps.collect::<Option<Vec<_>>>()?.into(),
            text: text.into(),
        })
    }

    /// The way to the list whose elements it goes into; nothing where it ends at them, or knows no list.
    pub fn into_elements(&self) -> Option<&[PathStep]> {
        let at = self.steps.iter().position(|step| *step == PathStep::Each)?;
        (at + 1 < self.steps.len()).then_some(&self.steps[..at])
    }
}
