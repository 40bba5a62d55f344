//! TLS: whom we trust, and who we are to a server that asks for a certificate.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::diagnostics::in_words;
use crate::plan::tls::TlsTexts;

/// Why a certificate can't be used. Nothing of a key is shown.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Neither text that is one, nor a file.
    #[error(
        "`{key}` is neither PEM, nor PKCS#12 in base64, nor a file, also beside the spec: {}",
        in_words(error)
    )]
    Unread {
        /// The key of the spec.
        key: &'static str,
        /// Why it is no file.
        error: io::Error,
    },
    /// No PEM of that kind.
    #[error("`{key}` has no {what} as PEM: {error}")]
    Pem {
        /// The key of the spec.
        key: &'static str,
        /// `certificate`, `private key`.
        what: &'static str,
        /// Why.
        error: pem::Error,
    },
    /// The password opens nothing.
    #[error("the private key does not open: {0}")]
    Locked(String),
    /// Of the old kind that OpenSSL itself calls legacy.
    #[error(
        "the private key is locked in a way of its own: write it anew with openssl pkcs8 -topk8"
    )]
    Legacy,
    /// PKCS#12 that can't be read.
    #[error(
        "the PKCS#12 does not open: {0}; is `password` its password? One of an older kind is written anew as PEM: openssl pkcs12 -legacy -nodes -in old.p12"
    )]
    Pkcs12(String),
    /// The key is of another certificate.
    #[error("`key` is not the key of `certificate`")]
    Mismatch,
    /// A certificate or a key of a kind that is not known.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// TLS with the roots of Mozilla and those of the machine (`SSL_CERT_FILE` names others).
pub fn tls(with_roots: bool) -> ClientConfig {
    let roots = roots(with_roots);
    ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn roots(with_roots: bool) -> RootCertStore {
    // A provider that is installed already is the one we want too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore::empty();
    if with_roots {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    roots
}

/// TLS with an authority of the spec's own, and with the client's certificate where it `is_shown`.
pub fn own_tls(texts: &TlsTexts, is_shown: bool) -> Result<ClientConfig, TlsError> {
    let mut roots = roots(true);
    let folder = texts.folder.as_deref();
    if !texts.ca.is_empty() {
        for certificate in certificates("ca", &bytes_of("ca", &texts.ca, folder)?)? {
            roots.add(certificate)?;
        }
    }
    let config = ClientConfig::builder().with_root_certificates(roots);
    if !is_shown || texts.certificate.is_empty() {
        return Ok(config.with_no_client_auth());
    }
    let bytes = bytes_of("certificate", &texts.certificate, folder)?;
    let (chain, key) = if is_pem(&bytes) {
        let own = match texts.key.as_str() {
            "" => bytes.clone(),
            key => bytes_of("key", key, folder)?,
        };
        (
            certificates("certificate", &bytes)?,
            private_key(&own, &texts.password)?,
        )
    } else {
        of_pkcs12(&bytes, &texts.password)?
    };
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch,
            other => other.into(),
        })
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(10).any(|window| window == b"-----BEGIN")
}

/// The bytes of a text in PEM or base64, else of the file that it names.
fn bytes_of(key: &'static str, text: &str, folder: Option<&Path>) -> Result<Vec<u8>, TlsError> {
    if is_pem(text.as_bytes()) {
        return Ok(with_lines(text).into_bytes());
    }
    let path = Path::new(text.trim());
    let beside = folder
        .filter(|_| path.is_relative())
        .map(|folder| folder.join(path));
    let read = beside.and_then(|beside| fs::read(beside).ok());
    match read.map_or_else(|| fs::read(path), Ok) {
        Ok(bytes) => Ok(bytes),
        Err(error) => {
            let packed: String = text.split_whitespace().collect();
            let decoded = STANDARD.decode(packed);
            // A sequence of ASN.1: all that is PKCS#12 begins so.
            let is_asn1 = |bytes: &Vec<u8>| bytes.first() == Some(&0x30);
            decoded
                .ok()
                .filter(is_asn1)
                .ok_or(TlsError::Unread { key, error })
        }
    }
}

/// PEM with a line for each of its lines: a field of one line makes spaces of their ends.
fn with_lines(text: &str) -> String {
    if text.trim().contains('\n') {
        return text.to_owned();
    }
    let mut lines = String::new();
    for part in text.split("-----") {
        let part = part.trim();
        if part.starts_with("BEGIN ") || part.starts_with("END ") {
            lines.push_str("-----");
            lines.push_str(part);
            lines.push_str("-----\n");
        } else {
            for line in part.split_whitespace() {
                lines.push_str(line);
                lines.push('\n');
            }
        }
    }
    lines
}

fn certificates(key: &'static str, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |error| TlsError::Pem {
        key,
        what: "certificate",
        error,
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(wrong)?;
    if found.is_empty() {
        return Err(wrong(pem::Error::NoItemsFound));
    }
    Ok(found)
}

/// Around a private key that has a password.
const LOCKED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

fn private_key(bytes: &[u8], password: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(TlsError::Legacy);
    }
    if let Some((start, end)) = text.find(LOCKED).zip(text.find(END)) {
        let wrong = |error: String| TlsError::Locked(error);
        let body: String = text[start + LOCKED.len()..end].split_whitespace().collect();
        let bytes = STANDARD
            .decode(body)
            .map_err(|error| wrong(error.to_string()))?;
        let locked = pkcs8::EncryptedPrivateKeyInfoRef::try_from(bytes.as_slice())
            .map_err(|_| {
                let why = "it is locked in an older way: write it anew with openssl pkcs8 -topk8 -v2 aes256";
                wrong(why.to_owned())
            })?;
        if password.is_empty() {
            return Err(wrong(
                "it has a password, and `password` is empty".to_owned(),
            ));
        }
        let open = locked
            .decrypt(password)
            .map_err(|_| wrong("`password` is not its password".to_owned()))?;
        return Ok(PrivatePkcs8KeyDer::from(open.as_bytes().to_vec()).into());
    }
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| TlsError::Pem {
        key: "key",
        what: "private key",
        error,
    })
}

/// Certificates, the client's first, and its key.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

#[cfg(feature = "pkcs12")]
fn of_pkcs12(bytes: &[u8], password: &str) -> Result<Identity, TlsError> {
    use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

    let wrong = |error: &dyn std::fmt::Display| TlsError::Pkcs12(error.to_string());
    let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed);
    let store = store.map_err(|error| wrong(&error))?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| wrong(&"it has no private key"))?;
    let certificates = chain.certs().iter();
    let certificates = certificates.map(|one| CertificateDer::from(one.as_der().to_vec()));
    let key = PrivatePkcs8KeyDer::from(chain.key().as_der().to_vec());
    Ok((certificates.collect(), key.into()))
}

#[cfg(not(feature = "pkcs12"))]
fn of_pkcs12(_: &[u8], _: &str) -> Result<Identity, TlsError> {
    let reason =
        "this build was made without the feature `pkcs12`; write it as PEM: openssl pkcs12 -nodes";
    Err(TlsError::Pkcs12(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_in_one_line_has_its_lines_again() {
        let flat = "-----BEGIN CERTIFICATE----- QUJD REVG -----END CERTIFICATE----- -----BEGIN PRIVATE KEY----- QQ== -----END PRIVATE KEY-----";
        assert_eq!(
            with_lines(flat),
            "-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nQQ==\n-----END PRIVATE KEY-----\n"
        );
    }

    #[test]
    fn what_is_nothing_is_told_by_its_key() {
        let error = bytes_of("ca", "/no/such.pem", None)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`ca` is neither PEM, nor PKCS#12"),
            "{error}"
        );
        let error = certificates("ca", b"-----BEGIN").unwrap_err().to_string();
        assert!(
            error.starts_with("`ca` has no certificate as PEM"),
            "{error}"
        );
    }
}
