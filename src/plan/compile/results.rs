//! `target.results`: where each row's fate stands, and which row an element is about.

use std::sync::Arc;

use super::Compiler;
use super::reading::Reads;
use super::request::Purpose;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::scopes::Scopes;
use crate::plan::source::ReadingPlan;
use crate::plan::target::{ElementReads, MatchPlan, ResultsPlan, TargetStepPlan, note_reads};
use crate::spec;
use crate::spec::places::Placed;
use crate::spec::request::Request;
use crate::spec::target::{Match, MatchWord, Missing, Results};
use crate::spec::target_job::Requests;
use crate::template::scope::{Name, Scope};
use crate::template::{Template, Uses};

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
        spec: &Placed<Results>,
        download: Option<&Placed<Request>>,
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
        let request = spec.request.as_ref();
        if let (Some(request), Some(_)) = (request, download) {
            self.error(
                request,
                "the fates are fetched here, and by `download` of the job",
                "leave one of them out",
            );
        }
        let (list, format) = (spec.list.as_ref(), spec.format.as_ref());
        let is_fetched = request.is_some() || download.is_some();
        // A report of its own has the list; an answer may say by leaving it out that there is nothing.
        let (reading, holds_body) = self.reading_of(list, format, !is_fetched, &answered);
        let reading = Arc::new(ReadingPlan {
            key: "list",
            may_be_empty: !is_fetched,
            ..reading
        });
        let ((mut leads, when, last), mut fetching) = self.watched(|compiler| match request {
            None => (Vec::new(), None, download.cloned()),
            Some(request) => match request.one() {
                None => compiler.leads(request, &label, scopes, answers),
                Some(one) => {
                    let one = Placed {
                        span: request.span.clone(),
                        value: one,
                    };
                    (Vec::new(), None, Some(one))
                }
            },
        });
        let mut answered = answered;
        let mut whole = whole;
        let mut result = result;
        for name in leads.iter().filter_map(|lead| lead.name.as_deref()) {
            answered = Scopes::with_answer(&answered, name);
            whole = Scopes::with_answer(&whole, name);
            result = Scopes::with_answer(&result, name);
        }
        let reads = Reads {
            records: list,
            format,
            pages: spec.pages.as_ref(),
            may_lack: false,
        };
        let (request, read) = self.watched(|compiler| {
            last.map(|request| {
                let seen = Scopes::paged(&answered);
                let mut fetch = compiler.fetch(&request, reads, &label, scopes, &seen, false);
                fetch.reading = Arc::clone(&reading);
                fetch.request.holds_body |= holds_body;
                fetch
            })
        });
        fetching.add(read);
        note_reads(&mut leads, &fetching);
        let ((ok, retry), judging) = self.watched(|compiler| {
            let ok = spec.ok.as_ref();
            let ok = ok.map(|ok| compiler.condition(ok, &whole));
            let retry = spec.retry.as_ref();
            let retry = retry.map(|retry| compiler.condition(retry, &whole));
            (ok, retry)
        });
        self.no_row_can_fail(spec);
        let (matching, code, message, read) = self.told(spec, row, (&result, &whole.shown()));
        let of_result = read.fields.iter().chain(&judging.fields);
        let of_result = of_result.filter(|(owner, _)| owner == "result");
        let names = of_result.map(|(_, name)| name.clone()).collect();
        ResultsPlan {
            label: label.into(),
            reading,
            matching,
            names,
            ok,
            retry,
            element_reads: element_reads(&judging),
            is_missing_said: spec.missing.is_some(),
            missing: match spec.missing {
                Some(missing) => missing,
                None if may_come_late || request.is_some() => Missing::Unknown,
                None => Missing::Failed,
            },
            request,
            leads,
            when,
            all_or_nothing: spec.all_or_nothing,
            code,
            message,
        }
    }

    /// Requests in turn: those that lead to the fates, and whether and where the last of them fetches them.
    fn leads(
        &mut self,
        requests: &Placed<Requests>,
        label: &str,
        scopes: &Scopes,
        answers: &Scope,
    ) -> (
        Vec<TargetStepPlan>,
        Option<Template>,
        Option<Placed<Request>>,
    ) {
        let Some((last, leads)) = requests.several().split_last() else {
            self.error(
                requests,
                "`request` has no request",
                "add - { request: \"/reports/{{ poll.body.report }}\" }",
            );
            return (Vec::new(), None, None);
        };
        let turn = self.in_turn(leads, (label, "request"), scopes, answers, Purpose::Records);
        for lead in leads {
            self.refuse_unpaged(&lead.request, &turn.uses);
        }
        let when = last.when.as_ref();
        let when = when.map(|when| self.condition(when, &turn.scope));
        (turn.plans, when, Some(last.request.clone()))
    }

    /// What an element tells: of which row, and what; and what that reads.
    fn told(
        &mut self,
        spec: &Placed<Results>,
        row: &Scope,
        (result, shown): (&Scope, &Scope),
    ) -> (MatchPlan, Option<Template>, Option<Template>, Uses) {
        let ((matching, code, message), read) = self.watched(|compiler| {
            (
                compiler.matching(spec, row, result),
                compiler.optional(spec.code.as_deref(), shown),
                compiler.optional(spec.message.as_deref(), shown),
            )
        });
        (matching, code, message, read)
    }

    fn no_row_can_fail(&mut self, spec: &Placed<Results>) {
        if spec.missing == Some(Missing::Ok) && spec.ok.is_none() {
            let place = spec.span.start..spec.span.start + 1;
            self.warnings.push(
                Diagnostic::new(
                    Code::NoRowCanFail,
                    place,
                    "no row can fail: what is listed is ok, and what is not is ok too",
                )
                .hint("add ok: false, if what is listed has failed"),
            );
        }
    }

    /// A template that is not the same for all.
    pub(super) fn varying(
        &mut self,
        node: &spec::Template,
        owner: &str,
        scope: &Scope,
    ) -> Template {
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

    fn matching(&mut self, results: &Placed<Results>, row: &Scope, result: &Scope) -> MatchPlan {
        let Some(matching) = &results.matching else {
            self.error(
                results,
                "`results` has to say which row an element is about",
                "add match: position, { index: \"{{ result.index }}\" } or { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }",
            );
            return MatchPlan::Position;
        };
        let keys = match &matching.value {
            Match::Word(MatchWord::Position) => return MatchPlan::Position,
            Match::Whole(keys) => keys,
        };
        match (&keys.index, &keys.row, &keys.result) {
            (Some(index), None, None) => MatchPlan::Index(self.varying(index, "result", result)),
            (None, Some(of_row), Some(of_result)) => MatchPlan::Key {
                row: self.varying(of_row, "row", row),
                result: self.varying(of_result, "result", result),
            },
            _ => {
                self.error(
                    matching,
                    "a match is by place or by key",
                    "write position, { index: \"{{ result.index }}\" } or { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }",
                );
                MatchPlan::Position
            }
        }
    }
}

/// What is read of an element of results.
fn element_reads(uses: &Uses) -> ElementReads {
    if uses.fields.iter().any(|(owner, _)| owner == "result") {
        ElementReads::Names
    } else if uses.names.contains("result") {
        ElementReads::Itself
    } else {
        ElementReads::Nothing
    }
}
