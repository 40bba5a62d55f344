//! `GET /input/{type}/…` and `GET /items/{type}/count`: rows behind a cursor.

use std::collections::HashMap;

use axum::http::StatusCode;
use indexmap::{IndexMap, IndexSet};
use serde::de::IgnoredAny;

use super::answer::SandboxAnswer;
use super::input_file::InputFile;

/// What can be read; `full` is the older name of `input`.
const TYPES: [&str; 5] = ["input", "new", "modified", "unchanged", "deleted"];

/// The most rows of a batch.
const MOST_ROWS: usize = 999;

/// The inputs with their cursors.
#[derive(Debug, Default)]
pub struct Inputs {
    files: HashMap<&'static str, Cursor>,
}

#[derive(Debug)]
struct Cursor {
    file: InputFile,
    at: usize,
}

/// What a read asks for.
#[derive(Debug, Default, serde::Deserialize)]
pub struct ReadQuery {
    size: Option<String>,
    #[serde(rename = "show-hidden")]
    show_hidden: Option<String>,
    #[serde(rename = "classification-id")]
    classification_id: Option<String>,
}

/// The type's name in [`TYPES`].
pub fn known_type(word: &str) -> Option<&'static str> {
    let word = if word == "full" { "input" } else { word };
    TYPES.into_iter().find(|known| *known == word)
}

impl Inputs {
    /// Adds the file of a type.
    pub fn add(&mut self, kind: &'static str, file: InputFile) {
        self.files.insert(kind, Cursor { file, at: 0 });
    }

    /// The types that have a file, with their rows: read, and in all.
    pub fn counts(&self) -> Vec<(&'static str, usize, usize)> {
        TYPES
            .into_iter()
            .filter_map(|kind| {
                let cursor = self.files.get(kind)?;
                Some((kind, cursor.at, cursor.file.len()))
            })
            .collect()
    }

    /// The columns of the first rows of all files, hidden ones too.
    pub fn columns(&self) -> IndexSet<String> {
        let files = self.files.values().map(|cursor| &cursor.file);
        let rows = files.flat_map(|file| {
            let rows = file.rows(0, file.len().min(MOST_ROWS), true);
            let json = [b"[".as_slice(), &rows, b"]"].concat();
            // They are JSON, as that is how they are handed out.
            serde_json::from_slice::<Vec<IndexMap<String, IgnoredAny>>>(&json).unwrap_or_default()
        });
        rows.flat_map(IndexMap::into_keys).collect()
    }

    fn cursor(&mut self, word: &str) -> Result<&mut Cursor, SandboxAnswer> {
        let Some(kind) = known_type(word) else {
            return Err(SandboxAnswer::not_found(&format!(
                "Input type {word} does not exist."
            )));
        };
        self.files
            .get_mut(kind)
            .ok_or_else(|| SandboxAnswer::not_found(&format!("File {kind} is not provided.")))
    }

    /// `next`: one row; 204 at the end.
    pub fn next(&mut self, word: &str, query: &ReadQuery) -> Result<SandboxAnswer, SandboxAnswer> {
        let show_hidden = query.show_hidden()?;
        let cursor = self.cursor(word)?;
        if cursor.at >= cursor.file.len() {
            return Ok(SandboxAnswer::empty());
        }
        cursor.at += 1;
        let row = cursor.file.rows(cursor.at - 1, cursor.at, show_hidden);
        let (head, tail) = (b"{\"message\":\"\",\"data\":".as_slice(), b"}".as_slice());
        Ok(SandboxAnswer::parts(vec![head.into(), row, tail.into()]))
    }

    /// `next_batch`: up to `size` rows; empty `data` at the end.
    pub fn next_batch(
        &mut self,
        word: &str,
        query: &ReadQuery,
    ) -> Result<SandboxAnswer, SandboxAnswer> {
        let show_hidden = query.show_hidden()?;
        let size = query.size()?;
        let cursor = self.cursor(word)?;
        let to = (cursor.at + size).min(cursor.file.len());
        let rows = cursor.file.rows(cursor.at, to, show_hidden);
        cursor.at = to;
        let (head, tail) = (b"{\"message\":\"\",\"data\":[".as_slice(), b"]}".as_slice());
        Ok(SandboxAnswer::parts(vec![head.into(), rows, tail.into()]))
    }

    /// `restart`: the cursor is back at the start.
    pub fn restart(&mut self, word: &str) -> Result<SandboxAnswer, SandboxAnswer> {
        self.cursor(word)?.at = 0;
        Ok(SandboxAnswer::message(
            StatusCode::OK,
            "Restarted successfully.",
        ))
    }

    /// `count`.
    pub fn count(&mut self, word: &str) -> Result<SandboxAnswer, SandboxAnswer> {
        let count = self.cursor(word)?.file.len();
        let body = serde_json::json!({ "message": "", "data": { "count": count } });
        Ok(SandboxAnswer::json(StatusCode::OK, &body))
    }
}

impl ReadQuery {
    fn size(&self) -> Result<usize, SandboxAnswer> {
        let Some(size) = &self.size else { return Ok(1) };
        let Ok(size) = size.parse::<i64>() else {
            return Err(SandboxAnswer::bad("Size should be an integer.", None));
        };
        usize::try_from(size)
            .ok()
            .filter(|size| (1..=MOST_ROWS).contains(size))
            .ok_or_else(|| {
                let error = "Size should be greater than 0 and less than 1000.";
                SandboxAnswer::bad(error, Some(("size", error)))
            })
    }

    fn show_hidden(&self) -> Result<bool, SandboxAnswer> {
        if let Some(id) = &self.classification_id {
            if id.parse::<i64>().is_err() {
                let error = "Classification id should be an integer.";
                return Err(SandboxAnswer::bad(error, Some(("classificationId", error))));
            }
        }
        match self.show_hidden.as_deref() {
            None | Some("" | "0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(_) => {
                let error = "Show hidden should be a boolean.";
                Err(SandboxAnswer::bad(error, Some(("showHidden", error))))
            }
        }
    }
}
