//! Python's methods of text, lists and maps: minijinja-contrib's pycompat, with nothing passed on
//! and values printed our way.

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Error, ErrorKind, State};

use super::number::plain;
use super::text::{is_nothing, text_of};

/// The methods there are.
pub const NAMES: [&str; 29] = [
    "capitalize",
    "count",
    "endswith",
    "find",
    "format",
    "get",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
    "items",
    "join",
    "keys",
    "lower",
    "lstrip",
    "replace",
    "rfind",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
    "values",
];

/// Calls `value.name(args…)`: a method of nothing is nothing.
pub fn call(
    state: &mut State,
    value: &Value,
    name: &str,
    args: Rest<ValueOrKwargs>,
) -> Result<Value, Error> {
    if is_nothing(value) {
        return Ok(Value::UNDEFINED);
    }
    let value = plain(value);
    let mut args: Vec<Value> = args.into_values().iter().map(plain).collect();
    match (value.as_str(), name) {
        (Some(separator), "join") => {
            let list = args.first().cloned().unwrap_or_default();
            return super::filters::join::join(&list, Some(separator), None);
        }
        (Some(_), "format") => args = args.into_iter().map(printable).collect(),
        // A missing key is nothing, also where `get` is asked for it without a default.
        (None, "get") if value.kind() == ValueKind::Map => {
            let found = value.get_item(args.first().unwrap_or(&Value::UNDEFINED))?;
            return Ok(if is_nothing(&found) {
                args.get(1).cloned().unwrap_or_default()
            } else {
                found
            });
        }
        // Python's `''.split(',')` is a list of one empty text: a product with one image that is none.
        (Some(""), "split") => return Ok(Value::from(Vec::<Value>::new())),
        _ => {}
    }
    value.call_method(state, name, &args).map_err(|error| {
        if error.kind() == ErrorKind::UnknownMethod {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("a {} has no method {name}()", value.kind()),
            )
        } else {
            error
        }
    })
}

/// What `format` prints our way: nothing, booleans, lists and maps as text, numbers as they are.
fn printable(value: Value) -> Value {
    if value.is_kwargs() || value.kind() == ValueKind::Number || value.as_str().is_some() {
        return value;
    }
    Value::from(text_of(&value).into_owned())
}
