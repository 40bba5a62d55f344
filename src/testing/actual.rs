//! What came of a case.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::tape::Asked;
use crate::template::{json, text_of};

/// A row, each cell as text.
pub type Row = Map<String, Value>;

/// What came of a case.
#[derive(Debug, Clone, Default)]
pub struct Actual {
    /// How the run ended.
    pub exit: i64,
    /// Why, where it failed.
    pub failure: Option<String>,
    /// The rows that were written.
    pub rows: Vec<Row>,
    /// The rows of the feedback.
    pub feedback: Vec<Row>,
    /// Levels and messages.
    pub logs: Vec<(String, String)>,
    /// What was asked.
    pub requests: Vec<Asked>,
}

impl Actual {
    /// Reads what the sandbox has written.
    pub fn of_folder(folder: &Path) -> Self {
        let rows = |name: &str| lines(&folder.join(name)).collect();
        let text = |log: &Row, key: &str| {
            log.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let logs = lines(&folder.join("logs.jsonl"));
        let logs = logs.map(|log| (text(&log, "level"), text(&log, "message")));
        Self {
            rows: rows("output.jsonl"),
            feedback: rows("feedback.jsonl"),
            logs: logs.collect(),
            ..Self::default()
        }
    }
}

fn lines(file: &Path) -> std::vec::IntoIter<Row> {
    // What was not written has no rows.
    let text = fs::read_to_string(file).unwrap_or_default();
    let rows: Vec<Row> = text.lines().filter_map(row).collect();
    rows.into_iter()
}

/// A row of text, as the platform makes one of what it is given: numbers as they were written.
fn row(line: &str) -> Option<Row> {
    let value = json::read(line).ok()?;
    let mut row = Row::new();
    for key in value.try_iter().ok()? {
        let cell = value.get_item(&key).ok()?;
        row.insert(key.to_string(), Value::from(text_of(&cell).into_owned()));
    }
    Some(row)
}

/// The path and parameters of an address.
pub fn path_of(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind.find('/').map_or("/", |at| &behind[at..])
}

/// A request in a line: `GET /products?page=1`.
pub fn line_of(asked: &Asked) -> String {
    format!("{} {}", asked.method, path_of(&asked.url))
}
