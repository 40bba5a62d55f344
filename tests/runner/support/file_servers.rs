//! Servers of files, each for a folder on disk: S3, FTP, SFTP.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use libunftp::ServerBuilder;
use libunftp::options::FtpsRequired;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use russh::server::{Auth, ChannelOpenHandle, Msg, Server as _, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, StatusCode,
};
use russh_sftp::protocol::{Status, Version};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::runtime::Runtime;
use unftp_sbe_fs::Filesystem;

/// What logins must say.
pub const USER: &str = "reader";
pub const PASSWORD: &str = "file-password-1";

/// A server that ends with the test.
pub struct FileServer {
    pub port: u16,
    _runtime: Runtime,
}

impl FileServer {
    fn start<F: Future<Output = ()> + Send + 'static>(serve: impl FnOnce(u16) -> F) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        runtime.spawn(serve(port));
        // It is up once somebody answers.
        let is_up = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        for _ in 0..200 {
            if is_up() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(is_up(), "the server does not start");
        Self {
            port,
            _runtime: runtime,
        }
    }

    /// S3: folders in `folder` are buckets.
    pub fn s3(folder: &Path) -> Self {
        let store = s3s_fs::FileSystem::new(folder).expect("a folder");
        let mut builder = S3ServiceBuilder::new(store);
        builder.set_auth(SimpleAuth::from_single(USER, PASSWORD));
        let service = builder.build();
        Self::start(|port| async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
                .await
                .expect("the port is free");
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                let service = service.clone();
                tokio::spawn(async move {
                    let stream = hyper_util::rt::TokioIo::new(stream);
                    let server = hyper::server::conn::http1::Builder::new();
                    // A client that goes away ends its connection.
                    let _ = server.serve_connection(stream, service).await;
                });
            }
        })
    }

    /// FTP; any login is let in.
    pub fn ftp(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self::start(|port| async move {
            let make = Box::new(move || Filesystem::new(folder.clone()).expect("a folder"));
            let server = ServerBuilder::new(make).build().expect("a server");
            server
                .listen(format!("127.0.0.1:{port}"))
                .await
                .expect("the port is free");
        })
    }

    /// FTP that wants TLS on both of its connections, with this certificate and its key as PEM files.
    pub fn ftps(folder: &Path, certificate: &Path, key: &Path) -> Self {
        let folder = folder.to_owned();
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Self::start(|port| async move {
            let make = Box::new(move || Filesystem::new(folder.clone()).expect("a folder"));
            let server = ServerBuilder::new(make)
                .ftps(certificate, key)
                .ftps_required(FtpsRequired::All, FtpsRequired::All)
                .build()
                .expect("a server");
            server
                .listen(format!("127.0.0.1:{port}"))
                .await
                .expect("the port is free");
        })
    }

    /// SFTP; `key` is let in too.
    pub fn sftp(folder: &Path, key: Option<PublicKey>) -> Self {
        let mut server = Sftp {
            folder: folder.to_owned(),
            key,
            channels: HashMap::new(),
        };
        Self::start(|port| async move {
            let host_key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519);
            let config = russh::server::Config {
                auth_rejection_time: Duration::ZERO,
                keys: vec![host_key.expect("a key")],
                ..Default::default()
            };
            server
                .run_on_address(Arc::new(config), ("127.0.0.1", port))
                .await
                .expect("the port is free");
        })
    }
}

struct Sftp {
    folder: PathBuf,
    key: Option<PublicKey>,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl russh::server::Server for Sftp {
    type Handler = Self;

    fn new_client(&mut self, _: Option<std::net::SocketAddr>) -> Self {
        Self {
            folder: self.folder.clone(),
            key: self.key.clone(),
            channels: HashMap::new(),
        }
    }
}

impl russh::server::Handler for Sftp {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(if user == USER && password == PASSWORD {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let is_known = self
            .key
            .as_ref()
            .is_some_and(|known| known.key_data() == key.public_key.key_data());
        Ok(if user == USER && is_known {
            Auth::Accept
        } else {
            Auth::reject()
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let (Some(channel), "sftp") = (self.channels.remove(&id), name) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let files = Files {
            folder: self.folder.clone(),
            listed: false,
        };
        russh_sftp::server::run(channel.into_stream(), files).await;
        Ok(())
    }
}

/// Files that are read and written.
struct Files {
    folder: PathBuf,
    listed: bool,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.trim_start_matches('/'))
    }

    fn attributes(path: &Path) -> Result<FileAttributes, StatusCode> {
        let data = std::fs::metadata(path).map_err(|_| StatusCode::NoSuchFile)?;
        Ok(FileAttributes::from(&data))
    }
}

fn done(id: u32) -> Status {
    Status {
        id,
        status_code: StatusCode::Ok,
        error_message: "Ok".to_owned(),
        language_tag: "en".to_owned(),
    }
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _: u32, _: HashMap<String, String>) -> Result<Version, StatusCode> {
        Ok(Version::new())
    }

    async fn open(
        &mut self,
        id: u32,
        handle: String,
        flags: OpenFlags,
        _: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        if flags.contains(OpenFlags::CREATE) {
            std::fs::write(self.path(&handle), "").map_err(|_| StatusCode::PermissionDenied)?;
        }
        Self::attributes(&self.path(&handle))?;
        Ok(Handle { id, handle })
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, StatusCode> {
        let path = self.path(&handle);
        let mut bytes = std::fs::read(&path).map_err(|_| StatusCode::Failure)?;
        let start = usize::try_from(offset).expect("an offset");
        bytes.resize(bytes.len().max(start + data.len()), 0);
        bytes[start..start + data.len()].copy_from_slice(&data);
        std::fs::write(path, bytes).map_err(|_| StatusCode::Failure)?;
        Ok(done(id))
    }

    /// As version 3 of the protocol has it: not onto a file that is there. Nothing new is called `kept`.
    async fn rename(&mut self, id: u32, from: String, to: String) -> Result<Status, StatusCode> {
        let is_kept = to.ends_with("kept.csv") && from == format!("{to}.part");
        let to = self.path(&to);
        if to.exists() || is_kept {
            return Err(StatusCode::Failure);
        }
        std::fs::rename(self.path(&from), to).map_err(|_| StatusCode::Failure)?;
        Ok(done(id))
    }

    async fn remove(&mut self, id: u32, path: String) -> Result<Status, StatusCode> {
        std::fs::remove_file(self.path(&path)).map_err(|_| StatusCode::NoSuchFile)?;
        Ok(done(id))
    }

    async fn read(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        length: u32,
    ) -> Result<Data, StatusCode> {
        let bytes = std::fs::read(self.path(&handle)).map_err(|_| StatusCode::Failure)?;
        let start = usize::try_from(offset).expect("an offset").min(bytes.len());
        let end = (start + length as usize).min(bytes.len());
        if start == end {
            return Err(StatusCode::Eof);
        }
        let data = bytes[start..end].to_vec();
        Ok(Data { id, data })
    }

    async fn close(&mut self, id: u32, _: String) -> Result<Status, StatusCode> {
        Ok(done(id))
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        let attrs = Self::attributes(&self.path(&path))?;
        Ok(Attrs { id, attrs })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs, StatusCode> {
        let attrs = Self::attributes(&self.path(&handle))?;
        Ok(Attrs { id, attrs })
    }

    async fn opendir(&mut self, id: u32, handle: String) -> Result<Handle, StatusCode> {
        self.listed = false;
        Self::attributes(&self.path(&handle))?;
        Ok(Handle { id, handle })
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name, StatusCode> {
        if std::mem::replace(&mut self.listed, true) {
            return Err(StatusCode::Eof);
        }
        let entries = std::fs::read_dir(self.path(&handle)).map_err(|_| StatusCode::NoSuchFile)?;
        let files = entries.flatten().map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let attributes = Self::attributes(&entry.path()).expect("a file");
            File::new(name, attributes)
        });
        Ok(Name {
            id,
            files: files.collect(),
        })
    }
}
