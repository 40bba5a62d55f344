//! Requests: a request's own keys over those of `http`.

use std::sync::Arc;

use super::Compiler;
use super::values::{flag, whole};
use crate::plan::reads::BodyReads;
use crate::plan::request::{
    AddressPlan, Awaits, BodyPlan, FieldPlan, LimitPlan, REDIRECTS, Repeat, RequestPlan, RetryPlan,
    RulePlan, StatusRange, TIMEOUT,
};
use crate::plan::scopes::Scopes;
use crate::spec::fault::Then;
use crate::spec::tree::{Node, NodeValue};
use crate::template::scope::Scope;
use crate::template::{Template, Uses};

/// What `http` gives to requests.
#[derive(Debug, Default)]
pub struct Defaults {
    base_url: Option<Arc<Template>>,
    auth: Option<usize>,
    limit: Option<usize>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Records, or what leads to them.
    Records,
    /// How a job of a batch stands, which `then: split` halves.
    PollOfBatch,
    /// Below `windows`, where `then: split` has something to halve.
    RecordsOfWindow,
    /// Rows of a target, one at a time.
    Row,
    /// Rows of a target, in batches, which `then: split` halves.
    Batch,
    /// Credentials: without credentials itself.
    Login,
}

impl Purpose {
    fn is_of_target(self) -> bool {
        matches!(self, Self::Row | Self::Batch)
    }

    fn can_split(self) -> bool {
        matches!(
            self,
            Self::RecordsOfWindow | Self::Batch | Self::PollOfBatch
        )
    }
}

/// What is known of the host of `base_url` before a run.
enum BaseHost {
    /// There is no `base_url`.
    None,
    /// An option names it.
    Unknown,
    /// Scheme, host and port.
    Is(String),
}

/// Whether a target has steps.
fn has_target_steps(root: &Node) -> bool {
    let target = root.get("target");
    let entries = target.into_iter().flat_map(Node::entries);
    let owners = target.into_iter().chain(entries.map(|entry| &entry.value));
    owners.into_iter().any(|owner| {
        let submit = owner.get("job").and_then(|job| job.get("submit"));
        owner.get("steps").is_some() || submit.is_some_and(|submit| !submit.items().is_empty())
    })
}

/// Scheme, host and port of an address whose host is no template.
fn fixed_host(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..end];
    let is_fixed = !scheme.contains('{') && !host.contains('{');
    // A template behind the host may be a part of it.
    let is_whole = end < rest.len() || !rest.contains('{');
    let url = (is_fixed && is_whole).then(|| reqwest::Url::parse(&format!("{scheme}://{host}")));
    Some(url?.ok()?.origin().ascii_serialization())
}

impl Compiler<'_> {
    pub(super) fn defaults(&mut self, scopes: &Scopes) -> Defaults {
        let Some(http) = self.root().get("http") else {
            return Defaults::default();
        };
        let base_url = http
            .get("base_url")
            .map(|node| Arc::new(self.template(node, &scopes.base())));
        self.defaults.base_url.clone_from(&base_url);
        let auth = http.get("auth").and_then(|node| self.auth(node, scopes));
        let scope = Scopes::answered(&scopes.request());
        let limit = http.get("rate_limit").map(|node| self.limit(node, &scope));
        Defaults {
            base_url,
            auth,
            limit,
        }
    }

    /// Who asks, where nothing else is said.
    pub(super) fn default_auth(&mut self) -> Option<usize> {
        self.auth_is_sent = true;
        self.defaults.auth
    }

    /// Who asks a request at `address` that says nothing of it. The credentials of `http` go to the host
    /// of `base_url` alone: whether this request may go there is remembered.
    fn auth_of(&mut self, address: &AddressPlan, node: &Node) -> Option<usize> {
        let may_go_there = match (address, self.base_host()) {
            (_, BaseHost::None) => false,
            (AddressPlan::Path(_), _) | (_, BaseHost::Unknown) => true,
            (AddressPlan::Url(_), BaseHost::Is(base)) => {
                let text = node.get("url").and_then(Node::as_text).unwrap_or_default();
                fixed_host(text).is_none_or(|host| host == base)
            }
        };
        self.auth_is_sent |= may_go_there;
        self.defaults.auth
    }

    fn base_host(&self) -> BaseHost {
        let base = self
            .root()
            .get("http")
            .and_then(|http| http.get("base_url"));
        match base.and_then(Node::as_text) {
            None => BaseHost::None,
            Some(text) => fixed_host(text).map_or(BaseHost::Unknown, BaseHost::Is),
        }
    }

    /// `http.auth` that no request gets.
    pub(super) fn unsent_auth(&mut self) {
        let auth = self.root().get("http").and_then(|http| http.get("auth"));
        // What is misspelt may be what was to send it.
        let is_unsent =
            self.defaults.auth.is_some() && !self.auth_is_sent && self.errors.is_empty();
        let Some(auth) = auth.filter(|_| is_unsent) else {
            return;
        };
        let (message, hint) = match self.base_host() {
            BaseHost::None => (
                "no request gets `http.auth`: it goes to the host of `base_url`, and there is none",
                "add base_url: https://api.example.com, or write auth into the request",
            ),
            BaseHost::Unknown | BaseHost::Is(_) => (
                "no request gets `http.auth`: it goes to the host of `base_url`, and none is asked there",
                "write auth into the request that needs it, or remove it here",
            ),
        };
        self.error(auth, message, hint);
    }

    /// A request at a node that is its path or a map; `scope` is what its templates see.
    pub(super) fn request(
        &mut self,
        node: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        purpose: Purpose,
    ) -> RequestPlan {
        let http = self.root().get("http");
        let own = matches!(node.value, NodeValue::Map(_)).then_some(node);
        let key = |name: &str| {
            let of = |node: Option<&'_ Node>| node.and_then(|node| node.get(name)).cloned();
            of(own).or_else(|| of(http))
        };
        let own_key = |name: &str| own.and_then(|node| node.get(name));
        let (address, of_address) =
            self.watched(|compiler| compiler.address(node, own, http, scope));
        let ((body, query, headers), of_rest) = self.watched(|compiler| {
            (
                compiler.body(own.into_iter().chain(http), scope),
                compiler.fields("query", own, http, scope),
                compiler.fields("headers", own, http, scope),
            )
        });
        let awaits = |uses: &Uses| uses.names.iter().any(|name| scope.is_answer(name));
        let awaits = match (awaits(&of_address), awaits(&of_rest)) {
            (true, _) => Awaits::InAddress,
            (false, true) => Awaits::Elsewhere,
            (false, false) => Awaits::Nothing,
        };
        let answered = Scopes::answered(scope);
        let mut rules = Vec::new();
        let mut rules_read = BodyReads::Nothing;
        let mut holds_body = matches!(body, Some(BodyPlan::GraphQl { .. }));
        let between = self.target_rules.clone();
        let of_target = between.iter().filter(|_| purpose.is_of_target());
        let owners = own.into_iter().chain(of_target).map(|own| (own, false));
        for (owner, is_http) in owners.chain(http.map(|http| (http, true))) {
            // What `http` says is said for all requests: that one of them can split is enough.
            let can_split = purpose.can_split() || is_http && has_what_splits(self.root());
            let can_stop = !purpose.is_of_target();
            let is_of_steps = self.has_steps;
            self.has_steps |= is_http && has_target_steps(self.root());
            for rule in owner.get("on_response").into_iter().flat_map(Node::items) {
                let (plan, reads) = self.rule(rule, &answered, can_split, can_stop);
                // What is read of answers that are held anyway costs nothing.
                let is_of_good_answers =
                    plan.statuses.is_empty() || plan.statuses.iter().any(|range| range.first < 300);
                if is_of_good_answers {
                    holds_body |= reads.any();
                    rules_read = rules_read.max(reads);
                }
                rules.push(plan);
            }
            self.has_steps = is_of_steps;
        }
        // A target's answers are small, and all of them are looked at.
        holds_body |= purpose.is_of_target();
        let limit = match own_key("rate_limit") {
            Some(node) => Some(self.limit(node, &answered)),
            None => self.defaults.limit,
        };
        if let Some(pause) = limit.and_then(|limit| self.limits.get(limit)) {
            holds_body |= pause.pause.is_some();
        }
        let (auth, auth_is_own) = match (own_key("auth"), purpose) {
            (Some(node), _) => (self.auth(node, scopes), true),
            (None, Purpose::Login) => (None, false),
            (None, _) => (self.auth_of(&address, node), false),
        };
        let said = flag(key("repeatable").as_ref());
        let only_asks = body.as_ref().is_some_and(BodyPlan::only_asks);
        let repeat = match said.filter(|_| purpose.is_of_target()) {
            Some(said) => Repeat::Said(said),
            None if purpose.is_of_target() && !only_asks => Repeat::ByMethod,
            None => Repeat::Asks,
        };
        RequestPlan {
            label: label.into(),
            address,
            method: key("method").and_then(|node| node.as_text().map(str::to_owned)),
            query,
            headers,
            awaits,
            compress: self.compress(key("compress").as_ref(), body.is_some()),
            body,
            auth,
            auth_is_own,
            base_url: self.defaults.base_url.clone(),
            timeout: self.duration(key("timeout").as_ref(), TIMEOUT),
            redirects: whole(key("redirects").as_ref())
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(REDIRECTS),
            retry: self.retry(key("retry").as_ref()),
            limit,
            rules,
            rules_read,
            idempotency_key: self.idempotency_key(key("idempotency_key").as_ref(), scope),
            repeat,
            errors_are_read: false,
            holds_body,
        }
    }

    fn address(
        &mut self,
        node: &Node,
        own: Option<&Node>,
        http: Option<&Node>,
        scope: &Scope,
    ) -> AddressPlan {
        let Some(own) = own else {
            self.needs_base(node);
            return AddressPlan::Path(self.template(node, scope));
        };
        match (own.get("path"), own.get("url")) {
            (Some(path), Some(_)) => {
                self.error(
                    path,
                    "a request has a `path` or a `url`, not both",
                    "`path` is put behind base_url, `url` is taken as it is",
                );
                AddressPlan::Path(self.template(path, scope))
            }
            (Some(path), None) => {
                self.needs_base(path);
                AddressPlan::Path(self.template(path, scope))
            }
            (None, Some(url)) => AddressPlan::Url(self.template(url, scope)),
            (None, None) => {
                let inherited = http.and_then(|http| {
                    let path = http.get("path").map(|node| (true, node));
                    path.or_else(|| http.get("url").map(|node| (false, node)))
                });
                match inherited {
                    Some((true, path)) => AddressPlan::Path(self.template(path, scope)),
                    Some((false, url)) => AddressPlan::Url(self.template(url, scope)),
                    None => {
                        self.error(
                            node,
                            "a request needs a `path` or a `url`",
                            "path: /products, or url: https://api.example.com/products",
                        );
                        AddressPlan::Path(Template::constant(crate::template::Value::from("")))
                    }
                }
            }
        }
    }

    fn needs_base(&mut self, path: &Node) {
        let text = path.as_text().unwrap_or_default();
        if text.starts_with("http://") || text.starts_with("https://") {
            self.error(
                path,
                "this is a whole address, and a `path` is put behind `http.base_url`",
                format!("write request: {{ url: \"{text}\" }}"),
            );
            return;
        }
        if self.defaults.base_url.is_none() {
            self.error(
                path,
                "a `path` is put behind `http.base_url`, and there is none",
                "add http: { base_url: https://api.example.com }, or write `url:` with the whole address",
            );
        }
    }

    /// `query` or `headers`: those of `http`, and a request's own over them.
    fn fields(
        &mut self,
        key: &str,
        own: Option<&Node>,
        http: Option<&Node>,
        scope: &Scope,
    ) -> Vec<(Arc<str>, FieldPlan)> {
        let mut fields: Vec<(Arc<str>, FieldPlan)> = Vec::new();
        let is_header = key == "headers";
        for owner in http.into_iter().chain(own) {
            for entry in owner.get(key).into_iter().flat_map(Node::entries) {
                let values = match &entry.value.value {
                    NodeValue::List(items) => items
                        .iter()
                        .map(|item| self.template(item, scope))
                        .collect(),
                    _ => vec![self.template(&entry.value, scope)],
                };
                let field = FieldPlan { values };
                let known = fields.iter_mut().find(|(name, _)| {
                    if is_header {
                        name.eq_ignore_ascii_case(&entry.key)
                    } else {
                        **name == *entry.key
                    }
                });
                match known {
                    Some((_, known)) => *known = field,
                    None => fields.push((Arc::from(entry.key.as_str()), field)),
                }
            }
        }
        fields
    }

    fn retry(&mut self, node: Option<&Node>) -> RetryPlan {
        let mut plan = RetryPlan::default();
        let Some(node) = node else { return plan };
        let attempts = whole(Some(node)).or_else(|| whole(node.get("attempts")));
        if let Some(attempts) = attempts.and_then(|count| u32::try_from(count).ok()) {
            plan.attempts = attempts;
        }
        if let Some(statuses) = node.get("statuses") {
            let statuses = statuses.items().iter();
            plan.statuses = statuses
                .filter_map(|status| whole(Some(status)))
                .filter_map(|status| u16::try_from(status).ok())
                .collect();
        }
        plan.wait = self.duration(node.get("wait"), plan.wait);
        plan.max_wait = self.duration(node.get("max_wait"), plan.max_wait);
        plan.wait_header = node
            .get("wait_header")
            .and_then(|node| node.as_text().map(str::to_owned));
        plan
    }

    fn limit(&mut self, node: &Node, scope: &Scope) -> usize {
        let whole = matches!(node.value, NodeValue::Map(_)).then_some(node);
        let rates = match whole {
            Some(node) => node.get("rate"),
            None => Some(node),
        };
        let rates: Vec<&Node> = match rates.map(|node| &node.value) {
            Some(NodeValue::List(items)) => items.iter().collect(),
            _ => rates.into_iter().collect(),
        };
        let mut plans = Vec::new();
        for rate in rates {
            let text = rate.scalar().map(|scalar| scalar.text.as_str());
            let text = text.unwrap_or_default();
            if !text.contains("{{") && crate::http::rate::Rate::parse(text).is_none() {
                self.error(
                    rate,
                    format!("`{text}` is no rate"),
                    "write 10/s, 300/min or 1000/h",
                );
            }
            plans.push(self.template(rate, scope));
        }
        let word = |key: &str| {
            whole
                .and_then(|node| node.get(key))
                .and_then(|node| node.as_text().map(str::to_owned))
        };
        let plan = LimitPlan {
            rates: plans,
            remaining: word("remaining"),
            reset: word("reset"),
            pause: self.optional(whole.and_then(|node| node.get("pause")), scope),
        };
        self.limits.push(plan);
        self.limits.len() - 1
    }

    /// A key by which the other side knows a request again: not the same one for all rows.
    fn idempotency_key(&mut self, node: Option<&Node>, scope: &Scope) -> Option<Template> {
        let node = node?;
        let (key, uses) = self.watched(|compiler| compiler.template(node, scope));
        let is_of_rows = ["row", "rows"].iter().any(|name| scope.get(name).is_some());
        let is_of_all = |name: &String| ["options", "run", "change"].contains(&name.as_str());
        if is_of_rows && uses.names.iter().all(is_of_all) {
            self.error(
                node,
                "this key is the same for every request: the channel would take all of them for one",
                "add what tells them apart, like {{ row.id }} or {{ batch.number }}",
            );
        }
        Some(key)
    }

    /// A rule, and what it reads of an answer.
    fn rule(
        &mut self,
        node: &Node,
        scope: &Scope,
        can_split: bool,
        can_stop: bool,
    ) -> (RulePlan, BodyReads) {
        let mut statuses = Vec::new();
        let status = node.get("status");
        let several = status.map(Node::items).unwrap_or_default();
        let one = status.filter(|node| node.scalar().is_some());
        for status in one.into_iter().chain(several) {
            let text = status.scalar().map(|scalar| scalar.text.as_str());
            match StatusRange::parse(text.unwrap_or_default()) {
                Some(range) => statuses.push(range),
                None => self.error(
                    status,
                    format!("`{}` is no status", text.unwrap_or_default()),
                    "write 404, 5xx, or a list of them: [403, 404]",
                ),
            }
        }
        let (when, uses) = self.watched(|compiler| compiler.when(node, scope));
        let body = node.get("body").and_then(Node::as_text).map(str::to_owned);
        let by_text = body
            .as_ref()
            .map_or(BodyReads::Nothing, |_| BodyReads::AsText);
        let of_when = BodyReads::of(&uses, "response");
        let reads = by_text.max(of_when);
        let has_condition = ["status", "body", "when"]
            .iter()
            .any(|key| node.get(key).is_some());
        if !has_condition {
            self.error(
                node,
                "a rule without a condition holds for every answer",
                "add status, body or when",
            );
        }
        let word = node.get("then").and_then(Node::as_text).unwrap_or("fail");
        let then = match word {
            "ok" => Then::Ok,
            "retry" => Then::Retry,
            "skip" => Then::Skip,
            "stop" => Then::Stop,
            "abort" => Then::Abort,
            "refresh_auth" => Then::RefreshAuth,
            "split" => Then::Split,
            "restart" => Then::Restart,
            _ => Then::Fail,
        };
        if then == Then::Split && !can_split {
            let at = node.get("then").unwrap_or(node);
            self.error(
                at,
                "`then: split` halves a window or a batch, and here is neither",
                "put a step { name: window, windows: { from: …, step: P1M } } above it, or give the target a `batch`",
            );
        }
        if then == Then::Restart && !self.has_steps {
            self.error(
                node.get("then").unwrap_or(node),
                "`then: restart` runs the steps of a target from the first, and here are none",
                "write retry, or give the target `steps`: look up, then update",
            );
        }
        if then == Then::Stop && !can_stop {
            self.error(
                node.get("then").unwrap_or(node),
                "`then: stop` ends a list of pages, and a target has none",
                "write skip, fail or abort",
            );
        }
        let plan = RulePlan {
            looks_inside: of_when == BodyReads::Inside,
            statuses,
            body,
            when,
            then,
            message: self.optional(node.get("message"), &scope.shown()),
            wait: self.optional(node.get("wait"), scope),
        };
        (plan, reads)
    }
}

/// Whether there is something to halve: a step, at any depth, that is `windows`, or a batch.
fn has_what_splits(spec: &Node) -> bool {
    fn has_windows(step: &Node) -> bool {
        step.get("windows").is_some()
            || step.items().iter().any(has_windows)
            || ["first_of", "all_of"]
                .iter()
                .any(|key| step.get(key).is_some_and(has_windows))
    }
    let has_batch = |target: &Node| {
        target.get("batch").is_some()
            || target
                .entries()
                .iter()
                .any(|entry| entry.value.get("batch").is_some())
    };
    spec.get("source").is_some_and(has_windows) || spec.get("target").is_some_and(has_batch)
}
