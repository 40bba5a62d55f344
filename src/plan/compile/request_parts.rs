//! The parts of a request that templates make: its address, its parameters, its headers, its body.

use std::sync::Arc;

use super::Compiler;
use super::addresses::AddressOf;
use super::request::Purpose;
use crate::plan::request::{AddressPlan, BodyPlan, FieldPlan};
use crate::spec;
use crate::spec::places::Placed;
use crate::spec::request::{Request, RequestKeys};
use crate::spec::tree::NodeValue;
use crate::template::scope::Scope;
use crate::template::{Template, Uses};

/// The parts of a request that templates make, and what they read.
pub(super) struct Parts {
    pub(super) address: AddressPlan,
    pub(super) body: Option<BodyPlan>,
    pub(super) query: Vec<(Arc<str>, FieldPlan)>,
    pub(super) headers: Vec<(Arc<str>, FieldPlan)>,
    pub(super) idempotency_key: Option<Template>,
    pub(super) of_address: Uses,
    pub(super) of_rest: Uses,
}

/// A request's own keys over those of `http`.
pub(super) struct Over<'s> {
    pub(super) own: Option<&'s RequestKeys>,
    pub(super) http: Option<&'s RequestKeys>,
}

impl<'s> Over<'s> {
    /// Those that win first.
    pub(super) fn each(&self) -> impl Iterator<Item = &'s RequestKeys> {
        self.own.into_iter().chain(self.http)
    }

    /// Those that win last.
    pub(super) fn last(&self) -> impl Iterator<Item = &'s RequestKeys> {
        self.http.into_iter().chain(self.own)
    }

    /// What the first says that says it.
    pub(super) fn first<T: ?Sized>(
        &self,
        get: impl Fn(&'s RequestKeys) -> Option<&'s T>,
    ) -> Option<&'s T> {
        self.each().find_map(get)
    }
}

impl Compiler<'_> {
    /// The parts of a request that templates make.
    pub(super) fn request_parts(
        &mut self,
        request: &Placed<Request>,
        owners: &Over<'_>,
        scope: &Scope,
        purpose: Purpose,
    ) -> Parts {
        let (address, of_address) =
            self.watched(|compiler| compiler.address(request, owners, (scope, purpose)));
        let ((body, query, headers, idempotency_key), of_rest) = self.watched(|compiler| {
            let key = owners.first(|keys| keys.idempotency_key.as_ref());
            (
                compiler.body(owners.each(), scope),
                compiler.query(owners, scope),
                compiler.headers(owners, scope),
                compiler.idempotency_key(key, scope),
            )
        });
        Parts {
            address,
            body,
            query,
            headers,
            idempotency_key,
            of_address,
            of_rest,
        }
    }

    pub(super) fn address(
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

    pub(super) fn needs_base(&mut self, path: &spec::Template) {
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
    pub(super) fn query(&mut self, owners: &Over<'_>, scope: &Scope) -> Vec<(Arc<str>, FieldPlan)> {
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
    pub(super) fn headers(
        &mut self,
        owners: &Over<'_>,
        scope: &Scope,
    ) -> Vec<(Arc<str>, FieldPlan)> {
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
