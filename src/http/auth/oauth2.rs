//! An access token by OAuth 2.0: asked for, renewed, and where each gives another refresh token, kept.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::{Credentials, Token, keys_of, text, until};
use crate::http::answer::Answer;
use crate::http::body::{form_bytes, json_of};
use crate::http::error::{Failure, status_words};
use crate::http::exchange::Bounds;
use crate::http::render::{Prepared, header_value, origin, parse};
use crate::http::wait;
use crate::http::{Http, Payload};
use crate::plan::auth::OAuth2Plan;
use crate::plan::request::{RETRIED, RetryPlan, TIMEOUT};
use crate::spec::auth::{Grant, SendCredentials, TokenBody};
use crate::template::{Value, is_nothing, json, text_of};

/// A token whose life is not said is good for so long.
const TOKEN_LASTS: Duration = Duration::from_secs(3600);

impl Http {
    pub(super) async fn oauth2(&self, plan: &OAuth2Plan) -> Result<Token, Failure> {
        let base = &self.base;
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                fields.push((name.to_owned(), value));
            }
        };
        let given = text(plan.refresh_token.as_ref(), base)?;
        let grant = match plan.grant {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken => "refresh_token",
            Grant::Password => "password",
        };
        add("grant_type", grant.to_owned());
        match plan.grant {
            Grant::ClientCredentials => {}
            Grant::RefreshToken => {
                let current = if plan.rotates {
                    self.state.token(&given)
                } else {
                    None
                };
                let current = current.unwrap_or_else(|| given.clone());
                self.hide(&current);
                add("refresh_token", current);
            }
            Grant::Password => {
                let password = text(plan.password.as_ref(), base)?;
                self.hide(&password);
                add("username", text(plan.username.as_ref(), base)?);
                add("password", password);
            }
        }
        let mut scopes = Vec::new();
        for scope in &plan.scopes {
            scopes.push(scope.text(base)?);
        }
        add("scope", scopes.join(" "));
        let client_id = text(plan.client_id.as_ref(), base)?;
        let client_secret = text(plan.client_secret.as_ref(), base)?;
        self.hide(&client_secret);
        let url = parse(&plan.token_url.text(base)?)?;
        let mut credentials = Credentials::default();
        match plan.send {
            SendCredentials::Header if !client_id.is_empty() || !client_secret.is_empty() => {
                credentials = self.basic(&client_id, &client_secret);
            }
            SendCredentials::Header => {}
            SendCredentials::Body => {
                add("client_id", client_id);
                add("client_secret", client_secret);
            }
            SendCredentials::Query => {
                credentials.query = vec![
                    ("client_id".to_owned(), client_id),
                    ("client_secret".to_owned(), client_secret),
                ];
            }
        }
        let extra = json_of(&plan.extra, base)?;
        let extra = json::read(&String::from_utf8_lossy(&extra)).unwrap_or_default();
        for key in extra.try_iter().into_iter().flatten() {
            let value = extra.get_item(&key).unwrap_or_default();
            add(&text_of(&key), text_of(&value).into_owned());
        }
        let answer = self
            .ask_for_token(url, &fields, plan.body, &credentials)
            .await?;
        let token = access_token(&answer)?;
        self.hide_tokens(&answer);
        if plan.rotates {
            let next = answer.body().get_attr("refresh_token").unwrap_or_default();
            if !is_nothing(&next) {
                let next = text_of(&next).into_owned();
                self.redactor.add(&next);
                self.state
                    .keep_token(&given, &next)
                    .map_err(|error| Failure::Auth(error.to_string()))?;
            }
        }
        Ok(token)
    }

    /// Whether no credentials were filled in at all.
    pub(super) fn has_no_client(&self, plan: &OAuth2Plan) -> Result<bool, Failure> {
        let given = [
            &plan.client_id,
            &plan.client_secret,
            &plan.refresh_token,
            &plan.username,
            &plan.password,
        ];
        for template in given {
            if !text(template.as_ref(), &self.base)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// All that an answer with a token says may open something.
    pub(super) fn hide_tokens(&self, answer: &Answer) {
        let body = answer.body();
        for key in body.try_iter().into_iter().flatten() {
            let is_plain = matches!(key.as_str(), Some("scope" | "token_type" | "expires_in"));
            let value = body.get_item(&key).unwrap_or_default();
            if let (false, Some(text)) = (is_plain, value.as_str()) {
                if !text.starts_with("http") {
                    self.hide(text);
                }
            }
        }
    }

    /// Asks for a token; again where that may help.
    pub(super) async fn ask_for_token(
        &self,
        url: reqwest::Url,
        fields: &[(String, String)],
        body: TokenBody,
        credentials: &Credentials,
    ) -> Result<Answer, Failure> {
        let (kind, bytes) = match body {
            TokenBody::Form => ("application/x-www-form-urlencoded", form_bytes(fields)),
            TokenBody::Json => {
                let map: serde_json::Map<_, _> = fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().into()))
                    .collect();
                let text = serde_json::Value::from(map).to_string();
                ("application/json", text.into_bytes())
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, header_value("content-type", kind)?);
        headers.insert("accept", header_value("accept", "application/json")?);
        let shown = format!("POST {url}");
        let prepared = Prepared {
            method: Method::POST,
            trusted: Some(origin(&url)),
            url,
            headers,
            body: Some(Payload::Bytes(bytes.into())),
        };
        let bounds = Bounds {
            timeout: TIMEOUT,
            redirects: 0,
            held: usize::MAX,
            grace: std::time::Duration::ZERO,
            changes: false,
        };
        let retry = RetryPlan::default();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (wait, failure) = match self.exchange(&prepared, credentials, bounds).await {
                Ok((answer, _)) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok((answer, _)) => {
                    let failure = Failure::Auth(format!(
                        "{shown} was answered {}: {}",
                        status_words(answer.status),
                        self.excerpt(answer.text())
                    ));
                    if !RETRIED.contains(&answer.status) {
                        return Err(failure);
                    }
                    let wait = wait::before_next(&retry, attempts, Some(&answer.headers));
                    (wait, failure)
                }
                Err(Failure::Fault(fault)) if fault.is_passing() => {
                    let failure = Failure::Auth(format!("{shown}: {fault}"));
                    (wait::before_next(&retry, attempts, None), failure)
                }
                Err(Failure::Fault(fault)) => {
                    return Err(Failure::Auth(format!("{shown}: {fault}")));
                }
                Err(failure) => return Err(failure),
            };
            if attempts >= retry.attempts {
                return Err(failure);
            }
            if !self.stop.sleep(wait).await {
                return Err(Failure::Stopped);
            }
        }
    }
}

/// The token of an answer.
pub(super) fn access_token(answer: &Answer) -> Result<Token, Failure> {
    let body = answer.body();
    let token = body.get_attr("access_token").unwrap_or_default();
    if is_nothing(&token) || token.as_str() == Some("") {
        return Err(Failure::Auth(format!(
            "the answer of {} has no `access_token`: {}",
            answer.url,
            keys_of(answer)
        )));
    }
    let lasts = body.get_attr("expires_in").unwrap_or_default();
    let lasts = wait::given(&lasts).unwrap_or(TOKEN_LASTS);
    let kind = body.get_attr("token_type").unwrap_or_default();
    let kind = match kind.as_str() {
        // Most write the word in small letters, and some refuse it then.
        Some(kind) if !kind.is_empty() && !kind.eq_ignore_ascii_case("bearer") => kind.to_owned(),
        _ => "Bearer".to_owned(),
    };
    Ok(Token {
        value: Value::from(text_of(&token).into_owned()),
        kind,
        until: until(lasts),
        number: 0,
    })
}
