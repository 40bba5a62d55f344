//! Files by URL: on disk, behind HTTP, in S3, on FTP and SFTP servers.

mod disk;
mod ftp;
mod s3;
mod sftp;

use std::io::Read;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use reqwest::Url;

use super::fetch::Given;
use super::read::{self, Job};
use super::{Context, SourceError};
use crate::plan::source::{FilePlan, LoginPlan};
use crate::spec::source::Pick;
use crate::template::{Frame, Template, TemplateError, Value};

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// Its whole path.
    path: String,
    /// When it was changed, in seconds or any other number that grows.
    changed: Option<i64>,
}

/// The credentials of a file, worked out.
#[derive(Default)]
struct Login {
    username: String,
    password: String,
    key: String,
    access_key: String,
    secret_key: String,
    region: String,
    endpoint: String,
}

/// Where files are read.
enum Place<'p> {
    Disk,
    Http(&'p FilePlan),
    S3(s3::Store<'p>),
    Ftp(ftp::Server),
    Sftp(sftp::Server),
}

/// Reads files; `give` gets each record.
pub async fn read(
    context: &Context,
    label: &str,
    plan: &FilePlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let of_template = |error| SourceError::of_template(label, error);
    let text = plan.url.text(frame).map_err(of_template)?;
    let shown = context.http.redactor().redact(&text);
    let failed = |reason: String| SourceError::Read {
        step: label.to_owned(),
        origin: shown.clone(),
        reason: context.http.redactor().redact(&reason),
    };
    let login = login(context, &plan.login, frame).map_err(of_template)?;
    let (place, path) = place(context, label, plan, &text, login).map_err(&failed)?;
    if let Place::Http(plan) = &place {
        return read_http(context, plan, frame, give).await;
    }
    let mut files = place.find(&path).await.map_err(&failed)?;
    if files.is_empty() {
        return Err(failed("no file is there".to_owned()));
    }
    files.sort();
    if plan.pick == Pick::Newest {
        if files.len() > 1 && files.iter().any(|file| file.changed.is_none()) {
            return Err(failed(
                "the server does not say when files were changed: name the file, or `pick: all`"
                    .to_owned(),
            ));
        }
        let newest = files.iter().max_by_key(|file| file.changed).cloned();
        files = newest.into_iter().collect();
    }
    for file in files {
        let origin = format!("{shown} ({})", file.path);
        let job = Job {
            plan: &plan.reading,
            probes: &[],
            frame,
            label,
            origin: &origin,
            redactor: context.http.redactor(),
        };
        if let Place::S3(store) = &place {
            store.read(&file.path, &job, give).await?;
            continue;
        }
        let input = place.open(&file.path).await.map_err(&failed)?;
        read::read_file(&job, input, &file.path, give).await?;
    }
    Ok(())
}

fn login(context: &Context, plan: &LoginPlan, frame: &Arc<Frame>) -> Result<Login, TemplateError> {
    let text = |template: &Option<Template>| {
        template
            .as_ref()
            .map_or(Ok(String::new()), |template| template.text(frame))
    };
    let login = Login {
        username: text(&plan.username)?,
        password: text(&plan.password)?,
        key: text(&plan.key)?,
        access_key: text(&plan.access_key)?,
        secret_key: text(&plan.secret_key)?,
        region: text(&plan.region)?,
        endpoint: text(&plan.endpoint)?,
    };
    for secret in [&login.password, &login.key, &login.secret_key] {
        context.http.redactor().add(secret);
    }
    Ok(login)
}

/// Where a URL leads, and the path there.
fn place<'p>(
    context: &'p Context,
    label: &'p str,
    plan: &'p FilePlan,
    text: &str,
    login: Login,
) -> Result<(Place<'p>, String), String> {
    if !text.contains("://") {
        return Ok((Place::Disk, text.trim_start_matches("file:").to_owned()));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    match scheme {
        "file" => Ok((Place::Disk, rest.to_owned())),
        "http" | "https" => Ok((Place::Http(plan), text.to_owned())),
        "s3" => {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            let store = s3::Store::new(context, label, &plan.fetch.request, bucket, &login)?;
            Ok((Place::S3(store), key.to_owned()))
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
                    context.http.redactor().add(password);
                    password.clone_into(&mut login.password);
                }
            }
            let path = format!("/{path}");
            Ok(if scheme == "ftp" {
                let address = (name, url.port().unwrap_or(21));
                (Place::Ftp(ftp::Server::new(address, login)), path)
            } else {
                let address = (name, url.port().unwrap_or(22));
                (Place::Sftp(sftp::Server::new(address, login)), path)
            })
        }
        other => Err(format!(
            "`{other}` is not one of file, s3, sftp, ftp, http and https"
        )),
    }
}

impl Place<'_> {
    /// The files that a path means: itself, or all that match.
    async fn find(&self, path: &str) -> Result<Vec<Found>, String> {
        match self {
            Self::Disk => disk::find(path),
            Self::S3(store) => store.find(path).await,
            Self::Ftp(server) => server.find(path).await,
            Self::Sftp(server) => server.find(path).await,
            Self::Http(_) => Ok(Vec::new()),
        }
    }

    async fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, String> {
        match self {
            Self::Ftp(server) => server.open(path).await,
            Self::Sftp(server) => server.open(path).await,
            _ => disk::open(path),
        }
    }
}

/// A file that HTTP serves is an answer like others.
async fn read_http(
    context: &Context,
    plan: &FilePlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut each = async |given: Given<'_>| match given {
        Given::Record(record, _) => give(record).await,
        Given::PageOver => Ok(()),
    };
    super::fetch::fetch(context, &plan.fetch, frame, &mut each).await?;
    Ok(())
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
    result
        .await
        .unwrap_or_else(|_| Err("a bug in runner: reading broke off; please report it".to_owned()))
}
