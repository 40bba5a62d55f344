//! A spec of a request that lists records.

use std::fmt::Write as _;

use serde_json::Value;

use super::answer::{FieldPath, Found, is_name};
use super::body::body_lines;
use super::option_lines::{OptionLine, option, option_lines, option_name};
use super::paging::{Pages, pages_by};
use super::request::{Given, Request};
use super::{HEAD, literal, yaml};
use crate::secret_names::{looks_made, looks_secret, sounds_secret};

/// The text of a spec of this request. `found` is what its answer showed, where it was asked.
pub fn draft(name: &str, request: &Request, found: Option<&Found>) -> String {
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
            Some(value) => value,
            // An empty value of a way of paging that is none here.
            None if pages_by(key) && values.iter().all(|value| value.is_empty()) => continue,
            None => one_or_more(request, key, &values, &mut options),
        };
        let _ = writeln!(query, "        {}: {value}", yaml(key));
    }
    let added = pages.added(request);
    let takes_json = request
        .body
        .as_ref()
        .is_some_and(|body| body.trim_start().starts_with('{'));
    if let (Some((key, template)), false) = (added, takes_json) {
        let _ = writeln!(
            query,
            "        {}: \"{template}\"   # is it called so?{}",
            yaml(key),
            match pages {
                Pages::Cursor { .. } => " nothing on the first page: then it is not sent",
                _ => "",
            }
        );
    }
    let mut headers = String::new();
    for (key, values) in grouped(&request.headers) {
        // The body says what it is.
        if request.body.is_some() && key.eq_ignore_ascii_case("content-type") {
            continue;
        }
        let value = header_of(request, key, &values.join(", "), &mut options);
        let _ = writeln!(headers, "        {}: {value}", yaml(key));
    }
    let content_type = request.headers.iter();
    let mut content_type =
        content_type.filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.next().map(|(_, value)| value.as_str());
    let body = request.body.as_ref();
    let body = body
        .map(|body| body_lines(body, content_type, (&pages, added), &mut options))
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

/// What people read at the end of an import.
const LOG: &str = "\nlog:\n  - { at: finish, level: success, message: \"{{ run.rows_written }} products imported\" }\n";

/// The lines behind `source`: what becomes of a record.
pub(super) fn columns(text: &mut String, found: Option<&Found>) {
    let columns = found
        .map(|found| found.columns.as_slice())
        .unwrap_or_default();
    if columns.is_empty() {
        text.push_str("\nkeep: all                # every field of a record becomes a column; name some under columns instead\n");
        text.push_str(LOG);
        return;
    }
    text.push_str("\ncolumns:                 # the fields that most records have; others: runner preview --record\n");
    let mut names: Vec<String> = Vec::new();
    for path in columns {
        let name = column_of(path);
        if names.contains(&name) {
            continue;
        }
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "  {}: \"{{{{ {} }}}}\"",
            yaml(&name),
            expression(path)
        );
        names.push(name);
    }
    if let Some(id) = found.and_then(|found| found.id.as_ref()) {
        let _ = writeln!(
            text,
            "\nunique: {}                # each product once",
            yaml(&column_of(id))
        );
    }
    text.push_str(LOG);
}

/// What a field is called as a column: an attribute of XML without its mark, a field inside another with
/// both names. A star would stand for several, and braces for a template.
fn column_of(path: &FieldPath) -> String {
    let parts = path.iter().map(|part| part.trim_start_matches('@'));
    let name = parts.collect::<Vec<_>>().join("_");
    name.replace("{{", "{").replace("{%", "%").replace('*', "_")
}

/// What reads a field, as it stands in YAML between double quotes.
fn expression(path: &FieldPath) -> String {
    let parts = path.iter().map(|part| {
        if is_name(part) {
            return format!(".{part}");
        }
        let text = part.replace('\\', "\\\\").replace('\'', "\\'");
        let quoted = Value::from(format!("['{text}']")).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    });
    format!("record{}", parts.collect::<String>())
}

/// Values by their names, in the order in which these come first.
pub(super) fn grouped(pairs: &[(String, String)]) -> Vec<(&str, Vec<&str>)> {
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
pub(super) fn one_or_more(
    request: &Request,
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
fn filled(text: &str, request: &Request, options: &mut Vec<OptionLine>) -> String {
    let mut with = text.to_owned();
    for name in &request.open {
        let place = format!("{{{name}}}");
        if with.contains(&place) {
            let option = option(options, &option_name(name), "input", name);
            let mut choices = request.choices.iter().filter(|(open, _)| open == name);
            if let (Some((_, choices)), Some(line)) = (
                choices.next_back(),
                options.iter_mut().find(|line| line.name == option),
            ) {
                line.kind = "select";
                line.choices.clone_from(choices);
            }
            with = with.replace(&place, &format!("{{{{ options.{option} }}}}"));
        }
    }
    yaml(&with)
}

/// The value of a header. What one of the API's own says that nobody types is likely whom it is from.
fn header_of(request: &Request, key: &str, value: &str, options: &mut Vec<OptionLine>) -> String {
    if key.to_ascii_lowercase().starts_with("x-") && looks_made(value) {
        let name = option(options, &option_name(key), "password", key);
        return format!("\"{{{{ options.{name} }}}}\"");
    }
    value_of(request, key, value, options)
}

/// The value of a header or a parameter; one that sounds secret is an option.
fn value_of(request: &Request, key: &str, value: &str, options: &mut Vec<OptionLine>) -> String {
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
