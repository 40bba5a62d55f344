//! `pick('cf_*', …)` and `omit(…)`: some keys of a map.

use minijinja::Error;
use minijinja::value::{Rest, Value};

use super::invalid;
use crate::row::pattern::Pattern;

/// The keys that match one of the patterns.
pub fn pick(map: &Value, patterns: Rest<String>) -> Result<Value, Error> {
    filtered(map, &patterns, true)
}

/// The keys that match none of the patterns.
pub fn omit(map: &Value, patterns: Rest<String>) -> Result<Value, Error> {
    filtered(map, &patterns, false)
}

fn filtered(map: &Value, patterns: &[String], wanted: bool) -> Result<Value, Error> {
    if map.kind() != minijinja::value::ValueKind::Map {
        return Err(invalid(format!(
            "a {} has no keys to pick from",
            map.kind()
        )));
    }
    let patterns: Vec<Pattern> = patterns.iter().map(|text| Pattern::new(text)).collect();
    let mut pairs = Vec::new();
    for key in map.try_iter()? {
        let name = key.to_string();
        if patterns.iter().any(|pattern| pattern.matches(&name)) == wanted {
            pairs.push((name, map.get_item(&key)?));
        }
    }
    Ok(Value::from_pairs(pairs))
}
