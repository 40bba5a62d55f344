//! Single values that are no templates: durations, numbers, paths.

use std::time::Duration;

use super::Compiler;
use crate::json_path::{PathPlan, PlainPath, QueryPath};
use crate::plan::reads::BodyReads;
use crate::spec;
use crate::spec::tree::Node;
use crate::spec::values::Size;
use crate::template::scope::Scope;
use crate::template::{DurationValue, Uses};

impl Compiler<'_> {
    /// A calendar duration.
    pub(in crate::plan) fn span(&mut self, node: Option<&Node>) -> Option<DurationValue> {
        let node = node?;
        let scalar = node.scalar()?;
        let span = DurationValue::parse(&scalar.text);
        if span.is_none() {
            self.error(
                node,
                format!("`{}` is no duration", scalar.text),
                "write 500ms, 10s, 5m, 2h, 30d or P1M",
            );
        }
        span
    }

    /// A number of bytes.
    pub(in crate::plan) fn size(&mut self, node: Option<&Node>) -> Option<u64> {
        let node = node?;
        let text = node.scalar().map(|scalar| scalar.text.as_str());
        let size = text.and_then(Size::parse);
        if size.is_none() {
            self.error(
                node,
                format!("`{}` is no size", text.unwrap_or_default()),
                "write 9MB, 512KB or 100000",
            );
        }
        size
    }

    /// A duration in seconds.
    pub(in crate::plan) fn duration(&mut self, node: Option<&Node>, default: Duration) -> Duration {
        let Some(node) = node else { return default };
        if let Some(seconds) = node.scalar().and_then(|scalar| scalar.text.parse().ok()) {
            return Duration::try_from_secs_f64(seconds).unwrap_or(default);
        }
        self.span(Some(node))
            .and_then(|span| Duration::try_from_secs_f64(span.seconds()).ok())
            .unwrap_or(default)
    }

    /// A `JSONPath`, or a template over the answer; what it reads comes with it.
    pub(in crate::plan) fn path(
        &mut self,
        node: &spec::values::Path,
        scope: &Scope,
    ) -> (PathPlan, Uses) {
        let text = node.as_text().unwrap_or_default();
        if !text.starts_with('$') {
            let (template, uses) = self.watched(|compiler| compiler.template(node, scope));
            return (PathPlan::Template(template), uses);
        }
        match jsonpath_rust::parser::parse_json_path(text) {
            Ok(query) => {
                let plan = match PlainPath::of(text, &query) {
                    Some(plain) => PathPlan::Plain(plain),
                    None => PathPlan::Query(QueryPath {
                        query,
                        text: text.into(),
                    }),
                };
                (plan, Uses::default())
            }
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches([' ', '=']).trim();
                self.error(
                    node,
                    format!("`{text}` is no JSONPath: {reason}"),
                    "a path looks like $.data.products[*]; other keys: $['my key']",
                );
                (
                    PathPlan::Template(crate::template::Template::constant(
                        crate::template::Value::UNDEFINED,
                    )),
                    Uses::default(),
                )
            }
        }
    }
}

/// Whether templates read the body of an answer, as what it holds or as text.
pub(in crate::plan) fn reads_body(uses: &Uses) -> bool {
    BodyReads::of(uses, "response").any()
}
