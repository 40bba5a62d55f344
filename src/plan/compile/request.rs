//! Requests: a request's own keys over those of `http`.

use super::Compiler;
use super::request_parts::{Over, Parts};
use super::rules::{has_target_steps, has_what_splits};
use crate::plan::reads::BodyReads;
use crate::plan::request::{Awaits, BodyPlan, REDIRECTS, Repeat, RequestPlan, RulePlan};
use crate::plan::scopes::Scopes;
use crate::spec::places::Placed;
use crate::spec::recovery::Then;
use crate::spec::request::{Request, RequestKeys};
use crate::template::Uses;
use crate::template::scope::Scope;

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

impl Compiler<'_> {
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
        let (scope, names) = Self::seen_by(&owners, scope, purpose);
        let scope = &scope;
        let parts = self.request_parts(request, &owners, scope, purpose);
        let reads = self.reads(request, &parts, &names, purpose);
        let Parts {
            address,
            body,
            query,
            headers,
            idempotency_key,
            of_address,
            of_rest,
        } = parts;
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
            (Some(auth), _) => {
                self.auth_use.shows_certificate = true;
                (self.auth(auth, scopes), true)
            }
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
            base_url: if self.is_login_of_base(purpose) {
                None
            } else {
                self.defaults.base_url.clone()
            },
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
}
