//! Files by URL: on disk, behind HTTP, in S3, on FTP and SFTP servers; found, read and written.

mod disk;
mod ftp;
mod host_key;
pub mod s3;
mod sftp;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::http::Http;
use crate::plan::Redactor;
use crate::plan::request::RequestPlan;
use crate::plan::source::LoginPlan;
use crate::stop::Stop;
use crate::template::{Frame, Template, TemplateError};
use crate::work_thread::BrokeOff;

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Its whole path.
    pub path: String,
    /// When it was changed, in seconds or any other number that grows.
    pub changed: Option<i64>,
}

/// The credentials of a file, worked out.
#[derive(Default)]
pub struct Login {
    username: String,
    password: String,
    key: String,
    access_key: String,
    secret_key: String,
    region: String,
    endpoint: String,
    known_hosts: String,
    host_key: String,
}

/// Where files lie.
pub enum Place<'p> {
    /// On disk.
    Disk,
    /// Where HTTP serves or takes them.
    Http,
    /// In a bucket.
    S3(s3::Store<'p>),
    /// On an FTP server.
    Ftp(ftp::Server),
    /// On an SFTP server.
    Sftp(sftp::Server),
}

/// A file that is read from its beginning.
pub type Opened = Box<dyn Read + Send>;

/// Why a file could not be found or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PlaceError {
    /// What went wrong.
    pub reason: String,
    /// Whether it may have passed a moment later.
    pub is_passing: bool,
}

impl PlaceError {
    fn passing(reason: String) -> Self {
        Self {
            reason,
            is_passing: true,
        }
    }

    fn lasting(reason: String) -> Self {
        Self {
            reason,
            is_passing: false,
        }
    }

    fn of_disk(error: &std::io::Error) -> Self {
        Self::lasting(error.to_string())
    }

    /// The same behind the path that it is about.
    fn of(self, path: &str) -> Self {
        Self {
            reason: format!("{path}: {}", self.reason),
            ..self
        }
    }
}

impl From<String> for PlaceError {
    fn from(reason: String) -> Self {
        Self::lasting(reason)
    }
}

impl From<BrokeOff> for PlaceError {
    fn from(_: BrokeOff) -> Self {
        let reason = "a bug in runner: a file's thread broke off; please report it";
        Self::lasting(reason.to_owned())
    }
}

impl From<PlaceError> for PutError {
    fn from(error: PlaceError) -> Self {
        Self::Failed(error.reason)
    }
}

impl From<BrokeOff> for PutError {
    fn from(error: BrokeOff) -> Self {
        PlaceError::from(error).into()
    }
}

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
    fn not_written(&self, reason: String) -> PutError {
        match self.stop.signal() {
            Some(_) => PutError::Stopped,
            None => PutError::Failed(reason),
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

/// Why a file could not be written.
#[derive(Debug)]
pub enum PutError {
    /// It surely is not there.
    Failed(String),
    /// It may be there or not.
    Unknown(String),
    /// The run was stopped before.
    Stopped,
}

impl Login {
    /// Works credentials out; secrets are hidden from then on.
    pub fn of(
        plan: &LoginPlan,
        frame: &Arc<Frame>,
        redactor: &Redactor,
    ) -> Result<Self, TemplateError> {
        let text = |template: &Option<Template>| {
            template
                .as_ref()
                .map_or(Ok(String::new()), |template| template.text(frame))
        };
        let login = Self {
            username: text(&plan.username)?,
            password: text(&plan.password)?,
            key: text(&plan.key)?,
            access_key: text(&plan.access_key)?,
            secret_key: text(&plan.secret_key)?,
            region: text(&plan.region)?,
            endpoint: text(&plan.endpoint)?,
            known_hosts: text(&plan.known_hosts)?,
            host_key: text(&plan.host_key)?,
        };
        for secret in [&login.password, &login.key, &login.secret_key] {
            redactor.add(secret);
        }
        Ok(login)
    }
}

impl<'p> Place<'p> {
    /// Where a URL leads, and the path there. `request` says how HTTP is spoken.
    pub fn of(
        http: &'p Http,
        base: &'p Arc<Frame>,
        request: &'p RequestPlan,
        text: &str,
        login: Login,
    ) -> Result<(Self, String), String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok((Self::Disk, text.trim_start_matches("file:").to_owned()));
        };
        hide_password(rest, http.redactor());
        match scheme {
            "file" => Ok((Self::Disk, rest.to_owned())),
            "http" | "https" => Ok((Self::Http, text.to_owned())),
            "s3" => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let store = s3::Store::new(http, base, request, bucket, &login)?;
                Ok((Self::S3(store), key.to_owned()))
            }
            "ftp" | "ftps" | "sftp" => {
                // A glob is no URL: only what stands before the path is read as one.
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let url = Url::parse(&format!("{scheme}://{host}")).map_err(|error| {
                    let hint = if rest.contains('@') {
                        "; in a name or a password `/`, `#`, `?`, `@` and spaces are written %2F, %23, %3F, %40 and %20"
                    } else {
                        ""
                    };
                    format!("{error}{hint}")
                })?;
                let name = url.host_str().ok_or("it has no host")?.to_owned();
                let mut login = login;
                if login.username.is_empty() {
                    login.username = decoded(url.username());
                    if let Some(password) = url.password() {
                        http.redactor().add(password);
                        login.password = decoded(password);
                        http.redactor().add(&login.password);
                    }
                }
                let path = format!("/{}", decoded(path));
                let timeout = request.timeout;
                if scheme == "sftp" {
                    let address = (name, url.port().unwrap_or(22));
                    let server = sftp::Server::new(address, login, timeout);
                    return Ok((Self::Sftp(server), path));
                }
                let is_secure = scheme == "ftps";
                if is_secure && url.port() == Some(IMPLICIT) {
                    return Err(format!(
                        "port {IMPLICIT} speaks TLS from the first byte, which is not spoken here: name the port of FTP, mostly 21, on which TLS is asked for"
                    ));
                }
                let address = (name, url.port().unwrap_or(21));
                let server = ftp::Server::new(address, is_secure, login, timeout);
                Ok((Self::Ftp(server), path))
            }
            other => Err(format!(
                "`{other}` is not one of file, s3, sftp, ftp, ftps, http and https"
            )),
        }
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, path: &str) -> Result<Vec<FileEntry>, PlaceError> {
        match self {
            Self::Disk => disk::find(path),
            Self::S3(store) => Ok(store.find(path).await?),
            Self::Ftp(server) => server.find(path).await,
            Self::Sftp(server) => server.find(path).await,
            Self::Http => Ok(vec![FileEntry {
                path: path.to_owned(),
                changed: None,
            }]),
        }
    }

    /// Opens a file. One that HTTP serves, from a bucket or not, is an answer, and comes by
    /// [`Http::send`].
    pub async fn open(&self, path: &str) -> Result<Opened, PlaceError> {
        match self {
            Self::Disk => disk::open(path),
            Self::Ftp(server) => server.open(path).await,
            Self::Sftp(server) => server.open(path).await,
            Self::S3(_) | Self::Http => Err(PlaceError::lasting(format!(
                "{path}: a file that HTTP serves is read as an answer"
            ))),
        }
    }

    /// What is doubtful about the place, once it was reached.
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::Sftp(server) => server.doubt(),
            Self::Disk | Self::Http | Self::S3(_) | Self::Ftp(_) => None,
        }
    }

    /// Puts a local file there: under a temporary name first, where the place knows names that
    /// others see at once. A file that is there already is replaced. A signal ends it before the
    /// file has its name. Files behind HTTP are sent by [`Http::upload`].
    pub async fn put(&self, local: &Path, path: &str, stop: &Stop) -> Result<(), PutError> {
        match self {
            Self::Disk => disk::put(local, path, stop).await,
            Self::S3(store) => store.put(local, path).await,
            Self::Ftp(server) => server.put(local, path, stop).await,
            Self::Sftp(server) => server.put(local, path, stop).await,
            Self::Http => Err(PutError::Failed(format!(
                "{path}: a file behind HTTP is sent as a request"
            ))),
        }
    }
}

/// Implicit FTPS.
const IMPLICIT: u16 = 990;

/// Hides the password of an address, also where it has signs that end it for those who read addresses.
fn hide_password(rest: &str, redactor: &Redactor) {
    let Some((login, _)) = rest.rsplit_once('@') else {
        return;
    };
    let Some((name, password)) = login.split_once(':') else {
        return;
    };
    // Behind a host a path may have these signs too.
    let digits = password.bytes().take_while(u8::is_ascii_digit).count();
    let is_port = digits > 0 && password[digits..].starts_with('/');
    if !name.contains('/') && !is_port {
        redactor.add(password);
        redactor.add(&decoded(password));
    }
}

/// Of an address, as it was before it was written into one.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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
fn alone(part: &str, aside: &str, reason: &str) -> PutError {
    PutError::Failed(format!(
        "the new file lies beside its place as {part}, and the old one as {aside}: {reason}"
    ))
}

/// The folder of a path, and the pattern of names in it; no pattern where the path is one file.
fn split_glob(path: &str) -> Result<(&str, Option<GlobMatcher>), String> {
    let has_glob = |text: &str| text.contains(['*', '?', '[', '{']);
    if !has_glob(path) {
        return Ok((path, None));
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    if has_glob(folder) {
        return Err("a `*` stands in the name of the file, not in its folder".to_owned());
    }
    let folder = if folder.is_empty() { "/" } else { folder };
    Ok((folder, Some(glob(name)?)))
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_wherever_it_ends() {
        let shown = |rest: &str| {
            let redactor = Redactor::default();
            hide_password(rest, &redactor);
            redactor.redact(rest)
        };
        assert_eq!(shown("u:pass12345@host/a.csv"), "u:[hidden]@host/a.csv");
        assert_eq!(shown("u:pa/ss12345@host/a.csv"), "u:[hidden]@host/a.csv");
        assert_eq!(shown("u:pa#s@s12345@ho st/a"), "u:[hidden]@ho st/a");
        assert_eq!(shown("u:99999@host:99999/a"), "u:[hidden]@host:[hidden]/a");
        for plain in [
            "host/a.csv",
            "host:2121/a:b@c.csv",
            "host/a@b.csv",
            "u@host/a",
        ] {
            assert_eq!(shown(plain), plain);
        }
    }
}
