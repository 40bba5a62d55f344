//! The client: one HTTP client, the base URL, and what every call shares.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Method};

use super::call::{CallAnswer, send};
use super::error::ApiError;
use super::wait::Waits;
use crate::plan::Redactor;
use crate::retry::{Attempt, RetryEnd, retry};
use crate::row::Spare;
use crate::stop::Stop;

/// Where the platform puts the Container API.
pub const DEFAULT_URL: &str = "http://cde-container-api";

/// The vendor's PHP client waits as long for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The vendor's PHP client waits as long for an answer.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// A connection that was idle for longer may be stale, and a stale one makes a write doubtful.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// The Container API of this run.
#[derive(Debug, Clone)]
pub struct ContainerApi {
    http: Client,
    base: Arc<str>,
    pub(super) redactor: Redactor,
    pub(super) stop: Stop,
    /// Buffers of answers and bodies.
    spare: Spare,
    /// Set once a log could not be delivered: later ones don't wait as long.
    pub(super) logs_fail: Arc<AtomicBool>,
}

impl ContainerApi {
    /// A client for the API at `base`. Proxies of the environment are ignored: the API is next to
    /// the connector.
    pub fn new(base: &str, redactor: Redactor, stop: Stop) -> Result<Self, ApiError> {
        let no_tls = rustls_without_roots();
        let http = Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(no_tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ApiError::Call {
                method: "GET",
                path: base.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').into(),
            redactor,
            stop,
            spare: Spare::default(),
            logs_fail: Arc::default(),
        })
    }

    /// The same API with other secrets to hide.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Whether the run is to stop.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The buffers that go round in this run.
    pub fn spare(&self) -> &Spare {
        &self.spare
    }

    /// One exchange.
    pub(super) async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Bytes>,
    ) -> CallAnswer {
        let url = format!("{}{path}", self.base);
        send(&self.http, method, &url, body, None).await
    }

    /// One exchange that gives rows, in a buffer that goes round.
    pub(super) async fn read(&self, path: &str) -> CallAnswer {
        let url = format!("{}{path}", self.base);
        send(&self.http, &Method::GET, &url, None, Some(&self.spare)).await
    }

    /// Waits, unless the run is to stop.
    pub(super) async fn wait(&self, wait: Duration) -> Result<(), ApiError> {
        if self.stop.sleep(wait).await {
            Ok(())
        } else {
            Err(ApiError::Stopped)
        }
    }

    /// A request that may be repeated whatever became of it (`ping`, `restart`, counts).
    pub(super) async fn get_repeatable(&self, path: &str) -> Result<Vec<u8>, ApiError> {
        match self.repeated(&Method::GET, path, None).await? {
            CallAnswer::Whole {
                status: 200..=299,
                body,
                ..
            } => Ok(body),
            answer => Err(ApiError::call("GET", path, &answer)),
        }
    }

    /// The last answer to a request that is repeated as long as that may help.
    pub(super) async fn repeated(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Bytes>,
    ) -> Result<CallAnswer, ApiError> {
        let mut waits = Waits::default();
        let last = retry(&self.stop, async |_| {
            let answer = self.send(method, path, body).await;
            let wait = match &answer {
                CallAnswer::Whole { .. } if answer.is_success() => return Attempt::Done(answer),
                CallAnswer::Whole {
                    status: 429 | 503,
                    retry_after,
                    ..
                } => waits.after_busy(*retry_after),
                CallAnswer::Whole { status, .. } if *status < 500 => None,
                CallAnswer::Refused(_) => waits.after_refusal(),
                _ => waits.after_broken(),
            };
            Attempt::Again(answer, wait)
        });
        match last.await {
            Ok(answer) | Err(RetryEnd::Failed(answer)) => Ok(answer),
            Err(RetryEnd::Stopped(_)) => Err(ApiError::Stopped),
        }
    }

    /// `GET /ping`: whether the API is there.
    pub async fn ping(&self) -> Result<(), ApiError> {
        self.get_repeatable("/ping").await.map(|_| ())
    }
}

/// Plain HTTP needs no roots, and loading them costs milliseconds.
fn rustls_without_roots() -> rustls::ClientConfig {
    // A provider that is installed already is the one we want too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
