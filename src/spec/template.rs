//! Strings with `{{ }}` in the spec. The types here say where a template may stand, and hold it as it was
//! written, with its place.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::places::is_node;
use super::tree::Node;

is_node!(Template, Condition, Tree);

/// Text or a template. A string that is one `{{ }}` keeps the type of its value.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Template(pub Node);

/// A template that is one expression, `true` or `false`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Condition(pub Node);

/// Any YAML, templates at any depth.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Tree(pub Node);

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
