//! Single values that are no templates: durations, numbers, paths.

use std::time::Duration;

use super::Compiler;
use crate::json_path::{PathPlan, PlainPath, QueryPath};
use crate::plan::reads::BodyReads;
use crate::plan::request::TIMEOUT;
use crate::spec;
use crate::spec::tree::Node;
use crate::spec::values::Size;
use crate::template::date::parse_date;
use crate::template::scope::Scope;
use crate::template::{DurationValue, Template, Uses, template_start};

impl Compiler<'_> {
    /// A calendar duration.
    pub(in crate::plan) fn span(&mut self, node: Option<&Node>) -> Option<DurationValue> {
        let node = node?;
        let text = self.settled(node)?;
        let span = DurationValue::parse(&text);
        if span.is_none() {
            self.error(
                node,
                format!("`{text}` is no duration"),
                "write 500ms, 10s, 5m, 2h, 30d or P1M",
            );
        }
        span
    }

    /// The text of a setting: as it is written, or as a template over `options` gives it once these are
    /// known. Nothing before.
    pub(in crate::plan) fn settled(&mut self, node: &Node) -> Option<String> {
        let text = &node.scalar()?.text;
        if template_start(text).is_none() {
            return Some(text.clone());
        }
        let scope = self.settings.scope.clone();
        let template = self.template(node, &scope);
        self.settings.is_used = true;
        let frame = self.settings.frame.clone()?;
        match template.text(&frame) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) => {
                self.error(node, error.to_string(), "it sees `options`");
                None
            }
        }
    }

    /// A whole number of `1..=most`, or a template over `options` that gives one; 1 before they are known.
    pub(in crate::plan) fn whole(&mut self, node: &Node, name: &str, most: u32) -> usize {
        let Some(text) = self.settled(node) else {
            return 1;
        };
        let count = text.parse::<u32>().ok();
        let Some(count) = count.filter(|count| (1..=most).contains(count)) else {
            self.error(
                node,
                format!("`{name}` can't be `{text}`"),
                format!("it is a whole number from 1 to {most}, or a template over `options` that gives one"),
            );
            return 1;
        };
        count as usize
    }

    /// Seconds or a duration, or a template that gives one.
    pub(in crate::plan) fn wait(
        &mut self,
        node: Option<&spec::Template>,
        scope: &Scope,
    ) -> Option<Template> {
        let node = node?;
        let text = node.scalar().map(|scalar| scalar.text.as_str());
        let text = text.unwrap_or_default();
        let is_template = template_start(text).is_some();
        let is_seconds = text.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0);
        if !is_template && !is_seconds && DurationValue::parse(text).is_none() {
            self.error(
                node,
                format!("`{text}` is no duration"),
                "write 500ms, 10s, 5m, 2h, 30d, or a number of seconds",
            );
        }
        Some(self.template(node, scope))
    }

    /// A date, or a template that gives one.
    pub(in crate::plan) fn date(&mut self, node: &spec::Template, scope: &Scope) -> Template {
        let template = self.template(node, scope);
        if let Some(written) = template.as_constant() {
            if let Err(error) = parse_date(written) {
                let reason = error.detail().unwrap_or("this is no date").to_owned();
                self.error(node, reason, "write 2024-01-31 or 2024-01-31T12:00:00Z");
            }
        }
        template
    }

    /// A whole number, or a template that gives one.
    pub(in crate::plan) fn count(
        &mut self,
        node: &spec::Template,
        scope: &Scope,
        (name, least): (&str, u64),
    ) -> Template {
        let text = node.scalar().map(|scalar| scalar.text.as_str());
        let text = text.unwrap_or_default();
        let is_template = template_start(text).is_some();
        let count = text.parse::<u64>().ok();
        if !is_template && count.is_none_or(|count| count < least) {
            self.error(
                node,
                format!("`{name}` can't be `{text}`"),
                format!("it is a whole number from {least} on, or a template that gives one"),
            );
        }
        self.template(node, scope)
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

    /// How long an answer is waited for.
    pub(in crate::plan) fn timeout(&mut self, node: Option<&Node>) -> Duration {
        let timeout = self.duration(node, TIMEOUT);
        if let (Some(node), true) = (node, timeout.is_zero()) {
            self.error(
                node,
                "a timeout of nothing ends every request before its answer",
                "write how long to wait: 30s; to wait longer, 10m",
            );
        }
        timeout
    }

    /// A duration, or a number of seconds.
    pub(in crate::plan) fn duration(&mut self, node: Option<&Node>, default: Duration) -> Duration {
        let Some(node) = node else { return default };
        let number = self.settled(node).and_then(|text| text.parse().ok());
        let seconds = match number {
            Some(seconds) => Some(seconds),
            None => self.span(Some(node)).map(|span| span.seconds()),
        };
        let Some(seconds) = seconds else {
            return default;
        };
        Duration::try_from_secs_f64(seconds).unwrap_or_else(|_| {
            self.error(
                node,
                "a duration can't be less than nothing",
                "write 500ms, 10s, 5m, 2h or 30d",
            );
            default
        })
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
