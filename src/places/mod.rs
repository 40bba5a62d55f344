//! Files by URL: on disk, behind HTTP, in buckets, on FTP and SFTP servers; found, read and written.

#![cfg_attr(
    not(all(feature = "ftp", feature = "s3", feature = "sftp")),
    allow(dead_code, reason = "places that are left out use it")
)]

mod address;
mod azure;
mod bucket;
mod disk;
mod error;
#[cfg(feature = "ftp")]
mod ftp;
mod glob;
#[cfg(feature = "sftp")]
mod host_key;
mod object_list;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "sftp")]
mod sftp;
#[cfg(not(all(feature = "ftp", feature = "s3", feature = "sftp")))]
mod unbuilt;

pub use address::AddressError;
pub use bucket::Store;
pub use error::PlaceError;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::http::{Http, before_next};
use crate::plan::Redactor;
use crate::plan::request::{RequestPlan, RetryPlan};
use crate::plan::source::LoginPlan;
use crate::retry::{Attempt, RetryEnd, retry};
use crate::stop::Stop;
use crate::template::{Frame, Template, TemplateError, text_or_empty};
use address::ServerAddress;
pub use address::hide_password;
#[cfg(not(feature = "ftp"))]
use unbuilt as ftp;
#[cfg(not(feature = "s3"))]
use unbuilt as s3;
#[cfg(not(feature = "sftp"))]
use unbuilt as sftp;

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Its whole path.
    pub path: String,
    /// When it was changed, in seconds or any other number that grows.
    pub changed: Option<i64>,
}

/// The credentials of a file, worked out.
#[derive(Clone, Default)]
pub struct Login {
    username: String,
    password: String,
    key: String,
    access_key: String,
    secret_key: String,
    region: String,
    endpoint: String,
    account: String,
    account_key: String,
    sas: String,
    known_hosts: String,
    host_key: String,
}

/// Where files lie. What may pass a moment later is tried again, as often as a request is sent.
pub struct Place<'p> {
    kind: Kind<'p>,
    retry: Option<&'p RetryPlan>,
    stop: Stop,
}

enum Kind<'p> {
    /// On disk.
    Disk,
    /// Where HTTP serves or takes them.
    Http,
    /// In a bucket.
    Bucket(Box<Store<'p>>),
    /// On an FTP server.
    Ftp(ftp::Server),
    /// On an SFTP server.
    Sftp(Box<sftp::Server>),
}

/// A file that is read from its beginning.
pub type Opened = Box<dyn Read + Send>;

/// A file on this machine that is on its way elsewhere: a signal ends its reading.
struct Local {
    file: File,
    stop: Stop,
}

impl Local {
    fn new(file: File, stop: &Stop) -> Self {
        Self {
            file,
            stop: stop.clone(),
        }
    }

    /// Why the file was not written, while nothing has its name.
    fn not_written(&self, error: PlaceError) -> PlaceError {
        match self.stop.signal() {
            Some(_) => PlaceError::Stopped,
            None => error,
        }
    }
}

impl Read for Local {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        match self.stop.signal() {
            Some(_) => Err(std::io::Error::other("stopped")),
            None => self.file.read(to),
        }
    }
}

impl Login {
    /// Works credentials out; secrets are hidden from then on.
    pub fn of(
        plan: &LoginPlan,
        frame: &Arc<Frame>,
        redactor: &Redactor,
    ) -> Result<Self, TemplateError> {
        let text = |template: &Option<Template>| text_or_empty(template.as_ref(), frame);
        let login = Self {
            username: text(&plan.username)?,
            password: text(&plan.password)?,
            key: text(&plan.key)?,
            access_key: text(&plan.access_key)?,
            secret_key: text(&plan.secret_key)?,
            region: text(&plan.region)?,
            endpoint: text(&plan.endpoint)?,
            account: text(&plan.account)?,
            account_key: text(&plan.account_key)?,
            sas: text(&plan.sas)?,
            known_hosts: text(&plan.known_hosts)?,
            host_key: text(&plan.host_key)?,
        };
        let keys = [&login.secret_key, &login.account_key, &login.sas];
        for secret in [&login.password, &login.key].into_iter().chain(keys) {
            redactor.add(secret);
        }
        Ok(login)
    }
}

impl<'p> Place<'p> {
    /// The disk.
    pub fn disk(stop: &Stop) -> Self {
        Self {
            kind: Kind::Disk,
            retry: None,
            stop: stop.clone(),
        }
    }

    /// Where a URL leads, and the path there. `request` says how HTTP is spoken, how long an answer may
    /// take, and how often it is tried.
    pub fn of(
        http: &'p Http,
        base: &'p Arc<Frame>,
        request: &'p RequestPlan,
        text: &str,
        login: Login,
    ) -> Result<(Self, String), AddressError> {
        let (kind, path) = Kind::of(http, base, request, text, login)?;
        let place = Self {
            kind,
            retry: Some(&request.retry),
            stop: http.stop().clone(),
        };
        Ok((place, path))
    }

    /// Whether its files are on the disk.
    pub fn is_disk(&self) -> bool {
        matches!(self.kind, Kind::Disk)
    }

    /// Whether HTTP serves or takes its files: then they are answers and requests, and come and go by
    /// [`Http::send`] and [`Http::upload`].
    pub fn is_http(&self) -> bool {
        matches!(self.kind, Kind::Http)
    }

    /// The bucket, where it is one: its objects are answers.
    pub fn bucket(&self) -> Option<&Store<'p>> {
        match &self.kind {
            Kind::Bucket(store) => Some(store),
            Kind::Disk | Kind::Http | Kind::Ftp(_) | Kind::Sftp(_) => None,
        }
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, path: &str) -> Result<Vec<FileEntry>, PlaceError> {
        let find = async || match &self.kind {
            Kind::Disk => disk::find(path),
            Kind::Bucket(store) => store.find(path).await,
            Kind::Ftp(server) => server.find(path).await,
            Kind::Sftp(server) => server.find(path).await,
            Kind::Http => Ok(vec![FileEntry {
                path: path.to_owned(),
                changed: None,
            }]),
        };
        self.stoppable(find).await
    }

    /// Opens a file. One that HTTP serves, from a bucket or not, is an answer.
    pub async fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        let open = async || match &self.kind {
            Kind::Disk => disk::open(path),
            Kind::Ftp(server) => server.open(path).await,
            Kind::Sftp(server) => server.open(path).await,
            Kind::Bucket(_) | Kind::Http => Err(PlaceError::lasting(format!(
                "{path}: a file that HTTP serves is read as an answer"
            ))),
        };
        self.stoppable(open).await
    }

    /// Puts a local file there: under a temporary name first, where the place knows names that
    /// others see at once. A file that is there already is replaced. A signal ends it before the
    /// file has its name.
    pub async fn put(&self, local: &Path, path: &str) -> Result<(), PlaceError> {
        let stop = &self.stop;
        self.again(async || match &self.kind {
            Kind::Disk => disk::put(local, path, stop).await,
            Kind::Bucket(store) => store.put(local, path).await,
            Kind::Ftp(server) => server.put(local, path, stop).await,
            Kind::Sftp(server) => server.put(local, path, stop).await,
            Kind::Http => Err(PlaceError::lasting(format!(
                "{path}: a file behind HTTP is sent as a request"
            ))),
        })
        .await
    }

    /// What is doubtful about the place, once it was reached.
    pub fn doubt(&self) -> Option<String> {
        match &self.kind {
            Kind::Sftp(server) => server.doubt(),
            Kind::Disk | Kind::Http | Kind::Bucket(_) | Kind::Ftp(_) => None,
        }
    }

    /// What changes nothing there: a signal ends it at once.
    async fn stoppable<T>(
        &self,
        what: impl AsyncFn() -> Result<T, PlaceError>,
    ) -> Result<T, PlaceError> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.stopped() => Err(PlaceError::Stopped),
            done = self.again(what) => done,
        }
    }

    /// Tries again what may have passed a moment later.
    async fn again<T>(
        &self,
        what: impl AsyncFn() -> Result<T, PlaceError>,
    ) -> Result<T, PlaceError> {
        let tried = retry(&self.stop, async |attempt| match what().await {
            Ok(done) => Attempt::Done(done),
            Err(error) if error.is_passing() => {
                let plan = self.retry.filter(|plan| attempt < plan.attempts);
                Attempt::Again(error, plan.map(|plan| before_next(plan, attempt, None)))
            }
            Err(error) => Attempt::Failed(error),
        });
        tried.await.map_err(|end| match end {
            RetryEnd::Failed(error) => error,
            RetryEnd::Stopped(_) => PlaceError::Stopped,
        })
    }
}

impl<'p> Kind<'p> {
    fn of(
        http: &'p Http,
        base: &'p Arc<Frame>,
        request: &'p RequestPlan,
        text: &str,
        login: Login,
    ) -> Result<(Self, String), AddressError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok((Self::Disk, text.trim_start_matches("file:").to_owned()));
        };
        hide_password(rest, http.redactor());
        match scheme {
            "file" => Ok((Self::Disk, rest.to_owned())),
            "http" | "https" => Ok((Self::Http, text.to_owned())),
            "s3" | "gs" | "az" => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let store = Store::new(http, base, request, (scheme, bucket), &login)?;
                Ok((Self::Bucket(Box::new(store)), key.to_owned()))
            }
            "sftp" => {
                let server = ServerAddress::read(scheme, rest, login, http.redactor())?;
                let place = sftp::Server::new(&server, request.timeout)?;
                Ok((Self::Sftp(Box::new(place)), server.path))
            }
            "ftp" | "ftps" => {
                let server = ServerAddress::read(scheme, rest, login, http.redactor())?;
                let place = ftp::Server::new(&server, request.timeout)?;
                Ok((Self::Ftp(place), server.path))
            }
            other => Err(AddressError::Scheme(other.to_owned())),
        }
    }
}

/// The name under which a file is written before it is whole.
fn temporary(path: &str) -> String {
    format!("{path}.part")
}

/// The name that a file has while another takes its place.
fn making_room(path: &str) -> String {
    format!("{path}.part.old")
}

/// What is new could not take its place, and what was there could not come back.
fn alone(part: &str, aside: &str, reason: &str) -> PlaceError {
    PlaceError::lasting(format!(
        "the new file lies beside its place as {part}, and the old one as {aside}: {reason}"
    ))
}
