//! A tape: what a run asked and was answered, so that it can be run again without the network and
//! without credentials.
//!
//! A file of JSON lines: the first says of which spec it is, when it was recorded and with which
//! options; each other one is an exchange. Of headers only those are kept that speak of the body, of
//! pages, rates and waits, and those that the spec names; secrets are names in capitals.

mod player;
mod recorder;
mod shorten;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostics::in_words;
use crate::plan::{OptionPlan, hidden_name};
use crate::spec::OptionType;
pub use player::{NOT_ON_TAPE, NotOnTape, Player};
pub use recorder::Recorder;
pub use shorten::Shorten;

/// The version of the format.
const VERSION: u32 = 1;

/// What a run does with a tape.
#[derive(Debug)]
pub enum TapeUse {
    /// Exchanges are written onto it.
    Record(Recorder),
    /// Answers are taken from it; nothing is sent.
    Replay(Player),
}

/// A tape.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    /// Its first line.
    pub head: Head,
    /// Its exchanges, in the order in which they were answered.
    pub exchanges: Vec<Exchange>,
}

/// The first line of a tape.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The version of the format.
    pub tape: u32,
    /// The name of the spec.
    pub spec: String,
    /// When it was recorded; `now()` is that when it is replayed.
    pub now: String,
    /// The options' values; `{"hidden": NAME}` where it is a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, Value>,
    /// The columns of the site's rows, for those who look at a spec beside the tape.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// After how many records the run was ended, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was asked.
    pub request: Asked,
    /// What was answered.
    pub answer: Answered,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The body, as it is before it is compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Headers, small letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "pairs")]
    pub headers: Vec<(String, String)>,
    /// The body as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The body in base64, where it is no text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base64: String,
}

/// Headers as a map; a name that comes again has a list.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::{Map, Value};

    pub fn serialize<S: Serializer>(
        pairs: &[(String, String)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = Map::new();
        for (name, value) in pairs {
            let value = Value::from(value.as_str());
            match map.get_mut(name) {
                None => {
                    map.insert(name.clone(), value);
                }
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        map.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, String)>, D::Error> {
        let map = Map::deserialize(deserializer)?;
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut pairs = Vec::new();
        for (name, value) in map {
            match value {
                Value::Array(values) => {
                    pairs.extend(values.into_iter().map(|value| (name.clone(), text(value))));
                }
                one => pairs.push((name, text(one))),
            }
        }
        Ok(pairs)
    }
}

impl Answered {
    /// An answer with these bytes.
    pub fn new(status: u16, headers: Vec<(String, String)>, bytes: &[u8]) -> Self {
        let (body, base64) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), String::new()),
            Err(_) => (String::new(), STANDARD.encode(bytes)),
        };
        Self {
            status,
            headers,
            body,
            base64,
        }
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> Vec<u8> {
        if self.base64.is_empty() {
            return self.body.clone().into_bytes();
        }
        self.binary()
    }

    /// What could not be answered so.
    fn mistake(&self) -> Option<String> {
        let is_header = |value: &str| !value.contains(['\r', '\n']);
        if STANDARD.decode(&self.base64).is_err() {
            return Some("its `base64` is none".to_owned());
        }
        if !self.base64.is_empty() && !self.body.is_empty() {
            return Some("it has both `body` and `base64`".to_owned());
        }
        if !(100..=599).contains(&self.status) {
            return Some(format!("{} is no status of an answer", self.status));
        }
        let odd = self.headers.iter().find(|(_, value)| !is_header(value));
        odd.map(|(name, _)| format!("the header `{name}` has a line break"))
    }

    /// The bytes of a body that is no text.
    fn binary(&self) -> Vec<u8> {
        // A tape whose base64 can't be read is refused when it is read.
        STANDARD.decode(&self.base64).unwrap_or_default()
    }
}

/// Why a tape can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The file can't be opened.
    #[error("{}: {}: record one with runner record --spec FILE", file.display(), in_words(error))]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line is none of a tape.
    #[error("{}:{line}: this is no line of a tape: {reason}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// An answer holds a secret where it can't be replaced.
    #[error(
        "the answer to {method} {url} holds the secret {name} in a packed body, or in another encoding than UTF-8, where it can't be hidden: nothing was recorded"
    )]
    Secret {
        /// The request's method.
        method: String,
        /// Its address, without secrets.
        url: String,
        /// What the secret is called on tapes.
        name: String,
    },
    /// A secret is too short to be hidden.
    #[error(
        "the secret {name} has fewer than four characters, and a tape can't tell them from others: record with a longer one, or make its option one of type input"
    )]
    Short {
        /// What the secret is called on tapes.
        name: String,
    },
    /// A secret is a word of the spec.
    #[error(
        "the secret {name} is a word that the spec itself has, and a tape could not tell them apart: record with another one"
    )]
    Word {
        /// What the secret is called on tapes.
        name: String,
    },
    /// Something else is there.
    #[error("{}: it is there, and is no tape: name another file with --tape", file.display())]
    Other {
        /// The file.
        file: PathBuf,
    },
    /// The file can't be written.
    #[error("{}: {}", file.display(), in_words(error))]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Tape {
    /// The tape's file beside a spec: `NAME.tape.jsonl`.
    pub fn beside(spec: &Path) -> PathBuf {
        spec.with_extension("tape.jsonl")
    }

    /// Reads a tape.
    pub fn read(file: &Path) -> Result<Self, TapeError> {
        let text = fs::read_to_string(file).map_err(|error| TapeError::Read {
            file: file.to_owned(),
            error,
        })?;
        let text = text.trim_start_matches('\u{feff}');
        let wrong = |line: usize, reason: String| TapeError::Line {
            file: file.to_owned(),
            line,
            reason,
        };
        let mut lines = text.lines().enumerate();
        let (_, first) = lines
            .next()
            .ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
        let head: Head =
            serde_json::from_str(first).map_err(|error| wrong(1, error.to_string()))?;
        if head.tape != VERSION {
            return Err(wrong(
                1,
                format!("its version is {}, and {VERSION} is read", head.tape),
            ));
        }
        let mut exchanges = Vec::new();
        for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let exchange: Exchange =
                serde_json::from_str(line).map_err(|error| wrong(index + 1, error.to_string()))?;
            if let Some(reason) = exchange.answer.mistake() {
                return Err(wrong(index + 1, reason));
            }
            exchanges.push(exchange);
        }
        Ok(Self { head, exchanges })
    }

    /// Writes the tape, readable by its owner alone; the file is there as a whole or not at all.
    pub fn write(&self, file: &Path) -> Result<(), TapeError> {
        let failed = |error: std::io::Error| TapeError::Write {
            file: file.to_owned(),
            error,
        };
        let mut text = serde_json::to_string(&self.head).map_err(|error| failed(error.into()))?;
        for exchange in &self.exchanges {
            text.push('\n');
            text.push_str(&serde_json::to_string(exchange).map_err(|error| failed(error.into()))?);
        }
        text.push('\n');
        let mut written = tempfile::NamedTempFile::new_in(folder_of(file)).map_err(failed)?;
        written.write_all(text.as_bytes()).map_err(failed)?;
        written.as_file().sync_all().map_err(failed)?;
        written.persist(file).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Whether a tape could be written there; asked before anything is sent.
    pub fn can_be_written(file: &Path) -> Result<(), TapeError> {
        let failed = |error: std::io::Error| TapeError::Write {
            file: file.to_owned(),
            error,
        };
        if file.exists() && !file.is_file() {
            return Err(failed(std::io::Error::other("this is no file")));
        }
        // A spec or a test would be lost.
        let is_other = |error: &TapeError| matches!(error, TapeError::Line { line: 1, .. });
        if file.exists() && Self::read(file).as_ref().is_err_and(is_other) {
            let file = file.to_owned();
            return Err(TapeError::Other { file });
        }
        if !folder_of(file).is_dir() {
            return Err(failed(std::io::ErrorKind::NotFound.into()));
        }
        tempfile::NamedTempFile::new_in(folder_of(file)).map_err(failed)?;
        Ok(())
    }
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Head {
    /// The first line of a tape that is recorded now.
    pub fn new(spec: &str, now: String) -> Self {
        Self {
            tape: VERSION,
            spec: spec.to_owned(),
            now,
            options: BTreeMap::new(),
            columns: Vec::new(),
            records: None,
        }
    }
}

/// The values of options as flags would give them: those of the tape, and of other passwords names
/// that nobody knows.
pub fn option_flags(options: &[OptionPlan], head: &Head) -> HashMap<String, Vec<String>> {
    let mut values = HashMap::new();
    for option in options {
        let given = match head.options.get(&option.key) {
            Some(value) => option_texts(value),
            None if option.kind == OptionType::Password => vec![hidden_name(&option.key)],
            None => Vec::new(),
        };
        if !given.is_empty() {
            values.insert(option.flag.clone(), given);
        }
    }
    values
}

/// An option's value as a tape has it, as flags would give it.
pub fn option_texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(flag) => vec![if *flag { "1" } else { "0" }.to_owned()],
        Value::Array(_) => vec![value.to_string()],
        Value::Object(hidden) => {
            let name = hidden.get("hidden").and_then(Value::as_str);
            name.map(str::to_owned).into_iter().collect()
        }
        Value::Number(_) | Value::Null => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.tape.jsonl");
        let two = ["a", "b"].map(|value| ("link".to_owned(), value.to_owned()));
        let exchange = |bytes: &[u8]| Exchange {
            request: Asked {
                method: "GET".to_owned(),
                url: "https://api.example.com/a?b=1".to_owned(),
                body: None,
            },
            answer: Answered::new(200, two.to_vec(), bytes),
        };
        let tape = Tape {
            head: Head::new("x", "2026-01-02T03:04:05Z".to_owned()),
            exchanges: vec![exchange(b"{\"price\":19.90}"), exchange(&[0xff, 0, 1])],
        };
        tape.write(&file).expect("written");
        let read = Tape::read(&file).expect("read");
        assert_eq!(read.exchanges, tape.exchanges);
        assert_eq!(read.exchanges[1].answer.bytes(), [0xff, 0, 1]);
        fs::write(
            &file,
            "{\"tape\":1,\"spec\":\"x\",\"now\":\"y\"}\n{\"reqest\":1}\n",
        )
        .expect("written");
        let error = Tape::read(&file).expect_err("no tape").to_string();
        assert!(error.contains("x.tape.jsonl:2: "), "{error}");
    }
}
