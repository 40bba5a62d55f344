//! User name and password (RFC 7617).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::AuthError;
use super::fields::Added;
use super::outgoing::Credential;
use super::token::Sees;
use crate::plan::compile::Compiler;
use crate::spec::auth::Basic;
use crate::template::scope::Scope;
use crate::template::{Frame, Template, text_or_empty};

/// User name and password.
#[derive(Debug)]
pub struct BasicPlan {
    username: Option<Template>,
    password: Option<Template>,
}

impl BasicPlan {
    pub(in crate::plan) fn compile(
        spec: &Basic,
        scope: &Scope,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        Self {
            username: compiler.optional(spec.username.as_deref(), scope),
            password: compiler.optional(spec.password.as_deref(), scope),
        }
    }

    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        Ok(match self.texts(frame)? {
            Some((username, password)) => basic(&username, &password, sees),
            None => Added::nothing(),
        })
    }

    /// User name and password; none where both are empty.
    pub(super) fn texts(&self, frame: &Arc<Frame>) -> Result<Option<(String, String)>, AuthError> {
        let username = text_or_empty(self.username.as_ref(), frame)?;
        let password = text_or_empty(self.password.as_ref(), frame)?;
        let is_given = !(username.is_empty() && password.is_empty());
        Ok(is_given.then_some((username, password)))
    }
}

/// The header of a user; the password is hidden from then on.
pub(super) fn basic(username: &str, password: &str, sees: &Sees<'_>) -> Box<dyn Credential> {
    sees.hide(password);
    let encoded = BASE64.encode(format!("{username}:{password}"));
    sees.redactor.add(&encoded);
    Added::authorization(format!("Basic {encoded}"))
}
