//! `index_by`: a list of maps, each found by one of its fields.

use minijinja::{Error, Value};

use super::at_path;
use crate::template::{is_nothing, text_of};

/// `[{id: 1, title: a}]` with `index_by('id')` is `{1: {id: 1, title: a}}`; of equal keys the last wins,
/// and what has no such field is left out.
pub fn index_by(list: &Value, key: &str) -> Result<Value, Error> {
    let mut map = indexmap::IndexMap::new();
    for element in list.try_iter()? {
        let name = at_path(&element, key);
        if !is_nothing(&name) {
            map.insert(text_of(&name).into_owned(), element);
        }
    }
    Ok(Value::from_pairs(map))
}
