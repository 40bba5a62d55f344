//! A signed token, sent as it is or exchanged for another.

use std::time::{SystemTime, UNIX_EPOCH};

use super::oauth2::access_token;
use super::{Credentials, Token, until};
use crate::http::Http;
use crate::http::body::json_of;
use crate::http::error::Failure;
use crate::http::render::parse;
use crate::plan::auth::JwtPlan;
use crate::spec::auth::{Algorithm, TokenBody};
use crate::template::Value;

impl Http {
    pub(super) async fn jwt(&self, plan: &JwtPlan) -> Result<Token, Failure> {
        let assertion = self.signed(plan)?;
        self.redactor.add(&assertion);
        let Some(url) = &plan.token_url else {
            return Ok(Token {
                value: Value::from(assertion),
                kind: "Bearer".to_owned(),
                until: until(plan.lasts),
                number: 0,
            });
        };
        let url = parse(&url.text(&self.base)?)?;
        let fields = [
            (
                "grant_type".to_owned(),
                "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned(),
            ),
            ("assertion".to_owned(), assertion),
        ];
        let none = Credentials::default();
        let answer = self
            .ask_for_token(url, &fields, TokenBody::Form, &none)
            .await?;
        self.hide_tokens(&answer);
        access_token(&answer)
    }

    fn signed(&self, plan: &JwtPlan) -> Result<String, Failure> {
        use jsonwebtoken::{EncodingKey, Header};
        let wrong = |error: &dyn std::fmt::Display| Failure::Auth(format!("jwt: {error}"));
        let parsed =
            |bytes: Vec<u8>| -> Result<serde_json::Map<String, serde_json::Value>, Failure> {
                serde_json::from_slice(&bytes).map_err(|error| wrong(&error))
            };
        let key = plan.key.text(&self.base)?;
        self.redactor.add(&key);
        let key = match plan.algorithm {
            Algorithm::HS256 => Ok(EncodingKey::from_secret(key.as_bytes())),
            // An option of one line holds the line ends of a PEM file as `\n`.
            Algorithm::RS256 => EncodingKey::from_rsa_pem(key.replace("\\n", "\n").as_bytes()),
            Algorithm::ES256 => EncodingKey::from_ec_pem(key.replace("\\n", "\n").as_bytes()),
        };
        let key = key.map_err(|error| wrong(&format!("the key can't be read: {error}")))?;
        let algorithm = match plan.algorithm {
            Algorithm::HS256 => "HS256",
            Algorithm::RS256 => "RS256",
            Algorithm::ES256 => "ES256",
        };
        let mut header = parsed(json_of(&plan.headers, &self.base)?)?;
        header.insert("alg".to_owned(), algorithm.into());
        header
            .entry("typ")
            .or_insert_with(|| serde_json::Value::from("JWT"));
        let header: Header =
            serde_json::from_value(header.into()).map_err(|error| wrong(&error))?;
        let mut claims = parsed(json_of(&plan.claims, &self.base)?)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        claims.entry("iat").or_insert_with(|| now.into());
        claims
            .entry("exp")
            .or_insert_with(|| (now + plan.lasts.as_secs()).into());
        jsonwebtoken::encode(&header, &claims, &key).map_err(|error| wrong(&error))
    }
}
