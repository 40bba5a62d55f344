//! `auth`: who asks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Keyed, Placed, by_shape};
use super::request::Request;
use super::values::{Duration, Path};
use super::{Template, Tree};
use crate::digest::Hash;

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

/// A signature over the finished request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// How it is signed.
    pub algorithm: SignAlgorithm,
    /// The secret of both sides; for the keyed ones.
    #[serde(default)]
    pub key: Option<Template>,
    /// What is signed: `request.method`, `request.url`, `request.path`, `request.query` and
    /// `request.form` (pairs of name and value, in order), `request.body`.
    ///
    /// ```yaml
    /// over: "{{ request.path }}{% for name, value in request.query %}{{ name }}{{ value }}{% endfor %}"
    /// ```
    pub over: Template,
    /// How the signature is written: `hex` (small letters) or `base64`.
    #[serde(default)]
    pub encode: SignatureText,
    /// What carries `signature`.
    #[serde(rename = "as")]
    pub places: SignaturePlaces,
}

/// What carries a signature.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct SignaturePlaces {
    /// Headers with their values.
    pub header: Option<Keyed<Template>>,
    /// Parameters with their values.
    pub query: Option<Keyed<Template>>,
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignAlgorithm {
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-512.
    HmacSha512,
    /// HMAC with MD5.
    HmacMd5,
    /// SHA-256 without a key: `over` has the secret.
    Sha256,
    /// SHA-1 without a key: `over` has the secret.
    Sha1,
    /// SHA-512 without a key: `over` has the secret.
    Sha512,
    /// MD5 without a key: `over` has the secret.
    Md5,
}

impl SignAlgorithm {
    /// The digest.
    pub fn hash(self) -> Hash {
        match self {
            Self::HmacSha256 | Self::Sha256 => Hash::Sha256,
            Self::HmacSha1 | Self::Sha1 => Hash::Sha1,
            Self::HmacSha512 | Self::Sha512 => Hash::Sha512,
            Self::HmacMd5 | Self::Md5 => Hash::Md5,
        }
    }

    /// Whether it takes a key.
    pub fn is_keyed(self) -> bool {
        match self {
            Self::HmacSha256 | Self::HmacSha1 | Self::HmacSha512 | Self::HmacMd5 => true,
            Self::Sha256 | Self::Sha1 | Self::Sha512 | Self::Md5 => false,
        }
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureText {
    /// Hexadecimal, in small letters.
    #[default]
    Hex,
    /// Base64, with padding.
    Base64,
}

/// OAuth 1.0 (RFC 5849).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth1 {
    /// The consumer.
    pub consumer_key: Template,
    /// Its secret.
    pub consumer_secret: Template,
    /// The token, where there is one.
    #[serde(default)]
    pub token: Option<Template>,
    /// Its secret.
    #[serde(default)]
    pub token_secret: Option<Template>,
    /// How it is signed; `HMAC-SHA1` where nothing is said.
    #[serde(default)]
    pub method: OAuth1Method,
    /// The realm: the account, at some services.
    #[serde(default)]
    pub realm: Option<Template>,
}

/// How requests are signed by OAuth 1.0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum OAuth1Method {
    /// HMAC with SHA-1.
    #[default]
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// HMAC with SHA-256.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// HMAC with SHA-512.
    #[serde(rename = "HMAC-SHA512")]
    HmacSha512,
    /// The secrets themselves: over TLS alone.
    #[serde(rename = "PLAINTEXT")]
    Plaintext,
}

impl OAuth1Method {
    /// As a request says it (RFC 5849, 3.1).
    pub fn word(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::Plaintext => "PLAINTEXT",
        }
    }
}

/// Amazon's signature, version 4.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSigV4 {
    /// The access key's name.
    pub access_key: Template,
    /// The access key's secret.
    pub secret_key: Template,
    /// The session's token, of temporary credentials.
    #[serde(default)]
    pub session_token: Option<Template>,
    /// The region: `eu-west-1`.
    pub region: Template,
    /// The service: `execute-api`, `s3`.
    pub service: Template,
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
