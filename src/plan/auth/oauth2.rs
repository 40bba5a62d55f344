//! An access token by OAuth 2.0: asked for, renewed, and where each gives another refresh token, kept.

use std::sync::Arc;

use super::AuthError;
use super::basic::basic;
use super::fields::{Added, FieldsPlan};
use super::outgoing::Credential;
use super::token::{Ask, Sees, Token, TokenAnswer, TokenRequest};
use crate::diagnostics::{Code, Diagnostic};
use crate::json_path::PathPlan;
use crate::plan::Secret;
use crate::plan::compile::{AddressOf, Compiler};
use crate::plan::scopes::Scopes;
use crate::spec::auth::{Grant, OAuth2, SendCredentials, TokenBody};
use crate::spec::places::Placed;
use crate::template::scope::Name;
use crate::template::tree::{TemplateTree, json_of};
use crate::template::{Frame, Template, is_nothing, json, text_of};

/// An access token by OAuth 2.0.
#[derive(Debug)]
pub struct OAuth2Plan {
    grant: Grant,
    token_url: Template,
    client_id: Option<Template>,
    client_secret: Option<Template>,
    refresh_token: Option<Template>,
    username: Option<Template>,
    password: Option<Template>,
    scopes: Vec<Template>,
    send: SendCredentials,
    body: TokenBody,
    extra: TemplateTree,
    rotates: bool,
    /// Where the token stands; at `access_token` where nothing is said.
    token: Option<PathPlan>,
    /// What carries it; `Authorization: Bearer …` where nothing is said.
    fields: FieldsPlan,
}

impl OAuth2Plan {
    pub(super) fn compile(
        at: &Placed<OAuth2>,
        all_scopes: &Scopes,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        let spec = &at.value;
        let scope = &all_scopes.base();
        let token = spec.token.as_ref();
        let token = token.map(|token| compiler.path(token, &Scopes::answered(scope)).0);
        let sees = all_scopes.request();
        let sees = sees.with("token", Name::Any).with("login", Name::Any);
        let fields = [&spec.header, &spec.query, &None];
        let (fields, uses) =
            compiler.watched(|compiler| FieldsPlan::compile(fields, &sees, compiler));
        if !fields.is_empty() && !uses.names.contains("token") {
            compiler.error(
                at,
                "a token is fetched, and nothing sends it",
                "header: { Authorization: \"Bearer {{ token }}\" }",
            );
        }
        let needs_token = match spec.grant {
            Grant::RefreshToken => spec.refresh_token.is_none(),
            Grant::ClientCredentials | Grant::Password => false,
        };
        if needs_token {
            compiler.error(
                at,
                "grant `refresh_token` needs a `refresh_token`",
                "refresh_token: \"{{ options.REFRESH_TOKEN }}\"",
            );
        }
        let has_user = spec.username.is_some() && spec.password.is_some();
        if spec.grant == Grant::Password && !has_user {
            compiler.error(
                at,
                "grant `password` needs `username` and `password`",
                "username: \"{{ options.USERNAME }}\", password: \"{{ options.PASSWORD }}\"",
            );
        }
        compiler.check_address(&spec.token_url, AddressOf::Server);
        // Who gives tokens is shown it too.
        compiler.auth_use.shows_certificate = true;
        let rotates = spec.rotates.if_true();
        if let (Some(rotates), None) = (rotates, &compiler.document.spec.state) {
            compiler.warnings.push(
                Diagnostic::new(
                    Code::TokenUnkept,
                    rotates.span.clone(),
                    "each refresh gives a new refresh token, which nothing keeps for the next run",
                )
                .hint("state: { bucket: NAME.json }, or --state FILE on a disk that outlives the container"),
            );
        }
        let scopes = compiler.scopes_of_token(spec.scopes.as_ref(), scope);
        Self {
            grant: spec.grant,
            token_url: compiler.template(&spec.token_url, scope),
            client_id: compiler.optional(spec.client_id.as_deref(), scope),
            client_secret: compiler.optional(spec.client_secret.as_deref(), scope),
            refresh_token: compiler.optional(spec.refresh_token.as_deref(), scope),
            username: compiler.optional(spec.username.as_deref(), scope),
            password: compiler.optional(spec.password.as_deref(), scope),
            scopes,
            send: spec.send,
            body: spec.body,
            extra: compiler.map_tree(&spec.extra, scope),
            rotates: rotates.is_some(),
            token,
            fields,
        }
    }

    /// Whether any credentials were filled in.
    pub(super) fn takes_token(&self, sees: &Sees<'_>) -> Result<bool, AuthError> {
        let given = [
            &self.client_id,
            &self.client_secret,
            &self.refresh_token,
            &self.username,
            &self.password,
        ];
        for template in given {
            if !sees.text(template.as_ref())?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn ask(&self, sees: &Sees<'_>) -> Result<Ask<'_>, AuthError> {
        let base = sees.base;
        let mut fields: Vec<(String, Secret)> = Vec::new();
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                fields.push((name.to_owned(), Secret::new(value)));
            }
        };
        let given = sees.text(self.refresh_token.as_ref())?;
        let grant = match self.grant {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken => "refresh_token",
            Grant::Password => "password",
        };
        add("grant_type", grant.to_owned());
        match self.grant {
            Grant::ClientCredentials => {}
            Grant::RefreshToken => {
                let current = if self.rotates {
                    (sees.kept)(&given)
                } else {
                    None
                };
                let current = current.unwrap_or_else(|| given.clone());
                sees.hide(&current);
                add("refresh_token", current);
            }
            Grant::Password => {
                let password = sees.text(self.password.as_ref())?;
                sees.hide(&password);
                add("username", sees.text(self.username.as_ref())?);
                add("password", password);
            }
        }
        let mut scopes = Vec::new();
        for scope in &self.scopes {
            scopes.push(scope.text(base)?);
        }
        add("scope", scopes.join(" "));
        let client_id = sees.text(self.client_id.as_ref())?;
        let client_secret = sees.text(self.client_secret.as_ref())?;
        sees.hide(&client_secret);
        let credential = match self.send {
            SendCredentials::Header if !client_id.is_empty() || !client_secret.is_empty() => {
                basic(&client_id, &client_secret, sees)
            }
            SendCredentials::Header => Added::nothing(),
            SendCredentials::Body => {
                add("client_id", client_id);
                add("client_secret", client_secret);
                Added::nothing()
            }
            SendCredentials::Query => Box::new(Added {
                query: vec![
                    ("client_id".to_owned(), client_id),
                    ("client_secret".to_owned(), client_secret),
                ],
                ..Added::default()
            }),
        };
        let extra = json_of(&self.extra, base)?;
        let extra = json::read(&String::from_utf8_lossy(&extra)).unwrap_or_default();
        for key in extra.try_iter().into_iter().flatten() {
            let value = extra.get_item(&key).unwrap_or_default();
            add(&text_of(&key), text_of(&value).into_owned());
        }
        Ok(Ask::Post(TokenRequest {
            url: self.token_url.text(base)?,
            fields,
            body: self.body,
            credential,
        }))
    }

    pub(super) fn read(
        &self,
        answer: &TokenAnswer<'_>,
        sees: &Sees<'_>,
    ) -> Result<Token, AuthError> {
        sees.hide_tokens(answer);
        let mut token = match &self.token {
            None => Token::of_access(answer, None)?,
            Some(path) => {
                let found = (answer.follow)(path)
                    .map_err(|error| AuthError::Refused(format!("token: {error}")))?;
                sees.hide_secrets(&answer.body);
                Token::of_access(answer, Some(found))?
            }
        };
        if self.rotates {
            let next = answer.body.get_attr("refresh_token").unwrap_or_default();
            if !is_nothing(&next) {
                let next = text_of(&next).into_owned();
                sees.redactor.add(&next);
                let given = sees.text(self.refresh_token.as_ref())?;
                token.keep = Some((given, next));
            }
        }
        Ok(token)
    }

    pub(super) fn credential(
        &self,
        token: &Token,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        if self.fields.is_empty() {
            return Ok(Added::authorization(token.authorization()));
        }
        self.fields.credential(&token.seen(frame), sees)
    }
}
