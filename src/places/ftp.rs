//! Files on an FTP server, over TLS where the address says `ftps` (RFC 4217: asked for on the same port).

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use suppaftp::types::FileType;
use suppaftp::{FtpError, Mode, RustlsConnector, RustlsFtpStream};

use super::address::{AddressError, IMPLICIT, ServerAddress};
use super::glob::split_glob;
use super::{FileEntry, Local, Opened, PlaceError, alone, making_room, temporary};
use crate::http::tls;
use crate::stop::Stop;
use crate::work_thread::on_thread;

/// Where servers listen.
const PORT: u16 = 21;

/// A server.
pub struct Server {
    address: (String, u16),
    is_secure: bool,
    username: String,
    password: String,
    /// How long a connection, an answer and a piece of a file may take.
    timeout: Duration,
}

impl Server {
    /// A server; an error where its port is one of implicit TLS.
    pub fn new(server: &ServerAddress, timeout: Duration) -> Result<Self, AddressError> {
        let is_secure = server.scheme == "ftps";
        if is_secure && server.port == Some(IMPLICIT) {
            return Err(AddressError::Implicit);
        }
        Ok(Self {
            address: (server.host.clone(), server.port.unwrap_or(PORT)),
            is_secure,
            username: server.login.username.clone(),
            password: server.login.password.clone(),
            timeout,
        })
    }

    /// A connection that is logged in; without credentials as anonymous.
    fn connector(&self) -> impl FnOnce() -> Result<RustlsFtpStream, PlaceError> + Send + use<> {
        let (host, port) = self.address.clone();
        let username = if self.username.is_empty() {
            "anonymous".to_owned()
        } else {
            self.username.clone()
        };
        let (is_secure, timeout) = (self.is_secure, self.timeout);
        let password = self.password.clone();
        move || {
            let unreachable = |error: &dyn std::fmt::Display| {
                PlaceError::passing(format!("no connection to {host}:{port}: {error}"))
            };
            let socket = connected(&host, port, timeout).map_err(|error| unreachable(&error))?;
            let is_new_kind = socket.peer_addr().is_ok_and(|peer| is_ipv6(peer.ip()));
            let mut stream = RustlsFtpStream::connect_with_stream(socket)
                .map_err(|error| unreachable(&in_words(&error, timeout)))?
                .passive_stream_builder(move |address| {
                    opened(address, timeout).map_err(FtpError::ConnectionError)
                });
            // Where a server names an address of its own network, its files come from where it is.
            stream.set_passive_nat_workaround(true);
            if is_new_kind {
                stream.set_mode(Mode::ExtendedPassive);
            }
            if is_secure {
                let connector = RustlsConnector::from(Arc::new(tls(true)));
                stream = stream.into_secure(connector, &host).map_err(|error| {
                    PlaceError::lasting(format!("no TLS with {host}:{port}: {error}"))
                })?;
            }
            stream
                .login(username, password)
                .map_err(|error| fault(&error, timeout).of("the login was refused"))?;
            stream
                .transfer_type(FileType::Binary)
                .map_err(|error| fault(&error, timeout))?;
            Ok(stream)
        }
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
        let folder = folder.to_owned();
        let connect = self.connector();
        let timeout = self.timeout;
        on_thread(move || {
            let mut stream = connect()?;
            let names = stream
                .nlst(Some(&folder))
                .map_err(|error| fault(&error, timeout).of(&folder))?;
            let mut files = Vec::new();
            for name in names {
                // Some servers give names, others paths.
                let name = name.rsplit('/').next().unwrap_or(&name);
                if !glob.is_match(name) {
                    continue;
                }
                let path = format!("{}/{name}", folder.trim_end_matches('/'));
                let changed = stream.mdtm(&path).ok();
                files.push(FileEntry {
                    changed: changed.map(|time| time.and_utc().timestamp()),
                    path,
                });
            }
            // The server notices anyway.
            let _ = stream.quit();
            Ok(files)
        })
        .await?
    }

    /// Opens a file: it is laid aside first, so that reading it slowly keeps no connection, and one that
    /// breaks off can be fetched again.
    pub async fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        let path = path.to_owned();
        let connect = self.connector();
        let timeout = self.timeout;
        on_thread(move || {
            let mut stream = connect()?;
            let failed = |error: FtpError| fault(&error, timeout).of(&path);
            // Not every server says it.
            let size = stream.size(&path).ok();
            let mut data = stream.retr_as_stream(&path).map_err(failed)?;
            let mut file = tempfile::tempfile().map_err(|error| PlaceError::of_disk(&error))?;
            let count = std::io::copy(&mut data, &mut file)
                .map_err(|error| failed(FtpError::ConnectionError(error)))?;
            // At the end the server says whether it was all of it.
            data.finish().map_err(failed)?;
            let _ = stream.quit();
            if let Some(size) = size.filter(|size| u64::try_from(*size) != Ok(count)) {
                let reason = format!("{path}: {count} bytes came of {size}");
                return Err(PlaceError::passing(reason));
            }
            file.seek(SeekFrom::Start(0))
                .map_err(|error| PlaceError::of_disk(&error))?;
            let file: Opened = Box::new(file);
            Ok(file)
        })
        .await?
    }

    /// Puts a file there: under a temporary name, then renamed.
    pub async fn put(&self, local: &Path, path: &str, stop: &Stop) -> Result<(), PlaceError> {
        let (local, path, stop) = (local.to_owned(), path.to_owned(), stop.clone());
        let connect = self.connector();
        let timeout = self.timeout;
        let put = on_thread(move || {
            let file = File::open(&local).map_err(|error| PlaceError::of_disk(&error))?;
            let mut stream = connect()?;
            let mut file = Local::new(file, &stop);
            let result = put(&mut stream, &mut file, &path, timeout);
            // The server notices anyway.
            let _ = stream.quit();
            result
        });
        put.await?
    }
}

fn put(
    stream: &mut RustlsFtpStream,
    file: &mut Local,
    path: &str,
    timeout: Duration,
) -> Result<(), PlaceError> {
    let part = temporary(path);
    if let Err(error) = stream.put_file(&part, file) {
        // It may not have come so far.
        let _ = stream.rm(&part);
        return Err(file.not_written(fault(&error, timeout)));
    }
    let refused = match stream.rename(part.as_str(), path) {
        Ok(()) => return Ok(()),
        Err(FtpError::UnexpectedResponse(answer)) => answer.to_string(),
        Err(lost) => return Err(PlaceError::Unknown(lost.to_string())),
    };
    // Some servers do not rename onto a file that is there: it makes room, and comes back where that was
    // not why.
    let aside = making_room(path);
    if stream.rename(path, aside.as_str()).is_err() {
        let _ = stream.rm(&part);
        return Err(PlaceError::lasting(refused));
    }
    let refused = match stream.rename(part.as_str(), path) {
        Ok(()) => {
            // It is the new one that counts.
            let _ = stream.rm(&aside);
            return Ok(());
        }
        Err(FtpError::UnexpectedResponse(answer)) => answer.to_string(),
        Err(lost) => return Err(PlaceError::Unknown(lost.to_string())),
    };
    if stream.rename(aside.as_str(), path).is_err() {
        return Err(alone(&part, &aside, &refused));
    }
    let _ = stream.rm(&part);
    Err(PlaceError::lasting(refused))
}

/// A connection to the first address of a host that takes one.
fn connected(host: &str, port: u16, timeout: Duration) -> std::io::Result<TcpStream> {
    let addresses = (host, port).to_socket_addrs()?;
    let mut reasons = Vec::new();
    for address in addresses {
        match opened(address, timeout) {
            Ok(socket) => return Ok(socket),
            Err(error) => reasons.push(format!("{}: {error}", address.ip())),
        }
    }
    match reasons.as_slice() {
        [] => Err(std::io::Error::other("the host has no address")),
        reasons => Err(std::io::Error::other(reasons.join("; "))),
    }
}

fn opened(address: SocketAddr, timeout: Duration) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&address, timeout)?;
    socket.set_read_timeout(Some(timeout))?;
    socket.set_write_timeout(Some(timeout))?;
    Ok(socket)
}

fn is_ipv6(address: IpAddr) -> bool {
    matches!(address.to_canonical(), IpAddr::V6(_))
}

/// What went wrong, and whether it may pass: answers of 400 and more, and connections.
fn fault(error: &FtpError, timeout: Duration) -> PlaceError {
    let reason = in_words(error, timeout);
    match error {
        FtpError::UnexpectedResponse(answer) if answer.status.code() >= 500 => {
            PlaceError::lasting(reason)
        }
        FtpError::UnexpectedResponse(_)
        | FtpError::ConnectionError(_)
        | FtpError::BadResponse
        | FtpError::DataConnectionAlreadyOpen => PlaceError::passing(reason),
        FtpError::SecureError(_) | FtpError::InvalidAddress(_) => PlaceError::lasting(reason),
    }
}

fn in_words(error: &FtpError, timeout: Duration) -> String {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    match error {
        // So a socket calls it.
        FtpError::ConnectionError(error) if matches!(error.kind(), WouldBlock | TimedOut) => {
            format!("nothing came for {} s", timeout.as_secs_f64())
        }
        FtpError::ConnectionError(error) => error.to_string(),
        FtpError::SecureError(_)
        | FtpError::UnexpectedResponse(_)
        | FtpError::BadResponse
        | FtpError::InvalidAddress(_)
        | FtpError::DataConnectionAlreadyOpen => error.to_string(),
    }
}
