//! `POST /logs/{level}`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use axum::http::StatusCode;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::answer::SandboxAnswer;
use crate::spec::LogLevel;

/// Logs that are kept to be shown.
const SHOWN: usize = 10;

/// The logs.
#[derive(Debug, Default)]
pub struct Logs {
    folder: Option<PathBuf>,
    file: Option<File>,
    /// How many there are of each level.
    pub counts: IndexMap<&'static str, u64>,
    /// The first ones, in the order of their coming.
    first: Vec<(&'static str, String)>,
}

impl Logs {
    /// Logs, written to `folder` where there is one.
    pub fn new(folder: Option<&PathBuf>) -> Self {
        Self {
            folder: folder.cloned(),
            ..Self::default()
        }
    }

    /// Takes a log.
    pub fn append(&mut self, level: &str, body: &[u8]) -> SandboxAnswer {
        let Some(level) = LogLevel::ALL
            .into_iter()
            .find(|known| known.word() == level)
        else {
            return SandboxAnswer::bad(
                "Validation failed.",
                Some(("level", "This level does not exist.")),
            );
        };
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return SandboxAnswer::bad("The request body is not valid JSON.", None);
        };
        let Some(message) = body.get("message").and_then(Value::as_str) else {
            return SandboxAnswer::bad(
                "Validation failed.",
                Some(("message", "This value should be a string.")),
            );
        };
        if message.trim().is_empty() {
            return SandboxAnswer::bad(
                "Validation failed.",
                Some(("message", "This value should not be blank.")),
            );
        }
        *self.counts.entry(level.word()).or_default() += 1;
        self.show(level, message);
        let context = body.get("context").cloned().unwrap_or(json!({}));
        match self.write(&json!({ "level": level.word(), "message": message, "context": context }))
        {
            Ok(()) => SandboxAnswer::message(StatusCode::CREATED, "Logged successfully."),
            Err(error) => SandboxAnswer::message(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("The sandbox can't write logs.jsonl: {error}"),
            ),
        }
    }

    /// The logs that are shown; where not all are, the grave ones stand first.
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let mut shown = self.first.clone();
        if self.unshown() > 0 {
            shown.sort_by_key(|(word, _)| std::cmp::Reverse(weight(word)));
        }
        shown
    }

    /// Keeps a log to be shown. What a person must know is kept first: debug lines, then others below
    /// a warning, make room for it.
    fn show(&mut self, level: LogLevel, message: &str) {
        let kept = (level.word(), message.to_owned());
        if self.first.len() < SHOWN {
            self.first.push(kept);
            return;
        }
        let weight = weight(level.word());
        let lightest = self.first.iter().map(|(word, _)| self::weight(word)).min();
        if let Some(lightest) = lightest.filter(|lightest| *lightest < weight) {
            // Of several as light the last one goes.
            let is_lightest = |(word, _): &(&'static str, String)| self::weight(word) == lightest;
            if let Some(at) = self.first.iter().rposition(is_lightest) {
                self.first.remove(at);
                self.first.push(kept);
            }
        }
    }

    /// How many logs came that are not among those shown.
    pub fn unshown(&self) -> u64 {
        let all: u64 = self.counts.values().sum();
        all - self.first.len() as u64
    }

    fn write(&mut self, log: &Value) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        if self.file.is_none() {
            self.file = Some(File::create(folder.join("logs.jsonl"))?);
        }
        match &mut self.file {
            Some(file) => file.write_all(format!("{log}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

/// How much a log of this level must be seen.
fn weight(level: &str) -> u8 {
    match level {
        "debug" => 0,
        "success" | "info" | "notice" | "report" => 1,
        "warning" => 2,
        _ => 3,
    }
}
