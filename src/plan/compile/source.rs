//! Steps of a data source.

use std::ops::Range;
use std::sync::Arc;

use super::Compiler;
use super::poll::Awaited;
use super::reading::Reads;
use super::request::Purpose;
use super::values::reads_body;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::scopes::{RESPONSE, Scopes};
use crate::plan::source::{CONCURRENCY, JobPlan, StepKind, StepPlan, TextsPlan, WindowsPlan};
use crate::spec::Mode;
use crate::spec::job::Job;
use crate::spec::places::{HasPlace, Placed};
use crate::spec::source::{IfNone, Origin, Step, Windows};
use crate::spec::tree::Node;
use crate::spec::tree::NodeValue;
use crate::spec::values::MOST_AT_A_TIME;
use crate::template::date_format::{self, Use};
use crate::template::scope::{Name, Scope};
use crate::template::{DurationValue, Uses};

impl Compiler<'_> {
    pub(super) fn source(&mut self, scopes: &mut Scopes) -> Vec<Arc<StepPlan>> {
        let spec = self.spec();
        let Some(source) = &spec.source else {
            if spec.mode.value == Mode::DataSource {
                self.error(
                    &spec.mode,
                    "`source` is missing: a data source has to say where its rows come from",
                    "add source: { request: { url: https://api.example.com/products } }",
                );
            }
            return Vec::new();
        };
        self.steps(source.steps(), "step", scopes)
    }

    /// Steps in turn: each sees those before it.
    fn steps(
        &mut self,
        steps: &[Placed<Step>],
        what: &str,
        scopes: &mut Scopes,
    ) -> Vec<Arc<StepPlan>> {
        let mut plans = Vec::new();
        let mut has_windows = false;
        for (index, step) in steps.iter().enumerate() {
            let number = index + 1;
            if let Some(plan) = self.step(step, &format!("{what} {number}"), scopes, has_windows) {
                has_windows |= matches!(plan.kind, StepKind::Windows(_));
                plans.push(Arc::new(plan));
            }
        }
        plans
    }

    fn step(
        &mut self,
        step: &Placed<Step>,
        number: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> Option<StepPlan> {
        let name = step.name.as_ref();
        let label = name.map_or_else(
            || number.to_owned(),
            |name| format!("step `{}`", name.value),
        );
        let before = scopes.step();
        let when = step.when.as_ref();
        let when = when.map(|when| self.condition(when, &before));
        let origins = step.origins();
        let words: Vec<_> = origins.iter().map(Origin::word).collect();
        let places: Vec<_> = origins.iter().map(HasPlace::place).collect();
        let is_one = self.one_of(step, (&words, &places), &Origin::WORDS, "a step");
        let origin = is_one.and_then(|()| origins.first());
        let kind = origin.map(|origin| self.kind(*origin, step, &label, scopes, has_windows));
        if let Some(name) = name {
            self.new_name(name, scopes);
            scopes.steps.push(name.value.clone());
        }
        let scope = scopes.step().with("record", Name::Any);
        let filter = step.filter.as_ref();
        let filter = filter.map(|filter| self.condition(filter, &scope));
        let collects = step.collect.if_true();
        if let (Some(collect), None) = (collects, name) {
            self.error(
                collect,
                "a list that is collected is seen by the step's name, and this step has none",
                "add name: images",
            );
        }
        let http = self.spec().http.as_ref();
        let concurrency = step.concurrency.as_ref();
        let concurrency = concurrency.or(http.and_then(|http| http.concurrency.as_ref()));
        let concurrency = concurrency.map(|count| self.whole(count, "concurrency", MOST_AT_A_TIME));
        Some(StepPlan {
            name: name.map(|name| Arc::from(name.value.as_str())),
            label: label.into(),
            kind: kind?,
            when,
            filter,
            collect: collects.is_some(),
            if_none: match step.if_none {
                Some(said) => said,
                None if collects.is_some() => IfNone::Keep,
                None => IfNone::Drop,
            },
            on_error: step.on_error,
            concurrency: concurrency.unwrap_or(CONCURRENCY),
            keeps_response: false,
        })
    }

    fn kind(
        &mut self,
        origin: Origin<'_>,
        step: &Step,
        label: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> StepKind {
        let before = scopes.step();
        let reads = Reads::of(step);
        match origin {
            Origin::Request(request) => {
                let scope = scopes.request();
                let purpose = if has_windows {
                    Purpose::RecordsOfWindow
                } else {
                    Purpose::Records
                };
                let how = (true, purpose);
                let fetch = self.fetch_for(request, reads, label, scopes, &scope, how);
                StepKind::Request(Box::new(fetch))
            }
            Origin::ForEach(list) if reads.format.is_some() || reads.records.is_some() => {
                if matches!(list.value, NodeValue::List(_)) {
                    self.error(
                        list,
                        "`format` reads the text that a template gives, and here is a list",
                        "for_each: \"{{ report.file.content }}\"",
                    );
                }
                let (reading, _) = self.reading(reads, &Scopes::answered(&before));
                let texts = self.template(list, &before);
                StepKind::ForEachText(Box::new(TextsPlan { texts, reading }))
            }
            Origin::ForEach(list) => match &list.value {
                NodeValue::List(items) => StepKind::ForEach(
                    items
                        .iter()
                        .map(|item| self.template(item, &before))
                        .collect(),
                ),
                NodeValue::Scalar(_) | NodeValue::Map(_) | NodeValue::Refused => {
                    StepKind::ForEachOf(self.template(list, &before))
                }
            },
            Origin::Rows(rows) => {
                let rows = rows.iter();
                StepKind::Rows(rows.map(|row| self.template(row, &before)).collect())
            }
            Origin::Windows(windows) => StepKind::Windows(Box::new(self.windows(windows, &before))),
            Origin::File(file) => {
                let scope = scopes.request();
                StepKind::File(Box::new(self.file(file, reads, label, scopes, &scope)))
            }
            Origin::Sql(query) => {
                if let Some(records) = reads.records {
                    self.error(
                        records,
                        "`records` is a path through an answer, and rows of a database are records already",
                        "leave it out",
                    );
                }
                StepKind::Sql(Box::new(self.sql_source(query, scopes, &before)))
            }
            Origin::Job(job) => StepKind::Job(Box::new(self.job(job, reads, label, scopes))),
            Origin::FirstOf(steps) => {
                StepKind::FirstOf(self.alternatives(steps, label, scopes, has_windows))
            }
            Origin::AllOf(steps) => {
                StepKind::AllOf(self.alternatives(steps, label, scopes, has_windows))
            }
        }
    }

    /// Steps beside each other: none sees the others.
    fn alternatives(
        &mut self,
        steps: &[Placed<Step>],
        label: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> Vec<Arc<StepPlan>> {
        let outer = scopes.steps.clone();
        let mut named = Vec::new();
        let mut plans = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let number = format!("{label}, alternative {}", index + 1);
            let plan = self.step(step, &number, scopes, has_windows);
            plans.extend(plan.map(Arc::new));
            named.extend(scopes.steps.split_off(outer.len()));
        }
        for name in named {
            if !scopes.steps.contains(&name) {
                scopes.steps.push(name);
            }
        }
        plans
    }

    fn windows(&mut self, windows: &Windows, scope: &Scope) -> WindowsPlan {
        let step = self.span(Some(&windows.step));
        if step.is_some_and(|step| step.seconds() <= 0.0) {
            self.error(&windows.step, "a window has a length", "step: P1M, or 7d");
        }
        let none = DurationValue::parse("0s");
        let gap = self.span(windows.gap.as_deref()).or(none);
        if let Some(at) = &windows.gap {
            if gap.is_some_and(|gap| gap.seconds() < 0.0) {
                self.error(
                    at,
                    "`gap` is below nothing: windows would overlap",
                    "gap: 1s, or leave it out",
                );
            }
            let is_longer = match (&step, &gap) {
                (Some(step), Some(gap)) => gap.seconds() > step.seconds(),
                _ => false,
            };
            if is_longer {
                self.error(
                    at,
                    "`gap` is longer than `step`: windows would end before they begin",
                    "gap: 1d, where the API counts whole days and both ends",
                );
            }
        }
        WindowsPlan {
            from: self.date(&windows.from, scope),
            to: windows.to.as_ref().map(|to| self.date(to, scope)),
            step: step.or(DurationValue::parse("1d")).unwrap_or_default(),
            gap: gap.unwrap_or_default(),
            format: self.date_format(windows.format.as_ref()),
        }
    }

    /// How dates are printed.
    fn date_format(&mut self, format: Option<&Placed<String>>) -> Option<String> {
        let format = format?;
        if let Some(mistake) = date_format::mistake(&format.value, Use::Printing) {
            self.error(format, mistake.message, mistake.help);
        }
        Some(format.value.clone())
    }

    fn job(&mut self, job: &Job, reads: Reads<'_>, label: &str, scopes: &Scopes) -> JobPlan {
        let scope = scopes.request();
        let seen = |scope: &Scope, name: &str| scope.clone().with_fields(name, &RESPONSE);
        let submitted = seen(&scope, "submit");
        let polled = seen(&submitted, "poll");
        let submit_label = format!("{label}, submit");
        let (mut submit, sent) = self.watched(|compiler| {
            compiler.request(&job.submit, &submit_label, scopes, &scope, Purpose::Records)
        });
        self.refuse_unpaged(&job.submit, &sent);
        submit.holds_body = true;
        let awaited = Awaited::from(job);
        let poll = self.poll(
            awaited,
            label,
            scopes,
            &submitted,
            &polled,
            Purpose::Records,
        );
        let download = job.download.as_ref().map(|request| {
            let label = format!("{label}, download");
            let is_paged = reads.pages.is_some();
            self.fetch(request, reads, &label, scopes, &polled, is_paged)
        });
        let (reading, _) = self.reading(reads, &Scopes::answered(&polled));
        JobPlan {
            submit,
            poll,
            download,
            reading,
        }
    }

    /// `vars` or `columns` read `response`: each page is held whole, which is said.
    pub(super) fn keep_response(&mut self, steps: &mut [Arc<StepPlan>], uses: &Uses) {
        let holds_body = reads_body(uses);
        for step in steps {
            // Nobody else has seen the plan yet.
            let Some(step) = Arc::get_mut(step) else {
                continue;
            };
            step.keeps_response = true;
            match &mut step.kind {
                StepKind::Request(fetch) => fetch.request.holds_body |= holds_body,
                StepKind::Job(job) => {
                    if let Some(download) = &mut job.download {
                        download.request.holds_body |= holds_body;
                    }
                }
                StepKind::FirstOf(steps) | StepKind::AllOf(steps) => {
                    self.keep_response(steps, uses);
                }
                _ => {}
            }
        }
        if let (true, Some(place)) = (holds_body, reader_of_body(&self.document.root)) {
            self.warnings.push(
                Diagnostic::new(
                    Code::PagesHeld,
                    place,
                    "`vars` or `columns` read `response.body`, so each page is held in memory as a whole",
                )
                .hint("that is fine for pages of an API; for large files read the record instead"),
            );
        }
    }
}

/// Where the mapping first reads the body of an answer.
fn reader_of_body(root: &Node) -> Option<Range<usize>> {
    let mapping = ["vars", "columns"]
        .into_iter()
        .filter_map(|key| root.get(key));
    let mut templates = mapping.flat_map(Node::entries).map(|entry| &entry.value);
    let reads = |node: &&Node| {
        let text = node.as_text().unwrap_or_default();
        text.contains("response.body")
            || text.contains("response.text")
            || text.contains("response[")
    };
    let first = templates.clone().next();
    templates
        .find(reads)
        .or(first)
        .map(|node| node.span.clone())
}
