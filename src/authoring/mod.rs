//! Specs to start from: of a request as an API's documentation has it, of an API's description, of a
//! feed, of what another tool runs, or of a mode alone.
//!
//! What is written passes the check, has comments, and holds no secret.

pub mod airbyte;
mod answer;
mod body;
mod curl;
mod draft;
mod example;
mod export;
mod item;
mod openapi;
mod option_lines;
mod outline;
mod paging;
mod request;
mod sample;

pub use answer::{Found, found_in, found_of};
pub use curl::CurlError;
pub use draft::draft;
pub use export::export;
pub use openapi::{OpenApi, OpenApiError, Operation, Wanted};
pub use outline::{feed, outline};
pub use request::{Given, Request};
pub use sample::{LOOKED_AT, Sample};

/// How each spec begins.
const HEAD: &str =
    "# Try it: runner preview --spec FILE; what each key means: runner explain KEY\n";

/// A name that a spec may have, of any text.
pub fn name_of(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = name
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("connector-{name}").trim_end_matches('-').to_owned()
    }
}

/// A text that is none of a template, as YAML has it: braces in it go out as they stand.
fn literal(text: &str) -> String {
    yaml(&escaped(text))
}

/// A text whose braces are none of a template.
fn escaped(text: &str) -> String {
    let marked = text.replace("{{", "\u{1}{").replace("{%", "\u{1}%");
    let escaped = marked.replace("\u{1}{", "{{ '{{' }}");
    escaped.replace("\u{1}%", "{{ '{%' }}")
}

/// A text as YAML has it: plain where it can be read as nothing else.
fn yaml(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !matches!(
            text.to_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off"
        );
    if is_plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
