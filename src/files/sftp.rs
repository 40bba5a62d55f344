//! Files on an SFTP server.

use std::io::{Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{Config, Handle, Handler, connect};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Found, Login, PutError, alone, split_glob, temporary};

/// Bytes that are asked for at a time.
const PIECE: usize = 256 * 1024;

/// How long a connection, and an answer, may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A server.
pub struct Server {
    address: (String, u16),
    login: Login,
}

/// The spec names the server; which key it has, nobody has told us.
struct AnyKey;

impl Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// A connection that is logged in. The session ends with it.
struct Connection {
    sftp: SftpSession,
    _session: Handle<AnyKey>,
}

impl Server {
    pub fn new(address: (String, u16), login: Login) -> Self {
        Self { address, login }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let (host, port) = &self.address;
        let unreachable = |error: russh::Error| format!("no connection to {host}:{port}: {error}");
        let config = Arc::new(Config {
            inactivity_timeout: Some(TIMEOUT),
            ..Config::default()
        });
        let connecting = connect(config, (host.as_str(), *port), AnyKey);
        let mut session = tokio::time::timeout(TIMEOUT, connecting)
            .await
            .map_err(|_| {
                format!(
                    "no connection to {host}:{port} within {} s",
                    TIMEOUT.as_secs()
                )
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
                .map_err(|error| format!("the key can't be read: {error}"))?;
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
            return Err(format!("the login of `{user}` was refused"));
        }
        let channel = session.channel_open_session().await.map_err(unreachable)?;
        channel
            .request_subsystem(true, "sftp")
            .await
            .map_err(unreachable)?;
        let sftp = SftpSession::new(channel.into_stream())
            .await
            .map_err(|error| error.to_string())?;
        Ok(Connection {
            sftp,
            _session: session,
        })
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, path: &str) -> Result<Vec<Found>, String> {
        let (folder, glob) = split_glob(path)?;
        let Some(glob) = glob else {
            return Ok(vec![Found {
                path: path.to_owned(),
                changed: None,
            }]);
        };
        let connection = self.connect().await?;
        let entries = connection
            .sftp
            .read_dir(folder)
            .await
            .map_err(|error| format!("{folder}: {error}"))?;
        let files = entries.filter(|entry| glob.is_match(entry.file_name()));
        Ok(files
            .filter(|entry| !entry.file_type().is_dir())
            .map(|entry| Found {
                path: format!("{}/{}", folder.trim_end_matches('/'), entry.file_name()),
                changed: entry.metadata().mtime.map(i64::from),
            })
            .collect())
    }

    /// Opens a file: it is laid aside first, so that reading it slowly keeps no connection.
    pub async fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        let connection = self.connect().await?;
        let said = |error: russh_sftp::client::error::Error| format!("{path}: {error}");
        let mut from = connection.sftp.open(path).await.map_err(said)?;
        let aside = |error: std::io::Error| format!("{path}: {error}");
        let mut file = tempfile::tempfile().map_err(aside)?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = from.read(&mut piece).await.map_err(aside)?;
            if count == 0 {
                break;
            }
            std::io::Write::write_all(&mut file, &piece[..count]).map_err(aside)?;
        }
        file.seek(SeekFrom::Start(0)).map_err(aside)?;
        Ok(Box::new(file))
    }

    /// Puts a file there: under a temporary name, then renamed.
    pub async fn put(&self, local: &Path, path: &str) -> Result<(), PutError> {
        let connection = self.connect().await.map_err(PutError::Failed)?;
        let sftp = &connection.sftp;
        let part = temporary(path);
        if let Err(reason) = write(sftp, local, &part).await {
            // It may not have come so far.
            let _ = sftp.remove_file(part.as_str()).await;
            return Err(PutError::Failed(reason));
        }
        let refused = match sftp.rename(part.as_str(), path).await {
            Ok(()) => return Ok(()),
            Err(Error::Status(status)) => status.error_message,
            Err(lost) => return Err(PutError::Unknown(lost.to_string())),
        };
        // This version of the protocol does not rename onto a file that is there.
        if sftp.remove_file(path).await.is_err() {
            let _ = sftp.remove_file(part.as_str()).await;
            return Err(PutError::Failed(refused));
        }
        match sftp.rename(part.as_str(), path).await {
            Ok(()) => Ok(()),
            Err(Error::Status(status)) => Err(alone(&part, &status.error_message)),
            Err(lost) => Err(PutError::Unknown(lost.to_string())),
        }
    }
}

async fn write(sftp: &SftpSession, local: &Path, part: &str) -> Result<(), String> {
    let mut from = std::fs::File::open(local).map_err(|error| error.to_string())?;
    let mut to = sftp.create(part).await.map_err(|error| error.to_string())?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).map_err(|error| error.to_string())?;
        if count == 0 {
            break;
        }
        to.write_all(&piece[..count])
            .await
            .map_err(|error| error.to_string())?;
    }
    to.shutdown().await.map_err(|error| error.to_string())
}
