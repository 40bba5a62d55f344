//! A signed token, sent as it is or exchanged for another.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::sign::Signer;

use super::AuthError;
use super::fields::Added;
use super::outgoing::Credential;
use super::token::{Ask, Sees, Token, TokenAnswer, TokenRequest, until};
use crate::plan::Secret;
use crate::plan::compile::{AddressOf, Compiler};
use crate::spec::auth::{Algorithm, Jwt, TokenBody};
use crate::template::scope::Scope;
use crate::template::tree::{TemplateTree, json_of};
use crate::template::{Template, Value};

/// How long a signed token is good for, where nothing is said.
const LASTS: Duration = Duration::from_secs(20 * 60);

/// A signed token.
#[derive(Debug)]
pub struct JwtPlan {
    /// How it is signed.
    algorithm: Algorithm,
    /// The secret, or the private key as PEM.
    key: Template,
    /// What it says.
    claims: TemplateTree,
    /// Further fields of its header.
    headers: TemplateTree,
    /// How long it is good for.
    lasts: Duration,
    /// Where it is exchanged.
    token_url: Option<Template>,
}

impl JwtPlan {
    pub(super) fn compile(spec: &Jwt, scope: &Scope, compiler: &mut Compiler<'_>) -> Self {
        Self {
            algorithm: spec.algorithm,
            key: compiler.template(&spec.key, scope),
            claims: compiler.map_tree(&spec.claims, scope),
            headers: compiler.map_tree(&spec.headers, scope),
            lasts: compiler.duration(spec.lasts.as_deref(), LASTS),
            token_url: spec.token_url.as_ref().map(|url| {
                compiler.check_address(url, AddressOf::Server);
                compiler.template(url, scope)
            }),
        }
    }

    pub(super) fn ask(&self, sees: &Sees<'_>) -> Result<Ask<'_>, AuthError> {
        let assertion = self.signed(sees)?;
        let Some(url) = &self.token_url else {
            return Ok(Ask::Made(Token {
                value: Value::from(assertion),
                kind: "Bearer".to_owned(),
                login: Value::UNDEFINED,
                cookies: Vec::new(),
                until: until(self.lasts),
                keep: None,
            }));
        };
        Ok(Ask::Post(exchange(url.text(sees.base)?, assertion)))
    }

    pub(super) fn read(answer: &TokenAnswer<'_>, sees: &Sees<'_>) -> Result<Token, AuthError> {
        sees.hide_tokens(answer);
        Token::of_access(answer, None)
    }

    pub(super) fn credential(token: &Token) -> Box<dyn Credential> {
        Added::authorization(format!("Bearer {}", token.text()))
    }

    fn signed(&self, sees: &Sees<'_>) -> Result<String, AuthError> {
        let wrong = |error: &dyn std::fmt::Display| AuthError::Refused(format!("jwt: {error}"));
        let parsed = |tree: &TemplateTree| -> Result<Claims, AuthError> {
            serde_json::from_slice(&json_of(tree, sees.base)?).map_err(|error| wrong(&error))
        };
        let key = self.key.text(sees.base)?;
        let (header, claims) = (parsed(&self.headers)?, parsed(&self.claims)?);
        signed((self.algorithm, &key), header, claims, self.lasts, sees)
            .map_err(|error| wrong(&error))
    }
}

/// What a token says, or its header.
pub(super) type Claims = serde_json::Map<String, serde_json::Value>;

/// A token that an algorithm signs with a key.
pub(super) fn signed(
    (algorithm, key): (Algorithm, &str),
    mut header: Claims,
    mut claims: Claims,
    lasts: Duration,
    sees: &Sees<'_>,
) -> Result<String, SignError> {
    sees.redactor.add(key);
    let key = Key::new(algorithm, key).map_err(SignError::Key)?;
    header.insert("alg".to_owned(), algorithm.word().into());
    let kind = header.entry("typ");
    kind.or_insert_with(|| serde_json::Value::from("JWT"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    claims.entry("iat").or_insert_with(|| now.into());
    let until = claims.entry("exp");
    until.or_insert_with(|| (now + lasts.as_secs()).into());
    let part = |map: Claims| URL_SAFE_NO_PAD.encode(serde_json::Value::from(map).to_string());
    let mut token = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(token.as_bytes()).map_err(SignError::Sign)?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    sees.redactor.add(&token);
    Ok(token)
}

/// A token that is exchanged for another (RFC 7523, 2.1).
pub(super) fn exchange(url: String, assertion: String) -> TokenRequest {
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    TokenRequest {
        url,
        fields: vec![
            ("grant_type".to_owned(), Secret::new(grant.to_owned())),
            ("assertion".to_owned(), Secret::new(assertion)),
        ],
        body: TokenBody::Form,
        credential: Added::nothing(),
    }
}

/// Why a token is not signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    #[error("the key can't be read: {0}")]
    Key(KeyError),
    #[error("it can't be signed: {0}")]
    Sign(KeyError),
}

/// What a token is signed with.
enum Key {
    Shared(hmac::Key),
    /// How the signature is written is not the same for both (RFC 7518, 3.3 and 3.4).
    Private(Algorithm, Box<dyn Signer>),
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error(
        "a PEM of a private key is looked for, without a password: -----BEGIN PRIVATE KEY-----"
    )]
    Pem(#[from] pem::Error),
    #[error("{0} takes {1}")]
    Key(&'static str, &'static str),
    #[error(transparent)]
    Sign(#[from] rustls::Error),
    #[error("the signature is not made of two numbers")]
    Signature,
}

impl Key {
    fn new(algorithm: Algorithm, text: &str) -> Result<Self, KeyError> {
        let (scheme, wanted) = match algorithm {
            Algorithm::HS256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
                return Ok(Self::Shared(key));
            }
            Algorithm::RS256 => (
                SignatureScheme::RSA_PKCS1_SHA256,
                "an RSA key of 2048 bits or more",
            ),
            Algorithm::ES256 => (
                SignatureScheme::ECDSA_NISTP256_SHA256,
                "a key of the curve P-256 that holds its public key too",
            ),
        };
        // An option of one line holds the line ends of a PEM file as `\n`.
        let text = text.replace("\\n", "\n");
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())?;
        let signer = any_supported_type(&key)
            .ok()
            .and_then(|key| key.choose_scheme(&[scheme]))
            .ok_or(KeyError::Key(algorithm.word(), wanted))?;
        Ok(Self::Private(algorithm, signer))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Shared(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Private(Algorithm::ES256, signer) => {
                let signature = signer.sign(message)?;
                both_numbers(&signature).ok_or(KeyError::Signature)
            }
            Self::Private(Algorithm::HS256 | Algorithm::RS256, signer) => Ok(signer.sign(message)?),
        }
    }
}

/// Of a signature as `SEQUENCE { INTEGER, INTEGER }` the numbers side by side, each 32 bytes long.
fn both_numbers(der: &[u8]) -> Option<Vec<u8>> {
    const LENGTH: usize = 32;
    let [0x30, _, rest @ ..] = der else {
        return None;
    };
    let mut rest = rest;
    let mut both = Vec::with_capacity(2 * LENGTH);
    for _ in 0..2 {
        let [0x02, length, after @ ..] = rest else {
            return None;
        };
        let (number, after) = after.split_at_checked(usize::from(*length))?;
        // A leading zero says that the number is not negative.
        let start = number.iter().position(|byte| *byte != 0)?;
        let number = &number[start..];
        let missing = LENGTH.checked_sub(number.len())?;
        both.resize(both.len() + missing, 0);
        both.extend_from_slice(number);
        rest = after;
    }
    rest.is_empty().then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_signature_have_one_length() {
        let der = |first: &[u8], second: &[u8]| {
            let mut inner = vec![0x02, u8::try_from(first.len()).unwrap()];
            inner.extend_from_slice(first);
            inner.extend_from_slice(&[0x02, u8::try_from(second.len()).unwrap()]);
            inner.extend_from_slice(second);
            let mut all = vec![0x30, u8::try_from(inner.len()).unwrap()];
            all.extend(inner);
            all
        };
        let long = [&[0x00][..], &[0x80; 32]].concat();
        let both = both_numbers(&der(&long, &[0x07])).unwrap();
        assert_eq!(both.len(), 64);
        assert_eq!(both[..32], [0x80; 32]);
        assert_eq!(both[32..63], [0; 31]);
        assert_eq!(both[63], 7);
        assert_eq!(both_numbers(&der(&[0x01; 33], &[0x07])), None);
        assert_eq!(both_numbers(&[0x30, 0x01]), None);
        let cut = der(&long, &[0x07]);
        assert_eq!(both_numbers(&cut[..cut.len() - 1]), None);
    }
}
