//! Keys of the language, from its schema.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use crate::spec::schema::{MODES, annotated};

/// What a key means, at one place.
pub struct KeyDoc {
    /// The key.
    pub key: String,
    /// The maps that have it, as the spec writes them: `http`, `source`; `the spec` for the top level.
    pub owners: Vec<String>,
    /// What it means, as Markdown, with an example where there is one.
    pub about: String,
    /// The modes that have it, where not all have.
    pub modes: Vec<String>,
    /// The words that it takes, each with its meaning, where it takes words alone.
    pub words: Vec<(String, String)>,
    /// What it is where it is left out.
    pub default: Option<String>,
}

/// All keys with this name; `http.timeout` names one inside another.
pub fn of_key(name: &str) -> Vec<KeyDoc> {
    let (owner, key) = match name.rsplit_once('.') {
        Some((owner, key)) => (owner.rsplit('.').next(), key),
        None => (None, name),
    };
    let mut found: Vec<KeyDoc> = Vec::new();
    for (of, property) in all() {
        let (owners, property_name) = of;
        if property_name != key || owner.is_some_and(|owner| !owners.iter().any(|one| one == owner))
        {
            continue;
        }
        let doc = doc_of(key, owners, property);
        match found.iter_mut().find(|known| known.about == doc.about) {
            Some(known) => known.owners.extend(doc.owners),
            None => found.push(doc),
        }
    }
    for doc in &mut found {
        doc.owners.sort();
        doc.owners.dedup();
    }
    found
}

/// The names of all keys.
pub fn names() -> Vec<String> {
    let names: BTreeSet<String> = all().into_iter().map(|((_, key), _)| key).collect();
    names.into_iter().collect()
}

type Place = (Vec<String>, String);

/// Each key with the maps that have it.
fn all() -> Vec<(Place, &'static Value)> {
    let schema = annotated();
    let mut found = Vec::new();
    let top = schema["properties"].as_object();
    for (key, property) in top.into_iter().flatten() {
        found.push(((vec!["the spec".to_owned()], key.clone()), property));
    }
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        let owners = owners_of(name, &mut Vec::new());
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            found.push(((owners.clone(), key.clone()), property));
        }
    }
    found
}

/// The keys whose value a definition is.
pub fn owners_of(name: &str, seen: &mut Vec<String>) -> Vec<String> {
    if seen.iter().any(|one| one == name) {
        return Vec::new();
    }
    seen.push(name.to_owned());
    let schema = annotated();
    let reference = format!("#/$defs/{name}");
    let mut owners = Vec::new();
    let mut look = |properties: &Value| {
        for (key, property) in properties.as_object().into_iter().flatten() {
            if mentions(property, &reference) {
                owners.push(key.clone());
            }
        }
    };
    look(&schema["properties"]);
    let mut through = Vec::new();
    for (other, definition) in schema["$defs"].as_object().into_iter().flatten() {
        look(&definition["properties"]);
        let is_choice = definition.get("properties").is_none() && mentions(definition, &reference);
        if is_choice {
            through.push(other.clone());
        }
    }
    for other in through {
        owners.extend(owners_of(&other, seen));
    }
    owners.sort();
    owners.dedup();
    owners
}

/// Whether a schema refers to a definition, itself or as one of several or as an element.
fn mentions(schema: &Value, reference: &str) -> bool {
    match schema {
        Value::Object(map) => map.iter().any(|(key, value)| match key.as_str() {
            "$ref" => value == reference,
            "anyOf" | "oneOf" | "allOf" | "items" | "additionalProperties" => {
                mentions(value, reference)
            }
            _ => false,
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, reference)),
        _ => false,
    }
}

/// What a key means whose schema this is.
pub fn doc_of(key: &str, owners: Vec<String>, property: &Value) -> KeyDoc {
    let schema = annotated();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let resolved = match property["$ref"].as_str() {
        Some(reference) => schema
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(property),
        None => property,
    };
    let about = text(&property["markdownDescription"])
        .or_else(|| text(&property["description"]))
        .or_else(|| text(&resolved["markdownDescription"]))
        .or_else(|| text(&resolved["description"]))
        .unwrap_or_default();
    let words = resolved["enum"].as_array().into_iter().flatten();
    let meanings = &resolved["enumDescriptions"];
    let words = words.enumerate().filter_map(|(at, word)| {
        let meaning = meanings[at].as_str().unwrap_or_default();
        Some((text(word)?, meaning.to_owned()))
    });
    let default = property.get("default").filter(|default| {
        !default.is_null()
            && **default != Value::Array(Vec::new())
            && **default != serde_json::json!({})
    });
    KeyDoc {
        key: key.to_owned(),
        owners,
        about,
        modes: property[MODES]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect(),
        words: words.collect(),
        default: default.map(Value::to_string),
    }
}

impl KeyDoc {
    /// The text that hover and `explain` show.
    pub fn markdown(&self) -> String {
        let owners: Vec<String> = self
            .owners
            .iter()
            .map(|owner| match owner.as_str() {
                "the spec" => owner.clone(),
                owner => format!("`{owner}`"),
            })
            .collect();
        let mut text = format!(
            "# `{}`, a key of {}\n\n{}",
            self.key,
            owners.join(", "),
            self.about
        );
        for (word, meaning) in &self.words {
            // Writing into a string does not fail.
            let _ = write!(text, "\n- `{word}`");
            if !meaning.is_empty() {
                let _ = write!(text, ": {meaning}");
            }
        }
        if let Some(default) = &self.default {
            let _ = write!(text, "\n\nIf it is left out: `{default}`.");
        }
        if !self.modes.is_empty() {
            let _ = write!(text, "\n\nOf mode {}.", self.modes.join(", "));
        }
        text
    }
}
