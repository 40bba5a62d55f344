//! Answers: a status, headers, and a body that is held, or of which the rest is still to be read.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use minijinja::value::{Enumerator, Object, Value};
use reqwest::{Method, Url};
use reqwest::header::HeaderMap;

use super::fault::Fault;
use crate::template::json;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// How it was asked for, after redirects.
    pub method: Method,
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    /// How templates see it, where that may end in rows: without secrets.
    pub shown_url: Option<String>,
    /// The body, or its beginning.
    pub held: Bytes,
    value: OnceLock<Value>,
}

/// The part of a body that is still to be read.
#[derive(Debug)]
pub struct Rest {
    response: reqwest::Response,
    host: String,
    timeout: Duration,
}

impl Rest {
    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        match tokio::time::timeout(self.timeout, self.response.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) => Err(Fault::of(&error, &self.host)),
            Err(_) => Err(Fault::Timeout(self.host.clone(), self.timeout)),
        }
    }
}

impl Answer {
    /// Reads a body up to `most` bytes, the rest stays to be read.
    pub(super) async fn read(
        response: reqwest::Response,
        timeout: Duration,
        most: usize,
        method: Method,
    ) -> Result<(Self, Option<Rest>), Fault> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let url = response.url().clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut rest = Rest {
            response,
            host,
            timeout,
        };
        let first = rest.next().await?.unwrap_or_default();
        let mut is_whole = false;
        let mut held = first;
        if held.len() < most {
            match rest.next().await? {
                None => is_whole = true,
                Some(second) => {
                    let length = headers
                        .get(reqwest::header::CONTENT_LENGTH)
                        .and_then(|value| value.to_str().ok()?.parse().ok())
                        .filter(|length: &usize| *length <= most.min(64 << 20));
                    let here = held.len() + second.len();
                    let mut all = Vec::with_capacity(length.unwrap_or(here * 2).max(here));
                    all.extend_from_slice(&held);
                    all.extend_from_slice(&second);
                    while all.len() < most {
                        if let Some(bytes) = rest.next().await? {
                            all.extend_from_slice(&bytes);
                        } else {
                            is_whole = true;
                            break;
                        }
                    }
                    held = all.into();
                }
            }
        }
        let answer = Self {
            method,
            status,
            headers,
            url,
            shown_url: None,
            held,
            value: OnceLock::new(),
        };
        Ok((answer, (!is_whole).then_some(rest)))
    }

    /// An answer without a body that nobody gave.
    pub(super) fn made(status: u16, headers: HeaderMap, url: Url) -> Self {
        Self {
            method: Method::GET,
            status,
            headers,
            url,
            shown_url: None,
            held: Bytes::new(),
            value: OnceLock::new(),
        }
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.held)
    }

    /// The body: JSON as what it holds, anything else as text.
    pub fn body(&self) -> Value {
        let read = || {
            let text = self.text();
            let looks_like = text.trim_start().starts_with(['{', '[', '"'])
                || self
                    .header("content-type")
                    .is_some_and(|kind| kind.contains("json"));
            let json = looks_like.then(|| json::read(&text).ok()).flatten();
            json.unwrap_or_else(|| {
                if text.is_empty() {
                    Value::UNDEFINED
                } else {
                    Value::from(text.as_ref())
                }
            })
        };
        self.value.get_or_init(read).clone()
    }

    /// `response` in templates.
    pub fn to_value(self: &Arc<Self>) -> Value {
        Value::from_object(ResponseValue {
            answer: Arc::clone(self),
            is_shown: false,
        })
    }

    /// The same where people see what is made of it: the address is without secrets.
    pub fn to_shown_value(self: &Arc<Self>) -> Value {
        Value::from_object(ResponseValue {
            answer: Arc::clone(self),
            is_shown: true,
        })
    }
}

/// `response`, and the answers of `submit` and `poll`.
struct ResponseValue {
    answer: Arc<Answer>,
    is_shown: bool,
}

impl fmt::Debug for ResponseValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer {}", self.answer.status)
    }
}

impl Object for ResponseValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "status" => Value::from(self.answer.status),
            "headers" => Value::from_object(HeadersValue(Arc::clone(&self.answer))),
            "body" => self.answer.body(),
            "url" => Value::from(match &self.answer.shown_url {
                Some(url) if self.is_shown => url.as_str(),
                _ => self.answer.url.as_str(),
            }),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["status", "headers", "body", "url"])
    }
}

/// Headers, in any case.
struct HeadersValue(Arc<Answer>);

impl fmt::Debug for HeadersValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }
}

impl Object for HeadersValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.header(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.0.headers.keys();
        Enumerator::Values(names.map(|name| Value::from(name.as_str())).collect())
    }
}
