//! Strings with `{{ }}` in the spec. What they hold is compiled from the tree, where every scalar
//! still stands as it was written; the types here say where a template may stand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// Text or a template. A string that is one `{{ }}` keeps the type of its value.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Template(pub serde_yaml::Value);

/// A template that is one expression, `true` or `false`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Condition(pub serde_yaml::Value);

/// Any YAML, templates at any depth.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Tree(pub serde_yaml::Value);

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text, or a template: `{{ row.title | upper }}`.",
            "type": ["string", "number", "boolean", "null"],
        })
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A condition: `\"{{ row.price }}\"`, `true` or `false`.",
            "type": ["string", "boolean"],
            "pattern": "\\{\\{",
        })
    }
}

impl JsonSchema for Tree {
    fn schema_name() -> Cow<'static, str> {
        "Tree".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Any value, templates at any depth.",
        })
    }
}
