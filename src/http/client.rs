//! The HTTP clients: made when the first request needs them, as TLS costs milliseconds.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Url};

use super::tls::{TlsError, own_tls, tls};
use crate::plan::tls::TlsPlan;
use crate::template::{Frame, TemplateError};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are not used for longer: many servers close theirs after five seconds, and a POST
/// that meets that moment is in doubt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The clients of a run.
#[derive(Debug)]
pub struct Clients {
    agent: String,
    /// Without TLS.
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
    /// With the client's certificate, where the spec has one.
    certified: OnceLock<Client>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Its certificates can't be used.
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
    /// They can't be worked out.
    #[error("tls: {0}")]
    Template(#[from] TemplateError),
    /// It can't be made.
    #[error(transparent)]
    Made(#[from] reqwest::Error),
}

impl Clients {
    /// The clients of a spec, whose name they carry.
    pub fn new(spec: &str) -> Self {
        Self {
            agent: format!("runner/{} ({spec})", env!("CARGO_PKG_VERSION")),
            plain: OnceLock::new(),
            secure: OnceLock::new(),
            certified: OnceLock::new(),
        }
    }

    /// The client for a URL; who is trusted is shown the certificate of `own`. Proxies are those of the
    /// environment.
    pub fn of(
        &self,
        url: &Url,
        is_trusted: bool,
        own: Option<(&TlsPlan, &Arc<Frame>)>,
    ) -> Result<&Client, ClientError> {
        let is_plain = url.scheme() == "http";
        let client = match own {
            _ if is_plain => &self.plain,
            Some(_) if is_trusted => &self.certified,
            Some(_) | None => &self.secure,
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let config = match own {
            Some((plan, base)) if !is_plain => own_tls(&plan.texts(base)?, is_trusted)?,
            Some(_) | None => tls(!is_plain),
        };
        let made = Client::builder()
            .user_agent(&self.agent)
            .tls_backend_preconfigured(config)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()?;
        Ok(client.get_or_init(|| made))
    }
}
