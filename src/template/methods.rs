//! Python's methods of text, lists and maps: minijinja-contrib's pycompat, with nothing passed on
//! and values printed our way.

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Error, ErrorKind, State};

use super::number::plain;
use super::signature::{Parameter, Takes};
use super::text::{is_nothing, text_of};

/// A method by its name.
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// What has it: text, lists, maps.
    pub of: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// What it gives, in a few words.
    pub about: &'static str,
}

const fn method(
    name: &'static str,
    of: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
) -> Method {
    Method {
        name,
        of,
        parameters,
        about,
    }
}

/// All methods, by name.
pub static ALL: [Method; 29] = [
    method(
        "capitalize",
        "text",
        &[],
        "the first letter large, the rest small",
    ),
    method(
        "count",
        "text and lists",
        &[Parameter::always("what", Takes::Any)],
        "how often something is in it",
    ),
    method(
        "endswith",
        "text",
        &[Parameter::always("suffix", Takes::Any)],
        "whether it ends so",
    ),
    method(
        "find",
        "text",
        &[Parameter::always("what", Takes::Text)],
        "where a text begins in it, from 0; -1 if nowhere",
    ),
    method(
        "format",
        "text",
        &[Parameter::often("values", Takes::Any)],
        "the values at `{}`",
    ),
    method(
        "get",
        "maps",
        &[
            Parameter::always("key", Takes::Any),
            Parameter::maybe("default", Takes::Any, ""),
        ],
        "a key's value, or `default`",
    ),
    method(
        "isalnum",
        "text",
        &[],
        "whether it has letters and digits only",
    ),
    method("isalpha", "text", &[], "whether it has letters only"),
    method("isascii", "text", &[], "whether it has ASCII only"),
    method("isdigit", "text", &[], "whether it has digits only"),
    method("islower", "text", &[], "whether its letters are small"),
    method("isnumeric", "text", &[], "whether it has digits only"),
    method("isspace", "text", &[], "whether it has white space only"),
    method("isupper", "text", &[], "whether its letters are large"),
    method("items", "maps", &[], "its keys and values"),
    method(
        "join",
        "text",
        &[Parameter::always("list", Takes::Any)],
        "a list as text, this between its elements",
    ),
    method("keys", "maps", &[], "its keys"),
    method("lower", "text", &[], "in small letters"),
    method(
        "lstrip",
        "text",
        &[Parameter::maybe("chars", Takes::Text, "")],
        "without white space, or these characters, at its begin",
    ),
    method(
        "replace",
        "text",
        &[
            Parameter::always("old", Takes::Text),
            Parameter::always("new", Takes::Text),
            Parameter::maybe("count", Takes::Whole, ""),
        ],
        "one text replaced by another",
    ),
    method(
        "rfind",
        "text",
        &[Parameter::always("what", Takes::Text)],
        "where a text begins in it for the last time",
    ),
    method(
        "rstrip",
        "text",
        &[Parameter::maybe("chars", Takes::Text, "")],
        "without white space, or these characters, at its end",
    ),
    method(
        "split",
        "text",
        &[
            Parameter::maybe("by", Takes::Text, ""),
            Parameter::maybe("most", Takes::Whole, ""),
        ],
        "cut at each `by`, at white space without it",
    ),
    method(
        "splitlines",
        "text",
        &[Parameter::maybe("keepends", Takes::Flag, "")],
        "its lines",
    ),
    method(
        "startswith",
        "text",
        &[Parameter::always("prefix", Takes::Any)],
        "whether it begins so",
    ),
    method(
        "strip",
        "text",
        &[Parameter::maybe("chars", Takes::Text, "")],
        "without white space, or these characters, at both ends",
    ),
    method("title", "text", &[], "the first letter of each word large"),
    method("upper", "text", &[], "in large letters"),
    method("values", "maps", &[], "its values"),
];

/// The names of all methods.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    ALL.iter().map(|method| method.name)
}

/// A method by its name.
pub fn find(name: &str) -> Option<&'static Method> {
    ALL.iter().find(|method| method.name == name)
}

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
