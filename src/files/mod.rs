//! Files by URL: on disk, behind HTTP, in S3, on FTP and SFTP servers; found, read and written.

mod disk;
mod ftp;
pub mod s3;
mod sftp;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use reqwest::Url;

use crate::http::Http;
use crate::plan::Redactor;
use crate::plan::request::RequestPlan;
use crate::plan::source::LoginPlan;
use crate::template::{Frame, Template, TemplateError};

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
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
        match scheme {
            "file" => Ok((Self::Disk, rest.to_owned())),
            "http" | "https" => Ok((Self::Http, text.to_owned())),
            "s3" => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let store = s3::Store::new(http, base, request, bucket, &login)?;
                Ok((Self::S3(store), key.to_owned()))
            }
            "ftp" | "sftp" => {
                // A glob is no URL: only what stands before the path is read as one.
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let url =
                    Url::parse(&format!("{scheme}://{host}")).map_err(|error| error.to_string())?;
                let name = url.host_str().ok_or("it has no host")?.to_owned();
                let mut login = login;
                if login.username.is_empty() {
                    url.username().clone_into(&mut login.username);
                    if let Some(password) = url.password() {
                        http.redactor().add(password);
                        password.clone_into(&mut login.password);
                    }
                }
                let path = format!("/{path}");
                Ok(if scheme == "ftp" {
                    let address = (name, url.port().unwrap_or(21));
                    (Self::Ftp(ftp::Server::new(address, login)), path)
                } else {
                    let address = (name, url.port().unwrap_or(22));
                    (Self::Sftp(sftp::Server::new(address, login)), path)
                })
            }
            other => Err(format!(
                "`{other}` is not one of file, s3, sftp, ftp, http and https"
            )),
        }
    }

    /// The files that a path means: itself, or all that match.
    pub async fn find(&self, path: &str) -> Result<Vec<Found>, String> {
        match self {
            Self::Disk => disk::find(path),
            Self::S3(store) => store.find(path).await,
            Self::Ftp(server) => server.find(path).await,
            Self::Sftp(server) => server.find(path).await,
            Self::Http => Ok(Vec::new()),
        }
    }

    /// Opens a file that is neither in a bucket nor behind HTTP.
    pub async fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        match self {
            Self::Ftp(server) => server.open(path).await,
            Self::Sftp(server) => server.open(path).await,
            _ => disk::open(path),
        }
    }

    /// Puts a local file there: under a temporary name first, where the place knows names that
    /// others see at once. A file that is there already is replaced. Files behind HTTP are sent by
    /// [`Http::upload`].
    pub async fn put(&self, local: &Path, path: &str) -> Result<(), PutError> {
        match self {
            Self::Disk => disk::put(local, path).map_err(PutError::Failed),
            Self::S3(store) => store.put(local, path).await,
            Self::Ftp(server) => server.put(local, path).await,
            Self::Sftp(server) => server.put(local, path).await,
            Self::Http => Ok(()),
        }
    }
}

/// The name under which a file is written before it is whole.
fn temporary(path: &str) -> String {
    format!("{path}.part")
}

/// What was there is gone, and what is new could not take its place.
fn alone(part: &str, reason: &str) -> PutError {
    PutError::Failed(format!(
        "the old file was removed, and the new one lies beside its place as {part}: {reason}"
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

/// Does work that blocks, on a thread of its own.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Whoever waited may be gone.
        let _ = done.send(work());
    });
    result.await.unwrap_or_else(|_| {
        Err("a bug in runner: a file's thread broke off; please report it".to_owned())
    })
}
