//! Files on an SFTP server.

use std::io::{Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use russh::client::{Config, Handle, connect};
use russh::keys::{PrivateKeyWithHashAlg, decode_secret_key};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::address::{AddressError, ServerAddress};
use super::glob::split_glob;
use super::host_key::{HostKey, HostKeyMatch, KeyCheck};
use super::{FileEntry, Local, Login, Opened, PlaceError, alone, making_room, temporary};
use crate::stop::Stop;

/// Bytes that are asked for at a time.
const PIECE: usize = 256 * 1024;

/// Where servers listen.
const PORT: u16 = 22;

/// A server.
pub struct Server {
    address: (String, u16),
    login: Login,
    wanted: HostKey,
    /// How long a connection, an answer and a piece of a file may take.
    timeout: Duration,
    /// The fingerprint of a key that nobody said anything about.
    unchecked: OnceLock<String>,
}

/// A connection that is logged in. The session ends with it.
struct Connection {
    sftp: SftpSession,
    _session: Handle<KeyCheck>,
}

impl Server {
    #[allow(
        clippy::unnecessary_wraps,
        reason = "a place that can't be built has an error here"
    )]
    pub fn new(server: &ServerAddress, timeout: Duration) -> Result<Self, AddressError> {
        let login = server.login.clone();
        Ok(Self {
            address: (server.host.clone(), server.port.unwrap_or(PORT)),
            wanted: HostKey::of(&login.known_hosts, &login.host_key),
            login,
            timeout,
            unchecked: OnceLock::new(),
        })
    }

    /// What is to be said of the server's key, where nobody says which it must have.
    pub fn doubt(&self) -> Option<String> {
        let (host, port) = &self.address;
        let fingerprint = self.unchecked.get()?;
        Some(format!(
            "{host}:{port} shows the key {fingerprint}, which nothing checks: where it is the right one, write login: {{ host_key: \"{fingerprint}\" }}, or known_hosts: FILE"
        ))
    }

    async fn connect(&self) -> Result<Connection, PlaceError> {
        let (host, port) = &self.address;
        let unreachable = |error: russh::Error| {
            PlaceError::passing(format!("no connection to {host}:{port}: {error}"))
        };
        let config = Arc::new(Config {
            inactivity_timeout: Some(self.timeout),
            preferred: self.wanted.preferred(host, *port),
            ..Config::default()
        });
        let (check, seen) = KeyCheck::new(host, *port, &self.wanted);
        let connecting = connect(config, (host.as_str(), *port), check);
        let connected = tokio::time::timeout(self.timeout, connecting).await;
        match seen.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(HostKeyMatch::Another(reason)) => {
                let reason = format!("{host}:{port} may be another server: {reason}");
                return Err(PlaceError::lasting(reason));
            }
            Some(HostKeyMatch::Unchecked(fingerprint)) => {
                let _ = self.unchecked.set(fingerprint);
            }
            Some(HostKeyMatch::Known) | None => {}
        }
        let mut session = connected
            .map_err(|_| {
                let seconds = self.timeout.as_secs_f64();
                PlaceError::passing(format!("no connection to {host}:{port} within {seconds} s"))
            })?
            .map_err(unreachable)?;
        let user = &self.login.username;
        let result = if self.login.key.is_empty() {
            session
                .authenticate_password(user, &self.login.password)
                .await
        } else {
            // An option of one line holds the line ends of a key as `\n`.
            let text = self.login.key.replace("\\n", "\n");
            let password = Some(self.login.password.as_str()).filter(|text| !text.is_empty());
            let key = decode_secret_key(&text, password)
                .map_err(|error| PlaceError::lasting(format!("the key can't be read: {error}")))?;
            let hash = session
                .best_supported_rsa_hash()
                .await
                .ok()
                .flatten()
                .flatten();
            let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
            session.authenticate_publickey(user, key).await
        };
        if !result.map_err(unreachable)?.success() {
            let reason = format!("the login of `{user}` was refused");
            return Err(PlaceError::lasting(reason));
        }
        let channel = session.channel_open_session().await.map_err(unreachable)?;
        channel
            .request_subsystem(true, "sftp")
            .await
            .map_err(unreachable)?;
        let sftp = SftpSession::new(channel.into_stream())
            .await
            .map_err(|error| fault(&error))?;
        Ok(Connection {
            sftp,
            _session: session,
        })
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, path: &str) -> Result<Vec<FileEntry>, PlaceError> {
        let (folder, glob) = split_glob(path)?;
        let Some(glob) = glob else {
            return Ok(vec![FileEntry {
                path: path.to_owned(),
                changed: None,
            }]);
        };
        let connection = self.connect().await?;
        let entries = connection
            .sftp
            .read_dir(folder)
            .await
            .map_err(|error| fault(&error).of(folder))?;
        let files = entries.filter(|entry| glob.is_match(entry.file_name()));
        Ok(files
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| FileEntry {
                path: format!("{}/{}", folder.trim_end_matches('/'), entry.file_name()),
                changed: entry.metadata().mtime.map(i64::from),
            })
            .collect())
    }

    /// Opens a file: it is laid aside first, so that reading it slowly keeps no connection, and one that
    /// breaks off can be fetched again.
    pub async fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        let connection = self.connect().await?;
        let said = |error: Error| fault(&error).of(path);
        let mut from = connection.sftp.open(path).await.map_err(said)?;
        let size = from.metadata().await.ok().and_then(|data| data.size);
        let aside = |error: std::io::Error| PlaceError::of_disk(&error);
        let mut file = tempfile::tempfile().map_err(aside)?;
        let mut piece = vec![0; PIECE];
        let mut length = 0;
        loop {
            let count = from
                .read(&mut piece)
                .await
                .map_err(|error| PlaceError::passing(error.to_string()).of(path))?;
            if count == 0 {
                break;
            }
            length += count as u64;
            std::io::Write::write_all(&mut file, &piece[..count]).map_err(aside)?;
        }
        if let Some(size) = size.filter(|size| *size != length) {
            let reason = format!("{path}: {length} bytes came of {size}");
            return Err(PlaceError::passing(reason));
        }
        file.seek(SeekFrom::Start(0)).map_err(aside)?;
        Ok(Box::new(file))
    }

    /// Puts a file there: under a temporary name, then renamed.
    pub async fn put(&self, local: &Path, path: &str, stop: &Stop) -> Result<(), PlaceError> {
        let file = std::fs::File::open(local).map_err(|error| PlaceError::of_disk(&error))?;
        let mut file = Local::new(file, stop);
        let connection = self.connect().await?;
        let sftp = &connection.sftp;
        let part = temporary(path);
        if let Err(error) = write(sftp, &mut file, &part).await {
            // It may not have come so far.
            let _ = sftp.remove_file(part.as_str()).await;
            return Err(file.not_written(error));
        }
        let refused = match sftp.rename(part.as_str(), path).await {
            Ok(()) => return Ok(()),
            Err(Error::Status(status)) => status.error_message,
            Err(lost) => return Err(PlaceError::Unknown(lost.to_string())),
        };
        // This version of the protocol does not rename onto a file that is there: it makes room, and comes
        // back where that was not why.
        let aside = making_room(path);
        if sftp.rename(path, aside.as_str()).await.is_err() {
            let _ = sftp.remove_file(part.as_str()).await;
            return Err(PlaceError::lasting(refused));
        }
        let refused = match sftp.rename(part.as_str(), path).await {
            Ok(()) => {
                // It is the new one that counts.
                let _ = sftp.remove_file(aside.as_str()).await;
                return Ok(());
            }
            Err(Error::Status(status)) => status.error_message,
            Err(lost) => return Err(PlaceError::Unknown(lost.to_string())),
        };
        if sftp.rename(aside.as_str(), path).await.is_err() {
            return Err(alone(&part, &aside, &refused));
        }
        let _ = sftp.remove_file(part.as_str()).await;
        Err(PlaceError::lasting(refused))
    }
}

/// What went wrong, and whether it may pass: what a server says is meant so.
fn fault(error: &Error) -> PlaceError {
    match error {
        Error::Status(_) => PlaceError::lasting(error.to_string()),
        _ => PlaceError::passing(error.to_string()),
    }
}

async fn write(sftp: &SftpSession, from: &mut Local, part: &str) -> Result<(), PlaceError> {
    // What a server says comes as text alone.
    let lost = |error: std::io::Error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(inner) => fault(inner),
            None if error.kind() == std::io::ErrorKind::Other => {
                PlaceError::lasting(error.to_string())
            }
            None => PlaceError::passing(error.to_string()),
        }
    };
    let mut to = sftp.create(part).await.map_err(|error| fault(&error))?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = from
            .read(&mut piece)
            .map_err(|error| PlaceError::of_disk(&error))?;
        if count == 0 {
            break;
        }
        to.write_all(&piece[..count]).await.map_err(lost)?;
    }
    to.shutdown().await.map_err(lost)
}
