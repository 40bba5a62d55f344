//! A login whose answer has a token.

use std::sync::Arc;
use std::time::Duration;

use super::AuthError;
use super::fields::FieldsPlan;
use super::outgoing::Credential;
use super::token::{Sees, Token, TokenAnswer, until};
use crate::json_path::PathPlan;
use crate::plan::compile::{Compiler, Purpose};
use crate::plan::request::RequestPlan;
use crate::plan::scopes::Scopes;
use crate::spec::auth::Session;
use crate::spec::places::Placed;
use crate::template::scope::Name;
use crate::template::{Frame, Value, is_nothing};

/// A login whose answer has a token.
#[derive(Debug)]
pub struct SessionPlan {
    /// The request that logs in.
    pub(super) login: RequestPlan,
    /// Where the token stands.
    token: Option<PathPlan>,
    /// What carries `token`.
    fields: FieldsPlan,
    /// How long it is good for.
    lasts: Option<Duration>,
}

impl SessionPlan {
    pub(super) fn compile(
        at: &Placed<Session>,
        scopes: &Scopes,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        let spec = &at.value;
        let base = scopes.base();
        let sees = scopes.request();
        let login = compiler.request(&spec.login, "the login", scopes, &sees, Purpose::Login);
        let token = spec.token.as_ref();
        let token = token.map(|token| compiler.path(token, &Scopes::answered(&base)).0);
        let scope = sees.with("token", Name::Any).with("login", Name::Any);
        let fields = [&spec.header, &spec.query, &spec.cookie];
        let (fields, uses) =
            compiler.watched(|compiler| FieldsPlan::compile(fields, &scope, compiler));
        let is_read = uses.names.contains("token") || uses.names.contains("login");
        if let (None, true) = (&token, uses.names.contains("token")) {
            compiler.error(
                at,
                "the session sends its `token`, and nothing says where that stands",
                "token: $.token, a path in the answer to the login",
            );
        }
        if token.is_some() && !is_read {
            compiler.auth_use.tokens.unsent.push(at.span.clone());
        }
        let lasts = spec.lasts.as_deref();
        Self {
            login,
            token,
            fields,
            lasts: lasts.map(|node| compiler.duration(Some(node), Duration::ZERO)),
        }
    }

    pub(super) fn read(
        &self,
        answer: &TokenAnswer<'_>,
        sees: &Sees<'_>,
    ) -> Result<Token, AuthError> {
        sees.hide_secrets(&answer.body);
        let found = match &self.token {
            Some(path) => (answer.follow)(path)
                .map_err(|error| AuthError::Refused(format!("token: {error}")))?,
            None if answer.cookies.is_empty() => {
                return Err(AuthError::Refused(
                    "the answer to the login sets no cookie, and the session has no `token`"
                        .to_owned(),
                ));
            }
            None => Value::UNDEFINED,
        };
        for (_, value) in answer.cookies {
            sees.hide(value);
        }
        if self.token.is_some() && is_nothing(&found) {
            return Err(AuthError::Refused(format!(
                "the answer to the login has no token where `token` looks for it: {}",
                answer.keys()
            )));
        }
        Ok(Token {
            value: found,
            kind: "Bearer".to_owned(),
            login: answer.body.clone(),
            cookies: answer.cookies.to_vec(),
            until: self.lasts.and_then(until),
            keep: None,
        })
    }

    pub(super) fn credential(
        &self,
        token: &Token,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let mut added = self.fields.added(&token.seen(frame))?;
        added.hide(sees);
        // A cookie that the spec names has the word.
        let known: Vec<String> = added.cookies.iter().map(|(name, _)| name.clone()).collect();
        let jar = token.cookies.iter();
        added
            .cookies
            .extend(jar.filter(|(name, _)| !known.contains(name)).cloned());
        Ok(Box::new(added))
    }
}
