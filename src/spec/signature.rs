//! `sign`, `oauth1`, `aws_sigv4`: requests that are signed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Template;
use super::places::Keyed;
use crate::digest::Hash;

/// A signature over the finished request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// How it is signed.
    pub algorithm: SignAlgorithm,
    /// The secret of both sides; for the keyed ones.
    ///
    /// ```yaml
    /// key: "{{ options.SECRET }}"
    /// ```
    #[serde(default)]
    pub key: Option<Template>,
    /// What is signed: `request.method`, `request.url`, `request.path`, `request.query` and
    /// `request.form` (pairs of name and value, sorted), `request.body`.
    ///
    /// ```yaml
    /// over: "{{ request.path }}{% for name, value in request.query %}{{ name }}{{ value }}{% endfor %}"
    /// ```
    pub over: Template,
    /// How the signature is written: `hex` (small letters) or `base64`.
    ///
    /// ```yaml
    /// encode: base64
    /// ```
    #[serde(default)]
    pub encode: SignatureText,
    /// What carries `signature`.
    ///
    /// ```yaml
    /// as: { header: { X-Signature: "{{ signature }}" } }
    /// ```
    #[serde(rename = "as")]
    pub places: SignaturePlaces,
}

/// What carries a signature.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1))]
pub struct SignaturePlaces {
    /// Headers with their values.
    ///
    /// ```yaml
    /// header: { X-Signature: "{{ signature }}" }
    /// ```
    pub header: Option<Keyed<Template>>,
    /// Parameters with their values.
    ///
    /// ```yaml
    /// query: { sign: "{{ signature }}" }
    /// ```
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
    ///
    /// ```yaml
    /// consumer_key: "{{ options.CONSUMER_KEY }}"
    /// ```
    pub consumer_key: Template,
    /// Its secret.
    ///
    /// ```yaml
    /// consumer_secret: "{{ options.CONSUMER_SECRET }}"
    /// ```
    pub consumer_secret: Template,
    /// The token, where there is one.
    ///
    /// ```yaml
    /// token: "{{ options.TOKEN }}"
    /// ```
    #[serde(default)]
    pub token: Option<Template>,
    /// Its secret.
    ///
    /// ```yaml
    /// token_secret: "{{ options.TOKEN_SECRET }}"
    /// ```
    #[serde(default)]
    pub token_secret: Option<Template>,
    /// How it is signed; `HMAC-SHA1` where nothing is said.
    #[serde(default)]
    pub method: OAuth1Method,
    /// The realm: the account, at some services.
    ///
    /// ```yaml
    /// realm: "{{ options.ACCOUNT }}"
    /// ```
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
    ///
    /// ```yaml
    /// session_token: "{{ options.SESSION_TOKEN }}"
    /// ```
    #[serde(default)]
    pub session_token: Option<Template>,
    /// The region: `eu-west-1`.
    pub region: Template,
    /// The service: `execute-api`, `s3`.
    ///
    /// ```yaml
    /// service: execute-api
    /// ```
    pub service: Template,
}
