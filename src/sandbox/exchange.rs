//! `POST /storage/internal`, `POST /store/to-transport`, `/buckets/…` and `GET /processes/…`: files are copied
//! within the output folder, where `exchange/` stands for the directory that sidecar and connector
//! share.

use std::fs;
use std::path::{Component, Path, PathBuf};

use axum::http::StatusCode;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::answer::SandboxAnswer;

/// The folder that stands for the shared directory.
const SHARED: &str = "exchange";
/// The folder that stands for the bucket: it is kept from run to run.
const BUCKET: &str = "bucket";

const NO_PATH: &str = "This value should be a path inside the shared directory.";
const NO_FILE: &str = "The file could not be found.";

/// Processes, in the order in which they were started.
#[derive(Debug)]
pub struct Exchange {
    folder: PathBuf,
    processes: IndexMap<String, Process>,
}

#[derive(Debug, Clone, Copy)]
struct Process {
    exit_code: i32,
    /// A process is pending until it is asked for: a client has to wait for it.
    seen: bool,
}

impl Exchange {
    /// No process yet; files are copied within `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            processes: IndexMap::new(),
        }
    }

    /// The directory that connector and sandbox share.
    pub fn shared(&self) -> PathBuf {
        self.folder.join(SHARED)
    }

    /// Copies a file of the shared directory to `to` (`storage`, `transport`).
    pub fn store(&mut self, to: &str, body: &[u8]) -> SandboxAnswer {
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(_) => return SandboxAnswer::bad("The request body is not valid JSON.", None),
        };
        let path = |field: &str| {
            let text = body.get(field).and_then(Value::as_str)?;
            inside(text)
        };
        let (Some(source), Some(remote)) = (path("source_file"), path("remote_file")) else {
            // The request's fields are in snake_case, those of the errors in camelCase.
            let field = if path("source_file").is_none() {
                "sourceFile"
            } else {
                "remoteFile"
            };
            return SandboxAnswer::bad("Validation failed.", Some((field, NO_PATH)));
        };
        let source = self.shared().join(source);
        if !source.is_file() {
            return SandboxAnswer::bad("Validation failed.", Some(("sourceFile", NO_FILE)));
        }
        let target = self.folder.join(to).join(remote);
        self.start_copy(&source, &target)
    }

    /// `PUT /buckets/exchange/upload/{remoteFile}`: a file of the shared directory goes to the bucket.
    pub fn upload(&mut self, remote: &str, body: &[u8]) -> SandboxAnswer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let named = body.get("source_file").and_then(Value::as_str);
        let Some(source) = named.and_then(inside).map(|path| self.shared().join(path)) else {
            return SandboxAnswer::bad("Validation failed.", Some(("sourceFile", NO_PATH)));
        };
        let Some(target) = self.in_bucket(remote) else {
            return SandboxAnswer::bad("Validation failed.", Some(("remoteFile", NO_PATH)));
        };
        if !source.is_file() {
            return SandboxAnswer::bad("Validation failed.", Some(("sourceFile", NO_FILE)));
        }
        self.start_copy(&source, &target)
    }

    /// `GET /buckets/exchange/download/{remoteFile}`: a file of the bucket goes to the shared directory,
    /// under its own name.
    pub fn download(&mut self, remote: &str) -> SandboxAnswer {
        let (Some(source), Some(name)) = (self.in_bucket(remote), inside(remote)) else {
            return SandboxAnswer::bad("Validation failed.", Some(("remoteFile", NO_PATH)));
        };
        if !source.is_file() {
            return SandboxAnswer::bad("Validation failed.", Some(("remoteFile", NO_FILE)));
        }
        let target = self.shared().join(name);
        self.start_copy(&source, &target)
    }

    /// `DELETE /buckets/delete/{remoteFile}`.
    pub fn delete(&mut self, remote: &str) -> SandboxAnswer {
        match self.in_bucket(remote) {
            Some(path) if fs::remove_file(&path).is_ok() => self.start(true),
            Some(_) => SandboxAnswer::bad("Validation failed.", Some(("remoteFile", NO_FILE))),
            None => SandboxAnswer::bad("Validation failed.", Some(("remoteFile", NO_PATH))),
        }
    }

    fn in_bucket(&self, remote: &str) -> Option<PathBuf> {
        Some(self.folder.join(BUCKET).join(inside(remote)?))
    }

    /// Copies, as a process that is over by the time it is asked for.
    fn start_copy(&mut self, source: &Path, target: &Path) -> SandboxAnswer {
        // A link may lead out of the folder.
        let is_inside = || {
            let folder = fs::canonicalize(&self.folder).ok()?;
            let leads_in = |path: &Path| {
                fs::canonicalize(path)
                    .ok()
                    .map(|at| at.starts_with(&folder))
            };
            let stays = leads_in(source)? && leads_in(target.parent()?)?;
            Some(stays && !target.is_symlink())
        };
        let copied = target
            .parent()
            .is_some_and(|parent| fs::create_dir_all(parent).is_ok())
            && is_inside() == Some(true)
            && fs::copy(source, target).is_ok();
        self.start(copied)
    }

    fn start(&mut self, copied: bool) -> SandboxAnswer {
        let id = uuid::Uuid::new_v4().to_string();
        let process = Process {
            exit_code: i32::from(!copied),
            seen: false,
        };
        self.processes.insert(id.clone(), process);
        let body = json!({ "message": "Process started.", "data": { "id": id } });
        SandboxAnswer::json(StatusCode::ACCEPTED, &body)
    }

    /// Processes that nobody asked for yet.
    pub fn pending(&self) -> SandboxAnswer {
        let pending: Vec<Value> = self
            .processes
            .iter()
            .filter(|(_, process)| !process.seen)
            .map(|(id, process)| describe(id, *process))
            .collect();
        SandboxAnswer::json(StatusCode::OK, &json!({ "message": "", "data": pending }))
    }

    /// One process.
    pub fn process(&mut self, id: &str) -> SandboxAnswer {
        match self.processes.get_mut(id) {
            None => SandboxAnswer::not_found("Process not found."),
            Some(process) => {
                let now = *process;
                process.seen = true;
                SandboxAnswer::json(
                    StatusCode::OK,
                    &json!({ "message": "", "data": describe(id, now) }),
                )
            }
        }
    }
}

fn describe(id: &str, process: Process) -> Value {
    let status = match (process.seen, process.exit_code) {
        (false, _) => "pending",
        (true, 0) => "success",
        (true, _) => "failed",
    };
    let exit_code = if process.seen {
        json!(process.exit_code)
    } else {
        Value::Null
    };
    json!({ "id": id, "status": status, "exit-code": exit_code, "seconds-remaining": 0 })
}

/// A path without its leading slash; nothing where it leads out of its folder.
fn inside(path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.trim_start_matches('/'));
    let stays = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    (stays && !relative.as_os_str().is_empty()).then(|| relative.to_owned())
}
