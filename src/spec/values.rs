//! Single values of the language that are no templates: durations, paths, a word or a list of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::places::is_node;
use super::tree::Node;

is_node!(
    Duration,
    Path,
    ListOrTemplate,
    TemplateOrList,
    Size,
    Concurrency,
    BatchRows
);

/// A span of time: `500ms`, `10s`, `5m`, `2h`, `30d`, ISO `P1M`; a number is seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Duration(pub Node);

/// Where something stands in an answer: a `JSONPath`, or a template over `response`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Path(pub Node);

/// A template that gives a list, or the list itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct ListOrTemplate(pub Node);

/// A template, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct TemplateOrList(pub Node);

/// A number of bytes: `500kB`, `9MB`, `10MiB`; a number is bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Size(pub Node);

/// How many at a time: a whole number, or a template over `options` that gives one.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Concurrency(pub Node);

/// How many rows go together: a whole number, or a template over `options` that gives one.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct BatchRows(pub Node);

/// Rows that go together at most.
pub const MOST_ROWS: u32 = 100_000;
/// Requests at a time at most.
pub const MOST_AT_A_TIME: u32 = 1000;

fn whole_number(most: u32) -> Schema {
    json_schema!({
        "description": "A whole number, or a template over `options` that gives one.",
        "type": ["integer", "string"],
        "minimum": 1,
        "maximum": most,
    })
}

impl JsonSchema for Concurrency {
    fn schema_name() -> Cow<'static, str> {
        "Concurrency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        whole_number(MOST_AT_A_TIME)
    }
}

impl JsonSchema for BatchRows {
    fn schema_name() -> Cow<'static, str> {
        "BatchRows".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        whole_number(MOST_ROWS)
    }
}

impl Size {
    /// Bytes of `500kB`, `9MB`, `10MiB` or a number; letters in any case.
    pub fn parse(text: &str) -> Option<u64> {
        let text = text.trim();
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        // `1.5MB`: thousandths are enough.
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let mut bytes = whole.parse::<u64>().ok()?.checked_mul(factor)?;
        if !part.is_empty() {
            let digits = part.get(..3.min(part.len()))?;
            let thousandths = format!("{digits:0<3}").parse::<u64>().ok()?;
            bytes = bytes.checked_add(thousandths * factor / 1000)?;
        }
        (bytes > 0).then_some(bytes)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes: 500kB, 9MB, 10MiB.",
            "type": ["string", "integer"],
        })
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration: 500ms, 10s, 5m, 2h, 30d, P1M; a number is seconds. Or a template over `options` that gives one.",
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
