//! Who asks: credentials of a request; tokens that are fetched once for all requests that wait.

mod jwt;
mod oauth2;
mod session;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::sync::Mutex;

use super::Http;
use super::answer::Answer;
use super::error::Failure;
use crate::plan::auth::{AuthPlan, PlacePlan};
use crate::template::{Frame, Template, TemplateError, Value, text_of};

/// A key that is shorter may be an ordinary word, and is not hidden everywhere.
const SHORTEST_SECRET: usize = 8;
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
                    .token(index, stale, async { self.oauth2(plan).await })
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
                self.hide(&value);
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
}

fn text(template: Option<&Template>, frame: &Arc<Frame>) -> Result<String, TemplateError> {
    template.map_or(Ok(String::new()), |template| template.text(frame))
}

/// When a token that lasts so long is renewed; never, where that is beyond all clocks.
fn until(lasts: Duration) -> Option<Instant> {
    let ahead = AHEAD.min(lasts / 10);
    Instant::now().checked_add(lasts.saturating_sub(ahead))
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
