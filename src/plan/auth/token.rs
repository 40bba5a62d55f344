//! Tokens: what is asked for one, what an answer holds, how long it is good.

use std::sync::Arc;
use std::time::{Duration, Instant};

use minijinja::value::ValueKind;

use super::AuthError;
use super::outgoing::Credential;
use crate::json_path::PathPlan;
use crate::plan::request::RequestPlan;
use crate::plan::{Redactor, Secret};
use crate::secret_names::sounds_secret;
use crate::spec::auth::TokenBody;
use crate::template::{
    Frame, Template, TemplateError, Value, is_nothing, text_of, text_or_empty, wait_of,
};

/// A key that is shorter may be an ordinary word, and is not hidden everywhere.
const SHORTEST_SECRET: usize = 8;
/// A token is renewed so long before it expires, or a tenth of its life where that is less.
const AHEAD: Duration = Duration::from_secs(30);
/// A token whose life is not said is good for so long.
const TOKEN_LASTS: Duration = Duration::from_secs(3600);

/// What credentials see of the run.
pub struct Sees<'r> {
    /// `options` and `run`.
    pub base: &'r Arc<Frame>,
    /// Hides secrets as they come to be known.
    pub redactor: &'r Redactor,
    /// The token that was kept in the place of this one, if one was.
    pub kept: &'r dyn Fn(&str) -> Option<String>,
}

impl Sees<'_> {
    /// A template's text; none where there is no template.
    pub fn text(&self, template: Option<&Template>) -> Result<String, TemplateError> {
        text_or_empty(template, self.base)
    }

    /// Hides a secret, unless it may be an ordinary word.
    pub fn hide(&self, secret: &str) {
        if secret.len() >= SHORTEST_SECRET {
            self.redactor.add(secret);
        }
    }

    /// Hides what stands in an answer under the name of a secret.
    pub fn hide_secrets(&self, body: &Value) {
        match body.kind() {
            ValueKind::Map => {
                for key in body.try_iter().into_iter().flatten() {
                    let value = body.get_item(&key).unwrap_or_default();
                    match value.as_str() {
                        Some(text) if key.as_str().is_some_and(sounds_secret) => self.hide(text),
                        Some(_) => {}
                        None => self.hide_secrets(&value),
                    }
                }
            }
            ValueKind::Seq => {
                let items = body.try_iter().into_iter().flatten();
                items.for_each(|item| self.hide_secrets(&item));
            }
            _ => {}
        }
    }

    /// Hides all that an answer with a token says: it may open something.
    pub fn hide_tokens(&self, answer: &TokenAnswer<'_>) {
        for key in answer.body.try_iter().into_iter().flatten() {
            let is_plain = matches!(key.as_str(), Some("scope" | "token_type" | "expires_in"));
            let value = answer.body.get_item(&key).unwrap_or_default();
            if let (false, Some(text)) = (is_plain, value.as_str()) {
                if !text.starts_with("http") {
                    self.hide(text);
                }
            }
        }
    }
}

/// How a token is come by.
#[derive(Debug)]
pub enum Ask<'p> {
    /// It was made here.
    Made(Token),
    /// By a POST.
    Post(TokenRequest),
    /// By a request of the spec.
    Login(&'p RequestPlan),
}

/// A POST for a token.
#[derive(Debug)]
pub struct TokenRequest {
    /// Where.
    pub url: String,
    /// Its fields, in order.
    pub fields: Vec<(String, Secret)>,
    /// How they are written.
    pub body: TokenBody,
    /// Who asks.
    pub credential: Box<dyn Credential>,
}

impl TokenRequest {
    /// Its fields, for who sends them.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.expose()))
    }
}

/// What was answered to who asked for a token.
pub struct TokenAnswer<'r> {
    /// Where it came from.
    pub url: String,
    /// Its body.
    pub body: Value,
    /// The cookies that it set, and those that the answers before it did.
    pub cookies: &'r [(String, String)],
    /// Follows a path in it.
    pub follow: &'r dyn Fn(&PathPlan) -> Result<Value, TemplateError>,
}

/// A token.
#[derive(Clone)]
pub struct Token {
    /// What it is.
    pub value: Value,
    /// How it is sent: `Bearer`.
    pub kind: String,
    /// The answer that it came with; nothing of one that was made here.
    pub login: Value,
    /// The cookies that the login was given.
    pub cookies: Vec<(String, String)>,
    /// When it is renewed; never where this is nothing.
    pub until: Option<Instant>,
    /// A refresh token that is to be kept in the place of another: the other, and it.
    pub keep: Option<(String, String)>,
}

/// Without what it is.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// As it is sent.
    pub fn text(&self) -> String {
        text_of(&self.value).into_owned()
    }

    /// What sees it, as `token`, and the answer that it came with, as `login`.
    pub fn seen(&self, frame: &Arc<Frame>) -> Arc<Frame> {
        let seen = Frame::on(frame).with("token", self.value.clone());
        Arc::new(seen.with("login", self.login.clone()))
    }

    /// The header's value that carries it.
    pub(super) fn authorization(&self) -> String {
        format!("{} {}", self.kind, self.text())
    }

    /// The `access_token` of an answer, or what was found elsewhere in it.
    pub(super) fn of_access(
        answer: &TokenAnswer<'_>,
        found: Option<Value>,
    ) -> Result<Self, AuthError> {
        let body = &answer.body;
        let place = match found {
            None => "has no `access_token`",
            Some(_) => "has no token where `token` looks for it",
        };
        let token = found.unwrap_or_else(|| body.get_attr("access_token").unwrap_or_default());
        if is_nothing(&token) || token.as_str() == Some("") {
            return Err(AuthError::Refused(format!(
                "the answer of {} {place}: {}",
                answer.url,
                answer.keys()
            )));
        }
        let lasts = wait_of(&lifetime(body)).unwrap_or(TOKEN_LASTS);
        let kind = body.get_attr("token_type").unwrap_or_default();
        let kind = match kind.as_str() {
            // Most write the word in small letters, and some refuse it then.
            Some(kind) if !kind.is_empty() && !kind.eq_ignore_ascii_case("bearer") => {
                kind.to_owned()
            }
            _ => "Bearer".to_owned(),
        };
        Ok(Self {
            value: Value::from(text_of(&token).into_owned()),
            kind,
            login: answer.body.clone(),
            cookies: Vec::new(),
            until: until(lasts),
            keep: None,
        })
    }
}

/// `expires_in`, of the answer or of a map in it: that in which the token stands.
fn lifetime(body: &Value) -> Value {
    let own = body.get_attr("expires_in").unwrap_or_default();
    if !is_nothing(&own) || body.kind() != ValueKind::Map {
        return own;
    }
    let keys = body.try_iter().into_iter().flatten();
    let inner = keys.map(|key| body.get_item(&key).unwrap_or_default());
    let mut found = inner
        .filter(|inner| inner.kind() == ValueKind::Map)
        .map(|inner| inner.get_attr("expires_in").unwrap_or_default());
    found.find(|lasts| !is_nothing(lasts)).unwrap_or_default()
}

impl TokenAnswer<'_> {
    /// The keys that it has, without their values: those may be secrets.
    pub(super) fn keys(&self) -> String {
        let keys: Vec<String> = match self.body.kind() {
            ValueKind::Map => self
                .body
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
}

/// When a token that lasts so long is renewed; never, where that is beyond all clocks.
pub(super) fn until(lasts: Duration) -> Option<Instant> {
    let ahead = AHEAD.min(lasts / 10);
    Instant::now().checked_add(lasts.saturating_sub(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: Value) -> Result<Token, AuthError> {
        Token::of_access(
            &TokenAnswer {
                url: "https://auth.example.com/token".to_owned(),
                body,
                cookies: &[],
                follow: &|_| Ok(Value::UNDEFINED),
            },
            None,
        )
    }

    #[test]
    fn a_token_is_sent_by_the_word_of_its_answer() {
        let token = |kind: &str| {
            let body = Value::from_pairs([("access_token", "t"), ("token_type", kind)]);
            answer(body).unwrap().authorization()
        };
        assert_eq!(token("bearer"), "Bearer t");
        assert_eq!(token(""), "Bearer t");
        assert_eq!(token("MAC"), "MAC t");
    }

    #[test]
    fn an_answer_without_a_token_is_told_by_its_keys() {
        let body = Value::from_pairs([("access_token", ""), ("error", "secret")]);
        let error = answer(body).unwrap_err().to_string();
        assert!(error.ends_with("it has access_token, error"), "{error}");
        let error = answer(Value::from("text")).unwrap_err().to_string();
        assert!(error.ends_with("it is no JSON object"), "{error}");
    }

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        let left = |seconds| {
            let until = until(Duration::from_secs(seconds)).unwrap();
            until.duration_since(Instant::now()).as_secs_f64()
        };
        assert!((left(10) - 9.0).abs() < 0.5);
        assert!((left(3600) - 3570.0).abs() < 0.5);
        assert_eq!(until(Duration::MAX), None);
    }
}
