//! Who asks a request: its own auth or that of `http`, and what its templates see of it.

use std::ops::Range;
use std::sync::Arc;

use super::Compiler;
use super::addresses::AddressOf;
use super::request::Purpose;
use super::request_parts::{Over, Parts};
use crate::plan::auth::names_of;
use crate::plan::request::AddressPlan;
use crate::plan::scopes::Scopes;
use crate::spec::places::Placed;
use crate::spec::request::{Request, RequestKeys};
use crate::spec::values::MOST_AT_A_TIME;
use crate::template::scope::{Name, Scope};
use crate::template::{Template, Uses, text_of};

/// What requests do with credentials.
#[derive(Debug, Default)]
pub struct AuthUse {
    /// Whether a request may get the credentials of `http`.
    is_sent: bool,
    /// Whether a request shows the client's certificate.
    pub(in crate::plan) shows_certificate: bool,
    /// What becomes of tokens.
    pub(in crate::plan) tokens: TokenUse,
    /// Whether what is compiled is the auth of `http`.
    is_default: bool,
}

/// What becomes of tokens.
#[derive(Debug, Default)]
pub struct TokenUse {
    /// Where sessions stand that do not send theirs themselves.
    pub(in crate::plan) unsent: Vec<Range<usize>>,
    /// Whether a request takes something of its auth.
    is_read: bool,
}

/// What `http` gives to requests.
#[derive(Debug, Default)]
pub struct Defaults {
    pub(super) base_url: Option<Arc<Template>>,
    /// What `base_url` takes of the auth of `http`.
    pub(super) base_reads: Vec<&'static str>,
    pub(super) auth: Option<usize>,
    pub(super) limit: Option<usize>,
}

/// What is known of the host of `base_url` before a run.
pub(super) enum BaseHost {
    /// There is no `base_url`.
    None,
    /// An option names it.
    Unknown,
    /// Scheme, host and port.
    Is(String),
}

/// A scope with what an auth gives, and those of its names that are not taken: a step may be called
/// `login`.
pub(super) fn with_names(scope: &Scope, names: Vec<&'static str>) -> (Scope, Vec<&'static str>) {
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
pub(super) fn read_of(names: &[&'static str], uses: &Uses) -> Vec<&'static str> {
    let read = names.iter().filter(|name| uses.names.contains(**name));
    read.copied().collect()
}

/// Scheme, host and port of an address whose host is no template.
pub(super) fn fixed_host(text: &str) -> Option<String> {
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
        if let Some(count) = &http.concurrency {
            // Also where no step takes it.
            self.whole(count, "concurrency", MOST_AT_A_TIME);
        }
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
        self.auth_use.tokens.is_read |= !base_reads.is_empty();
        self.defaults.base_url.clone_from(&base_url);
        self.defaults.base_reads.clone_from(&base_reads);
        self.auth_use.is_default = true;
        let auth = auth.and_then(|auth| self.auth(auth, scopes));
        self.auth_use.is_default = false;
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
        self.auth_use.is_sent = true;
        self.auth_use.shows_certificate = true;
        self.defaults.auth
    }

    /// Who asks a request at `address` that says nothing of it. The credentials of `http` go to the host
    /// of `base_url` alone: whether this request may go there is remembered.
    pub(super) fn auth_of(
        &mut self,
        address: &AddressPlan,
        own: Option<&RequestKeys>,
    ) -> Option<usize> {
        let may_go_there = match (address, self.base_host()) {
            (_, BaseHost::None) => false,
            (AddressPlan::Path(_), _) | (_, BaseHost::Unknown) => true,
            (AddressPlan::Url(_), BaseHost::Is(base)) => {
                let url = own.and_then(|own| own.url.as_ref());
                let text = url.and_then(|url| url.as_text()).unwrap_or_default();
                fixed_host(text).is_none_or(|host| host == base)
            }
        };
        self.auth_use.is_sent |= may_go_there;
        self.auth_use.shows_certificate |= may_go_there;
        self.defaults.auth
    }

    pub(super) fn base_host(&self) -> BaseHost {
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
            self.defaults.auth.is_some() && !self.auth_use.is_sent && self.errors.is_empty();
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

    /// A client's certificate that nobody is shown.
    pub(super) fn unshown_certificate(&mut self) {
        let http = self.spec().http.as_ref();
        let tls = http.and_then(|http| http.tls.as_ref());
        let is_unshown = !self.auth_use.shows_certificate && self.errors.is_empty();
        if let Some(tls) = tls.filter(|tls| is_unshown && tls.value.certificate.is_some()) {
            self.error(
                tls,
                "no request shows the certificate: it is for the host of `base_url`, and none is asked there",
                "base_url: https://partner.example.com, or give the request its own auth",
            );
        }
    }

    /// A token that is fetched and sent nowhere.
    pub(super) fn unread_tokens(&mut self) {
        let unsent = std::mem::take(&mut self.auth_use.tokens.unsent);
        if self.auth_use.tokens.is_read {
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

    /// What a request's templates see: what its auth gives too. The names of that.
    pub(super) fn seen_by(
        owners: &Over<'_>,
        scope: &Scope,
        purpose: Purpose,
    ) -> (Scope, Vec<&'static str>) {
        let own = owners.own.and_then(|own| own.auth.as_ref());
        let http = owners.http.and_then(|http| http.auth.as_ref());
        let auth = match purpose {
            Purpose::File => own,
            Purpose::Records
            | Purpose::PollOfBatch
            | Purpose::RecordsOfWindow
            | Purpose::Row
            | Purpose::Batch
            | Purpose::Login => own.or(http),
        };
        with_names(scope, auth.map(|auth| names_of(auth)).unwrap_or_default())
    }

    /// What the parts of a request read of what its auth gives.
    pub(super) fn reads(
        &mut self,
        request: &Placed<Request>,
        parts: &Parts,
        names: &[&'static str],
        purpose: Purpose,
    ) -> Vec<&'static str> {
        let is_at_base = match &parts.address {
            AddressPlan::Path(_) => true,
            // What a template begins may be whole.
            AddressPlan::Url(url) => {
                let text = url.as_constant().map(|url| text_of(url).into_owned());
                text.is_some_and(|text| !text.contains("://"))
            }
        };
        if self.is_login_of_base(purpose) && is_at_base {
            self.error(
                request,
                "`base_url` takes of the answer to the login, so the login can't be there",
                "login: { url: \"https://login.example.com/token\" }, the whole address",
            );
        }
        // Who asks for a token has none.
        if purpose == Purpose::Login {
            return Vec::new();
        }
        let mut reads = read_of(names, &parts.of_address);
        reads.extend(read_of(names, &parts.of_rest));
        self.auth_use.tokens.is_read |= !reads.is_empty();
        reads
    }

    /// Whether a request is the login that `base_url` takes something of.
    pub(super) fn is_login_of_base(&self, purpose: Purpose) -> bool {
        let takes = !self.defaults.base_reads.is_empty();
        purpose == Purpose::Login && self.auth_use.is_default && takes
    }
}
