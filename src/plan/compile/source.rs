//! Steps of a data source.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use super::values::{flag, reads_body, whole};
use crate::check::Diagnostic;
use crate::plan::auth::AuthPlan;
use crate::plan::path::PathPlan;
use crate::plan::request::RequestPlan;
use crate::plan::scopes::{RESPONSE, Scopes};
use crate::plan::source::{
    CONCURRENCY, FetchPlan, FilePlan, JobPlan, LoginPlan, ReadingPlan, StepKind, StepPlan,
    WindowsPlan,
};
use crate::spec::Mode;
use crate::spec::source::{IfNone, Pick, StepOnError};
use crate::spec::tree::{Node, NodeValue};
use crate::template::scope::{Name, Scope};
use crate::template::{DurationValue, Uses};

/// Where a step's records come from: one of these.
const KINDS: [&str; 8] = [
    "request", "for_each", "rows", "windows", "file", "job", "first_of", "all_of",
];

impl Compiler<'_> {
    pub(super) fn source(&mut self, scopes: &mut Scopes) -> Vec<Arc<StepPlan>> {
        let Some(source) = self.root().get("source") else {
            if self.document.spec.mode == Mode::DataSource {
                let at = self.root().get("mode").unwrap_or(self.root());
                self.error(
                    at,
                    "`source` is missing: a data source has to say where its rows come from",
                    "add source: { request: { url: https://api.example.com/products } }",
                );
            }
            return Vec::new();
        };
        let nodes: Vec<&Node> = match &source.value {
            NodeValue::List(steps) => steps.iter().collect(),
            _ => vec![source],
        };
        self.steps(&nodes, "step", scopes)
    }

    /// Steps in turn: each sees those before it.
    fn steps(&mut self, nodes: &[&Node], what: &str, scopes: &mut Scopes) -> Vec<Arc<StepPlan>> {
        let mut plans = Vec::new();
        let mut has_windows = false;
        for (index, node) in nodes.iter().enumerate() {
            let number = index + 1;
            if let Some(plan) = self.step(node, &format!("{what} {number}"), scopes, has_windows) {
                has_windows |= matches!(plan.kind, StepKind::Windows(_));
                plans.push(Arc::new(plan));
            }
        }
        plans
    }

    fn step(
        &mut self,
        node: &Node,
        number: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> Option<StepPlan> {
        let name = node.get("name").and_then(Node::as_text);
        let label = name.map_or_else(|| number.to_owned(), |name| format!("step `{name}`"));
        let when = self.when(node, &scopes.step());
        let origin = self.one_of(node, &KINDS, "a step");
        let kind = origin.map(|(kind, at)| self.kind(kind, at, node, &label, scopes, has_windows));
        if let (Some(name), Some(at)) = (name, node.get("name")) {
            self.new_name(name, at, scopes);
            scopes.steps.push(name.to_owned());
        }
        let scope = scopes.step().with("record", Name::Any);
        let filter = node.get("where").map(|node| self.condition(node, &scope));
        let word = |key: &str| node.get(key).and_then(Node::as_text);
        let collect = flag(node.get("collect")).unwrap_or_default();
        if let (true, None, Some(at)) = (collect, name, node.get("collect")) {
            self.error(
                at,
                "a list that is collected is seen by the step's name, and this step has none",
                "add name: images",
            );
        }
        let http = self.root().get("http");
        let concurrency = whole(node.get("concurrency"))
            .or_else(|| whole(http.and_then(|http| http.get("concurrency"))))
            .and_then(|count| usize::try_from(count).ok());
        Some(StepPlan {
            name: name.map(Arc::from),
            label: label.into(),
            kind: kind?,
            when,
            filter,
            collect,
            if_none: match word("if_none") {
                Some("keep") => IfNone::Keep,
                None if collect => IfNone::Keep,
                _ => IfNone::Drop,
            },
            on_error: match word("on_error") {
                Some("skip") => StepOnError::Skip,
                _ => StepOnError::Fail,
            },
            concurrency: concurrency.unwrap_or(CONCURRENCY),
            keeps_response: false,
        })
    }

    fn kind(
        &mut self,
        kind: &str,
        at: &Node,
        step: &Node,
        label: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> StepKind {
        let before = scopes.step();
        match kind {
            "request" => {
                let scope = scopes.request();
                let purpose = if has_windows {
                    Purpose::RecordsOfWindow
                } else {
                    Purpose::Records
                };
                StepKind::Request(Box::new(self.fetch_for(
                    at,
                    step,
                    label,
                    scopes,
                    &scope,
                    (true, purpose),
                )))
            }
            "for_each" => match &at.value {
                NodeValue::List(items) => StepKind::ForEach(
                    items
                        .iter()
                        .map(|item| self.template(item, &before))
                        .collect(),
                ),
                _ => StepKind::ForEachOf(self.template(at, &before)),
            },
            "rows" => {
                let rows = at.items().iter();
                StepKind::Rows(rows.map(|row| self.template(row, &before)).collect())
            }
            "windows" => StepKind::Windows(Box::new(self.windows(at, &before))),
            "file" => {
                let scope = scopes.request();
                StepKind::File(Box::new(self.file(at, step, label, scopes, &scope)))
            }
            "job" => StepKind::Job(Box::new(self.job(at, step, label, scopes))),
            "first_of" => {
                let nodes: Vec<&Node> = at.items().iter().collect();
                StepKind::FirstOf(self.alternatives(&nodes, label, scopes, has_windows))
            }
            _ => {
                let nodes: Vec<&Node> = at.items().iter().collect();
                StepKind::AllOf(self.alternatives(&nodes, label, scopes, has_windows))
            }
        }
    }

    /// Steps beside each other: none sees the others.
    fn alternatives(
        &mut self,
        nodes: &[&Node],
        label: &str,
        scopes: &mut Scopes,
        has_windows: bool,
    ) -> Vec<Arc<StepPlan>> {
        let outer = scopes.steps.clone();
        let mut named = Vec::new();
        let mut plans = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let number = format!("{label}, alternative {}", index + 1);
            let plan = self.step(node, &number, scopes, has_windows);
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

    /// A request with records, at `at`; `owner` has `records`, `format` and `pages`.
    pub(super) fn fetch(
        &mut self,
        at: &Node,
        owner: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        is_paged: bool,
    ) -> FetchPlan {
        self.fetch_for(
            at,
            owner,
            label,
            scopes,
            scope,
            (is_paged, Purpose::Records),
        )
    }

    fn fetch_for(
        &mut self,
        at: &Node,
        owner: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        (is_paged, purpose): (bool, Purpose),
    ) -> FetchPlan {
        let (mut request, sent) =
            self.watched(|compiler| compiler.request(at, label, scopes, scope, purpose));
        let answered = Scopes::answered(scope);
        let own_pages = owner.get("pages");
        let pages = (is_paged || own_pages.is_some())
            .then(|| self.pages(own_pages, at, &answered, &sent))
            .flatten();
        let pages = pages.map(|(pages, read)| {
            request.holds_body |= read.holds_body;
            pages
        });
        let (reading, holds_body) = self.reading(owner, &answered);
        request.holds_body |= holds_body;
        let mut plan = FetchPlan {
            request,
            pages,
            reading,
        };
        // The list is counted, whatever is read of it.
        let goes_in = match &plan.reading.records {
            Some(PathPlan::Plain(path)) => path.into_elements().is_some(),
            Some(PathPlan::Query(_) | PathPlan::Template(_)) | None => false,
        };
        plan.request.holds_body |= plan.is_counted() && goes_in;
        plan
    }

    /// `records` and `format` of a step, a lookup or a job, and whether they need the whole body.
    pub(super) fn reading(&mut self, owner: &Node, answered: &Scope) -> (Arc<ReadingPlan>, bool) {
        let may_lack = owner.get("if_none").is_some();
        let (records, format) = (owner.get("records"), owner.get("format"));
        let (reading, holds_body) = self.reading_of(records, format, may_lack, answered);
        (reading.into(), holds_body)
    }

    /// The same at other keys; `may_lack`: whether an answer without the place has no records.
    pub(super) fn reading_of(
        &mut self,
        records: Option<&Node>,
        format: Option<&Node>,
        may_lack: bool,
        answered: &Scope,
    ) -> (ReadingPlan, bool) {
        let records = records.map(|node| self.path(node, answered));
        let holds_body = match &records {
            Some((PathPlan::Query(_), _)) => true,
            Some((PathPlan::Template(_), uses)) => reads_body(uses),
            _ => false,
        };
        let format = self.format(format, answered);
        let reading = ReadingPlan {
            records: records.map(|(path, _)| path),
            key: "records",
            format,
            may_lack,
            may_be_empty: true,
        };
        (reading, holds_body)
    }

    fn windows(&mut self, at: &Node, scope: &Scope) -> WindowsPlan {
        let step = self.span(at.get("step"));
        if step.is_some_and(|step| step.seconds() <= 0.0) {
            let at = at.get("step").unwrap_or(at);
            self.error(at, "a window has a length", "step: P1M, or 7d");
        }
        let none = DurationValue::parse("0s");
        let gap = self.span(at.get("gap")).or(none);
        if gap.is_some_and(|gap| gap.seconds() < 0.0) {
            let at = at.get("gap").unwrap_or(at);
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
            let at = at.get("gap").unwrap_or(at);
            self.error(
                at,
                "`gap` is longer than `step`: windows would end before they begin",
                "gap: 1d, where the API counts whole days and both ends",
            );
        }
        WindowsPlan {
            from: self.template(at.get("from").unwrap_or(at), scope),
            to: self.optional(at.get("to"), scope),
            step: step.or(DurationValue::parse("1d")).unwrap_or_default(),
            gap: gap.unwrap_or_default(),
            format: at.get("format").and_then(Node::as_text).map(str::to_owned),
        }
    }

    /// Files at `at`; `owner` has `records` and `format`.
    pub(super) fn file(
        &mut self,
        at: &Node,
        owner: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> FilePlan {
        let url = at.get("url").unwrap_or(at);
        let (reading, _) = self.reading(owner, &Scopes::answered(scope));
        let login = self.login(at.get("login"), scope);
        let request = self.file_request(at, label, scopes, scope);
        let fetch = FetchPlan {
            request,
            pages: None,
            reading: Arc::clone(&reading),
        };
        FilePlan {
            url: self.template(url, scope),
            pick: match at.get("pick").and_then(Node::as_text) {
                Some("newest") => Pick::Newest,
                _ => Pick::All,
            },
            login,
            reading,
            fetch,
        }
    }

    pub(super) fn login(&mut self, node: Option<&Node>, scope: &Scope) -> LoginPlan {
        let mut key = |name: &str| {
            let node = node.and_then(|login| login.get(name));
            self.optional(node, scope)
        };
        LoginPlan {
            username: key("username"),
            password: key("password"),
            key: key("key"),
            access_key: key("access_key"),
            secret_key: key("secret_key"),
            region: key("region"),
            endpoint: key("endpoint"),
            host_key: key("host_key"),
            known_hosts: key("known_hosts"),
        }
    }

    /// The request for a file that HTTP serves or takes.
    pub(super) fn file_request(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> RequestPlan {
        let login = at.get("login");
        let mut request = self.request(at, label, scopes, scope, Purpose::Login);
        // What `http` says of the API's requests is not for files, which may lie elsewhere.
        request.query.clear();
        request.headers.clear();
        request.rules.clear();
        request.body = None;
        request.method = None;
        request.limit = None;
        request.idempotency_key = None;
        if let Some(user) = login.and_then(|node| node.get("username")) {
            let basic = AuthPlan::Basic {
                username: Some(self.template(user, scope)),
                password: self.optional(login.and_then(|node| node.get("password")), scope),
            };
            self.auths.push(basic);
            request.auth = Some(self.auths.len() - 1);
            request.auth_is_own = true;
        }
        request
    }

    fn job(&mut self, at: &Node, step: &Node, label: &str, scopes: &Scopes) -> JobPlan {
        let scope = scopes.request();
        let seen = |scope: &Scope, name: &str| scope.clone().with_fields(name, &RESPONSE);
        let submitted = seen(&scope, "submit");
        let polled = seen(&submitted, "poll");
        let submit_label = format!("{label}, submit");
        let submit = at.get("submit").unwrap_or(at);
        let node = submit;
        let (mut submit, sent) = self.watched(|compiler| {
            compiler.request(node, &submit_label, scopes, &scope, Purpose::Records)
        });
        self.refuse_unpaged(node, &sent);
        submit.holds_body = true;
        let poll = self.poll(at, label, scopes, &submitted, &polled, Purpose::Records);
        let download = at.get("download").map(|node| {
            let label = format!("{label}, download");
            self.fetch(
                node,
                step,
                &label,
                scopes,
                &polled,
                step.get("pages").is_some(),
            )
        });
        let (reading, _) = self.reading(step, &Scopes::answered(&polled));
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
        if let (true, Some(source)) = (holds_body, self.root().get("source")) {
            self.warnings.push(
                Diagnostic::new(
                    source.span.start..source.span.start + 1,
                    "`vars` or `columns` read `response.body`, so each page is held in memory as a whole",
                )
                .hint("that is fine for pages of an API; for large files read the record instead"),
            );
        }
    }
}
