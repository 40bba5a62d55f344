//! `to_map(key, value)`: a list of maps to one map.

use minijinja::{Error, Value};

use super::at_path;
use crate::template::{is_nothing, text_of};

/// `[{name: a, value: 1}]` with `to_map('name', 'value')` is `{a: 1}`; of equal keys the last wins.
pub fn to_map(list: &Value, key: &str, value: &str) -> Result<Value, Error> {
    let mut map = indexmap::IndexMap::new();
    for element in list.try_iter()? {
        let name = at_path(&element, key);
        if !is_nothing(&name) {
            map.insert(text_of(&name).into_owned(), at_path(&element, value));
        }
    }
    Ok(Value::from_pairs(map))
}
