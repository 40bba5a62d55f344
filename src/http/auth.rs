//! Who asks: credentials of a request; tokens that are fetched once for all requests that wait.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tokio::sync::Mutex;

use super::Http;
use super::answer::Answer;
use super::body::{form_bytes, json_of};
use super::error::{Failure, SendError};
use super::exchange::Bounds;
use super::render::{Prepared, header_value, origin, parse};
use super::send::Reply;
use super::wait;
use crate::plan::auth::{AuthPlan, JwtPlan, OAuth2Plan, PlacePlan, SessionPlan};
use crate::plan::request::{RETRIED, RetryPlan, TIMEOUT};
use crate::spec::auth::{Algorithm, Grant, SendCredentials, TokenBody};
use crate::template::{Frame, Template, TemplateError, Value, is_nothing, json, text_of};

/// A key that is shorter may be an ordinary word, and is not hidden everywhere.
const SHORTEST_SECRET: usize = 8;
/// A token whose life is not said is good for so long.
const TOKEN_LASTS: Duration = Duration::from_secs(3600);
/// A token is renewed so long before it expires, or a tenth of its life where that is less.
const AHEAD: Duration = Duration::from_secs(30);

/// What is added to a request.
#[derive(Default)]
pub struct Credentials {
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) cookies: Vec<(String, String)>,
    /// Which auth gave a token, and which of its tokens.
    token: Option<(usize, u64)>,
}

impl Credentials {
    /// Whether asking again may give others.
    pub fn can_be_refreshed(&self) -> bool {
        self.token.is_some()
    }

    fn header(name: &str, value: String) -> Self {
        Self {
            headers: vec![(name.to_owned(), value)],
            ..Self::default()
        }
    }
}

/// The token of an auth, once there is one. Who holds the lock fetches; the others wait for it.
#[derive(Default)]
pub struct Tokens(Mutex<Option<Token>>);

#[derive(Clone)]
struct Token {
    value: Value,
    /// How it is sent: `Bearer`.
    kind: String,
    until: Option<Instant>,
    number: u64,
}

impl Token {
    fn text(&self) -> String {
        text_of(&self.value).into_owned()
    }
}

impl Http {
    /// The credentials of a request; `stale` are those that were not accepted.
    pub(super) async fn credentials(
        &self,
        auth: Option<usize>,
        frame: &Arc<Frame>,
        stale: Option<&Credentials>,
    ) -> Result<Credentials, Failure> {
        let Some(index) = auth else {
            return Ok(Credentials::default());
        };
        let index = self.chosen(index)?;
        let made = match &self.plan.auths[index] {
            AuthPlan::None | AuthPlan::Choose { .. } => Credentials::default(),
            AuthPlan::Bearer(token) => {
                let token = token.text(frame)?;
                if token.is_empty() {
                    return Ok(Credentials::default());
                }
                self.hide(&token);
                Credentials::header("authorization", format!("Bearer {token}"))
            }
            AuthPlan::Basic { username, password } => {
                let username = text(username.as_ref(), frame)?;
                let password = text(password.as_ref(), frame)?;
                if username.is_empty() && password.is_empty() {
                    return Ok(Credentials::default());
                }
                self.basic(&username, &password)
            }
            AuthPlan::ApiKey(place) => self.place(place, frame)?,
            AuthPlan::OAuth2(plan) => {
                if self.has_no_client(plan)? {
                    return Ok(Credentials::default());
                }
                let token = self
                    .token(index, stale, async { self.oauth2(index, plan).await })
                    .await?;
                let mut made = Credentials::header(
                    "authorization",
                    format!("{} {}", token.kind, token.text()),
                );
                made.token = Some((index, token.number));
                made
            }
            AuthPlan::Session(plan) => {
                let token = self
                    .token(index, stale, async { self.session(plan).await })
                    .await?;
                let seen = Frame::on(frame).with("token", token.value.clone());
                let mut made = self.place(&plan.place, &Arc::new(seen))?;
                made.token = Some((index, token.number));
                made
            }
            AuthPlan::Jwt(plan) => {
                let token = self
                    .token(index, stale, async { self.jwt(plan).await })
                    .await?;
                let mut made =
                    Credentials::header("authorization", format!("Bearer {}", token.text()));
                made.token = Some((index, token.number));
                made
            }
        };
        Ok(made)
    }

    /// `choose`.
    fn chosen(&self, mut index: usize) -> Result<usize, Failure> {
        while let AuthPlan::Choose { by, cases } = &self.plan.auths[index] {
            let by = by.text(&self.base)?;
            let Some((_, chosen)) = cases.iter().find(|(case, _)| *case == by) else {
                let words: Vec<&str> = cases.iter().map(|(case, _)| case.as_str()).collect();
                return Err(Failure::Auth(format!(
                    "`choose` has no case for \"{by}\": there are {}",
                    words.join(", ")
                )));
            };
            index = *chosen;
        }
        Ok(index)
    }

    fn hide(&self, secret: &str) {
        if secret.len() >= SHORTEST_SECRET {
            self.redactor.add(secret);
        }
    }

    fn basic(&self, username: &str, password: &str) -> Credentials {
        self.hide(password);
        let encoded = BASE64.encode(format!("{username}:{password}"));
        self.redactor.add(&encoded);
        Credentials::header("authorization", format!("Basic {encoded}"))
    }

    fn place(&self, place: &PlacePlan, frame: &Arc<Frame>) -> Result<Credentials, Failure> {
        let values = |fields: &[(Arc<str>, Template)]| -> Result<Vec<(String, String)>, Failure> {
            let mut values = Vec::new();
            for (name, template) in fields {
                let value = template.text(frame)?;
                if value.is_empty() {
                    continue;
                }
                // Text that stands in the spec is no secret.
                if template.as_constant().is_none() {
                    self.hide(&value);
                }
                values.push((name.to_string(), value));
            }
            Ok(values)
        };
        Ok(Credentials {
            headers: values(&place.headers)?,
            query: values(&place.query)?,
            cookies: values(&place.cookies)?,
            token: None,
        })
    }

    /// The token of an auth; fetched where there is none, where it is about to expire, and where it
    /// was not accepted.
    async fn token(
        &self,
        index: usize,
        stale: Option<&Credentials>,
        fetch: impl Future<Output = Result<Token, Failure>>,
    ) -> Result<Token, Failure> {
        let mut held = self.tokens[index].0.lock().await;
        let refused = stale.and_then(|stale| stale.token);
        if let Some(token) = &*held {
            let is_fresh = token.until.is_none_or(|until| until > Instant::now());
            if is_fresh && refused != Some((index, token.number)) {
                return Ok(token.clone());
            }
        }
        let number = held.as_ref().map_or(0, |token| token.number + 1);
        let token = Token {
            number,
            ..fetch.await?
        };
        self.redactor.add(&token.text());
        *held = Some(token.clone());
        Ok(token)
    }

    fn has_no_client(&self, plan: &OAuth2Plan) -> Result<bool, Failure> {
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

    async fn oauth2(&self, index: usize, plan: &OAuth2Plan) -> Result<Token, Failure> {
        let base = &self.base;
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                fields.push((name.to_owned(), value));
            }
        };
        let kept_as = format!("refresh_token-{index}");
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
                    self.state.token(&kept_as, &given)
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
                    .keep_token(&kept_as, &given, &next)
                    .map_err(|error| Failure::Auth(error.to_string()))?;
            }
        }
        Ok(token)
    }

    async fn session(&self, plan: &SessionPlan) -> Result<Token, Failure> {
        let reply = Box::pin(self.send(&plan.login, &self.base, None)).await;
        let answer = match reply {
            Ok(Reply::Good(answer, _)) => answer,
            Ok(_) => {
                return Err(Failure::Auth(
                    "the login was passed over by a rule".to_owned(),
                ));
            }
            Err(SendError {
                failure: Failure::Stopped,
                ..
            }) => return Err(Failure::Stopped),
            Err(error) => return Err(Failure::Auth(error.to_string())),
        };
        let seen = Frame::on(&self.base).with("response", answer.to_value());
        let found = crate::source::path::first(&plan.token, &answer, &Arc::new(seen))
            .map_err(|error| Failure::Auth(format!("token: {error}")))?;
        if is_nothing(&found) {
            return Err(Failure::Auth(format!(
                "the answer to the login has no token where `token` looks for it: {}",
                keys_of(&answer)
            )));
        }
        Ok(Token {
            value: found,
            kind: "Bearer".to_owned(),
            until: plan.lasts.and_then(until),
            number: 0,
        })
    }

    async fn jwt(&self, plan: &JwtPlan) -> Result<Token, Failure> {
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

    /// All that an answer with a token says may open something.
    fn hide_tokens(&self, answer: &Answer) {
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

    /// Asks for a token; again where that may help.
    async fn ask_for_token(
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
            body: Some(Bytes::from(bytes)),
        };
        let bounds = Bounds {
            timeout: TIMEOUT,
            redirects: 0,
            held: usize::MAX,
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
                        super::error::status_words(answer.status),
                        self.excerpt(&answer.text())
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

fn text(template: Option<&Template>, frame: &Arc<Frame>) -> Result<String, TemplateError> {
    template.map_or(Ok(String::new()), |template| template.text(frame))
}

/// When a token that lasts so long is renewed; never, where that is beyond all clocks.
fn until(lasts: Duration) -> Option<Instant> {
    let ahead = AHEAD.min(lasts / 10);
    Instant::now().checked_add(lasts.saturating_sub(ahead))
}

fn access_token(answer: &Answer) -> Result<Token, Failure> {
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

/// The keys that an answer has, without their values: those may be secrets.
fn keys_of(answer: &Answer) -> String {
    let body = answer.body();
    let keys: Vec<String> = match body.kind() {
        minijinja::value::ValueKind::Map => body
            .try_iter()
            .into_iter()
            .flatten()
            .map(|key| text_of(&key).into_owned())
            .collect(),
        _ => Vec::new(),
    };
    if keys.is_empty() {
        "it is no JSON object".to_owned()
    } else {
        format!("it has {}", keys.join(", "))
    }
}
