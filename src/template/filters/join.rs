//! `join(separator)`: a list as text; what is nothing is left out.

use minijinja::{Error, Value};

use super::at_path;
use crate::template::{is_nothing, text_of};

/// The elements as text, with `separator` between; of maps one `attribute`. Nothing is left out,
/// so is its separator.
pub fn join(
    list: &Value,
    separator: Option<&str>,
    attribute: Option<&str>,
) -> Result<Value, Error> {
    if list.as_str().is_some() {
        return Ok(list.clone());
    }
    let mut text = String::new();
    let mut first = true;
    for element in list.try_iter()? {
        let element = match attribute {
            Some(path) => at_path(&element, path),
            None => element,
        };
        if is_nothing(&element) {
            continue;
        }
        if !first {
            text.push_str(separator.unwrap_or_default());
        }
        first = false;
        text.push_str(&text_of(&element));
    }
    Ok(Value::from(text))
}
