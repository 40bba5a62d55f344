//! Connections that fail, in plain words.

use std::error::Error as _;
use std::io;
use std::time::Duration;

/// Why no whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nobody listens there.
    #[error("nobody listens at {0}: the connection was refused")]
    Refused(String),
    /// The host has no address.
    #[error("the host {0} is not known: is it spelled right?")]
    Dns(String),
    /// The other side can't show who it is.
    #[error("no secure connection to {0}: {1}")]
    Tls(String, String),
    /// The proxy refused.
    #[error("the proxy did not let the request through to {0}: {1}")]
    Proxy(String, String),
    /// Nothing came for too long.
    #[error("{0} did not answer within {1:?}")]
    Timeout(String, Duration),
    /// No connection came about.
    #[error("no connection to {0}: {1}")]
    Unreachable(String, String),
    /// The connection was lost, or the answer ended early.
    #[error("the connection to {0} was lost before the answer was complete: {1}")]
    Lost(String, String),
    /// Something else.
    #[error("{1} ({0})")]
    Other(String, String),
}

impl Fault {
    /// Whether trying again may help.
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Tls(..) | Self::Other(..))
    }

    /// Whether it was before anything was sent.
    pub fn is_before_sending(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Dns(_)
            | Self::Tls(..)
            | Self::Proxy(..)
            | Self::Unreachable(..)
            | Self::Other(..) => true,
            Self::Timeout(..) | Self::Lost(..) => false,
        }
    }

    /// What became of an exchange with `host`.
    pub fn of(error: &reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        let mut reasons: Vec<String> = Vec::new();
        let mut source: Option<&(dyn std::error::Error + 'static)> = error.source();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                match io.kind() {
                    io::ErrorKind::ConnectionRefused => return Self::Refused(host),
                    io::ErrorKind::TimedOut if !error.is_connect() => {
                        return Self::Timeout(host, Duration::from_secs(30));
                    }
                    _ => {}
                }
                if let Some(tls) = tls_in(io) {
                    return Self::Tls(host, tls_words(tls));
                }
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::Tls(host, tls_words(tls));
            }
            reasons.push(cause.to_string());
            source = cause.source();
        }
        let all = reasons.join(": ");
        if all.contains("dns error") || all.contains("failed to lookup") {
            return Self::Dns(host);
        }
        if all.contains("tls handshake eof") || all.contains("InvalidContentType") {
            return Self::Tls(host, NO_TLS.to_owned());
        }
        if all.contains("unsuccessful tunnel") || all.contains("proxy") {
            return Self::Proxy(host, reasons.pop().unwrap_or_default());
        }
        if error.is_connect() && error.is_timeout() {
            return Self::Unreachable(host, "nobody answered within 30 s".to_owned());
        }
        if error.is_timeout() {
            return Self::Timeout(host, Duration::from_secs(30));
        }
        let last = reasons.pop().unwrap_or_else(|| error.to_string());
        if error.is_builder() {
            return Self::Other(host, last);
        }
        if error.is_connect() {
            return Self::Unreachable(host, last);
        }
        Self::Lost(host, last)
    }
}

/// The error of TLS in an error of reading or writing, which may be in another.
fn tls_in(io: &io::Error) -> Option<&rustls::Error> {
    let inner = io.get_ref()?;
    let tls = inner.downcast_ref::<rustls::Error>();
    tls.or_else(|| inner.downcast_ref::<io::Error>().and_then(tls_in))
}

/// What is said where the other side answers TLS with something else.
const NO_TLS: &str = "nobody speaks TLS there; is it http:// instead of https://?";

/// What is wrong with a certificate, as people say it.
pub(crate) fn tls_words(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired".to_owned(),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is the clock right?".to_owned()
            }
            Bad::UnknownIssuer => {
                "its certificate was issued by somebody who is not trusted; name the issuer's certificate in SSL_CERT_FILE, or, for HTTP, in `http.tls.ca`".to_owned()
            }
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "its certificate is for another host".to_owned()
            }
            Bad::Revoked => "its certificate was revoked".to_owned(),
            Bad::BadEncoding => "its certificate can't be read".to_owned(),
            Bad::BadSignature => "the signature of its certificate does not fit it".to_owned(),
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => {
                "its certificate is not one for servers".to_owned()
            }
            Bad::UnhandledCriticalExtension => {
                "its certificate asks for something that is not known here".to_owned()
            }
            Bad::Other(reason) => format!("its certificate is not valid: {reason}"),
            _ => "its certificate is not valid".to_owned(),
        },
        rustls::Error::InvalidMessage(_) => NO_TLS.to_owned(),
        rustls::Error::AlertReceived(alert) => format!(
            "the other side broke off ({alert:?}): it may ask for a client's certificate, or speak other versions of TLS than 1.2 and 1.3"
        ),
        rustls::Error::PeerIncompatible(_) => {
            "it speaks no version of TLS that is spoken here: 1.2 and 1.3".to_owned()
        }
        rustls::Error::NoCertificatesPresented => "it shows no certificate".to_owned(),
        other => other.to_string(),
    }
}
