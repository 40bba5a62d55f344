//! A server that speaks TLS, and lets in only those who show a certificate of its authority.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::http::Message;

/// An authority, which makes certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate as PEM.
    pub pem: String,
    der: CertificateDer<'static>,
}

/// A certificate and its key.
pub struct Identity {
    pub certificate: rcgen::Certificate,
    pub key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for a host or a person.
    pub fn identity(&self, name: &str) -> Identity {
        self.identity_of(name, KeyPair::generate().expect("a key"))
    }

    /// The same with a key that is given.
    pub fn identity_of(&self, name: &str, key: KeyPair) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate, key }
    }
}

/// A server that is running.
pub struct TlsServer {
    pub url: String,
    /// The certificates that it was shown.
    seen: Arc<Mutex<Vec<CertificateDer<'static>>>>,
}

impl TlsServer {
    /// Answers each request of those whom the authority knows with this.
    pub fn start(authority: &Authority, answer: Message) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = authority.identity("127.0.0.1");
        let mut roots = RootCertStore::empty();
        roots.add(authority.der.clone()).expect("a root");
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.key.serialize_der()));
        let config = ServerConfig::builder()
            .with_client_cert_verifier(verifier.expect("a verifier"))
            .with_single_cert(vec![own.certificate.der().clone()], key)
            .expect("a certificate that fits its key");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Vec<CertificateDer<'static>>>> = Arc::default();
        let noted = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, noted) = (Arc::clone(&config), Arc::clone(&noted));
                let answer = answer.clone();
                thread::spawn(move || serve(stream, config, &noted, &answer));
            }
        });
        Self {
            url: format!("https://127.0.0.1:{port}"),
            seen,
        }
    }

    /// Whether it was shown this certificate.
    pub fn has_seen(&self, identity: &Identity) -> bool {
        self.seen
            .lock()
            .unwrap()
            .contains(identity.certificate.der())
    }
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    noted: &Mutex<Vec<CertificateDer<'static>>>,
    answer: &Message,
) -> Option<()> {
    let connection = ServerConnection::new(config).ok()?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        Message::read(&mut reader).ok()??;
        let shown = reader
            .get_ref()
            .conn
            .peer_certificates()
            .unwrap_or_default();
        noted
            .lock()
            .unwrap()
            .extend(shown.first().map(|one| one.clone().into_owned()));
        reader.get_mut().write_all(&answer.bytes(0)).ok()?;
    }
}
