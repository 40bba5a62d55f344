//! A spec of a request that lists records.

use std::fmt::Write as _;

use serde_json::Value;

use super::answer::Found;
use super::curl::{CurlRequest, Given};
use super::paging::{Pages, pages_by};
use super::{HEAD, escaped, literal, yaml};
use crate::secret_names::{looks_secret, sounds_secret};
use crate::spec::{RUNNER_FLAGS, SHELL_NAMES};

/// An option of the spec: its name, its type, its label.
struct OptionLine {
    name: String,
    kind: &'static str,
    label: String,
}

/// The text of a spec of this request. `found` is what its answer showed, where it was asked.
pub fn draft(name: &str, request: &CurlRequest, found: Option<&Found>) -> String {
    let mut options = Vec::new();
    let auth = auth_of(&request.given, &mut options);
    let (base, path) = split_url(&request.url);
    let pages = Pages::of(request, found);
    let mut text = HEAD.to_owned();
    // Writing into a string does not fail.
    let _ = writeln!(
        text,
        "version: 1\nname: {}\nmode: data-source\n",
        yaml(name)
    );
    let mut query = String::new();
    for (key, values) in grouped(&request.query) {
        let value = match pages.value_of(key) {
            Some(value) => value.to_owned(),
            // An empty value of a way of paging that is none here.
            None if pages_by(key) && values.iter().all(|value| value.is_empty()) => continue,
            None => one_or_more(request, key, &values, &mut options),
        };
        let _ = writeln!(query, "        {}: {value}", yaml(key));
    }
    if let Some((key, value)) = pages.added(request) {
        let _ = writeln!(query, "        {}: {value}", yaml(&key));
    }
    let mut headers = String::new();
    for (key, values) in grouped(&request.headers) {
        // The body says what it is.
        if request.body.is_some() && key.eq_ignore_ascii_case("content-type") {
            continue;
        }
        let value = value_of(request, key, &values.join(", "), &mut options);
        let _ = writeln!(headers, "        {}: {value}", yaml(key));
    }
    let content_type = request.headers.iter();
    let mut content_type =
        content_type.filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.next().map(|(_, value)| value.as_str());
    let body = request.body.as_ref();
    let body = body
        .map(|body| body_lines(body, content_type, &mut options))
        .unwrap_or_default();
    let (base, path) = (
        filled(&base, request, &mut options),
        filled(&path, request, &mut options),
    );
    text.push_str(&option_lines(&options));
    let _ = writeln!(text, "http:\n  base_url: {base}");
    if let Some(auth) = auth {
        let _ = writeln!(text, "  auth: {auth}");
    }
    let _ = writeln!(
        text,
        "\nsource:\n  - name: product          # what one record is: later steps and columns call it so\n    request:\n      path: {path}"
    );
    let default = if request.body.is_some() {
        "POST"
    } else {
        "GET"
    };
    if request.method() != default {
        let _ = writeln!(text, "      method: {}", request.method());
    }
    if !query.is_empty() {
        let _ = write!(text, "      query:\n{query}");
    }
    if !request.others.is_empty() {
        let _ = writeln!(
            text,
            "      # it may have more parameters: {}",
            request.others.join(", ")
        );
    }
    if !headers.is_empty() {
        let _ = write!(text, "      headers:\n{headers}");
    }
    text.push_str(&body);
    let _ = writeln!(text, "    pages: {}", pages.line());
    match found.and_then(|found| found.records.as_ref()) {
        Some(records) => {
            let _ = writeln!(text, "    records: {}", yaml(records));
        }
        None => text.push_str("    # records: \"$.data[*]\"     # where the list stands in the answer, if it is not found by itself\n"),
    }
    columns(&mut text, found);
    text
}

fn columns(text: &mut String, found: Option<&Found>) {
    let columns = found
        .map(|found| found.columns.as_slice())
        .unwrap_or_default();
    if columns.is_empty() {
        text.push_str("\nkeep: all                # every field of a record becomes a column; name some under columns instead\n");
        return;
    }
    text.push_str("\ncolumns:                 # the fields that most records have; others: runner preview --record\n");
    let mut names: Vec<String> = Vec::new();
    for path in columns {
        let name = path.replace('.', "_");
        if names.contains(&name) {
            continue;
        }
        names.push(name.clone());
        if !is_plain_path(path) {
            let expression = format!("{{{{ record['{}'] }}}}", path.replace('\'', ""));
            let _ = writeln!(text, "  {}: {}", yaml(path), Value::from(expression));
            continue;
        }
        // Writing into a string does not fail.
        let _ = writeln!(text, "  {name}: \"{{{{ record.{path} }}}}\"");
    }
    if let Some(id) = found.and_then(|found| found.id.as_ref()) {
        let _ = writeln!(
            text,
            "\nunique: {}                # each product once",
            id.replace('.', "_")
        );
    }
    text.push_str("\nlog:\n  - { at: finish, level: success, message: \"{{ run.rows_written }} products imported\" }\n");
}

/// Values by their names, in the order in which these come first.
fn grouped(pairs: &[(String, String)]) -> Vec<(&str, Vec<&str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for (key, value) in pairs {
        match all.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => values.push(value),
            None => all.push((key, vec![value])),
        }
    }
    all
}

/// A value, or a list of those that have one name.
fn one_or_more(
    request: &CurlRequest,
    key: &str,
    values: &[&str],
    options: &mut Vec<OptionLine>,
) -> String {
    match values {
        [one] => value_of(request, key, one, options),
        several => {
            let all = several
                .iter()
                .map(|one| value_of(request, key, one, options));
            format!("[{}]", all.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The lines of `options`; nothing where there are none.
fn option_lines(options: &[OptionLine]) -> String {
    let mut text = String::new();
    if options.is_empty() {
        return text;
    }
    text.push_str(
        "options:          # what people fill in at the platform; a password is never shown\n",
    );
    for option in options {
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "  {}: {{ type: {}, label: {}, required: true }}",
            option.name,
            option.kind,
            yaml(&option.label)
        );
    }
    text.push('\n');
    text
}

/// Credentials as a spec has them.
pub(super) struct Credentials {
    /// The lines of `options`.
    pub options: String,
    /// The value of `auth`.
    pub auth: Option<String>,
}

impl Credentials {
    /// Those of a request, with further options that people fill in.
    pub fn of(given: &Given, inputs: &[&str]) -> Self {
        let mut options = Vec::new();
        let auth = auth_of(given, &mut options);
        for name in inputs {
            option(&mut options, &option_name(name), "input", name);
        }
        Self {
            options: option_lines(&options),
            auth,
        }
    }
}

/// A text with options in the place of what people fill in, as YAML.
fn filled(text: &str, request: &CurlRequest, options: &mut Vec<OptionLine>) -> String {
    let mut with = text.to_owned();
    for name in &request.open {
        let place = format!("{{{name}}}");
        if with.contains(&place) {
            let option = option(options, &option_name(name), "input", name);
            with = with.replace(&place, &format!("{{{{ options.{option} }}}}"));
        }
    }
    yaml(&with)
}

/// The value of a header or a parameter; one that sounds secret is an option.
fn value_of(
    request: &CurlRequest,
    key: &str,
    value: &str,
    options: &mut Vec<OptionLine>,
) -> String {
    if value.starts_with('{')
        && request
            .open
            .iter()
            .any(|name| value == format!("{{{name}}}"))
    {
        return filled(value, request, options);
    }
    if sounds_secret(key) || looks_secret(value) {
        let name = option(options, &option_name(key), "password", key);
        return format!("\"{{{{ options.{name} }}}}\"");
    }
    literal(value)
}

pub(super) fn option_name(key: &str) -> String {
    let name: String = key
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    let name = name.trim_matches('_').to_owned();
    // A flag of runner's own can be none of the spec's.
    let flag = name.to_lowercase().replace('_', "-");
    let name = if RUNNER_FLAGS.contains(&flag.as_str()) || SHELL_NAMES.contains(&name.as_str()) {
        format!("{name}_VALUE")
    } else {
        name
    };
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("KEY_{name}")
    }
}

/// Adds an option; its name.
fn option(options: &mut Vec<OptionLine>, name: &str, kind: &'static str, label: &str) -> String {
    if !options.iter().any(|known| known.name == name) {
        options.push(OptionLine {
            name: name.to_owned(),
            kind,
            label: label.to_owned(),
        });
    }
    name.to_owned()
}

fn auth_of(given: &Given, options: &mut Vec<OptionLine>) -> Option<String> {
    Some(match given {
        Given::None => return None,
        Given::Bearer(_) => {
            let name = option(options, "TOKEN", "password", "Token");
            format!("{{ bearer: \"{{{{ options.{name} }}}}\" }}")
        }
        Given::Basic(..) => {
            let user = option(options, "USERNAME", "input", "User name");
            let password = option(options, "PASSWORD", "password", "Password");
            format!(
                "{{ basic: {{ username: \"{{{{ options.{user} }}}}\", password: \"{{{{ options.{password} }}}}\" }} }}"
            )
        }
        Given::Header(key, _) => {
            let name = option(options, &option_name(key), "password", key);
            format!(
                "{{ api_key: {{ header: {{ {}: \"{{{{ options.{name} }}}}\" }} }} }}",
                yaml(key)
            )
        }
        Given::Cookie(key, _) => {
            let name = option(options, &option_name(key), "password", key);
            format!(
                "{{ api_key: {{ cookie: {{ {}: \"{{{{ options.{name} }}}}\" }} }} }}",
                yaml(key)
            )
        }
        Given::Query(key, _) => {
            let name = option(options, &option_name(key), "password", key);
            format!(
                "{{ api_key: {{ query: {{ {}: \"{{{{ options.{name} }}}}\" }} }} }}",
                yaml(key)
            )
        }
    })
}

/// The server and what all of its paths begin with, and the path of the request.
fn split_url(url: &str) -> (String, String) {
    // As it is written: what people fill in stands in braces.
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    let (origin, path) = url.split_at(end);
    let split = path.trim_end_matches('/').rfind('/').unwrap_or(0);
    let (before, behind) = path.split_at(split);
    let behind = if behind.is_empty() { "/" } else { behind };
    (format!("{origin}{before}"), behind.to_owned())
}

/// A body of JSON as `json`, one of a form as `form`, any other as text; what sounds secret is an option.
fn body_lines(body: &str, content_type: Option<&str>, options: &mut Vec<OptionLine>) -> String {
    if let Ok(mut json) = serde_json::from_str::<Value>(body) {
        let given = json.clone();
        escape(&mut json);
        hide(&mut json, options);
        // JSON is YAML; where nothing in it is secret its numbers stay as they were written.
        let text = if json == given {
            body.split(['\r', '\n'])
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
        } else {
            json.to_string()
        };
        return format!("      json: {text}\n");
    }
    let is_form = body.contains('=') && !body.contains(['<', '{', '\n', ' ']);
    if is_form {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let none = CurlRequest::default();
        return grouped(&pairs).into_iter().fold(
            "      form:\n".to_owned(),
            |lines, (key, values)| {
                let value = one_or_more(&none, key, &values, options);
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

/// Whether a field can be written behind a dot.
fn is_plain_path(path: &str) -> bool {
    path.split('.').all(super::answer::is_name)
}
