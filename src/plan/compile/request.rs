//! Requests: a request's own keys over those of `http`.

use std::sync::Arc;

use super::Compiler;
use super::addresses::AddressOf;
use super::rules::{has_target_steps, has_what_splits};
use crate::plan::auth::names_of;
use crate::plan::reads::BodyReads;
use crate::plan::request::{
    AddressPlan, Awaits, BodyPlan, FieldPlan, REDIRECTS, Repeat, RequestPlan, RulePlan,
};
use crate::plan::scopes::Scopes;
use crate::spec::places::Placed;
use crate::spec::recovery::Then;
use crate::spec::request::{Request, RequestKeys};
use crate::spec::tree::NodeValue;
use crate::spec::{self};
use crate::template::scope::{Name, Scope};
use crate::template::{Template, Uses};

/// What `http` gives to requests.
#[derive(Debug, Default)]
pub struct Defaults {
    pub(super) base_url: Option<Arc<Template>>,
    /// What `base_url` takes of the auth of `http`.
    base_reads: Vec<&'static str>,
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
    /// A file, whose address is checked as that of a file.
    File,
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

/// What the rules of a request say, and what they read.
struct AnswerRules {
    rules: Vec<RulePlan>,
    rules_read: BodyReads,
    holds_body: bool,
    /// Own rules that ask for new credentials.
    refreshes: Vec<Placed<Then>>,
}

/// A request's own keys over those of `http`.
struct Over<'s> {
    own: Option<&'s RequestKeys>,
    http: Option<&'s RequestKeys>,
}

impl<'s> Over<'s> {
    /// Those that win first.
    fn each(&self) -> impl Iterator<Item = &'s RequestKeys> {
        self.own.into_iter().chain(self.http)
    }

    /// Those that win last.
    fn last(&self) -> impl Iterator<Item = &'s RequestKeys> {
        self.http.into_iter().chain(self.own)
    }

    /// What the first says that says it.
    fn first<T: ?Sized>(&self, get: impl Fn(&'s RequestKeys) -> Option<&'s T>) -> Option<&'s T> {
        self.each().find_map(get)
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

/// A scope with what an auth gives, and those of its names that are not taken: a step may be called
/// `login`.
fn with_names(scope: &Scope, names: Vec<&'static str>) -> (Scope, Vec<&'static str>) {
    let mut with = scope.clone();
    let mut own = Vec::new();
    for name in names {
        if scope.get(name).is_none() {
            with = with.with(name, Name::Any);
            own.push(name);
        }
    }
    (with, own)
}

/// Those of the names that templates read.
fn read_of(names: &[&'static str], uses: &Uses) -> Vec<&'static str> {
    let read = names.iter().filter(|name| uses.names.contains(**name));
    read.copied().collect()
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
        let Some(http) = &self.spec().http else {
            return Defaults::default();
        };
        let base_url = http.base_url.as_ref();
        if let Some(url) = base_url {
            self.check_address(url, AddressOf::Server);
        }
        let auth = http.request.auth.as_ref();
        // Where a server is said by a login.
        let names = auth.map(|auth| names_of(auth)).unwrap_or_default();
        let (scope, names) = with_names(&scopes.base(), names);
        let (base_url, uses) =
            self.watched(|compiler| base_url.map(|url| Arc::new(compiler.template(url, &scope))));
        let base_reads = read_of(&names, &uses);
        self.token_is_read |= !base_reads.is_empty();
        self.defaults.base_url.clone_from(&base_url);
        self.defaults.base_reads.clone_from(&base_reads);
        self.is_default_auth = true;
        let auth = auth.and_then(|auth| self.auth(auth, scopes));
        self.is_default_auth = false;
        let scope = Scopes::answered(&scopes.request());
        let limit = http.request.rate_limit.as_ref();
        let limit = limit.map(|limit| self.limit(limit, &scope));
        Defaults {
            base_url,
            base_reads,
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
    fn auth_of(&mut self, address: &AddressPlan, own: Option<&RequestKeys>) -> Option<usize> {
        let may_go_there = match (address, self.base_host()) {
            (_, BaseHost::None) => false,
            (AddressPlan::Path(_), _) | (_, BaseHost::Unknown) => true,
            (AddressPlan::Url(_), BaseHost::Is(base)) => {
                let url = own.and_then(|own| own.url.as_ref());
                let text = url.and_then(|url| url.as_text()).unwrap_or_default();
                fixed_host(text).is_none_or(|host| host == base)
            }
        };
        self.auth_is_sent |= may_go_there;
        self.defaults.auth
    }

    fn base_host(&self) -> BaseHost {
        let http = self.spec().http.as_ref();
        let base = http.and_then(|http| http.base_url.as_ref());
        match base.and_then(|base| base.as_text()) {
            None => BaseHost::None,
            Some(text) => fixed_host(text).map_or(BaseHost::Unknown, BaseHost::Is),
        }
    }

    /// `http.auth` that no request gets.
    pub(super) fn unsent_auth(&mut self) {
        let http = self.spec().http.as_ref();
        let auth = http.and_then(|http| http.request.auth.as_ref());
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

    /// A token that is fetched and sent nowhere.
    pub(super) fn unread_tokens(&mut self) {
        let unsent = std::mem::take(&mut self.unsent_tokens);
        if self.token_is_read {
            return;
        }
        for place in unsent {
            self.error(
                &place,
                "the session logs in, and nothing sends its `token`",
                "header: { Authorization: \"Bearer {{ token }}\" }, or query, or cookie; or write {{ token }} into a request",
            );
        }
    }

    /// A request; `scope` is what its templates see, besides what its auth gives.
    pub(in crate::plan) fn request(
        &mut self,
        request: &Placed<Request>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        purpose: Purpose,
    ) -> RequestPlan {
        let http = self.spec().http.as_ref().map(|http| &http.request);
        let own = match &request.value {
            Request::Path(_) => None,
            Request::Whole(keys) => Some(&**keys),
        };
        let owners = Over { own, http };
        let names = match (own.and_then(|own| own.auth.as_ref()), purpose) {
            (Some(auth), _) => names_of(auth),
            (None, Purpose::File) => Vec::new(),
            (None, _) => {
                let auth = http.and_then(|http| http.auth.as_ref());
                auth.map(|auth| names_of(auth)).unwrap_or_default()
            }
        };
        let (scope, names) = with_names(scope, names);
        let scope = &scope;
        let (address, of_address) =
            self.watched(|compiler| compiler.address(request, &owners, (scope, purpose)));
        let ((body, query, headers), mut of_rest) = self.watched(|compiler| {
            (
                compiler.body(owners.each(), scope),
                compiler.query(&owners, scope),
                compiler.headers(&owners, scope),
            )
        });
        let (idempotency_key, of_key) = self.watched(|compiler| {
            let key = owners.first(|keys| keys.idempotency_key.as_ref());
            compiler.idempotency_key(key, scope)
        });
        of_rest.add(of_key);
        let mut reads = read_of(&names, &of_address);
        reads.extend(read_of(&names, &of_rest));
        let is_at_base = match &address {
            AddressPlan::Path(_) => true,
            AddressPlan::Url(url) => url.source().is_none_or(|url| !url.contains("://")),
        };
        let is_own_login = purpose == Purpose::Login && self.is_default_auth;
        if is_own_login && is_at_base && !self.defaults.base_reads.is_empty() {
            self.error(
                request,
                "`base_url` takes of the answer to the login, so the login can't be there",
                "login: { url: \"https://login.example.com/token\" }, the whole address",
            );
        }
        if purpose == Purpose::Login {
            // Who asks for a token has none.
            reads.clear();
        }
        self.token_is_read |= !reads.is_empty();
        let awaits = |uses: &Uses| uses.names.iter().any(|name| scope.is_answer(name));
        let awaits = match (awaits(&of_address), awaits(&of_rest)) {
            (true, _) => Awaits::InAddress,
            (false, true) => Awaits::Elsewhere,
            (false, false) => Awaits::Nothing,
        };
        let answered = Scopes::answered(scope);
        let mut told = self.answers(&owners, &answered, purpose);
        told.holds_body |= matches!(body, Some(BodyPlan::GraphQl { .. }));
        // A target's answers are small, and all of them are looked at.
        told.holds_body |= purpose.is_of_target();
        let limit = match own.and_then(|own| own.rate_limit.as_ref()) {
            Some(limit) => Some(self.limit(limit, &answered)),
            None => self.defaults.limit,
        };
        if let Some(pause) = limit.and_then(|limit| self.limits.get(limit)) {
            told.holds_body |= pause.pause.is_some();
        }
        let (auth, auth_is_own) = match (own.and_then(|own| own.auth.as_ref()), purpose) {
            (Some(auth), _) => (self.auth(auth, scopes), true),
            (None, Purpose::Login | Purpose::File) => (None, false),
            (None, _) => (self.auth_of(&address, own), false),
        };
        for then in told.refreshes.iter().filter(|_| auth.is_none()) {
            self.error(
                then,
                "`then: refresh_auth` asks again with new credentials, and this request has none",
                "give the request, or `http`, its auth; or write retry, fail or abort",
            );
        }
        let said = owners.first(|keys| keys.repeatable.as_ref()).copied();
        let only_asks = body.as_ref().is_some_and(BodyPlan::only_asks);
        let repeat = match said.filter(|_| purpose.is_of_target()) {
            Some(said) => Repeat::Said(said),
            None if purpose.is_of_target() && !only_asks => Repeat::ByMethod,
            None => Repeat::Asks,
        };
        RequestPlan {
            label: label.into(),
            address,
            method: owners.first(|keys| keys.method.as_ref()).cloned(),
            query,
            headers,
            awaits,
            compress: self.compress(
                owners.first(|keys| keys.compress.as_ref()),
                own.is_some_and(|own| own.compress.is_some()),
                body.is_some(),
            ),
            body,
            auth,
            auth_is_own,
            reads,
            base_url: self
                .defaults
                .base_url
                .clone()
                .filter(|_| !is_own_login || self.defaults.base_reads.is_empty()),
            base_reads: self.defaults.base_reads.clone(),
            base_auth: self.defaults.auth,
            timeout: self.timeout(owners.first(|keys| keys.timeout.as_deref())),
            redirects: owners
                .first(|keys| keys.redirects.as_ref())
                .copied()
                .unwrap_or(REDIRECTS),
            retry: self.retry(owners.first(|keys| keys.retry.as_ref())),
            limit,
            rules: told.rules,
            rules_read: told.rules_read,
            idempotency_key,
            repeat,
            errors_are_read: false,
            holds_body: told.holds_body,
        }
    }

    /// What a request's answers mean: its own rules, those between, and those of `http`.
    fn answers(&mut self, owners: &Over<'_>, answered: &Scope, purpose: Purpose) -> AnswerRules {
        let mut rules = Vec::new();
        let mut rules_read = BodyReads::Nothing;
        let mut refreshes = Vec::new();
        let mut holds_body = false;
        let between = if purpose.is_of_target() {
            self.target_rules.clone()
        } else {
            Vec::new()
        };
        let rules_of = |keys: &'_ RequestKeys| keys.on_response.clone();
        let own_rules = owners
            .own
            .map(rules_of)
            .into_iter()
            .flatten()
            .chain(between);
        let of_http = owners.http.map(rules_of).into_iter().flatten();
        let all = own_rules.map(|rule| (rule, false));
        for (rule, is_http) in all.chain(of_http.map(|rule| (rule, true))) {
            // What `http` says is said for all requests: that one of them can split is enough.
            let can_split = purpose.can_split() || is_http && has_what_splits(self.spec());
            let can_stop = !purpose.is_of_target();
            let is_of_steps = self.has_steps;
            self.has_steps |= is_http && has_target_steps(self.spec());
            let (plan, reads) = self.rule(&rule, answered, can_split, can_stop);
            if rule.then.value == Then::RefreshAuth && !is_http {
                refreshes.push(rule.then.clone());
            }
            // What is read of answers that are held anyway costs nothing.
            let is_of_good_answers =
                plan.statuses.is_empty() || plan.statuses.iter().any(|range| range.first < 300);
            if is_of_good_answers {
                holds_body |= reads.any();
                rules_read = rules_read.max(reads);
            }
            rules.push(plan);
            self.has_steps = is_of_steps;
        }
        AnswerRules {
            rules,
            rules_read,
            holds_body,
            refreshes,
        }
    }

    fn address(
        &mut self,
        request: &Placed<Request>,
        owners: &Over<'_>,
        (scope, purpose): (&Scope, Purpose),
    ) -> AddressPlan {
        let own = match &request.value {
            Request::Path(path) => {
                self.needs_base(path);
                return AddressPlan::Path(self.template(path, scope));
            }
            Request::Whole(own) => own,
        };
        match (&own.path, &own.url) {
            (Some(path), Some(_)) => {
                self.error(
                    path,
                    "a request has a `path` or a `url`, not both",
                    "`path` is put behind base_url, `url` is taken as it is",
                );
                return AddressPlan::Path(self.template(path, scope));
            }
            (Some(path), None) => {
                self.needs_base(path);
                return AddressPlan::Path(self.template(path, scope));
            }
            (None, Some(url)) => {
                if purpose != Purpose::File {
                    self.check_address(url, AddressOf::Request);
                }
                return AddressPlan::Url(self.template(url, scope));
            }
            (None, None) => {}
        }
        let http = owners.http;
        match (
            http.and_then(|http| http.path.as_ref()),
            http.and_then(|http| http.url.as_ref()),
        ) {
            (Some(path), _) => AddressPlan::Path(self.template(path, scope)),
            (None, Some(url)) => AddressPlan::Url(self.template(url, scope)),
            (None, None) => {
                self.error(
                    request,
                    "a request needs a `path` or a `url`",
                    "path: /products, or url: https://api.example.com/products",
                );
                AddressPlan::Path(Template::constant(crate::template::Value::from("")))
            }
        }
    }

    fn needs_base(&mut self, path: &spec::Template) {
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

    /// `query`: that of `http`, and a request's own over it.
    fn query(&mut self, owners: &Over<'_>, scope: &Scope) -> Vec<(Arc<str>, FieldPlan)> {
        let mut fields: Vec<(Arc<str>, FieldPlan)> = Vec::new();
        for (name, value) in owners.last().flat_map(|keys| &keys.query) {
            let values = match &value.value {
                NodeValue::List(items) => items
                    .iter()
                    .map(|item| self.template(item, scope))
                    .collect(),
                NodeValue::Scalar(_) | NodeValue::Map(_) | NodeValue::Refused => {
                    vec![self.template(value, scope)]
                }
            };
            let field = FieldPlan { values };
            match fields.iter_mut().find(|(known, _)| **known == *name.text) {
                Some((_, known)) => *known = field,
                None => fields.push((Arc::from(name.text.as_str()), field)),
            }
        }
        fields
    }

    /// `headers`: those of `http`, and a request's own over them.
    fn headers(&mut self, owners: &Over<'_>, scope: &Scope) -> Vec<(Arc<str>, FieldPlan)> {
        let mut fields: Vec<(Arc<str>, FieldPlan)> = Vec::new();
        for (name, value) in owners.last().flat_map(|keys| &keys.headers) {
            if reqwest::header::HeaderName::from_bytes(name.text.as_bytes()).is_err() {
                self.error(
                    name,
                    format!("`{}` can't be the name of a header", name.text),
                    "letters, digits and dashes: X-Api-Version",
                );
            }
            let values = vec![self.template(value, scope)];
            let field = FieldPlan { values };
            let mut known = fields.iter_mut();
            match known.find(|(known, _)| known.eq_ignore_ascii_case(&name.text)) {
                Some((_, known)) => *known = field,
                None => fields.push((Arc::from(name.text.as_str()), field)),
            }
        }
        fields
    }
}
