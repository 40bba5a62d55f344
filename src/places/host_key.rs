//! The key of an SSH server: whether it is the one that the spec names.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::Preferred;
use russh::client::Handler;
use russh::keys::known_hosts::known_host_keys_path;
use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate};

/// Which key a server must have.
#[derive(Debug, Clone)]
pub enum HostKey {
    /// Nobody says it.
    Any,
    /// One of those that stand beside its name in this file.
    KnownHosts(PathBuf),
    /// This one: as `ssh-ed25519 AAAA…`, or its fingerprint `SHA256:…`.
    This(String),
}

/// What came of looking at the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKeyMatch {
    /// It is as it must be.
    Known,
    /// Nobody says how it must be; its fingerprint.
    Unchecked(String),
    /// It is another; what is said of it.
    Another(String),
}

/// Looks at the key of the server `host`, and remembers what came of it.
pub struct KeyCheck {
    host: String,
    port: u16,
    wanted: HostKey,
    seen: Arc<Mutex<Option<HostKeyMatch>>>,
}

impl HostKey {
    /// By what a login says of it.
    pub fn of(known_hosts: &str, host_key: &str) -> Self {
        match (known_hosts, host_key) {
            ("", "") => Self::Any,
            (file, "") => Self::KnownHosts(PathBuf::from(file)),
            (_, key) => Self::This(key.trim().to_owned()),
        }
    }

    /// The kinds of keys that are asked for first: a server has several, and shows the one that its
    /// client likes best.
    pub fn preferred(&self, host: &str, port: u16) -> Preferred {
        let mut preferred = Preferred::default();
        let known = match self {
            Self::Any => Vec::new(),
            Self::KnownHosts(file) => known_host_keys_path(host, port, file)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, key)| key)
                .collect(),
            Self::This(text) => PublicKey::from_openssh(text).into_iter().collect(),
        };
        let is_known = |algorithm: &Algorithm| {
            let is_rsa = matches!(algorithm, Algorithm::Rsa { .. });
            known.iter().any(|key| {
                key.algorithm() == *algorithm
                    // The same key signs by several hashes.
                    || is_rsa && matches!(key.algorithm(), Algorithm::Rsa { .. })
            })
        };
        let mut kinds = preferred.key.to_vec();
        kinds.sort_by_key(|algorithm| !is_known(algorithm));
        preferred.key = Cow::Owned(kinds);
        preferred
    }

    fn look_at(&self, host: &str, port: u16, key: &PublicKey) -> HostKeyMatch {
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        match self {
            Self::Any => HostKeyMatch::Unchecked(fingerprint),
            Self::KnownHosts(file) => in_file(file, host, port, key, &fingerprint),
            Self::This(text) if text.starts_with("SHA256:") && *text == fingerprint => {
                HostKeyMatch::Known
            }
            Self::This(text) if text.starts_with("SHA256:") => HostKeyMatch::Another(format!(
                "its key is {fingerprint}, and `host_key` says {text}"
            )),
            Self::This(text) => match PublicKey::from_openssh(text) {
                Ok(wanted) if wanted.key_data() == key.key_data() => HostKeyMatch::Known,
                Ok(wanted) => HostKeyMatch::Another(format!(
                    "its key is {fingerprint}, and `host_key` is {}",
                    wanted.fingerprint(HashAlg::Sha256)
                )),
                Err(error) => HostKeyMatch::Another(format!(
                    "`host_key` can't be read: {error}; write `ssh-ed25519 AAAA…` or `SHA256:…`"
                )),
            },
        }
    }
}

fn in_file(file: &Path, host: &str, port: u16, key: &PublicKey, fingerprint: &str) -> HostKeyMatch {
    if let Err(error) = std::fs::metadata(file) {
        return HostKeyMatch::Another(format!("{}: {error}", file.display()));
    }
    let shown = file.display();
    match known_host_keys_path(host, port, file) {
        Ok(known)
            if known
                .iter()
                .any(|(_, known)| known.key_data() == key.key_data()) =>
        {
            HostKeyMatch::Known
        }
        Ok(known) if known.is_empty() => HostKeyMatch::Another(format!(
            "its key is {fingerprint}, and {shown} does not know the host"
        )),
        Ok(_) => HostKeyMatch::Another(format!(
            "its key is {fingerprint}, and {shown} has another for the host"
        )),
        Err(error) => HostKeyMatch::Another(format!("{shown}: {error}")),
    }
}

impl KeyCheck {
    /// A check, and where its result stands afterwards.
    pub fn new(
        host: &str,
        port: u16,
        wanted: &HostKey,
    ) -> (Self, Arc<Mutex<Option<HostKeyMatch>>>) {
        let seen = Arc::<Mutex<Option<HostKeyMatch>>>::default();
        let check = Self {
            host: host.to_owned(),
            port,
            wanted: wanted.clone(),
            seen: Arc::clone(&seen),
        };
        (check, seen)
    }
}

impl Handler for KeyCheck {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let seen = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.wanted.look_at(&self.host, self.port, key)
            }
            // Certificates are not asked for.
            PublicKeyOrCertificate::Certificate(_) => {
                HostKeyMatch::Another("it shows a certificate, and a key is wanted".to_owned())
            }
        };
        let is_good = !matches!(seen, HostKeyMatch::Another(_));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(is_good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.com";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    fn look(known_hosts: &str, host_key: &str) -> HostKeyMatch {
        let key = PublicKey::from_openssh(KEY).unwrap();
        HostKey::of(known_hosts, host_key).look_at("files.example.com", 2222, &key)
    }

    #[test]
    fn a_key_is_known_by_itself_or_by_its_fingerprint() {
        let HostKeyMatch::Unchecked(fingerprint) = look("", "") else {
            panic!("nobody says how it must be");
        };
        assert!(fingerprint.starts_with("SHA256:"), "{fingerprint}");
        assert_eq!(look("", KEY), HostKeyMatch::Known);
        assert_eq!(look("", &fingerprint), HostKeyMatch::Known);
        for another in [OTHER, "SHA256:AAAA", "no key"] {
            assert!(
                matches!(look("", another), HostKeyMatch::Another(_)),
                "{another}"
            );
        }
    }

    #[test]
    fn a_key_is_known_by_a_file_of_known_hosts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let key = KEY.rsplit_once(' ').unwrap().0;
        for (line, is_known) in [
            (format!("[files.example.com]:2222 {key}\n"), true),
            (
                format!("# comment\n[files.example.com]:2222 {OTHER}\n"),
                false,
            ),
            (format!("files.example.com {key}\n"), false),
            (String::new(), false),
        ] {
            std::fs::write(path, &line).unwrap();
            assert_eq!(look(path, "") == HostKeyMatch::Known, is_known, "{line}");
        }
        assert!(matches!(
            look("/nowhere/known_hosts", ""),
            HostKeyMatch::Another(_)
        ));
    }
}
