//! Files on an FTP server.

use std::fs::File;
use std::io::Read;
use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::time::Duration;

use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, TlsStream, TransferStream};

use super::{Found, Login, PutError, alone, on_thread, split_glob, temporary};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an answer may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A server.
pub struct Server {
    address: (String, u16),
    username: String,
    password: String,
}

impl Server {
    pub fn new(address: (String, u16), login: Login) -> Self {
        Self {
            address,
            username: login.username,
            password: login.password,
        }
    }

    /// A connection that is logged in; without credentials as anonymous.
    fn connector(&self) -> impl FnOnce() -> Result<FtpStream, String> + Send + use<> {
        let (host, port) = self.address.clone();
        let username = if self.username.is_empty() {
            "anonymous".to_owned()
        } else {
            self.username.clone()
        };
        let password = self.password.clone();
        move || {
            let said = |error: suppaftp::FtpError| error.to_string();
            let unreachable =
                |error: &dyn std::fmt::Display| format!("no connection to {host}:{port}: {error}");
            let address = (host.as_str(), port)
                .to_socket_addrs()
                .map_err(|error| unreachable(&error))?
                .next()
                .ok_or_else(|| unreachable(&"the host has no address"))?;
            let mut stream = FtpStream::connect_timeout(address, CONNECT_TIMEOUT)
                .map_err(|error| unreachable(&error))?;
            stream
                .get_ref()
                .set_read_timeout(Some(READ_TIMEOUT))
                .map_err(|error| unreachable(&error))?;
            stream
                .login(username, password)
                .map_err(|error| format!("the login was refused: {error}"))?;
            stream.transfer_type(FileType::Binary).map_err(said)?;
            Ok(stream)
        }
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
        let folder = folder.to_owned();
        let connect = self.connector();
        on_thread(move || {
            let mut stream = connect()?;
            let names = stream
                .nlst(Some(&folder))
                .map_err(|error| format!("{folder}: {error}"))?;
            let mut files = Vec::new();
            for name in names {
                // Some servers give names, others paths.
                let name = name.rsplit('/').next().unwrap_or(&name);
                if !glob.is_match(name) {
                    continue;
                }
                let path = format!("{}/{name}", folder.trim_end_matches('/'));
                let changed = stream.mdtm(&path).ok();
                files.push(Found {
                    changed: changed.map(|time| time.and_utc().timestamp()),
                    path,
                });
            }
            // The server notices anyway.
            let _ = stream.quit();
            Ok(files)
        })
        .await
    }

    /// Opens a file.
    pub async fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        let path = path.to_owned();
        let connect = self.connector();
        on_thread(move || {
            let mut stream = connect()?;
            let data = stream
                .retr_as_stream(&path)
                .map_err(|error| format!("{path}: {error}"))?;
            let file: Box<dyn Read + Send> = Box::new(Transfer(Some(data)));
            Ok(file)
        })
        .await
    }

    /// Puts a file there: under a temporary name, then renamed.
    pub async fn put(&self, local: &Path, path: &str) -> Result<(), PutError> {
        let (local, path) = (local.to_owned(), path.to_owned());
        let connect = self.connector();
        let put = on_thread(move || {
            let mut file = File::open(&local).map_err(|error| error.to_string())?;
            let mut stream = connect()?;
            let result = put(&mut stream, &mut file, &path);
            // The server notices anyway.
            let _ = stream.quit();
            Ok(result)
        });
        put.await.map_err(PutError::Failed)?
    }
}

fn put(stream: &mut FtpStream, file: &mut File, path: &str) -> Result<(), PutError> {
    let part = temporary(path);
    if let Err(error) = stream.put_file(&part, file) {
        // It may not have come so far.
        let _ = stream.rm(&part);
        return Err(PutError::Failed(error.to_string()));
    }
    let refused = match stream.rename(part.as_str(), path) {
        Ok(()) => return Ok(()),
        Err(FtpError::UnexpectedResponse(answer)) => answer.to_string(),
        Err(lost) => return Err(PutError::Unknown(lost.to_string())),
    };
    // Some servers do not rename onto a file that is there.
    if stream.rm(path).is_err() {
        let _ = stream.rm(&part);
        return Err(PutError::Failed(refused));
    }
    match stream.rename(part.as_str(), path) {
        Ok(()) => Ok(()),
        Err(FtpError::UnexpectedResponse(answer)) => Err(alone(&part, &answer.to_string())),
        Err(lost) => Err(PutError::Unknown(lost.to_string())),
    }
}

/// A file that is being transferred; at its end the server says whether it was all of it.
struct Transfer<T: TlsStream>(Option<TransferStream<T>>);

impl<T: TlsStream> Read for Transfer<T> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let Some(data) = &mut self.0 else {
            return Ok(0);
        };
        let count = data.read(into)?;
        if count == 0 && !into.is_empty() {
            if let Some(data) = self.0.take() {
                data.finish().map_err(std::io::Error::other)?;
            }
        }
        Ok(count)
    }
}
