//! `target.results`: where each row's fate stands, and which row an element is about.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use super::values::flag;
use crate::check::Diagnostic;
use crate::plan::scopes::Scopes;
use crate::plan::source::ReadingPlan;
use crate::plan::target::{ElementReads, MatchPlan, ResultsPlan, TargetStepPlan, note_reads};
use crate::spec::target::Missing;
use crate::spec::tree::{Node, NodeValue};
use crate::template::Template;
use crate::template::scope::{Name, Scope};

/// What `results` sees.
pub(super) struct SeenByResults<'s> {
    /// What the request for fates sees.
    pub answers: &'s Scope,
    /// What is known of a row.
    pub row: &'s Scope,
    /// Whether the answer that is read is none to what changed something.
    pub may_come_late: bool,
}

impl Compiler<'_> {
    /// Where each row's fate stands.
    pub(super) fn results(
        &mut self,
        node: &Node,
        download: Option<&Node>,
        label: &str,
        scopes: &Scopes,
        seen: &SeenByResults<'_>,
    ) -> ResultsPlan {
        let SeenByResults {
            answers,
            row,
            may_come_late,
        } = *seen;
        let label = format!("{label}, results");
        let answered = Scopes::answered(answers);
        let result = answered.clone().with("result", Name::Any);
        let whole = Scopes::answered(row).with("result", Name::Any);
        let request = node.get("request");
        if let (Some(request), Some(_)) = (request, download) {
            self.error(
                request,
                "the fates are fetched here, and by `download` of the job",
                "leave one of them out",
            );
        }
        let (list, format) = (node.get("list"), node.get("format"));
        let is_fetched = request.or(download).is_some();
        // A report of its own has the list; an answer may say by leaving it out that there is nothing.
        let (reading, holds_body) = self.reading_of(list, format, !is_fetched, &answered);
        let reading = Arc::new(ReadingPlan {
            key: "list",
            may_be_empty: !is_fetched,
            ..reading
        });
        let ((mut leads, when, last), mut fetching) = self.watched(|compiler| match request {
            Some(several) if matches!(several.value, NodeValue::List(_)) => {
                compiler.leads(several, &label, scopes, answers)
            }
            request => (Vec::new(), None, request.or(download)),
        });
        let mut answered = answered;
        let mut whole = whole;
        let mut result = result;
        for name in leads.iter().filter_map(|lead| lead.name.as_deref()) {
            answered = Scopes::with_answer(&answered, name);
            whole = Scopes::with_answer(&whole, name);
            result = Scopes::with_answer(&result, name);
        }
        let (request, read) = self.watched(|compiler| {
            last.map(|at| {
                let seen = Scopes::paged(&answered);
                let mut fetch = compiler.fetch(at, node, &label, scopes, &seen, false);
                fetch.reading = Arc::clone(&reading);
                fetch.request.holds_body |= holds_body;
                fetch
            })
        });
        fetching.add(read);
        note_reads(&mut leads, &fetching);
        let ((ok, retry), judging) = self.watched(|compiler| {
            let ok = node.get("ok").map(|node| compiler.condition(node, &whole));
            let retry = node
                .get("retry")
                .map(|node| compiler.condition(node, &whole));
            (ok, retry)
        });
        let is_missing_ok = node.get("missing").and_then(Node::as_text) == Some("ok");
        if is_missing_ok && node.get("ok").is_none() {
            let place = node.span.start..node.span.start + 1;
            self.warnings.push(
                Diagnostic::new(
                    place,
                    "no row can fail: what is listed is ok, and what is not is ok too",
                )
                .hint("add ok: false, if what is listed has failed"),
            );
        }
        ResultsPlan {
            label: label.into(),
            reading,
            matching: self.matching(node, row, &result),
            ok,
            retry,
            element_reads: if judging.fields.iter().any(|(owner, _)| owner == "result") {
                ElementReads::Names
            } else if judging.names.contains("result") {
                ElementReads::Itself
            } else {
                ElementReads::Nothing
            },
            is_missing_said: node.get("missing").is_some(),
            missing: match node.get("missing").and_then(Node::as_text) {
                Some("ok") => Missing::Ok,
                Some("unknown") => Missing::Unknown,
                None if may_come_late || request.is_some() => Missing::Unknown,
                Some(_) | None => Missing::Failed,
            },
            request,
            leads,
            when,
            all_or_nothing: flag(node.get("all_or_nothing")).unwrap_or_default(),
            code: self.optional(node.get("code"), &whole.shown()),
            message: self.optional(node.get("message"), &whole.shown()),
        }
    }

    /// Requests in turn: those that lead to the fates, and whether and where the last of them fetches them.
    fn leads<'n>(
        &mut self,
        several: &'n Node,
        label: &str,
        scopes: &Scopes,
        answers: &Scope,
    ) -> (Vec<TargetStepPlan>, Option<Template>, Option<&'n Node>) {
        let Some((last, leads)) = several.items().split_last() else {
            self.error(
                several,
                "`request` has no request",
                "add - { request: \"/reports/{{ poll.body.report }}\" }",
            );
            return (Vec::new(), None, None);
        };
        let turn = self.in_turn(leads, (label, "request"), scopes, answers, Purpose::Records);
        for (node, _) in leads.iter().zip(&turn.plans) {
            if let Some(at) = node.get("request") {
                self.refuse_unpaged(at, &turn.uses);
            }
        }
        let when = self.when(last, &turn.scope);
        (turn.plans, when, last.get("request"))
    }

    /// A template that is not the same for all.
    pub(super) fn varying(&mut self, node: &Node, owner: &str, scope: &Scope) -> Template {
        let template = self.template(node, scope);
        if template.as_constant().is_some() {
            let text = node.as_text().unwrap_or_default();
            self.error(
                node,
                "this is the same text for every row and every result",
                format!("write \"{{{{ {owner}.{text} }}}}\""),
            );
        }
        template
    }

    fn matching(&mut self, results: &Node, row: &Scope, result: &Scope) -> MatchPlan {
        let Some(node) = results.get("match") else {
            self.error(
                results,
                "`results` has to say which row an element is about",
                "add match: position, { index: \"{{ result.index }}\" } or { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }",
            );
            return MatchPlan::Position;
        };
        match (node.get("index"), node.get("row"), node.get("result")) {
            (Some(index), None, None) => MatchPlan::Index(self.varying(index, "result", result)),
            (None, Some(of_row), Some(of_result)) => MatchPlan::Key {
                row: self.varying(of_row, "row", row),
                result: self.varying(of_result, "result", result),
            },
            (None, None, None) if node.scalar().is_some() => MatchPlan::Position,
            _ => {
                self.error(
                    node,
                    "a match is by place or by key",
                    "write position, { index: \"{{ result.index }}\" } or { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }",
                );
                MatchPlan::Position
            }
        }
    }
}
