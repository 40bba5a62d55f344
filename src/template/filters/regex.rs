//! `regex_search(pattern, group)` and `regex_replace(pattern, by)`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use minijinja::{Error, Value};
use regex::Regex;

use super::invalid;
use crate::template::text_of;

/// What a group of the first match holds; nothing where there is no match.
pub fn search(value: &Value, pattern: &str, group: Option<usize>) -> Result<Value, Error> {
    let regex = compiled(pattern)?;
    let text = text_of(value);
    let found = regex
        .captures(&text)
        .and_then(|captures| captures.get(group.unwrap_or(0)));
    Ok(found.map_or(Value::UNDEFINED, |found| Value::from(found.as_str())))
}

/// The text with every match replaced; `$1` is a group.
pub fn replace(value: &Value, pattern: &str, by: &str) -> Result<String, Error> {
    let regex = compiled(pattern)?;
    Ok(regex.replace_all(&text_of(value), by).into_owned())
}

/// Why a pattern can't be used, if it can't.
pub fn mistake(pattern: &str) -> Option<String> {
    let error = Regex::new(pattern).err()?.to_string();
    let reason = error.lines().last().unwrap_or_default();
    Some(reason.trim_start_matches("error: ").to_owned())
}

/// Patterns are few and used for every row, so each is compiled once.
fn compiled(pattern: &str) -> Result<Regex, Error> {
    static COMPILED: Mutex<Option<HashMap<String, Regex>>> = Mutex::new(None);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = compiled.get_or_insert_default();
    if let Some(regex) = compiled.get(pattern) {
        return Ok(regex.clone());
    }
    let regex = Regex::new(pattern).map_err(|_| {
        invalid(format!(
            "no regular expression: {}",
            mistake(pattern).unwrap_or_default()
        ))
    })?;
    compiled.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}
