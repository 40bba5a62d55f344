//! The body of a request, as a spec has it.

use std::fmt::Write as _;

use serde_json::Value;

use super::draft::{grouped, one_or_more};
use super::option_lines::{OptionLine, option, option_name};
use super::paging::Pages;
use super::request::Request;
use super::{escaped, yaml};
use crate::secret_names::{looks_secret, sounds_secret};

/// A body of JSON as `json`, one of a form as `form`, any other as text; what sounds secret is an option,
/// what pages is a template, and one is added where the command had none.
pub(super) fn body_lines(
    body: &str,
    content_type: Option<&str>,
    (pages, added): (&Pages, Option<(&str, &str)>),
    options: &mut Vec<OptionLine>,
) -> String {
    if let Ok(mut json) = serde_json::from_str::<Value>(body) {
        let given = json.clone();
        escape(&mut json);
        hide(&mut json, options);
        pages.fill(&mut json);
        let mut comment = String::new();
        if let (Some((key, template)), Some(fields)) = (added, json.as_object_mut()) {
            fields.insert(key.to_owned(), template.into());
            comment = format!("      # `{key}` leads from page to page: is it called so?\n");
        }
        // JSON is YAML; where nothing in it is secret its numbers stay as they were written.
        let text = if json == given {
            body.split(['\r', '\n'])
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
        } else {
            json.to_string()
        };
        return format!("{comment}      json: {text}\n");
    }
    if is_form(body) {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let none = Request::default();
        return grouped(&pairs).into_iter().fold(
            "      form:\n".to_owned(),
            |lines, (key, values)| {
                let value = pages.value_of(key);
                let value = value.unwrap_or_else(|| one_or_more(&none, key, &values, options));
                format!("{lines}        {}: {value}\n", yaml(key))
            },
        );
    }
    format!(
        "      text: {{ type: {}, body: {} }}\n",
        yaml(content_type.unwrap_or("text/plain")),
        hidden_text(body, options)
    )
}

/// Whether a body is one of a form.
pub(super) fn is_form(body: &str) -> bool {
    body.contains('=') && !body.contains(['<', '{', '\n', ' '])
}

/// Braces in texts go out as they stand.
fn escape(json: &mut Value) {
    match json {
        Value::String(text) => *text = escaped(text),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(fields) => fields.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A body that is no JSON; values of its elements that sound secret become options.
fn hidden_text(body: &str, options: &mut Vec<OptionLine>) -> String {
    let mut text = String::new();
    let mut rest = body;
    while let Some(at) = rest.find('>') {
        let (before, behind) = rest.split_at(at + 1);
        text.push_str(&escaped(before));
        rest = behind;
        let name = before[..at].rsplit('<').next().unwrap_or_default();
        let name = name.split([' ', ':']).next_back().unwrap_or_default();
        let value = &behind[..behind.find('<').unwrap_or(0)];
        if sounds_secret(name) && !value.trim().is_empty() {
            let option = option(options, &option_name(name), "password", name);
            let _ = write!(text, "{{{{ options.{option} | escape }}}}");
            rest = &behind[value.len()..];
        }
    }
    text.push_str(&escaped(rest));
    Value::from(text).to_string()
}

/// Texts under keys that sound secret become options.
fn hide(json: &mut Value, options: &mut Vec<OptionLine>) {
    match json {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let text = value.as_str();
                if text.is_some_and(|text| sounds_secret(key) || looks_secret(text)) {
                    let name = option(options, &option_name(key), "password", key);
                    *value = format!("{{{{ options.{name} }}}}").into();
                } else {
                    hide(value, options);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, options)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
