//! Exchanges onto a tape and from one.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Response, ResponseBuilderExt as _, Url};

use super::Http;
use super::fault::Fault;
use super::payload::Payload;
use super::render::Prepared;
use crate::tape::{Answered, Asked, Player, Recorder};

/// Who answers where a tape does.
const TAPE: &str = "the tape";

impl Http {
    /// A request as a tape has it.
    pub(super) fn asked(prepared: &Prepared, url: &Url) -> Asked {
        let mut url = url.clone();
        // Credentials go into a header, and no header is on a tape.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Asked {
            method: prepared.method.to_string(),
            url: url.to_string(),
            body: prepared.body.as_ref().map(Payload::shown),
        }
    }

    /// The answer that the tape has; nothing is sent.
    pub(super) fn replayed(
        &self,
        player: &Player,
        asked: Asked,
        url: &Url,
    ) -> Result<Response, Fault> {
        let other = |reason: String| Fault::Other(TAPE.to_owned(), reason);
        let answer = player
            .answer(asked, &self.redactor)
            .map_err(|error| other(error.to_string()))?;
        response(
            answer.status,
            answer
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes())),
            answer.bytes().into(),
            url,
        )
        .map_err(|error| other(format!("its answer can't be made: {error}")))
    }

    /// Reads an answer whole and notes it; the answer goes on as if nobody had read it.
    pub(super) async fn recorded(
        &self,
        recorder: &Recorder,
        asked: Asked,
        mut response: Response,
        timeout: Duration,
        host: &str,
    ) -> Result<Response, Fault> {
        let mut body = BytesMut::new();
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let path = response.url().path().to_owned();
        let enough = recorder.lines(content_type.unwrap_or_default(), &path);
        loop {
            let next = tokio::time::timeout(timeout, response.chunk()).await;
            let next = next.map_err(|_| Fault::Timeout(host.to_owned(), timeout))?;
            let Some(bytes) = next.map_err(|error| Fault::of(&error, host))? else {
                break;
            };
            body.extend_from_slice(&bytes);
            if let Some(end) = enough.and_then(|enough| end_of_lines(&body, enough)) {
                body.truncate(end);
                break;
            }
        }
        let headers = response.headers().clone();
        let status = response.status().as_u16();
        let kept = headers
            .iter()
            .filter(|(name, _)| recorder.keeps(name.as_str()));
        let kept = kept.map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        recorder.note(asked, Answered::new(status, kept.collect(), &body));
        let url = response.url().clone();
        let body = body.freeze();
        let whole = headers
            .iter()
            .filter(|(name, _)| *name != reqwest::header::CONTENT_LENGTH);
        let pairs = whole.map(|(name, value)| (name.as_str(), value.as_bytes()));
        self::response(status, pairs, body, &url)
            .map_err(|error| Fault::Other(host.to_owned(), error.to_string()))
    }
}

/// Where so many lines end that are not empty; nothing where there are not so many. A line break in quotes
/// ends none.
fn end_of_lines(body: &[u8], enough: usize) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_empty = true;
    let mut ends = body.iter().enumerate().filter(|(_, byte)| {
        is_quoted ^= **byte == b'"';
        let is_end = **byte == b'\n' && !is_quoted && !is_empty;
        is_empty = **byte == b'\n' || (is_empty && byte.is_ascii_whitespace());
        is_end
    });
    let (at, _) = ends.nth(enough.checked_sub(1)?)?;
    Some(at + 1)
}

fn response<'h>(
    status: u16,
    headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    body: Bytes,
    url: &Url,
) -> Result<Response, http::Error> {
    let mut made = http::Response::builder().status(status).url(url.clone());
    for (name, value) in headers {
        made = made.header(name, value);
    }
    Ok(Response::from(made.body(body)?))
}
