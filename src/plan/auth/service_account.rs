//! A service account of Google: a token that its key signs, exchanged for an access token.
//!
//! Using OAuth 2.0 for Server to Server Applications, Google Identity; RFC 7523.

use std::time::Duration;

use serde::Deserialize;

use super::AuthError;
use super::jwt::{Claims, exchange, signed};
use super::token::{Ask, Sees};
use crate::plan::compile::Compiler;
use crate::spec::auth::{Algorithm, ServiceAccount};
use crate::template::Template;
use crate::template::scope::Scope;

/// How long a signed token is good for: no longer is taken.
const LASTS: Duration = Duration::from_secs(3600);
/// What opens buckets.
const STORAGE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// A service account.
#[derive(Debug)]
pub struct ServiceAccountPlan {
    /// The file of its key, as the console gives it.
    key: Template,
    /// What is asked for.
    scopes: Vec<Template>,
}

/// What the file of a key holds, as far as it is read.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: Option<String>,
    token_uri: String,
}

impl ServiceAccountPlan {
    pub(super) fn compile(
        spec: &ServiceAccount,
        scope: &Scope,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        Self {
            key: compiler.template(&spec.key, scope),
            scopes: compiler.scopes_of_token(Some(&spec.scopes), scope),
        }
    }

    /// One that opens buckets.
    pub(in crate::plan) fn of_storage(key: Template) -> Self {
        let scope = Template::constant(STORAGE.into());
        Self {
            key,
            scopes: vec![scope],
        }
    }

    /// Whether a key was filled in.
    pub(super) fn takes_token(&self, sees: &Sees<'_>) -> Result<bool, AuthError> {
        Ok(!self.key.text(sees.base)?.trim().is_empty())
    }

    pub(super) fn ask(&self, sees: &Sees<'_>) -> Result<Ask<'_>, AuthError> {
        let text = self.key.text(sees.base)?;
        sees.redactor.add(&text);
        let key: KeyFile = serde_json::from_str(&text).map_err(|error| {
            // Its words may hold a piece of the key.
            AuthError::Refused(format!(
                "service_account: the key is not the JSON that the console gives (line {}, column {}): it has client_email, private_key and token_uri",
                error.line(),
                error.column()
            ))
        })?;
        let mut scopes = Vec::new();
        for scope in &self.scopes {
            scopes.push(scope.text(sees.base)?);
        }
        let mut header = Claims::new();
        if let Some(id) = &key.private_key_id {
            header.insert("kid".to_owned(), id.as_str().into());
        }
        let mut claims = Claims::new();
        for (name, value) in [
            ("iss", &key.client_email),
            ("aud", &key.token_uri),
            ("scope", &scopes.join(" ")),
        ] {
            claims.insert(name.to_owned(), value.as_str().into());
        }
        let how = (Algorithm::RS256, key.private_key.as_str());
        let assertion = signed(how, header, claims, LASTS, sees)
            .map_err(|error| AuthError::Refused(format!("service_account: {error}")))?;
        Ok(Ask::Post(exchange(key.token_uri, assertion)))
    }
}
