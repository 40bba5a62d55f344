//! The HTTP clients: made when the first request needs them, as TLS costs milliseconds.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, Url};
use rustls::{ClientConfig, RootCertStore};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections are not used for longer: many servers close theirs after five seconds, and a POST
/// that meets that moment is in doubt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A client without TLS, and one with it.
#[derive(Debug)]
pub struct Clients {
    agent: String,
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
}

impl Clients {
    /// The clients of a spec, whose name they carry.
    pub fn new(spec: &str) -> Self {
        Self {
            agent: format!("runner/{} ({spec})", env!("CARGO_PKG_VERSION")),
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        }
    }

    /// The client for a URL. Proxies are those of the environment.
    pub fn of(&self, url: &Url) -> Result<&Client, reqwest::Error> {
        let (client, with_roots) = if url.scheme() == "http" {
            (&self.plain, false)
        } else {
            (&self.secure, true)
        };
        if let Some(client) = client.get() {
            return Ok(client);
        }
        let made = Client::builder()
            .user_agent(&self.agent)
            .tls_backend_preconfigured(tls(with_roots))
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()?;
        Ok(client.get_or_init(|| made))
    }
}

/// TLS with the roots of Mozilla and those of the machine (`SSL_CERT_FILE` names others).
pub fn tls(with_roots: bool) -> ClientConfig {
    // A provider that is installed already is the one we want too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    if with_roots {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
