//! What is kept from run to run, in the file that `--state` names: written by rename, so that it is
//! always whole.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The state of a connector.
#[derive(Debug, Default)]
pub struct State {
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The connector whose state it is.
    #[serde(default)]
    name: String,
    /// The newest value of `incremental`, as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<serde_json::Value>,
    /// Refresh tokens that were given in place of others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tokens: BTreeMap<String, KeptToken>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct KeptToken {
    /// A hash of the token that was filled in: another one begins anew.
    given: String,
    token: String,
}

/// A state that can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It can't be read.
    #[error("--state {file}: {reason}")]
    Read {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// It is that of another connector.
    #[error("--state {file} is the state of `{other}`, and this is `{name}`: name another file")]
    Other {
        /// The file.
        file: String,
        /// Whose it is.
        other: String,
        /// Who asks.
        name: String,
    },
    /// It can't be written.
    #[error("the state can't be written to {file}: {reason}")]
    Write {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
}

impl State {
    /// The state of the connector `name`; without a file nothing is kept. A file that is not there
    /// yet is an empty state.
    pub fn open(file: Option<&Path>, name: &str) -> Result<Self, StateError> {
        let Some(path) = file else {
            return Ok(Self::default());
        };
        let shown = path.display().to_string();
        let mut kept = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| StateError::Read {
                file: shown.clone(),
                reason: format!("{error}; it was not written by runner"),
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::default(),
            Err(error) => {
                return Err(StateError::Read {
                    file: shown,
                    reason: error.to_string(),
                });
            }
        };
        if kept.name.is_empty() {
            name.clone_into(&mut kept.name);
        } else if kept.name != name {
            return Err(StateError::Other {
                file: shown,
                other: kept.name,
                name: name.to_owned(),
            });
        }
        // Better now than when all is written.
        tempfile::NamedTempFile::new_in(folder_of(path)).map_err(|error| StateError::Write {
            file: shown,
            reason: error.to_string(),
        })?;
        Ok(Self {
            file: Some(path.to_owned()),
            kept: Mutex::new(kept),
        })
    }

    /// Whether anything is kept.
    pub fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// The newest value of the last run.
    pub fn since(&self) -> Option<serde_json::Value> {
        self.lock().since.clone()
    }

    /// Keeps the newest value.
    pub fn keep_since(&self, value: serde_json::Value) -> Result<(), StateError> {
        let mut kept = self.lock();
        kept.since = Some(value);
        self.save(&kept)
    }

    /// The token that came in place of the one that was filled in.
    pub fn token(&self, name: &str, given: &str) -> Option<String> {
        let kept = self.lock();
        let token = kept.tokens.get(name)?;
        (token.given == hash(given)).then(|| token.token.clone())
    }

    /// Keeps the token that came in place of `given`, or of one that came in its place.
    pub fn keep_token(&self, name: &str, given: &str, token: &str) -> Result<(), StateError> {
        let mut kept = self.lock();
        let entry = KeptToken {
            given: hash(given),
            token: token.to_owned(),
        };
        kept.tokens.insert(name.to_owned(), entry);
        self.save(&kept)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, kept: &Kept) -> Result<(), StateError> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
            serde_json::to_writer_pretty(&mut file, kept)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| StateError::Write {
            file: path.display().to_string(),
            reason: error.to_string(),
        })
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn hash(text: &str) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // A string takes what is written.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
