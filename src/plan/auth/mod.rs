//! Who asks: a file for each kind of credentials, with what the plan knows of it, how it is compiled
//! and what it adds to a request.
//!
//! A kind asks nobody itself: it says what is to be asked ([`Ask`]), and `http::auth` asks.

mod basic;
mod bearer;
mod choose;
mod fields;
mod jwt;
mod oauth2;
mod outgoing;
mod session;
mod token;

use std::sync::Arc;

pub use basic::BasicPlan;
pub use bearer::BearerPlan;
pub use choose::ChoosePlan;
pub use fields::FieldsPlan;
pub use jwt::JwtPlan;
pub use oauth2::OAuth2Plan;
pub use outgoing::{Content, Credential, Outgoing};
pub use session::SessionPlan;
pub use token::{Ask, Sees, Token, TokenAnswer, TokenRequest};

use super::compile::Compiler;
use super::scopes::Scopes;
use crate::spec::auth::{ApiKeyPlace, Auth, AuthChoice, AuthWord};
use crate::template::{Frame, TemplateError};
use fields::Added;

/// Credentials.
#[derive(Debug)]
pub enum AuthPlan {
    /// None.
    None,
    /// `Authorization: Bearer …`.
    Bearer(BearerPlan),
    /// User name and password.
    Basic(BasicPlan),
    /// A key.
    ApiKey(FieldsPlan),
    /// An access token, fetched and renewed.
    OAuth2(Box<OAuth2Plan>),
    /// A login whose answer has a token.
    Session(Box<SessionPlan>),
    /// A signed token.
    Jwt(Box<JwtPlan>),
    /// What an option chooses.
    Choose(ChoosePlan),
}

/// Why there are no credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// There is no token, and why.
    #[error("{0}")]
    Refused(String),
}

impl AuthPlan {
    /// The auth that is meant: what an option chooses, else itself.
    pub fn chosen(auths: &[Self], mut index: usize, base: &Arc<Frame>) -> Result<usize, AuthError> {
        while let Self::Choose(choose) = &auths[index] {
            index = choose.chosen(base)?;
        }
        Ok(index)
    }

    /// Whether it needs a token.
    pub fn takes_token(&self, sees: &Sees<'_>) -> Result<bool, AuthError> {
        match self {
            Self::None | Self::Bearer(_) | Self::Basic(_) | Self::ApiKey(_) | Self::Choose(_) => {
                Ok(false)
            }
            Self::OAuth2(plan) => plan.takes_token(sees),
            Self::Session(_) | Self::Jwt(_) => Ok(true),
        }
    }

    /// How its token is come by; nothing where it needs none.
    pub fn ask(&self, sees: &Sees<'_>) -> Result<Option<Ask<'_>>, AuthError> {
        match self {
            Self::None | Self::Bearer(_) | Self::Basic(_) | Self::ApiKey(_) | Self::Choose(_) => {
                Ok(None)
            }
            Self::OAuth2(plan) => plan.ask(sees).map(Some),
            Self::Session(plan) => Ok(Some(Ask::Login(&plan.login))),
            Self::Jwt(plan) => plan.ask(sees).map(Some),
        }
    }

    /// The token that was answered; nothing where it needs none.
    pub fn read(
        &self,
        answer: &TokenAnswer<'_>,
        sees: &Sees<'_>,
    ) -> Result<Option<Token>, AuthError> {
        match self {
            Self::None | Self::Bearer(_) | Self::Basic(_) | Self::ApiKey(_) | Self::Choose(_) => {
                Ok(None)
            }
            Self::OAuth2(plan) => plan.read(answer, sees).map(Some),
            Self::Session(plan) => plan.read(answer).map(Some),
            Self::Jwt(_) => JwtPlan::read(answer, sees).map(Some),
        }
    }

    /// The credentials of a request that sees `frame`.
    pub fn credential(
        &self,
        frame: &Arc<Frame>,
        token: Option<&Token>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        match (self, token) {
            (Self::Bearer(plan), _) => plan.credential(frame, sees),
            (Self::Basic(plan), _) => plan.credential(frame, sees),
            (Self::ApiKey(plan), _) => plan.credential(frame, sees),
            (Self::OAuth2(_), Some(token)) => Ok(OAuth2Plan::credential(token)),
            (Self::Session(plan), Some(token)) => plan.credential(token, frame, sees),
            (Self::Jwt(_), Some(token)) => Ok(JwtPlan::credential(token)),
            (
                Self::None | Self::Choose(_) | Self::OAuth2(_) | Self::Session(_) | Self::Jwt(_),
                _,
            ) => Ok(Added::nothing()),
        }
    }
}

impl Compiler<'_> {
    /// The index of an auth; nothing for `none`.
    pub(in crate::plan) fn auth(&mut self, auth: &Auth, scopes: &Scopes) -> Option<usize> {
        let choice = match auth {
            Auth::Word(AuthWord::None) => return None,
            Auth::Choice(choice) => choice,
        };
        let AuthChoice {
            bearer,
            basic,
            api_key,
            oauth2,
            session,
            jwt,
            choose,
        } = &**choice;
        let sees = scopes.request();
        let base = scopes.base();
        let bearer = bearer
            .as_ref()
            .map(|token| AuthPlan::Bearer(BearerPlan::compile(token, scopes, self)));
        let basic = basic
            .as_ref()
            .map(|basic| AuthPlan::Basic(BasicPlan::compile(basic, &sees, self)));
        let api_key = api_key.as_ref().map(|place| {
            let ApiKeyPlace {
                header,
                query,
                cookie,
            } = place;
            AuthPlan::ApiKey(FieldsPlan::compile([header, query, cookie], &sees, self))
        });
        let oauth2 = oauth2
            .as_ref()
            .map(|oauth2| AuthPlan::OAuth2(Box::new(OAuth2Plan::compile(oauth2, &base, self))));
        let session = session.as_ref().map(|session| {
            AuthPlan::Session(Box::new(SessionPlan::compile(session, scopes, self)))
        });
        let jwt = jwt
            .as_ref()
            .map(|jwt| AuthPlan::Jwt(Box::new(JwtPlan::compile(jwt, &base, self))));
        let choose = choose
            .as_ref()
            .map(|choose| AuthPlan::Choose(ChoosePlan::compile(choose, scopes, self)));
        let plan = bearer
            .or(basic)
            .or(api_key)
            .or(oauth2)
            .or(session)
            .or(jwt)
            .or(choose)?;
        Some(self.add_auth(plan))
    }

    /// The index of an auth that is compiled.
    pub(in crate::plan) fn add_auth(&mut self, plan: AuthPlan) -> usize {
        self.auths.push(plan);
        self.auths.len() - 1
    }
}
