//! Who asks: a file for each kind of credentials, with what the plan knows of it, how it is compiled
//! and what it adds to a request.
//!
//! A kind asks nobody itself: it says what is to be asked ([`Ask`]), and `http::auth` asks.

mod aws_sigv4;
mod basic;
mod bearer;
mod choose;
mod digest;
mod fields;
mod jwt;
mod oauth1;
mod oauth2;
mod outgoing;
mod service_account;
mod session;
mod sign;
mod stamp;
mod token;

use std::sync::Arc;

pub use aws_sigv4::AwsSigV4Plan;
pub use basic::BasicPlan;
pub use bearer::BearerPlan;
pub use choose::ChoosePlan;
pub use digest::DigestPlan;
pub use fields::FieldsPlan;
pub use jwt::JwtPlan;
pub use oauth1::OAuth1Plan;
pub use oauth2::OAuth2Plan;
pub use outgoing::{Content, Credential, Outgoing};
pub use service_account::ServiceAccountPlan;
pub use session::SessionPlan;
pub use sign::SignPlan;
pub use stamp::Stamp;
pub use token::{Ask, Sees, Token, TokenAnswer, TokenRequest};

use super::compile::Compiler;
use super::scopes::Scopes;
use crate::spec::auth::{ApiKeyPlace, Auth, AuthChoice, AuthWord};
use crate::spec::values::TemplateOrList;
use crate::template::scope::Scope;
use crate::template::{Frame, Template, TemplateError};
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
    /// A service account of Google.
    ServiceAccount(Box<ServiceAccountPlan>),
    /// A signature by a rule of the spec.
    Sign(Arc<SignPlan>),
    /// OAuth 1.0.
    OAuth1(Box<OAuth1Plan>),
    /// Amazon's signature.
    AwsSigV4(Box<AwsSigV4Plan>),
    /// User name and password, as digests.
    Digest(DigestPlan),
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

    /// The kind whose token is fetched or made; nothing of those that need none.
    fn with_token(&self) -> Option<WithToken<'_>> {
        match self {
            Self::None
            | Self::Bearer(_)
            | Self::Basic(_)
            | Self::ApiKey(_)
            | Self::Sign(_)
            | Self::OAuth1(_)
            | Self::AwsSigV4(_)
            | Self::Digest(_)
            | Self::Choose(_) => None,
            Self::OAuth2(plan) => Some(WithToken::OAuth2(plan)),
            Self::Session(plan) => Some(WithToken::Session(plan)),
            Self::Jwt(plan) => Some(WithToken::Jwt(plan)),
            Self::ServiceAccount(plan) => Some(WithToken::ServiceAccount(plan)),
        }
    }

    /// Whether it needs a token.
    pub fn takes_token(&self, sees: &Sees<'_>) -> Result<bool, AuthError> {
        match self.with_token() {
            None => Ok(false),
            Some(WithToken::OAuth2(plan)) => plan.takes_token(sees),
            Some(WithToken::ServiceAccount(plan)) => plan.takes_token(sees),
            Some(WithToken::Session(_) | WithToken::Jwt(_)) => Ok(true),
        }
    }

    /// How its token is come by; nothing where it needs none.
    pub fn ask(&self, sees: &Sees<'_>) -> Result<Option<Ask<'_>>, AuthError> {
        match self.with_token() {
            None => Ok(None),
            Some(WithToken::OAuth2(plan)) => plan.ask(sees).map(Some),
            Some(WithToken::Session(plan)) => Ok(Some(Ask::Login(&plan.login))),
            Some(WithToken::Jwt(plan)) => plan.ask(sees).map(Some),
            Some(WithToken::ServiceAccount(plan)) => plan.ask(sees).map(Some),
        }
    }

    /// The token that was answered; nothing where it needs none.
    pub fn read(
        &self,
        answer: &TokenAnswer<'_>,
        sees: &Sees<'_>,
    ) -> Result<Option<Token>, AuthError> {
        match self.with_token() {
            None => Ok(None),
            Some(WithToken::OAuth2(plan)) => plan.read(answer, sees).map(Some),
            Some(WithToken::Session(plan)) => plan.read(answer, sees).map(Some),
            Some(WithToken::Jwt(_) | WithToken::ServiceAccount(_)) => {
                JwtPlan::read(answer, sees).map(Some)
            }
        }
    }

    /// Whether requests carry the cookies that its login was given.
    pub fn keeps_cookies(&self) -> bool {
        matches!(self.with_token(), Some(WithToken::Session(_)))
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
            (Self::Sign(plan), _) => plan.credential(frame, sees),
            (Self::OAuth1(plan), _) => plan.credential(frame, sees),
            (Self::AwsSigV4(plan), _) => plan.credential(frame, sees),
            (Self::Digest(plan), _) => plan.credential(frame, sees),
            (Self::OAuth2(plan), Some(token)) => plan.credential(token, frame, sees),
            (Self::Session(plan), Some(token)) => plan.credential(token, frame, sees),
            (Self::Jwt(_) | Self::ServiceAccount(_), Some(token)) => Ok(JwtPlan::credential(token)),
            (
                Self::None
                | Self::Choose(_)
                | Self::OAuth2(_)
                | Self::Session(_)
                | Self::Jwt(_)
                | Self::ServiceAccount(_),
                _,
            ) => Ok(Added::nothing()),
        }
    }
}

/// A kind whose token is fetched or made.
enum WithToken<'p> {
    OAuth2(&'p OAuth2Plan),
    Session(&'p SessionPlan),
    Jwt(&'p JwtPlan),
    ServiceAccount(&'p ServiceAccountPlan),
}

/// What requests see of their auth: `token` and `login`, or `timestamp` and `nonce`.
pub(in crate::plan) fn names_of(auth: &Auth) -> Vec<&'static str> {
    let choice = match auth {
        Auth::Word(AuthWord::None) => return Vec::new(),
        Auth::Choice(choice) => choice,
    };
    let mut names = Vec::new();
    let has_token = choice.oauth2.is_some()
        || choice.session.is_some()
        || choice.jwt.is_some()
        || choice.service_account.is_some();
    if has_token {
        names.extend(["token", "login"]);
    }
    if choice.sign.is_some() {
        names.extend(Stamp::NAMES);
    }
    let cases = choice.choose.iter().flat_map(|choose| &choose.cases);
    names.extend(cases.flat_map(|(_, auth)| names_of(auth)));
    names.sort_unstable();
    names.dedup();
    names
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
            service_account,
            sign,
            oauth1,
            aws_sigv4,
            digest,
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
            .map(|oauth2| AuthPlan::OAuth2(Box::new(OAuth2Plan::compile(oauth2, scopes, self))));
        let session = session.as_ref().map(|session| {
            AuthPlan::Session(Box::new(SessionPlan::compile(session, scopes, self)))
        });
        let jwt = jwt
            .as_ref()
            .map(|jwt| AuthPlan::Jwt(Box::new(JwtPlan::compile(jwt, &base, self))));
        let service_account = service_account.as_ref().map(|account| {
            let plan = ServiceAccountPlan::compile(account, &base, self);
            AuthPlan::ServiceAccount(Box::new(plan))
        });
        let sign = sign
            .as_ref()
            .map(|sign| AuthPlan::Sign(Arc::new(SignPlan::compile(sign, scopes, self))));
        let oauth1 = oauth1
            .as_ref()
            .map(|oauth1| AuthPlan::OAuth1(Box::new(OAuth1Plan::compile(oauth1, &sees, self))));
        let aws_sigv4 = aws_sigv4
            .as_ref()
            .map(|aws| AuthPlan::AwsSigV4(Box::new(AwsSigV4Plan::compile(aws, &sees, self))));
        let digest = digest
            .as_ref()
            .map(|digest| AuthPlan::Digest(DigestPlan::compile(digest, &sees, self)));
        let choose = choose
            .as_ref()
            .map(|choose| AuthPlan::Choose(ChoosePlan::compile(choose, scopes, self)));
        let plan = bearer
            .or(basic)
            .or(api_key)
            .or(oauth2)
            .or(session)
            .or(jwt)
            .or(service_account)
            .or(sign)
            .or(oauth1)
            .or(aws_sigv4)
            .or(digest)
            .or(choose)?;
        Some(self.add_auth(plan))
    }

    /// What a token is asked for: a text, or a list.
    fn scopes_of_token(&mut self, scopes: Option<&TemplateOrList>, scope: &Scope) -> Vec<Template> {
        match scopes {
            Some(scopes) if scopes.scalar().is_some() => vec![self.template(scopes, scope)],
            scopes => {
                let items = scopes.iter().flat_map(|scopes| scopes.items());
                items.map(|item| self.template(item, scope)).collect()
            }
        }
    }

    /// The index of an auth that is compiled.
    pub(in crate::plan) fn add_auth(&mut self, plan: AuthPlan) -> usize {
        self.auths.push(plan);
        self.auths.len() - 1
    }
}
