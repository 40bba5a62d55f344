//! `auth`: who asks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Keyed, Placed, by_shape};
use super::request::Request;
use super::signature::{AwsSigV4, OAuth1, Sign};
use super::values::{Duration, Path};
use super::{Template, Tree};

/// Who asks: one choice. Credentials that are all nothing mean no auth.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Auth {
    /// `none`.
    Word(AuthWord),
    /// One of the choices.
    Choice(Box<AuthChoice>),
}

by_shape!(Auth { Scalar => Word, Map => Choice });

/// Auth that needs nothing.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthWord {
    /// No credentials are sent.
    None,
}

/// One way to say who asks.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct AuthChoice {
    /// The header `Authorization: Bearer …`.
    ///
    /// ```yaml
    /// auth: { bearer: "{{ options.TOKEN }}" }
    /// ```
    pub bearer: Option<Template>,
    /// User name and password.
    ///
    /// ```yaml
    /// auth: { basic: { username: "{{ options.USERNAME }}", password: "{{ options.PASSWORD }}" } }
    /// ```
    pub basic: Option<Basic>,
    /// A key in a header, a parameter or a cookie.
    ///
    /// ```yaml
    /// auth: { api_key: { header: { X-Api-Key: "{{ options.KEY }}" } } }
    /// ```
    pub api_key: Option<ApiKeyPlace>,
    /// An access token, fetched and renewed.
    ///
    /// ```yaml
    /// auth:
    ///   oauth2: { grant: client_credentials, token_url: https://auth.example.com/token, client_id: "{{ options.ID }}", client_secret: "{{ options.SECRET }}" }
    /// ```
    pub oauth2: Option<Placed<OAuth2>>,
    /// A login whose answer has a token.
    ///
    /// ```yaml
    /// auth:
    ///   session: { login: { path: /login, json: { user: "{{ options.USERNAME }}" } }, token: $.token, header: { X-Session: "{{ token }}" } }
    /// ```
    pub session: Option<Placed<Session>>,
    /// A signed token, made anew before it expires.
    ///
    /// ```yaml
    /// auth: { jwt: { algorithm: HS256, key: "{{ options.KEY }}", claims: { iss: runner } } }
    /// ```
    pub jwt: Option<Jwt>,
    /// A service account of Google: the key that its console gives, exchanged for an access token.
    ///
    /// ```yaml
    /// auth: { service_account: { key: "{{ options.SERVICE_ACCOUNT }}", scopes: https://www.googleapis.com/auth/spreadsheets.readonly } }
    /// ```
    pub service_account: Option<ServiceAccount>,
    /// A signature over the finished request, for each time it is sent. Its templates and those of the
    /// request see `timestamp`, seconds since 1970, and `nonce`, which no other request has.
    ///
    /// ```yaml
    /// auth: { sign: { algorithm: hmac-sha256, key: "{{ options.SECRET }}", over: "{{ request.method }}{{ request.path }}{{ timestamp }}", as: { header: { X-Signature: "{{ signature }}", X-Timestamp: "{{ timestamp }}" } } } }
    /// ```
    pub sign: Option<Placed<Sign>>,
    /// OAuth 1.0: consumer and token sign each request.
    ///
    /// ```yaml
    /// auth: { oauth1: { consumer_key: "{{ options.KEY }}", consumer_secret: "{{ options.SECRET }}", token: "{{ options.TOKEN }}", token_secret: "{{ options.TOKEN_SECRET }}" } }
    /// ```
    pub oauth1: Option<OAuth1>,
    /// Amazon's signature, version 4.
    ///
    /// ```yaml
    /// auth: { aws_sigv4: { access_key: "{{ options.ACCESS_KEY }}", secret_key: "{{ options.SECRET_KEY }}", region: eu-west-1, service: execute-api } }
    /// ```
    pub aws_sigv4: Option<AwsSigV4>,
    /// User name and password, never sent as they are: a server's challenge is answered.
    ///
    /// ```yaml
    /// auth: { digest: { username: "{{ options.USERNAME }}", password: "{{ options.PASSWORD }}" } }
    /// ```
    pub digest: Option<Basic>,
    /// The user chooses.
    ///
    /// ```yaml
    /// auth:
    ///   choose: { by: "{{ options.SIGN_IN }}", cases: { token: { bearer: "{{ options.TOKEN }}" }, open: none } }
    /// ```
    pub choose: Option<Choose>,
}

/// User name and password.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Basic {
    /// The user.
    pub username: Option<Template>,
    /// The password.
    pub password: Option<Template>,
}

/// Where a key is sent: one of the three.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct ApiKeyPlace {
    /// Headers with their values.
    pub header: Option<Keyed<Template>>,
    /// Parameters with their values.
    pub query: Option<Keyed<Template>>,
    /// Cookies with their values.
    pub cookie: Option<Keyed<Template>>,
}

/// An access token by OAuth 2.0.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// How the token is asked for.
    pub grant: Grant,
    /// Where.
    pub token_url: Template,
    /// The client.
    #[serde(default)]
    pub client_id: Option<Template>,
    /// Its secret.
    #[serde(default)]
    pub client_secret: Option<Template>,
    /// The refresh token, for the grant of that name.
    #[serde(default)]
    pub refresh_token: Option<Template>,
    /// The user, for grant `password`.
    #[serde(default)]
    pub username: Option<Template>,
    /// The user's password, for grant `password`.
    #[serde(default)]
    pub password: Option<Template>,
    /// What is asked for: text, or a list.
    #[serde(default)]
    pub scopes: Option<super::values::TemplateOrList>,
    /// Where the client's credentials go: `header` (basic auth), `body` or `query`.
    #[serde(default)]
    pub send: SendCredentials,
    /// How the request is written.
    #[serde(default)]
    pub body: TokenBody,
    /// Further fields of the request.
    #[serde(default)]
    pub extra: Keyed<Tree>,
    /// Where the token stands in the answer; `access_token` where nothing is said.
    ///
    /// ```yaml
    /// token: $.data.access_token
    /// ```
    #[serde(default)]
    pub token: Option<Path>,
    /// Headers that carry `token`; `Authorization: Bearer …` where nothing is said.
    ///
    /// ```yaml
    /// header: { X-Access-Token: "{{ token }}" }
    /// ```
    #[serde(default)]
    pub header: Option<Keyed<Template>>,
    /// Parameters that carry `token`.
    ///
    /// ```yaml
    /// query: { access_token: "{{ token }}" }
    /// ```
    #[serde(default)]
    pub query: Option<Keyed<Template>>,
    /// Each refresh gives a new refresh token, which is kept with `state` or `--state`.
    #[serde(default)]
    pub rotates: Placed<bool>,
}

/// How a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// By the client itself.
    ClientCredentials,
    /// By a refresh token.
    RefreshToken,
    /// By a user's name and password.
    Password,
}

/// Where the client's credentials go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SendCredentials {
    /// Basic auth.
    #[default]
    Header,
    /// Fields of the body.
    Body,
    /// Parameters.
    Query,
}

/// How the request for a token is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenBody {
    /// As a form.
    #[default]
    Form,
    /// As JSON.
    Json,
}

/// A login whose answer has a token; again after a 401.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The request that logs in.
    pub login: Placed<Request>,
    /// Where the token stands in its answer. Requests see it as `token`, and other fields of the answer
    /// as `login`; the cookies that it sets are sent back, and may be all that is asked for.
    #[serde(default)]
    pub token: Option<Path>,
    /// Headers that carry `token`.
    #[serde(default)]
    pub header: Option<Keyed<Template>>,
    /// Parameters that carry `token`.
    #[serde(default)]
    pub query: Option<Keyed<Template>>,
    /// Cookies that carry `token`.
    #[serde(default)]
    pub cookie: Option<Keyed<Template>>,
    /// How long a token is good for; until a 401 where nothing is said.
    #[serde(default)]
    pub lasts: Option<Duration>,
}

/// A signed token. `iat` and `exp` are added.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The secret, or the private key as PEM.
    pub key: Template,
    /// What it says.
    #[serde(default)]
    pub claims: Keyed<Tree>,
    /// Further fields of its header, as `kid`.
    #[serde(default)]
    pub headers: Keyed<Tree>,
    /// How long it is good for; 20 minutes where nothing is said.
    #[serde(default)]
    pub lasts: Option<Duration>,
    /// Where it is exchanged for an access token (grant `jwt-bearer`).
    #[serde(default)]
    pub token_url: Option<Template>,
}

/// A service account of Google.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// The JSON of its key, as the console gives it: a password option takes all of it.
    pub key: Template,
    /// What is asked for: text, or a list.
    pub scopes: super::values::TemplateOrList,
}

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// HMAC with SHA-256; the key is a secret of both sides.
    HS256,
    /// RSA with SHA-256; the key is private.
    RS256,
    /// ECDSA on P-256; the key is private.
    ES256,
}

impl Algorithm {
    /// As a token's header says it (RFC 7518, 3.1).
    pub fn word(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
        }
    }
}

/// Auth that an option chooses.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choose {
    /// What chooses; where it is a select option all its choices must be cases.
    pub by: Template,
    /// Auth by its value.
    pub cases: Keyed<Auth>,
}
