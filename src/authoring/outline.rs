//! Specs of a mode, and of a feed.

use super::{HEAD, yaml};
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
        "{HEAD}version: 1\nname: {name}\nmode: {}\n{body}",
        mode.word()
    )
}

/// A spec that imports a feed: a file of this place.
pub fn feed(name: &str, url: &str) -> String {
    format!(
        "{HEAD}version: 1\nname: {name}\nmode: data-source\n\nsource:\n  file:\n    url: {}      # also https, s3, sftp, ftp; the format is found out\n\nkeep: all                # every field becomes a column; name some under columns instead\n\nlog:\n  - {{ at: finish, level: success, message: \"{{{{ run.rows_written }}}} products imported\" }}\n",
        yaml(url)
    )
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
