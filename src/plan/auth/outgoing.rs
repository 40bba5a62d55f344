//! A request that is finished but for its credentials, and what credentials do to it.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap};
use reqwest::{Method, Url};

use crate::wire::{WireError, header_name, header_value, set_parameter, with_cookies};

/// Credentials, worked out: they add to, or sign, a request that is finished.
pub trait Credential: std::fmt::Debug + Send + Sync {
    /// Adds what says who asks. It is asked once for every time the request is sent, also where it is
    /// sent on to.
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError>;

    /// Takes the challenge of an answer that refuses; whether it can be answered.
    fn challenged(&self, _headers: &HeaderMap) -> bool {
        false
    }
}

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'r> {
    /// Nothing.
    Nothing,
    /// These bytes, as they are sent.
    Bytes(&'r [u8]),
    /// A file.
    File(&'r Path),
}

impl<'r> Content<'r> {
    /// All its bytes, for a signature over them; those of a file are read.
    pub fn read(self) -> Result<Cow<'r, [u8]>, WireError> {
        match self {
            Self::Nothing => Ok(Cow::Borrowed(&[])),
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(path) => fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| WireError::Unsigned(format!("{}: {error}", path.display()))),
        }
    }
}

/// A request that is finished but for its credentials.
pub struct Outgoing<'r> {
    method: &'r Method,
    content: Content<'r>,
    url: Url,
    headers: HeaderMap,
    /// The parameters that credentials have set.
    hidden: Vec<String>,
}

/// Without what may be secret.
impl std::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", self.method)
            .field("url", &self.shown_url().as_str())
            .finish_non_exhaustive()
    }
}

impl<'r> Outgoing<'r> {
    /// A request as it is finished.
    pub fn new(method: &'r Method, url: Url, headers: HeaderMap, content: Content<'r>) -> Self {
        Self {
            method,
            content,
            url,
            headers,
            hidden: Vec::new(),
        }
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        self.method
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its body.
    pub fn content(&self) -> Content<'r> {
        self.content
    }

    /// Whether its headers say that the body is a form's pairs.
    pub fn is_form(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE);
        kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form"))
    }

    /// Sets a header, which is not shown to anybody.
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<(), WireError> {
        let mut value = header_value(name, value)?;
        value.set_sensitive(true);
        self.headers.insert(header_name(name)?, value);
        Ok(())
    }

    /// Sets a parameter, which is not shown to anybody.
    pub fn set_parameter(&mut self, name: &str, value: &str) {
        let mut query = self.url.query().unwrap_or_default().to_owned();
        set_parameter(&mut query, name, [value]);
        self.url.set_query(Some(&query));
        self.hidden.push(name.to_owned());
    }

    /// Adds cookies to those that there are.
    pub fn add_cookies(&mut self, cookies: &[(String, String)]) -> Result<(), WireError> {
        if cookies.is_empty() {
            return Ok(());
        }
        let value = with_cookies(self.headers.get(COOKIE), cookies)?;
        self.headers.insert(COOKIE, value);
        Ok(())
    }

    /// The address as people may see it: parameters that credentials have set without their values.
    pub fn shown_url(&self) -> Url {
        let mut shown = self.url.clone();
        if !self.hidden.is_empty() {
            let mut query = shown.query().unwrap_or_default().to_owned();
            for name in &self.hidden {
                set_parameter(&mut query, name, ["hidden"]);
            }
            shown.set_query(Some(&query));
        }
        shown
    }

    /// The address and the headers that are sent.
    pub fn into_parts(self) -> (Url, HeaderMap) {
        (self.url, self.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signs all that there is to see.
    #[derive(Debug)]
    struct All;

    impl Credential for All {
        fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
            let length = match request.content() {
                Content::Nothing => 0,
                Content::Bytes(bytes) => bytes.len(),
                Content::File(path) => path.as_os_str().len(),
            };
            let kind = request.headers().get("content-type").unwrap().to_str();
            let signature = format!(
                "{} {} {} {length}",
                request.method(),
                request.url().path(),
                kind.unwrap()
            );
            request.set_header("x-signature", &signature)?;
            request.set_parameter("key", "secret");
            request.add_cookies(&[("sid".to_owned(), "1".to_owned())])
        }
    }

    #[test]
    fn a_credential_sees_the_finished_request_and_adds_to_it() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", header_value("", "text/plain").unwrap());
        headers.insert(COOKIE, header_value("", "a=b").unwrap());
        let url = Url::parse("https://example.com/a?key=none&b=1").unwrap();
        let mut request = Outgoing::new(&Method::POST, url, headers, Content::Bytes(b"body"));
        All.sign(&mut request).unwrap();
        let shown = request.shown_url();
        assert_eq!(shown.as_str(), "https://example.com/a?b=1&key=hidden");
        let (url, headers) = request.into_parts();
        assert_eq!(url.as_str(), "https://example.com/a?b=1&key=secret");
        assert_eq!(headers["x-signature"], "POST /a text/plain 4");
        assert!(headers["x-signature"].is_sensitive());
        assert_eq!(headers[COOKIE], "a=b; sid=1");
    }
}
