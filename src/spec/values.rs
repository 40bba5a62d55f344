//! Single values of the language that are no templates: durations, paths, a word or a list of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A span of time: `500ms`, `10s`, `5m`, `2h`, `30d`, ISO `P1M`; a number is seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Duration(pub serde_yaml::Value);

/// Where something stands in an answer: a `JSONPath`, or a template over `response`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Path(pub String);

/// A template that gives a list, or the list itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct ListOrTemplate(pub serde_yaml::Value);

/// A template, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct TemplateOrList(pub serde_yaml::Value);

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration: 500ms, 10s, 5m, 2h, 30d, P1M; a number is seconds.",
            "type": ["string", "number"],
        })
    }
}

impl JsonSchema for Path {
    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path begins with `$`, like `$.data[*]`; or write a template over `response`.",
            "type": "string",
            "pattern": "^\\$|\\{[{%]",
        })
    }
}

impl JsonSchema for ListOrTemplate {
    fn schema_name() -> Cow<'static, str> {
        "ListOrTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list, or a template that gives one.",
            "type": ["array", "string"],
        })
    }
}

impl JsonSchema for TemplateOrList {
    fn schema_name() -> Cow<'static, str> {
        "TemplateOrList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A template, or a list of them.",
            "type": ["string", "number", "boolean", "null", "array"],
        })
    }
}
