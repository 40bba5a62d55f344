//! A request worked out: method, URL, headers, body.

use std::sync::Arc;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::body;
use super::error::Failure;
use super::payload::Payload;
use crate::plan::auth::Content;
use crate::plan::request::{AddressPlan, Awaits, FieldPlan, Repeat, RequestPlan};
use crate::spec::request::Compress;
use crate::template::{Frame, NOTHING_IN_PATH, is_nothing, text_of};
use crate::wire::{header_name, header_value, set_parameter};

/// A request as it is sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Payload>,
    /// The host, scheme and port that credentials may be sent to.
    pub trusted: Option<Origin>,
}

impl Prepared {
    /// Whether it goes to the host that credentials may be sent to.
    pub fn is_trusted(&self) -> bool {
        let trusted = self.trusted.as_ref();
        trusted.is_some_and(|trusted| *trusted == origin(&self.url))
    }

    /// What it carries, as it is sent.
    pub fn content(&self) -> Content<'_> {
        self.body
            .as_ref()
            .map_or(Content::Nothing, Payload::content)
    }
}

/// Headers that another host may see: what the author wrote into others may be a secret.
const HARMLESS: [&str; 4] = ["accept", "accept-language", "content-type", "user-agent"];

/// Takes out all headers that another host must not see.
pub fn keep_harmless(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    for name in names {
        if !HARMLESS.contains(&name.as_str()) {
            headers.remove(name);
        }
    }
}

/// Scheme, host and port.
pub type Origin = (String, String, Option<u16>);

/// The origin of a URL.
pub fn origin(url: &Url) -> Origin {
    (
        url.scheme().to_owned(),
        url.host_str().unwrap_or_default().to_owned(),
        url.port_or_known_default(),
    )
}

/// An address in the place of the plan's: it replaces URL and query.
#[derive(Debug, Clone, Copy)]
pub enum Elsewhere<'r> {
    /// Of the next page. An answer gave it, and may give any.
    Next(&'r Url),
    /// Of a file or an object. It is worked out of what the spec says.
    File(&'r Url),
}

impl<'r> Elsewhere<'r> {
    fn url(self) -> &'r Url {
        match self {
            Self::Next(url) | Self::File(url) => url,
        }
    }
}

/// Works out a request; `base_url` sees `of_base`.
pub fn render(
    plan: &RequestPlan,
    frame: &Arc<Frame>,
    of_base: &Arc<Frame>,
    address: Option<Elsewhere<'_>>,
) -> Result<Prepared, Failure> {
    let base = match &plan.base_url {
        Some(base) => Some(base.text(of_base)?),
        None => None,
    };
    let url = if let Some(address) = address {
        address.url().clone()
    } else {
        let mut url = address_of(plan, frame, base.as_deref())?;
        add_query(&mut url, &plan.query, frame)?;
        url
    };
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("*/*"));
    let body = match &plan.body {
        None => None,
        Some(body) => {
            let rendered = body::render(body, frame)?;
            headers.insert(CONTENT_TYPE, header_value("content-type", &rendered.kind)?);
            Some(match &plan.compress {
                None => Payload::Bytes(rendered.bytes.into()),
                Some(Compress::Gzip) => {
                    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                    Payload::packed(rendered.bytes)
                        .map_err(|error| Failure::Template(format!("compress: {error}")))?
                }
            })
        }
    };
    for (name, field) in &plan.headers {
        add_header(&mut headers, name, field, frame)?;
    }
    if let Some(key) = &plan.idempotency_key {
        let key = key.text(frame)?;
        if !key.is_empty() {
            headers.insert("idempotency-key", header_value("idempotency-key", &key)?);
        }
    }
    let method = match &plan.method {
        Some(method) => Method::from_bytes(method.as_bytes())
            .map_err(|_| Failure::Template(format!("`{method}` is no method")))?,
        None if body.is_some() => Method::POST,
        None => Method::GET,
    };
    let trusted = if plan.auth_is_own {
        // The host that the request itself names, not one that an answer names.
        match address {
            None | Some(Elsewhere::File(_)) => Some(origin(&url)),
            Some(Elsewhere::Next(_)) => address_of(plan, frame, base.as_deref())
                .ok()
                .map(|url| origin(&url)),
        }
    } else {
        base.as_deref()
            .and_then(|base| Url::parse(base).ok())
            .map(|url| origin(&url))
    };
    if let Some(Elsewhere::Next(address)) = address {
        let own = address_of(plan, frame, base.as_deref());
        if own.is_ok_and(|own| origin(&own) != origin(address)) {
            if body.is_some() {
                return Err(Failure::Template(format!(
                    "the next page is at {address}, another host, which would get the body; write its address into the spec if that is meant"
                )));
            }
            keep_harmless(&mut headers);
        }
    }
    Ok(Prepared {
        method,
        url,
        headers,
        body,
        trusted,
    })
}

fn address_of(plan: &RequestPlan, frame: &Arc<Frame>, base: Option<&str>) -> Result<Url, Failure> {
    let text = match &plan.address {
        AddressPlan::Path(path) => {
            let path = path.path(frame).map_err(|error| {
                let hint = match plan.repeat {
                    Repeat::Asks
                        if plan.awaits == Awaits::Nothing && error.message == NOTHING_IN_PATH =>
                    {
                        ": `when` passes such a record over"
                    }
                    _ => "",
                };
                Failure::Template(format!("{}{hint}", error.message))
            })?;
            let base = base.unwrap_or_default().trim_end_matches('/');
            match path.strip_prefix('/') {
                _ if path.is_empty() => base.to_owned(),
                _ if path.starts_with('?') => format!("{base}{path}"),
                Some(path) => format!("{base}/{path}"),
                None => format!("{base}/{path}"),
            }
        }
        AddressPlan::Url(url) => {
            let url = url.text(frame)?;
            // Nothing would be the top of `base_url`.
            if url.is_empty() {
                return Err(Failure::Template("`url` is nothing".to_owned()));
            }
            let is_absolute = url.contains("://");
            match base {
                Some(base) if !is_absolute => {
                    let base = format!("{}/", base.trim_end_matches('/'));
                    let base = parse(&base)?;
                    return base
                        .join(&url)
                        .map_err(|error| Failure::Template(format!("`{url}` is no URL: {error}")));
                }
                _ => url,
            }
        }
    };
    parse(&text)
}

/// Reads an absolute URL.
pub fn parse(text: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Template(format!("`{text}` is no URL: {why}"));
    if text.matches("://").count() > 1 && text.rfind("://").is_some_and(|at| at < 16) {
        return Err(wrong(
            "it begins with https:// twice; an option is to be filled in without it",
        ));
    }
    let url = Url::parse(text).map_err(|error| match error.to_string().as_str() {
        "relative URL without a base" => wrong("it has no https:// in front"),
        other => wrong(other),
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(wrong(&format!("`{other}` is not http or https"))),
    }
}

fn add_query(
    url: &mut Url,
    query: &[(Arc<str>, FieldPlan)],
    frame: &Arc<Frame>,
) -> Result<(), Failure> {
    let mut text = url.query().unwrap_or_default().to_owned();
    for (name, field) in query {
        let values = texts(field, frame)?;
        if !values.is_empty() {
            set_parameter(&mut text, name, values.iter().map(String::as_str));
        }
    }
    url.set_query((!text.is_empty()).then_some(text.as_str()));
    Ok(())
}

/// The values of a parameter or a header that are sent: nothing is not, and neither is empty text
/// from a template.
fn texts(field: &FieldPlan, frame: &Arc<Frame>) -> Result<Vec<String>, Failure> {
    use minijinja::value::ValueKind;
    let mut texts = Vec::new();
    for template in &field.values {
        let is_literal = template.as_constant().is_some();
        let value = template.value(frame)?;
        if is_nothing(&value) {
            continue;
        }
        if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            for item in value.try_iter().into_iter().flatten() {
                let text = text_of(&item).into_owned();
                texts.extend((!text.is_empty()).then_some(text));
            }
            continue;
        }
        let text = text_of(&value).into_owned();
        if is_literal || !text.is_empty() {
            texts.push(text);
        }
    }
    Ok(texts)
}

fn add_header(
    headers: &mut HeaderMap,
    name: &str,
    field: &FieldPlan,
    frame: &Arc<Frame>,
) -> Result<(), Failure> {
    let values = texts(field, frame)?;
    if values.is_empty() {
        return Ok(());
    }
    let key = header_name(name)?;
    headers.insert(key, header_value(name, &values.join(", "))?);
    Ok(())
}
