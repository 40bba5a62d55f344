//! How values print: nothing as nothing, booleans as `true` and `false`, lists and maps as JSON.

use std::borrow::Cow;

use minijinja::value::{Value, ValueKind};

use super::TextTree;
use super::json;

/// Whether a value is nothing: a missing key, null, an empty option.
pub fn is_nothing(value: &Value) -> bool {
    value.is_undefined() || value.is_none()
}

/// The text of a value.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    if let Some(text) = value.as_str() {
        return Cow::Borrowed(text);
    }
    if let Some(tree) = value.downcast_object_ref::<TextTree>() {
        return Cow::Owned(tree.text().to_owned());
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Cow::Borrowed(""),
        ValueKind::Bool => Cow::Borrowed(if value.is_true() { "true" } else { "false" }),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            let mut text = Vec::new();
            json::write(value, &mut text);
            Cow::Owned(String::from_utf8(text).unwrap_or_default())
        }
        _ => Cow::Owned(value.to_string()),
    }
}

/// Where the first `{{` or `{%` of a text stands.
pub fn template_start(text: &str) -> Option<usize> {
    text.find("{{").into_iter().chain(text.find("{%")).min()
}
