//! Values that are added as they are: headers, parameters, cookies.

use std::sync::Arc;

use super::AuthError;
use super::outgoing::{Credential, Outgoing};
use super::token::Sees;
use crate::plan::compile::Compiler;
use crate::spec;
use crate::spec::places::Keyed;
use crate::template::scope::Scope;
use crate::template::{Frame, Template, TemplateError};
use crate::wire::WireError;

/// Where a key is sent.
#[derive(Debug, Default)]
pub struct FieldsPlan {
    headers: Vec<(Arc<str>, Template)>,
    query: Vec<(Arc<str>, Template)>,
    cookies: Vec<(Arc<str>, Template)>,
}

/// Values under their names, as a spec has them.
type Fields = Option<Keyed<spec::Template>>;

impl FieldsPlan {
    pub(super) fn compile(
        [header, query, cookie]: [&Fields; 3],
        scope: &Scope,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        let mut values = |fields: &Fields| -> Vec<(Arc<str>, Template)> {
            let fields = fields.iter().flatten();
            fields
                .map(|(name, value)| {
                    let template = compiler.template(value, scope);
                    (Arc::from(name.text.as_str()), template)
                })
                .collect()
        };
        Self {
            headers: values(header),
            query: values(query),
            cookies: values(cookie),
        }
    }

    /// Whether nothing is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty() && self.cookies.is_empty()
    }

    /// The values that there are; empty ones are not sent.
    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let added = self.added(frame)?;
        added.hide(sees);
        Ok(Box::new(added))
    }

    /// The values that there are, which need not be secrets.
    pub(super) fn added(&self, frame: &Arc<Frame>) -> Result<Added, TemplateError> {
        let values = |fields: &[(Arc<str>, Template)]| -> Result<Vec<_>, TemplateError> {
            let mut values = Vec::new();
            for (name, template) in fields {
                let value = template.text(frame)?;
                if !value.is_empty() {
                    values.push((name.to_string(), value));
                }
            }
            Ok(values)
        };
        Ok(Added {
            headers: values(&self.headers)?,
            query: values(&self.query)?,
            cookies: values(&self.cookies)?,
        })
    }
}

/// Values that are added as they are.
#[derive(Default)]
pub(super) struct Added {
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub cookies: Vec<(String, String)>,
}

impl Added {
    /// Hides the values.
    pub fn hide(&self, sees: &Sees<'_>) {
        let all = self.headers.iter().chain(&self.query).chain(&self.cookies);
        all.for_each(|(_, value)| sees.hide(value));
    }

    /// No credentials: nothing was filled in.
    pub fn nothing() -> Box<dyn Credential> {
        Box::new(Self::default())
    }

    /// The header `Authorization`.
    pub fn authorization(value: String) -> Box<dyn Credential> {
        Box::new(Self {
            headers: vec![("authorization".to_owned(), value)],
            ..Self::default()
        })
    }
}

/// Without what is added: it is secret.
impl std::fmt::Debug for Added {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Added").finish_non_exhaustive()
    }
}

impl Credential for Added {
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        for (name, value) in &self.headers {
            request.set_header(name, value)?;
        }
        for (name, value) in &self.query {
            request.set_parameter(name, value);
        }
        request.add_cookies(&self.cookies)
    }
}
