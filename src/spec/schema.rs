//! The JSON Schema of the language, generated from the types of [`spec`](super).
//!
//! It does two jobs: editors complete and check with the published form, and
//! `spec::structure` refuses keys and types with the annotated one,
//! so that what is allowed is said once.

use std::fmt::Write as _;
use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Spec;
use super::examples::example_of;
pub use super::schema_of_editors::published;

/// Modes in which a key is allowed, where not in all.
pub const MODES: &str = "x-modes";

/// The schema with our own annotations ([`MODES`]); made once.
pub fn annotated() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(annotate)
}

/// A schema of other types, as the check takes it.
pub fn tidied(mut schema: Value) -> Value {
    tidy(&mut schema);
    schema
}

fn annotate() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Spec>().to_value();
    tidy(&mut schema);
    add_examples(&mut schema, "Spec");
    let definitions = schema["$defs"].as_object_mut();
    for (name, definition) in definitions.into_iter().flatten() {
        add_examples(definition, name);
    }
    schema["patternProperties"] = json!({ "^x-": { "description": "Yours, to hang anchors on." } });
    schema
}

/// Adds an example to the description of each key that has none.
fn add_examples(schema: &mut Value, definition: &str) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (key, property) in properties.into_iter().flatten() {
        let Some(Value::String(about)) = property.get_mut("markdownDescription") else {
            continue;
        };
        if let (false, Some(example)) = (about.contains("```"), example_of(definition, key)) {
            // Writing into a string does not fail.
            let _ = write!(about, "\n\n```yaml\n{key}: {example}\n```");
        }
    }
}

/// The example of a key where it takes a line; of several maps that have the key that of the first.
pub fn example_line(key: &str) -> Option<String> {
    let schema = annotated();
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    let definitions = definitions.map(|(_, definition)| definition);
    let mut all = std::iter::once(schema).chain(definitions);
    let about = all.find_map(|one| one["properties"][key]["markdownDescription"].as_str())?;
    let (_, behind) = about.split_once("```yaml\n")?;
    let (example, _) = behind.split_once("\n```")?;
    (!example.contains('\n')).then(|| example.to_owned())
}

/// Whether a property may be used in `mode`.
pub fn allows(property: &Value, mode: &str) -> bool {
    match property.get(MODES).and_then(Value::as_array) {
        Some(modes) => modes.iter().any(|allowed| allowed == mode),
        None => true,
    }
}

/// Turns what schemars writes into what people can read in an editor: no `oneOf` (its errors name
/// no cause), no `null` for a key that may be left out, examples as markdown.
fn tidy(schema: &mut Value) {
    let Value::Object(map) = schema else {
        if let Value::Array(items) = schema {
            items.iter_mut().for_each(tidy);
        }
        return;
    };
    map.values_mut().for_each(tidy);
    words_as_enum(map);
    drop_null(map);
    split_description(map);
}

fn words_as_enum(map: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = map.get("oneOf") else {
        return;
    };
    let mut words = Vec::new();
    let mut descriptions = Vec::new();
    for variant in variants {
        let described = variant.get("description").cloned().unwrap_or(json!(""));
        if let Some(word) = variant.get("const") {
            words.push(word.clone());
            descriptions.push(described);
        } else if let Some(Value::Array(plain)) = variant.get("enum") {
            for word in plain {
                words.push(word.clone());
                descriptions.push(json!(""));
            }
        } else {
            return;
        }
    }
    map.remove("oneOf");
    map.insert("type".to_owned(), json!("string"));
    map.insert("enum".to_owned(), Value::Array(words));
    map.insert("enumDescriptions".to_owned(), Value::Array(descriptions));
}

fn drop_null(map: &mut Map<String, Value>) {
    if map.get("default") == Some(&Value::Null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        if types.len() == 2 {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                map.insert("type".to_owned(), only);
            }
        }
    }
    let Some(Value::Array(choices)) = map.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice != &json!({ "type": "null" }));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}

/// The description is the text before the example; the whole of it is the markdown.
fn split_description(map: &mut Map<String, Value>) {
    let Some(Value::String(text)) = map.get("description") else {
        return;
    };
    let whole = text.clone();
    let plain = whole.split("\n\n```").next().unwrap_or(&whole);
    let plain = plain.replace("\n\n", "\u{0}").replace('\n', " ");
    let plain = plain.replace('\u{0}', "\n\n");
    map.insert("markdownDescription".to_owned(), json!(whole));
    map.insert("description".to_owned(), json!(plain));
}
