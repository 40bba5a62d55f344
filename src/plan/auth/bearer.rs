//! The header `Authorization: Bearer …`.

use std::sync::Arc;

use super::AuthError;
use super::fields::Added;
use super::outgoing::Credential;
use super::token::Sees;
use crate::plan::compile::Compiler;
use crate::plan::scopes::Scopes;
use crate::spec;
use crate::template::{Frame, Template};

/// A token that is at hand.
#[derive(Debug)]
pub struct BearerPlan(Template);

impl BearerPlan {
    pub(super) fn compile(
        token: &spec::Template,
        scopes: &Scopes,
        compiler: &mut Compiler<'_>,
    ) -> Self {
        Self(compiler.template(token, &scopes.request()))
    }

    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let token = self.0.text(frame)?;
        if token.is_empty() {
            return Ok(Added::nothing());
        }
        sees.hide(&token);
        Ok(Added::authorization(format!("Bearer {token}")))
    }
}
