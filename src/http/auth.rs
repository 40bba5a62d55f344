//! Tokens that are fetched once for all requests that wait, and the credentials of a request. What a
//! kind of credentials asks for, and what it adds, stands in [`plan::auth`](crate::plan::auth).

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tokio::sync::Mutex;

use super::answer::Answer;
use super::body::form_bytes;
use super::cookies::{SetCookie, put_cookies};
use super::error::{Failure, SendError, status_words};
use super::exchange::Bounds;
use super::render::{Prepared, origin, parse};
use super::send::Reply;
use super::wait;
use super::{Http, Payload};
use crate::json_path::PathPlan;
use crate::path;
use crate::plan::auth::{
    Ask, AuthError, AuthPlan, Credential, Outgoing, Sees, Token, TokenAnswer, TokenRequest,
};
use crate::plan::request::{RETRIED, RequestPlan, RetryPlan, TIMEOUT};
use crate::retry::{Attempt, RetryEnd, retry};
use crate::spec::auth::TokenBody;
use crate::template::Frame;
use crate::wire::{WireError, header_value};

/// What says who asks.
#[derive(Debug, Default)]
pub struct Credentials {
    credential: Option<Box<dyn Credential>>,
    /// Which auth gave a token, and which of its tokens.
    token: Option<(usize, u64)>,
}

impl Credentials {
    /// Whether asking again may give others.
    pub fn can_be_refreshed(&self) -> bool {
        self.token.is_some()
    }

    /// Takes the challenge of an answer that refuses; whether it can be answered.
    pub(super) fn challenged(&self, answer: &Answer) -> bool {
        let credential = self.credential.as_ref().filter(|_| answer.status == 401);
        credential.is_some_and(|credential| credential.challenged(&answer.headers))
    }

    /// Adds to a finished request, or signs it.
    pub(super) fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        match &self.credential {
            Some(credential) => credential.sign(request),
            None => Ok(()),
        }
    }
}

/// The token of an auth, once there is one. Who holds the lock fetches; the others wait for it.
#[derive(Default)]
pub struct Tokens(Mutex<Option<Numbered>>);

/// A token and its number: it tells one that was refused from the next.
#[derive(Clone)]
struct Numbered {
    token: Token,
    number: u64,
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Template(error) => error.into(),
            AuthError::Refused(reason) => Self::Auth(reason),
        }
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
        let index = AuthPlan::chosen(&self.plan.auths, index, &self.base)?;
        let plan = &self.plan.auths[index];
        let held = if self.seeing(|sees| plan.takes_token(sees))? {
            Some(self.token(index, stale).await?)
        } else {
            None
        };
        let token = held.as_ref().map(|held| &held.token);
        let credential = self.seeing(|sees| plan.credential(frame, token, sees))?;
        Ok(Credentials {
            credential: Some(credential),
            token: held.map(|held| (index, held.number)),
        })
    }

    /// The token of an auth; nothing of one that has none.
    pub(super) async fn token_of(&self, index: usize) -> Result<Option<Token>, Failure> {
        if !self.seeing(|sees| self.plan.auths[index].takes_token(sees))? {
            return Ok(None);
        }
        Ok(Some(self.token(index, None).await?.token))
    }

    /// Notes the cookies that an answer sets: the session goes on with them.
    pub(super) async fn note_cookies(&self, credentials: &Credentials, set: &[SetCookie]) {
        let Some((index, number)) = credentials.token.filter(|_| !set.is_empty()) else {
            return;
        };
        if !self.plan.auths[index].keeps_cookies() {
            return;
        }
        let mut held = self.tokens[index].0.lock().await;
        // Of a session that is over nothing is kept.
        if let Some(held) = held.as_mut().filter(|held| held.number == number) {
            put_cookies(&mut held.token.cookies, set);
            for (_, value) in &held.token.cookies {
                self.seeing(|sees| sees.hide(value));
            }
        }
    }

    /// Does with what credentials see.
    fn seeing<T>(&self, work: impl FnOnce(&Sees<'_>) -> T) -> T {
        work(&Sees {
            base: &self.base,
            redactor: &self.redactor,
            kept: &|given| self.state.token(given),
        })
    }

    /// The token of an auth; fetched where there is none, where it is about to expire, and where it
    /// was not accepted.
    async fn token(&self, index: usize, stale: Option<&Credentials>) -> Result<Numbered, Failure> {
        let mut held = self.tokens[index].0.lock().await;
        let refused = stale.and_then(|stale| stale.token);
        if let Some(known) = &*held {
            let until = known.token.until;
            let is_fresh = until.is_none_or(|until| until > Instant::now());
            if is_fresh && refused != Some((index, known.number)) {
                return Ok(known.clone());
            }
        }
        let token = self.fetch_token(&self.plan.auths[index]).await?;
        self.redactor.add(&token.text());
        let number = held.as_ref().map_or(0, |held| held.number + 1);
        Ok(held.insert(Numbered { token, number }).clone())
    }

    async fn fetch_token(&self, plan: &AuthPlan) -> Result<Token, Failure> {
        let none = || Failure::Auth("it takes no token".to_owned());
        let asked = self.seeing(|sees| plan.ask(sees))?;
        let answer = match asked.ok_or_else(none)? {
            Ask::Made(token) => return Ok(token),
            Ask::Post(request) => self.ask_for_token(request).await?,
            Ask::Login(request) => self.log_in(request).await?,
        };
        let follow = |path: &PathPlan| {
            let seen = Frame::on(&self.base).with("response", answer.to_value());
            path::first(path, (answer.text(), || answer.body()), &Arc::new(seen))
        };
        let mut cookies = Vec::new();
        put_cookies(&mut cookies, &answer.cookies);
        let token = self.seeing(|sees| {
            let answer = TokenAnswer {
                url: answer.url.to_string(),
                body: answer.body(),
                cookies: &cookies,
                follow: &follow,
            };
            plan.read(&answer, sees)
        })?;
        let token = token.ok_or_else(none)?;
        if let Some((given, next)) = &token.keep {
            self.state
                .keep_token(given, next)
                .map_err(|error| Failure::Auth(error.to_string()))?;
        }
        Ok(token)
    }

    async fn log_in(&self, login: &RequestPlan) -> Result<Arc<Answer>, Failure> {
        match Box::pin(self.send(login, &self.base, None)).await {
            Ok(Reply::Good(answer, _)) => Ok(answer),
            Ok(Reply::Skip(_) | Reply::Stop | Reply::Split(_)) => Err(Failure::Auth(
                "the login was passed over by a rule".to_owned(),
            )),
            Err(SendError {
                failure: Failure::Stopped,
                ..
            }) => Err(Failure::Stopped),
            Err(error) => Err(Failure::Auth(error.to_string())),
        }
    }

    /// Asks for a token; again where that may help.
    async fn ask_for_token(&self, request: TokenRequest) -> Result<Arc<Answer>, Failure> {
        let url = parse(&request.url)?;
        let shown = format!("POST {url}");
        let (kind, bytes) = match request.body {
            TokenBody::Form => (
                "application/x-www-form-urlencoded",
                form_bytes(request.pairs()),
            ),
            TokenBody::Json => {
                let map: serde_json::Map<_, _> = request
                    .pairs()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                let text = serde_json::Value::from(map).to_string();
                ("application/json", text.into_bytes())
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, header_value("content-type", kind)?);
        headers.insert("accept", header_value("accept", "application/json")?);
        let prepared = Prepared {
            method: Method::POST,
            trusted: Some(origin(&url)),
            url,
            headers,
            body: Some(Payload::Bytes(bytes.into())),
        };
        let credentials = Credentials {
            credential: Some(request.credential),
            token: None,
        };
        let bounds = Bounds {
            timeout: TIMEOUT,
            redirects: 0,
            held: usize::MAX,
            grace: Duration::ZERO,
            changes: false,
        };
        let plan = RetryPlan::default();
        let answered = retry(&self.stop, async |attempt| {
            let next = |headers: Option<&HeaderMap>| {
                (attempt < plan.attempts).then(|| wait::before_next(&plan, attempt, headers))
            };
            match self.exchange(&prepared, &credentials, bounds).await {
                Ok((answer, _)) if (200..300).contains(&answer.status) => {
                    Attempt::Done(Arc::new(answer))
                }
                Ok((answer, _)) => {
                    let failure = Failure::Auth(format!(
                        "{shown} was answered {}: {}",
                        status_words(answer.status),
                        self.excerpt(answer.text())
                    ));
                    if RETRIED.contains(&answer.status) {
                        Attempt::Again(failure, next(Some(&answer.headers)))
                    } else {
                        Attempt::Failed(failure)
                    }
                }
                Err(Failure::Fault(fault)) => {
                    let failure = Failure::Auth(format!("{shown}: {fault}"));
                    if fault.is_passing() {
                        Attempt::Again(failure, next(None))
                    } else {
                        Attempt::Failed(failure)
                    }
                }
                Err(failure) => Attempt::Failed(failure),
            }
        });
        answered.await.map_err(|end| match end {
            RetryEnd::Failed(failure) => failure,
            RetryEnd::Stopped(_) => Failure::Stopped,
        })
    }
}
