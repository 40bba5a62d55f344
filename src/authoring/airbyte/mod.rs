//! Manifests of Airbyte's low-code framework become specs: one for each stream. What has no counterpart is a comment
//! with the original beside it.

mod auth;
mod block;
mod cursors;
mod decoders;
mod expression;
mod manifest;
mod options;
mod pages;
mod requests;
mod stream;

use serde_json::{Value, json};

pub use manifest::{Manifest, ManifestError};

use super::name_of;
use crate::plan::load;
use crate::secret_names::sounds_secret;
use block::{Block, todos, written};
use manifest::name_of as stream_name;
use options::fields;
use stream::{Parts, parts_of};

/// A spec that was made of a stream.
#[derive(Debug)]
pub struct Converted {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// How many things are left to do by hand.
    pub todos: usize,
}

/// The specs of a manifest's streams, or of the one of a name.
pub fn convert(manifest: &Manifest, wanted: Option<&str>) -> Result<Vec<Converted>, ManifestError> {
    let is_wanted = |stream: &&Value| wanted.is_none_or(|wanted| stream_name(stream) == wanted);
    let streams: Vec<&Value> = manifest.streams.iter().filter(is_wanted).collect();
    if let (Some(wanted), []) = (wanted, streams.as_slice()) {
        let names = manifest.names().join(", ");
        return Err(ManifestError::NoStream(wanted.to_owned(), names));
    }
    Ok(streams
        .into_iter()
        .map(|stream| one(manifest, stream))
        .collect())
}

fn one(manifest: &Manifest, stream: &Value) -> Converted {
    let name = name_of(&stream_name(stream));
    let Parts {
        http,
        steps,
        incremental,
        mapping,
        notes,
        ..
    } = parts_of(stream, &manifest.budget);
    let mut rest = Block::new();
    if !http.is_empty() {
        rest.insert("http".to_owned(), Value::Object(http));
    }
    if let Some(incremental) = incremental {
        rest.insert(
            "state".to_owned(),
            json!({ "bucket": format!("{name}.json") }),
        );
        rest.insert("incremental".to_owned(), incremental);
    }
    rest.insert("source".to_owned(), Value::Array(steps));
    rest.insert("keep".to_owned(), json!("all"));
    rest.extend(mapping);
    let mut spec = notes;
    spec.insert("version".to_owned(), json!(1));
    spec.insert("name".to_owned(), json!(name));
    spec.insert("mode".to_owned(), json!("data-source"));
    let options = options_of(manifest, &written(&rest));
    if !options.is_empty() {
        spec.insert("options".to_owned(), Value::Object(options));
    }
    spec.extend(rest);
    let todos = todos(&spec);
    let mut converted = Converted {
        text: format!("{}{}", super::HEAD, written(&spec)),
        name,
        todos,
    };
    // What the check refuses is not complete, whatever it was called here.
    if let Err(report) = load("spec", &converted.text) {
        if converted.todos == 0 {
            converted.todos = report.errors.len();
        }
        let told = report
            .errors
            .iter()
            .map(|error| format!("# TODO: the check says: {}\n", error.message));
        let told: String = told.collect();
        converted.text.insert_str(super::HEAD.len(), &told);
    }
    converted
}

/// The options that a spec reads; one that the manifest does not declare is a text.
fn options_of(manifest: &Manifest, text: &str) -> Block {
    let known = fields(&manifest.specification);
    let mut options = Block::new();
    for rest in text.split("options.").skip(1) {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &rest[..end.unwrap_or(rest.len())];
        if name.is_empty() || options.contains_key(name) {
            continue;
        }
        let line = known.iter().find(|field| field.name == name);
        let line = line.map_or_else(
            || {
                let is_secret = sounds_secret(&name.to_lowercase());
                let kind = if is_secret { "password" } else { "input" };
                Block::from_iter([("type".to_owned(), json!(kind))])
            },
            |field| field.line.clone(),
        );
        options.insert(name.to_owned(), Value::Object(line));
    }
    options
}
