//! `regex_search(pattern, group)` and `regex_replace(pattern, by)`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use minijinja::{Error, Value};
use regex::Regex;

use super::invalid;
use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// What a group of the first match holds; nothing where there is no match.
pub fn search(value: &Value, pattern: &str, group: Option<usize>) -> Result<Value, Error> {
    let regex = compiled(pattern)?;
    let text = text_of(value);
    let found = found(&regex, &text, group.unwrap_or(0));
    Ok(found.map_or(Value::UNDEFINED, Value::from))
}

fn found<'t>(regex: &Regex, text: &'t str, group: usize) -> Option<&'t str> {
    if group == 0 {
        return regex.find(text).map(|found| found.as_str());
    }
    let captures = regex.captures(text)?;
    captures.get(group).map(|found| found.as_str())
}

/// The plain form of [`search`].
pub fn native_search<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let (pattern, group) = match arguments {
        [pattern] => (pattern, 0),
        [pattern, group] => (pattern, group.as_count()?),
        _ => return Err(Doubt),
    };
    let regex = compiled(pattern.as_text()?).map_err(|_| Doubt)?;
    Ok(match value.into_text()? {
        Cow::Borrowed(text) => match found(&regex, text, group) {
            Some(found) => Plain::Text(Cow::Borrowed(found)),
            None => Plain::Nothing,
        },
        Cow::Owned(text) => match found(&regex, &text, group) {
            Some(found) => Plain::owned(found.to_owned()),
            None => Plain::Nothing,
        },
    })
}

/// The plain form of [`replace`].
pub fn native_replace<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let [pattern, by] = arguments else {
        return Err(Doubt);
    };
    let by = by.as_text()?;
    let regex = compiled(pattern.as_text()?).map_err(|_| Doubt)?;
    let text = value.into_text()?;
    Ok(match regex.replace_all(&text, by) {
        Cow::Borrowed(_) => Plain::Text(text),
        Cow::Owned(replaced) => Plain::owned(replaced),
    })
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

/// What is wrong with a group that is asked for by its number, or in what stands for a match.
pub fn group_mistake(pattern: &str, asked: &Value) -> Option<String> {
    let groups = Regex::new(pattern).ok()?.captures_len() - 1;
    let has = match groups {
        0 => "the pattern has no group: round brackets make one".to_owned(),
        1 => "the pattern has one group".to_owned(),
        _ => format!("the pattern has {groups} groups"),
    };
    let Some(by) = asked.as_str() else {
        let number = usize::try_from(asked.clone()).ok()?;
        return (number > groups).then_some(has);
    };
    let numbered = by.split('$').skip(1).filter_map(|rest| {
        let digits = rest.trim_start_matches('{');
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        digits[..end].parse::<usize>().ok()
    });
    if numbered.into_iter().any(|number| number > groups) {
        return Some(has);
    }
    let slashed = by
        .split('\\')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    slashed.then(|| "a group is written $1 or ${1} here, and no \\1".to_owned())
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
