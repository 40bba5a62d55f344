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
use crate::template::{Frame, is_nothing};

/// A login whose answer has a token.
#[derive(Debug)]
pub struct SessionPlan {
    /// The request that logs in.
    pub(super) login: RequestPlan,
    /// Where the token stands.
    token: PathPlan,
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
        let (token, _) = compiler.path(&spec.token, &Scopes::answered(&base));
        let scope = sees.with("token", Name::Any);
        let fields = [&spec.header, &spec.query, &spec.cookie];
        let (fields, uses) =
            compiler.watched(|compiler| FieldsPlan::compile(fields, &scope, compiler));
        if !fields.is_empty() && !uses.names.contains("token") {
            compiler.error(
                at,
                "the session logs in, and nothing sends its `token`",
                "header: { Authorization: \"Bearer {{ token }}\" }",
            );
        }
        if fields.is_empty() {
            compiler.error(
                at,
                "a session says where its token is sent",
                "header: { Authorization: \"Bearer {{ token }}\" }, or query, or cookie",
            );
        }
        let lasts = spec.lasts.as_deref();
        Self {
            login,
            token,
            fields,
            lasts: lasts.map(|node| compiler.duration(Some(node), Duration::ZERO)),
        }
    }

    pub(super) fn read(&self, answer: &TokenAnswer<'_>) -> Result<Token, AuthError> {
        let found = (answer.follow)(&self.token)
            .map_err(|error| AuthError::Refused(format!("token: {error}")))?;
        if is_nothing(&found) {
            return Err(AuthError::Refused(format!(
                "the answer to the login has no token where `token` looks for it: {}",
                answer.keys()
            )));
        }
        Ok(Token {
            value: found,
            kind: "Bearer".to_owned(),
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
        let seen = Frame::on(frame).with("token", token.value.clone());
        self.fields.credential(&Arc::new(seen), sees)
    }
}
