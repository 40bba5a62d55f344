//! One exchange: a request, the redirects it is sent on, and the answer.

use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION,
};
use reqwest::{Method, Response, Url};

use super::Http;
use super::answer::{Answer, Rest};
use super::auth::Credentials;
use super::client::ClientError;
use super::cookies::{SetCookie, cookies_of, put_cookies};
use super::error::{Failure, status_words};
use super::fault::Fault;
use super::render::{Prepared, keep_harmless, origin};
use crate::plan::auth::Outgoing;
use crate::tape::TapeUse;
use crate::wire::with_cookies;

/// Of a body that failed, so much is read.
const OF_FAILED: usize = 256 * 1024;

/// How far an exchange goes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// To the first byte, and between bytes.
    pub timeout: Duration,
    /// Redirects that are followed.
    pub redirects: u32,
    /// Bytes of the body that are held; the rest stays to be read.
    pub held: usize,
    /// How long an answer is waited for once the run is stopped.
    pub grace: Duration,
    /// Whether the request changes something: then its body must arrive wherever it is sent on to.
    pub changes: bool,
}

impl Http {
    /// Sends a request and reads the answer. Credentials go to trusted hosts only.
    pub(super) async fn exchange(
        &self,
        prepared: &Prepared,
        credentials: &Credentials,
        bounds: Bounds,
    ) -> Result<(Answer, Option<Rest>), Failure> {
        let mut next = prepared.clone();
        let mut redirects = 0;
        let first = origin(&prepared.url);
        let mut cookies = Vec::new();
        // 303 says that it was done, and where its answer is.
        let mut is_done = false;
        let lost = |url: &Url, what: String| {
            Failure::Redirect(format!(
                "it was done, and its answer is not at {url}: {what}"
            ))
        };
        loop {
            let exchanged = self.exchange_once(&next, credentials, bounds).await;
            let (mut answer, rest) = match exchanged {
                Err(Failure::Fault(fault)) if is_done => {
                    return Err(lost(&next.url, fault.to_string()));
                }
                Ok((answer, _)) if is_done && answer.status >= 400 => {
                    return Err(lost(&next.url, status_words(answer.status)));
                }
                exchanged => exchanged?,
            };
            // A login sets them and sends on; what another host sets is its own.
            if origin(&next.url) == first {
                cookies.extend(cookies_of(&answer.headers));
            }
            let location = match answer.status {
                301 | 302 | 303 | 307 | 308 => answer.headers.get(LOCATION),
                _ => None,
            };
            let location = location.filter(|_| bounds.redirects > 0);
            let Some(location) = location else {
                answer.cookies = cookies;
                return Ok((answer, rest));
            };
            redirects += 1;
            if redirects > bounds.redirects {
                return Err(Failure::Redirect(format!(
                    "redirected more than {} times, last to {}",
                    bounds.redirects, next.url
                )));
            }
            let url = target(&next.url, location)?;
            let keeps_method = matches!(answer.status, 307 | 308)
                || matches!(next.method, Method::GET | Method::HEAD);
            if bounds.changes && !keeps_method && answer.status != 303 {
                return Err(Failure::Redirect(format!(
                    "redirected to {url} by {}, where it would come as a GET; write that address into the spec",
                    answer.status
                )));
            }
            is_done |= bounds.changes && answer.status == 303;
            if !keeps_method {
                next.method = Method::GET;
                next.body = None;
                next.headers.remove(CONTENT_TYPE);
                next.headers.remove(CONTENT_LENGTH);
                next.headers.remove(CONTENT_ENCODING);
            }
            if origin(&url) != origin(&next.url) {
                if next.body.is_some() {
                    return Err(Failure::Redirect(format!(
                        "redirected to {url}, another host, which would get the body; write its address into the spec if that is meant"
                    )));
                }
                keep_harmless(&mut next.headers);
            }
            if origin(&url) == first {
                next.headers = prepared_cookies(next.headers, prepared, &cookies)?;
            }
            next.url = url;
        }
    }

    async fn exchange_once(
        &self,
        prepared: &Prepared,
        credentials: &Credentials,
        bounds: Bounds,
    ) -> Result<(Answer, Option<Rest>), Failure> {
        let host = host_of(&prepared.url);
        tokio::select! {
            exchanged = self.exchange_unstoppable(prepared, credentials, bounds) => exchanged,
            () = self.stopped() , if bounds.grace.is_zero() => Err(Failure::Stopped),
            () = self.stopped_for(bounds.grace), if !bounds.grace.is_zero() => {
                let reason = "the run was stopped meanwhile".to_owned();
                Err(Fault::Lost(host, reason).into())
            }
        }
    }

    async fn stopped_for(&self, grace: Duration) {
        self.stopped().await;
        tokio::time::sleep(grace).await;
    }

    /// The same, which no signal ends.
    pub(super) async fn exchange_unstoppable(
        &self,
        prepared: &Prepared,
        credentials: &Credentials,
        bounds: Bounds,
    ) -> Result<(Answer, Option<Rest>), Failure> {
        let is_trusted = prepared.is_trusted();
        let content = prepared.content();
        let mut outgoing = Outgoing::new(
            &prepared.method,
            prepared.url.clone(),
            prepared.headers.clone(),
            content,
        );
        if is_trusted {
            credentials.sign(&mut outgoing)?;
        }
        let shown = outgoing.shown_url();
        let (url, headers) = outgoing.into_parts();
        let host = host_of(&url);
        self.counters.add_request();
        let noted = self
            .trace
            .as_ref()
            .map(|trace| trace.begin(self, prepared, &shown, &headers));
        let asked = self.tape.as_ref().map(|_| Self::asked(prepared, &shown));
        let response = match (self.tape.as_deref(), asked) {
            (Some(TapeUse::Replay(player)), Some(asked)) => self.replayed(player, asked, &url)?,
            (Some(TapeUse::Record(recorder)), Some(asked)) => {
                let response = self.sent(prepared, url, headers, bounds).await?;
                self.recorded(recorder, asked, response, bounds.timeout, &host)
                    .await?
            }
            (Some(TapeUse::Record(_) | TapeUse::Replay(_)) | None, _) => {
                self.sent(prepared, url, headers, bounds).await?
            }
        };
        let is_good = response.status().is_success();
        let held = if is_good { bounds.held } else { OF_FAILED };
        let (mut answer, rest) =
            Answer::read(response, bounds.timeout, held, prepared.method.clone()).await?;
        // A URL with credentials in it is not shown.
        if is_trusted {
            answer.url = prepared.url.clone();
        }
        if bounds.changes {
            answer.shown_url = Some(self.redactor.redact(answer.url.as_str()));
        }
        if let (Some(trace), Some(noted)) = (&self.trace, noted) {
            trace.end(self, noted, &answer);
        }
        Ok((answer, rest.filter(|_| is_good)))
    }

    /// Sends a request; its answer has come as far as its headers.
    async fn sent(
        &self,
        prepared: &Prepared,
        url: Url,
        headers: HeaderMap,
        bounds: Bounds,
    ) -> Result<Response, Fault> {
        let host = host_of(&url);
        let own = self.plan.tls.as_ref().map(|plan| (plan, &self.base));
        let client = self.clients.of(&url, prepared.is_trusted(), own);
        let client = client.map_err(|error| match error {
            ClientError::Made(error) => Fault::of(&error, &host),
            ClientError::Tls(_) | ClientError::Template(_) => {
                Fault::Tls(host.clone(), error.to_string())
            }
        })?;
        let mut request = client
            .request(prepared.method.clone(), url)
            .headers(headers);
        if let Some(body) = &prepared.body {
            let body = body
                .body()
                .map_err(|error| Fault::Other(host.clone(), error.to_string()))?;
            request = request.body(body);
        }
        match tokio::time::timeout(bounds.timeout, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Fault::of(&error, &host)),
            Err(_) => Err(Fault::Timeout(host, bounds.timeout)),
        }
    }

    async fn stopped(&self) {
        let mut stop = self.stop.clone();
        stop.stopped().await;
    }
}

/// Headers with the cookies that were set on the way, besides those that the request has itself.
fn prepared_cookies(
    mut headers: HeaderMap,
    prepared: &Prepared,
    set: &[SetCookie],
) -> Result<HeaderMap, Failure> {
    let mut jar = Vec::new();
    put_cookies(&mut jar, set);
    if jar.is_empty() {
        return Ok(headers);
    }
    let value = with_cookies(prepared.headers.get(COOKIE), &jar)?;
    headers.insert(COOKIE, value);
    Ok(headers)
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn target(from: &Url, location: &HeaderValue) -> Result<Url, Failure> {
    let text = String::from_utf8_lossy(location.as_bytes());
    let url = from
        .join(&text)
        .map_err(|error| Failure::Redirect(format!("redirected to `{text}`: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(Failure::Redirect(format!(
            "redirected to `{text}`, which is neither http nor https"
        ))),
    }
}
