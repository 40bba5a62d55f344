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
        let enough = recorder.records().map(|records| records.saturating_add(2));
        loop {
            let next = tokio::time::timeout(timeout, response.chunk()).await;
            let next = next.map_err(|_| Fault::Timeout(host.to_owned(), timeout))?;
            let Some(bytes) = next.map_err(|error| Fault::of(&error, host))? else {
                break;
            };
            body.extend_from_slice(&bytes);
            if enough.is_some_and(|enough| has_lines(&body, enough)) {
                cut_behind_last_line(&mut body);
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

/// Whether a body of lines (CSV, JSON lines) has so many of them; other bodies are kept whole.
fn has_lines(body: &[u8], enough: u64) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_json_line = body.starts_with(b"{") && body.contains(&b'\n');
    let is_of_lines = match first {
        Some(b'[' | b'<') | None => false,
        Some(b'{') => {
            is_json_line
                && serde_json::from_slice::<serde::de::IgnoredAny>(first_line(body)).is_ok()
        }
        Some(_) => true,
    };
    is_of_lines && body.split(|byte| *byte == b'\n').count() as u64 > enough
}

fn first_line(body: &[u8]) -> &[u8] {
    body.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

fn cut_behind_last_line(body: &mut BytesMut) {
    if let Some(end) = body.iter().rposition(|byte| *byte == b'\n') {
        body.truncate(end + 1);
    }
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
