//! Specs of a mode, and of a feed.

use std::fmt::Write as _;

use super::answer::Found;
use super::draft::columns;
use super::option_lines::option_name;
use super::sample::Sample;
use super::{HEAD, literal, yaml};
use crate::secret_names::sounds_secret;
use crate::spec::Mode;

/// A commented spec of a mode, to start from.
pub fn outline(name: &str, mode: Mode) -> String {
    let body = match mode {
        Mode::DataSource => DATA_SOURCE,
        Mode::DataService => DATA_SERVICE,
        Mode::Export => EXPORT,
        Mode::ExportDelta => EXPORT_DELTA,
    };
    format!(
        "{HEAD}version: 1\nname: {}\nmode: {}\n{body}",
        yaml(name),
        mode.word()
    )
}

/// A spec that imports a feed: a file of this place. What is secret in its address becomes options.
/// `sample` is what its bytes showed, `found` what its records did, where they were looked at.
pub fn feed(name: &str, url: &str, sample: &Sample, found: Option<&Found>) -> String {
    let feed = Feed::of(url);
    let options = match feed.options.as_slice() {
        [] => String::new(),
        options => {
            let lines = options.iter().map(|(name, kind, label)| {
                format!(
                    "  {name}: {{ type: {kind}, label: {}, required: true }}\n",
                    yaml(label)
                )
            });
            format!(
                "options:                 # what people fill in at the platform; a password is never shown\n{}\n",
                lines.collect::<String>()
            )
        }
    };
    let found_out = match sample.format {
        Some(_) => "",
        None => "; the format is found out",
    };
    let mut text = format!(
        "{HEAD}version: 1\nname: {}\nmode: data-source\n\n{options}source:\n  file:\n    url: {}      # also https, s3, gs, az, sftp, ftp{found_out}\n{}",
        yaml(name),
        feed.url,
        feed.login,
    );
    for (key, value) in [
        ("format", sample.format.as_ref()),
        ("records", sample.records.as_ref()),
    ] {
        if let Some(value) = value {
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    columns(&mut text, found);
    text
}

/// A feed's address without what is secret.
#[derive(Default)]
struct Feed {
    /// The address as YAML.
    url: String,
    /// Name, type and label of what people fill in.
    options: Vec<(String, &'static str, String)>,
    login: String,
}

impl Feed {
    fn of(url: &str) -> Self {
        let mut feed = Self::default();
        let mut place = url.to_owned();
        let authority = url.split_once("://").map(|(scheme, rest)| {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            (scheme, &rest[..end], &rest[end..])
        });
        if let Some((scheme, host, rest)) = authority {
            if let Some((_, host)) = host.rsplit_once('@') {
                place = format!("{scheme}://{host}{rest}");
                feed.options
                    .push(("USERNAME".into(), "input", "User name".into()));
                feed.options
                    .push(("PASSWORD".into(), "password", "Password".into()));
                let given = "{ username: \"{{ options.USERNAME }}\", password: \"{{ options.PASSWORD }}\" }";
                feed.login = format!("    login: {given}\n");
            }
        }
        let (path, query) = place.split_once('?').unwrap_or((&place, ""));
        let mut is_template = false;
        let parts = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                if !sounds_secret(key) || value.is_empty() {
                    return part.to_owned();
                }
                is_template = true;
                let option = option_name(key);
                feed.options
                    .push((option.clone(), "password", key.to_owned()));
                format!("{key}={{{{ options.{option} | urlencode }}}}")
            });
        let parts: Vec<String> = parts.collect();
        let whole = match parts.as_slice() {
            [] => path.to_owned(),
            parts => format!("{path}?{}", parts.join("&")),
        };
        feed.url = if is_template {
            yaml(&whole)
        } else {
            literal(&whole)
        };
        feed
    }
}

const DATA_SOURCE: &str = r#"
options:                 # what people fill in at the platform; a password is never shown
  TOKEN: { type: password, label: Token, required: true }

http:
  base_url: "https://api.example.com/v1"
  auth: { bearer: "{{ options.TOKEN }}" }

source:
  - name: product        # what one record is: later steps and columns call it so
    request:
      path: /products
      query: { page: "{{ page.number }}", per_page: "{{ page.size }}" }
    pages: { page: { size: 100 } }
    # records: "$.data[*]"     # where the list stands in the answer, if it is not found by itself

columns:
  id: "{{ record.id }}"
  title: "{{ record.title }}"
  price: "{{ record.price }}"

unique: id

log:
  - { at: finish, level: success, message: "{{ run.rows_written }} products imported" }
"#;

const DATA_SERVICE: &str = r#"
options:                 # what people fill in at the platform
  MAX_LENGTH: { type: input, label: Longest title, default: 80 }

where: "{{ row.id != '' }}"    # rows for which it is not true are left out

columns:                 # columns that are not named stay as they are
  title: "{{ row.title | strip_tags | truncate(options.MAX_LENGTH | int) }}"

log:
  - { at: finish, level: success, message: "{{ run.rows_written }} products written" }
"#;

const EXPORT: &str = r#"
options:                 # what people fill in at the platform; a password is never shown
  TOKEN: { type: password, label: Token, required: true }

http:
  base_url: "https://api.example.com/v1"
  auth: { bearer: "{{ options.TOKEN }}" }

reject:                  # fails before it is sent, and is told back
  - { when: "{{ row.price == '' }}", message: A price is needed }

target:
  item: { sku: "{{ row.id }}", title: "{{ row.title }}", price: "{{ row.price | to_number }}" }
  request: { method: PUT, path: "/offers/{{ row.id }}", json: "{{ item }}" }

feedback:                # imported as one more data source on the next run
  columns: { id: "{{ row.id }}", status: "{{ outcome.status }}", error: "{{ outcome.message }}" }
"#;

const EXPORT_DELTA: &str = r#"
options:                 # what people fill in at the platform; a password is never shown
  TOKEN: { type: password, label: Token, required: true }

http:
  base_url: "https://api.example.com/v1"
  auth: { bearer: "{{ options.TOKEN }}" }

target:
  item: { sku: "{{ row.id }}", title: "{{ row.title }}", price: "{{ row.price | to_number }}" }
  new:      { request: { path: /offers, json: "{{ item }}" } }
  modified: { request: { method: PUT, path: "/offers/{{ row.id }}", json: "{{ item }}" } }
  deleted:  { request: { method: DELETE, path: "/offers/{{ row.id }}" } }

feedback:                # imported as one more data source on the next run
  columns: { id: "{{ row.id }}", status: "{{ outcome.status }}", error: "{{ outcome.message }}" }
"#;
