//! Who asks, compiled.

use std::sync::Arc;
use std::time::Duration;

use super::path::PathPlan;
use super::request::{RequestPlan, TreePlan};
use crate::spec::auth::{Algorithm, Grant, SendCredentials, TokenBody};
use crate::template::Template;

/// Credentials.
#[derive(Debug)]
pub enum AuthPlan {
    /// None.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Template),
    /// User name and password.
    Basic {
        /// The user.
        username: Option<Template>,
        /// The password.
        password: Option<Template>,
    },
    /// A key.
    ApiKey(PlacePlan),
    /// An access token, fetched and renewed.
    OAuth2(Box<OAuth2Plan>),
    /// A login whose answer has a token.
    Session(Box<SessionPlan>),
    /// A signed token.
    Jwt(Box<JwtPlan>),
    /// What an option chooses.
    Choose {
        /// What chooses.
        by: Template,
        /// Auth by its value, as indices of [`Plan::auths`](super::Plan::auths).
        cases: Vec<(String, usize)>,
    },
}

/// Where a key is sent.
#[derive(Debug, Default)]
pub struct PlacePlan {
    /// Headers.
    pub headers: Vec<(Arc<str>, Template)>,
    /// Parameters.
    pub query: Vec<(Arc<str>, Template)>,
    /// Cookies.
    pub cookies: Vec<(Arc<str>, Template)>,
}

/// An access token by OAuth 2.0.
#[derive(Debug)]
#[allow(missing_docs, reason = "the fields are those of `spec::auth::OAuth2`")]
pub struct OAuth2Plan {
    pub grant: Grant,
    pub token_url: Template,
    pub client_id: Option<Template>,
    pub client_secret: Option<Template>,
    pub refresh_token: Option<Template>,
    pub username: Option<Template>,
    pub password: Option<Template>,
    pub scopes: Vec<Template>,
    pub send: SendCredentials,
    pub body: TokenBody,
    pub extra: TreePlan,
    pub rotates: bool,
}

/// A login whose answer has a token.
#[derive(Debug)]
pub struct SessionPlan {
    /// The request that logs in.
    pub login: RequestPlan,
    /// Where the token stands.
    pub token: PathPlan,
    /// What carries `token`.
    pub place: PlacePlan,
    /// How long it is good for.
    pub lasts: Option<Duration>,
}

/// A signed token.
#[derive(Debug)]
pub struct JwtPlan {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The secret, or the private key as PEM.
    pub key: Template,
    /// What it says.
    pub claims: TreePlan,
    /// Further fields of its header.
    pub headers: TreePlan,
    /// How long it is good for.
    pub lasts: Duration,
    /// Where it is exchanged.
    pub token_url: Option<Template>,
}
