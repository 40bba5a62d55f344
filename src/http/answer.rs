//! Answers: a status, headers, and a body that is held, or of which the rest is still to be read.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use minijinja::value::{Enumerator, Object, Value, ValueKind};
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::cookies::SetCookie;
use super::fault::Fault;
use crate::formats;
use crate::plan::scopes::RESPONSE;
use crate::template::{TextTree, json};
use crate::text_encoding::TextEncoding;

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
    /// The cookies that it set, and the redirects before it, in order.
    pub cookies: Vec<SetCookie>,
    /// The body, or its beginning.
    pub held: Bytes,
    value: OnceLock<Value>,
    decoded: OnceLock<Arc<str>>,
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
    /// The same with a part of its body for the body.
    #[must_use]
    pub fn part(&self, element: &Value) -> Self {
        let mut body = Vec::new();
        json::write(element, &mut body);
        let mut headers = self.headers.clone();
        let kind = reqwest::header::HeaderValue::from_static("application/json");
        headers.insert(reqwest::header::CONTENT_TYPE, kind);
        Self {
            method: self.method.clone(),
            status: self.status,
            headers,
            url: self.url.clone(),
            shown_url: self.shown_url.clone(),
            cookies: Vec::new(),
            held: body.into(),
            value: OnceLock::new(),
            decoded: OnceLock::new(),
        }
    }

    /// An answer to a GET that came whole.
    #[cfg(test)]
    pub(crate) fn of_text(status: u16, kind: &'static str, body: &str) -> Self {
        let mut headers = HeaderMap::new();
        let kind = reqwest::header::HeaderValue::from_static(kind);
        headers.insert(reqwest::header::CONTENT_TYPE, kind);
        Self {
            method: Method::GET,
            status,
            headers,
            url: Url::parse("https://api.example.com/list").unwrap(),
            shown_url: None,
            cookies: Vec::new(),
            held: body.to_owned().into(),
            value: OnceLock::new(),
            decoded: OnceLock::new(),
        }
    }

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
            cookies: Vec::new(),
            held,
            value: OnceLock::new(),
            decoded: OnceLock::new(),
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
            cookies: Vec::new(),
            held: Bytes::new(),
            value: OnceLock::new(),
            decoded: OnceLock::new(),
        }
    }

    /// A header as text, the first of several.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header as text, several of one name as a list with commas.
    pub fn joined_header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.header_values(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// All values of a header, in their order.
    fn header_values(&self, name: &str) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// The body as text, in the encoding that its byte order mark, its XML prolog or its content type
    /// names; bytes that are none are replaced.
    pub fn text(&self) -> &str {
        self.decoded.get_or_init(|| {
            let charset = || {
                let kind = self.header("content-type")?.to_ascii_lowercase();
                let name = kind.split("charset=").nth(1)?;
                let name = name.split(';').next()?.trim().trim_matches('"');
                TextEncoding::of_label(name)
            };
            let encoding = formats::declared_encoding(&self.held).or_else(charset);
            let encoding = encoding.unwrap_or(TextEncoding::UTF_8);
            Arc::from(encoding.decode(&self.held).as_ref())
        })
    }

    /// Whether the body is a page for people: of a login, a router or a CDN.
    pub fn is_page(&self) -> bool {
        let is_of_two_bytes =
            self.held.starts_with(b"\xFE\xFF") || self.held.starts_with(b"\xFF\xFE");
        let start = if is_of_two_bytes {
            self.text().as_bytes()
        } else {
            &self.held
        };
        formats::is_web_page(start)
            || self.is_of_kind("html") && formats::begins_as_html(self.text())
    }

    /// The same, or a few words of a router that says that they are a page.
    pub fn is_for_people(&self) -> bool {
        self.is_page() || self.is_of_kind("html") && !self.is_empty()
    }

    /// Whether there is nothing in the body.
    pub fn is_empty(&self) -> bool {
        self.held.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether the body holds something by a name or a place: it is a map, a list or an XML tree.
    pub fn has_inside(&self) -> bool {
        let kind = self.body().kind();
        matches!(kind, ValueKind::Map | ValueKind::Seq | ValueKind::Iterable)
    }

    /// Whether the body begins as JSON or XML does, and is none.
    pub fn is_broken(&self) -> bool {
        let start = self.text().trim_start();
        let is_data = start.starts_with(['{', '[']) || self.begins_as_xml(start);
        // What can't be read is text.
        is_data && self.body().kind() == ValueKind::String
    }

    fn begins_as_xml(&self, start: &str) -> bool {
        start.starts_with("<?xml")
            || start.starts_with('<') && self.is_of_kind("xml") && !formats::begins_as_html(start)
    }

    fn is_of_kind(&self, kind: &str) -> bool {
        self.header("content-type")
            .is_some_and(|said| said.to_ascii_lowercase().contains(kind))
    }

    /// The body: JSON as what it holds, XML as its tree (which prints as the text), anything else as
    /// text.
    pub fn body(&self) -> Value {
        let read = || {
            let text = self.text();
            let start = text.trim_start();
            if start.is_empty() {
                return Value::UNDEFINED;
            }
            if start.starts_with(['{', '[', '"']) || self.is_of_kind("json") {
                if let Ok(value) = json::read(text) {
                    return value;
                }
                // What is no number is nothing here too.
                let clean = formats::without_numbers_that_are_none(text);
                if let Some(value) = clean.and_then(|(clean, _)| json::read(&clean).ok()) {
                    return value;
                }
            }
            let tree = self
                .begins_as_xml(start)
                .then(|| formats::xml_document(start).ok().flatten());
            match tree.flatten() {
                Some((name, root)) => TextTree::value_of(name.into(), root, Arc::from(text)),
                None => Value::from(text),
            }
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
            "headers" => Value::from_object(HeadersValue {
                answer: Arc::clone(&self.answer),
                is_all: false,
            }),
            "headers_all" => Value::from_object(HeadersValue {
                answer: Arc::clone(&self.answer),
                is_all: true,
            }),
            "body" => self.answer.body(),
            "text" => Value::from(self.answer.text()),
            "url" => Value::from(match &self.answer.shown_url {
                Some(url) if self.is_shown => url.as_str(),
                _ => self.answer.url.as_str(),
            }),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&RESPONSE)
    }
}

/// Headers, in any case: as text, or each as the list of its values.
struct HeadersValue {
    answer: Arc<Answer>,
    is_all: bool,
}

impl fmt::Debug for HeadersValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }
}

impl Object for HeadersValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if !self.is_all {
            return self.answer.joined_header(name).map(Value::from);
        }
        let values: Vec<Value> = self
            .answer
            .header_values(name)
            .map(|value| Value::from(value.as_ref()))
            .collect();
        (!values.is_empty()).then(|| Value::from(values))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.answer.headers.keys();
        Enumerator::Values(names.map(|name| Value::from(name.as_str())).collect())
    }
}
