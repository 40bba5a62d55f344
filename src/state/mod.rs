//! What is kept from run to run, in the file that `--state` names, written by rename so that it is always
//! whole; or in the platform's bucket, from which it is fetched before a run and to which it goes after one.

mod found;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use found::KeptLookup;
pub use found::{Asker, BYTES_KEPT, Found, KEYS_KEPT};
use serde::{Deserialize, Serialize};

use crate::digest::{Hash, hex};
use crate::spec::{BucketFileError, bucket_file};

/// Letters of a hash that tell tokens apart in a file.
const HASH_SHOWN: usize = 12;

/// The state of a connector.
#[derive(Debug, Default)]
pub struct State {
    place: Option<StatePlace>,
    kept: Mutex<Kept>,
    /// Whether a bucket lacks something that is kept.
    is_ahead: AtomicBool,
}

/// Where a state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatePlace {
    /// In this file.
    File(PathBuf),
    /// In the platform's bucket, in the file of this name.
    Bucket(String),
}

/// Nothing can be kept there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatePlaceError {
    /// It is no place at all.
    #[error("write a file, or bucket:NAME")]
    Nothing,
    /// A bucket has no such file.
    #[error(transparent)]
    Bucket(#[from] BucketFileError),
    /// A preview has no platform, and no bucket.
    #[error("a preview has no bucket: name a file, or leave it out")]
    NoBucket,
}

impl std::fmt::Display for StatePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Bucket(name) => write!(f, "bucket:{name}"),
        }
    }
}

impl FromStr for StatePlace {
    type Err = StatePlaceError;

    fn from_str(text: &str) -> Result<Self, StatePlaceError> {
        match text.strip_prefix("bucket:") {
            Some(name) => {
                bucket_file(name)?;
                Ok(Self::Bucket(name.to_owned()))
            }
            None if text.is_empty() => Err(StatePlaceError::Nothing),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }
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
    /// The same for each value of `incremental.by`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    since_by: BTreeMap<String, serde_json::Value>,
    /// Refresh tokens that were given in place of others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tokens: BTreeMap<String, KeptToken>,
    /// What lookups found, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lookups: BTreeMap<String, KeptLookup>,
    /// Whether lookups found something that is not written yet.
    #[serde(skip)]
    is_unsaved: bool,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// Newest values that are to be kept.
#[derive(Debug, Default)]
pub struct ToKeep {
    /// That of all records.
    pub all: Option<serde_json::Value>,
    /// Those of values of `incremental.by`.
    pub by: BTreeMap<String, serde_json::Value>,
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
    #[error("the state in {place} can't be read: {reason}")]
    Read {
        /// Where it is.
        place: StatePlace,
        /// Why.
        reason: String,
    },
    /// It is that of another connector.
    #[error("the state in {place} is that of `{other}`, and this is `{name}`: name another file")]
    Other {
        /// Where it is.
        place: StatePlace,
        /// Whose it is.
        other: String,
        /// Who asks.
        name: String,
    },
    /// It can't be written.
    #[error("the state can't be written to {place}: {reason}")]
    Write {
        /// Where it is.
        place: StatePlace,
        /// Why.
        reason: String,
    },
}

impl State {
    /// The state of the connector `name` in a file. A file that is not there yet is an empty state.
    pub fn open(file: &Path, name: &str) -> Result<Self, StateError> {
        let place = StatePlace::File(file.to_owned());
        let bytes = match std::fs::read(file) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(StateError::Read {
                    place,
                    reason: error.to_string(),
                });
            }
        };
        let state = Self::of(place.clone(), bytes.as_deref(), name)?;
        // Better now than when all is written.
        tempfile::NamedTempFile::new_in(folder_of(file)).map_err(|error| StateError::Write {
            place,
            reason: error.to_string(),
        })?;
        Ok(state)
    }

    /// The state of the connector `name` that a place holds; nothing is an empty state.
    pub fn of(place: StatePlace, bytes: Option<&[u8]>, name: &str) -> Result<Self, StateError> {
        let mut kept = match bytes {
            Some(bytes) => serde_json::from_slice(bytes).map_err(|error| StateError::Read {
                place: place.clone(),
                reason: format!("{error}; it was not written by runner"),
            })?,
            None => Kept::default(),
        };
        if kept.name.is_empty() {
            name.clone_into(&mut kept.name);
        } else if kept.name != name {
            return Err(StateError::Other {
                place,
                other: kept.name,
                name: name.to_owned(),
            });
        }
        Ok(Self {
            place: Some(place),
            kept: Mutex::new(kept),
            is_ahead: AtomicBool::new(false),
        })
    }

    /// Whether anything is kept.
    pub fn is_kept(&self) -> bool {
        self.place.is_some()
    }

    /// The newest value of the last run.
    pub fn since(&self) -> Option<serde_json::Value> {
        self.lock().since.clone()
    }

    /// The newest value of the last run that had this value of `by`.
    pub fn since_by(&self, key: &str) -> Option<serde_json::Value> {
        self.lock().since_by.get(key).cloned()
    }

    /// Whether a run before has kept a newest value.
    pub fn has_since(&self) -> bool {
        let kept = self.lock();
        kept.since.is_some() || !kept.since_by.is_empty()
    }

    /// Keeps the newest values: that of all, and those of values of `by`.
    pub fn keep_since(&self, newest: ToKeep) -> Result<(), StateError> {
        let mut kept = self.lock();
        let ToKeep { all, by } = newest;
        if all.is_some() {
            kept.since = all;
        }
        kept.since_by.extend(by);
        self.save(&kept)
    }

    /// The token that came in place of the one that was filled in. It is known by that one alone: the
    /// place of its `auth` in a spec may change.
    pub fn token(&self, given: &str) -> Option<String> {
        let kept = self.lock();
        let given = hash(given);
        let mut tokens = kept.tokens.values();
        let entry = tokens.find(|entry| entry.given == given)?;
        Some(entry.token.clone())
    }

    /// Keeps the token that came in place of `given`, or of one that came in its place.
    pub fn keep_token(&self, given: &str, token: &str) -> Result<(), StateError> {
        let mut kept = self.lock();
        let given = hash(given);
        kept.tokens.retain(|_, entry| entry.given != given);
        let name = format!("refresh_token-{}", &given[..HASH_SHOWN]);
        let token = token.to_owned();
        kept.tokens.insert(name, KeptToken { given, token });
        self.save(&kept)
    }

    /// What a bucket lacks, once: its file's name, and what belongs there.
    pub fn take_unsaved(&self) -> Option<(String, Vec<u8>)> {
        match &self.place {
            Some(StatePlace::Bucket(name)) if self.is_ahead.swap(false, Ordering::Relaxed) => {
                let mut bytes = Vec::new();
                // A map of words goes into memory.
                written(&self.lock(), &mut bytes).ok()?;
                Some((name.clone(), bytes))
            }
            Some(StatePlace::Bucket(_) | StatePlace::File(_)) | None => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, kept: &Kept) -> Result<(), StateError> {
        let path = match &self.place {
            None => return Ok(()),
            Some(StatePlace::Bucket(_)) => {
                self.is_ahead.store(true, Ordering::Relaxed);
                return Ok(());
            }
            Some(StatePlace::File(path)) => path,
        };
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
            written(kept, &mut file)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| StateError::Write {
            place: StatePlace::File(path.clone()),
            reason: error.to_string(),
        })
    }
}

fn written(kept: &Kept, file: &mut impl std::io::Write) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *file, kept)?;
    file.write_all(b"\n")
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn hash(text: &str) -> String {
    hex(&Hash::Sha256.digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(bytes: Option<&[u8]>) -> State {
        State::of(StatePlace::Bucket("state.json".to_owned()), bytes, "shop").unwrap()
    }

    #[test]
    fn a_bucket_is_given_once_what_it_lacks() {
        let state = bucket(None);
        assert!(state.take_unsaved().is_none());
        state
            .keep_since(ToKeep {
                all: Some("2024-01-01".into()),
                ..ToKeep::default()
            })
            .unwrap();
        let (name, bytes) = state.take_unsaved().unwrap();
        assert_eq!(name, "state.json");
        assert!(state.take_unsaved().is_none());
        assert_eq!(bucket(Some(&bytes)).since().unwrap(), "2024-01-01");
    }

    #[test]
    fn a_token_is_known_by_the_one_that_was_given() {
        // As it was named once: by the place of its `auth`.
        let old = format!(
            r#"{{ "name": "shop", "tokens": {{ "refresh_token-3": {{ "given": "{}", "token": "second" }} }} }}"#,
            hash("first")
        );
        let state = bucket(Some(old.as_bytes()));
        assert_eq!(state.token("first").as_deref(), Some("second"));
        assert_eq!(state.token("another"), None);
        state.keep_token("another", "its next").unwrap();
        state.keep_token("first", "third").unwrap();
        let (_, bytes) = state.take_unsaved().unwrap();
        let state = bucket(Some(&bytes));
        assert_eq!(state.token("first").as_deref(), Some("third"));
        assert_eq!(state.token("another").as_deref(), Some("its next"));
        assert_eq!(state.lock().tokens.len(), 2);
    }

    #[test]
    fn a_place_is_a_file_or_a_file_of_the_bucket() {
        let place: StatePlace = "bucket:shop/state.json".parse().unwrap();
        assert_eq!(place, StatePlace::Bucket("shop/state.json".to_owned()));
        let place: StatePlace = "state/of.json".parse().unwrap();
        assert_eq!(place, StatePlace::File("state/of.json".into()));
        for wrong in [
            "bucket:",
            "bucket:/state",
            "bucket:../state",
            "bucket:a b",
            "bucket:a//b",
            "",
        ] {
            assert!(wrong.parse::<StatePlace>().is_err(), "{wrong}");
        }
    }
}
