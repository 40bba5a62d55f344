//! The JSON Schema of the language, generated from the types of [`spec`](super).
//!
//! It does two jobs: editors complete and check with the published form, and
//! `spec::structure` refuses keys and types with the annotated one,
//! so that what is allowed is said once.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::Spec;

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
    schema["patternProperties"] = json!({ "^x-": { "description": "Yours, to hang anchors on." } });
    schema
}

/// The schema as editors use it.
pub fn published() -> Value {
    let mut schema = annotated().clone();
    let by_mode = mode_rules(&schema);
    schema["allOf"] = by_mode;
    for (pointer, snippets) in snippets() {
        if let Some(Value::Object(place)) = schema.pointer_mut(pointer) {
            place.insert("defaultSnippets".to_owned(), snippets);
        }
    }
    strip_modes(&mut schema);
    schema
}

/// What editors offer where a choice has a shape.
fn snippets() -> [(&'static str, Value); 4] {
    let snippet = |label: &str, body: Value| json!({ "label": label, "body": body });
    [
        (
            "/properties/source",
            json!([
                snippet(
                    "pages of an API",
                    json!({
                        "name": "${1:product}",
                        "request": { "path": "${2:/products}", "query": { "offset": "{{ page.offset }}", "limit": "{{ page.size }}" } },
                        "pages": { "offset": { "size": 100 } },
                        "records": "${3:$.data[*]}",
                    })
                ),
                snippet(
                    "a file",
                    json!({ "file": { "url": "${1:https://example.com/feed.csv}" } })
                ),
                snippet(
                    "rows written in the spec",
                    json!({ "rows": [{ "id": "${1:1}", "name": "${2:first product}" }] })
                ),
            ]),
        ),
        (
            "/$defs/Pages",
            json!([
                snippet("page numbers", json!({ "page": { "size": "${1:100}" } })),
                snippet("offsets", json!({ "offset": { "size": "${1:100}" } })),
                snippet(
                    "a cursor in the answer",
                    json!({ "cursor": { "next": "${1:$.meta.next}" } })
                ),
                snippet(
                    "an address in the answer",
                    json!({ "next_url": { "next": "${1:$.links.next}" } })
                ),
            ]),
        ),
        (
            "/$defs/Auth",
            json!([
                snippet("a token", json!({ "bearer": "{{ options.${1:TOKEN} }}" })),
                snippet(
                    "user name and password",
                    json!({ "basic": { "username": "{{ options.${1:USERNAME} }}", "password": "{{ options.${2:PASSWORD} }}" } })
                ),
                snippet(
                    "a key in a header",
                    json!({ "api_key": { "header": { "${1:X-Api-Key}": "{{ options.${2:KEY} }}" } } })
                ),
                snippet(
                    "OAuth 2.0",
                    json!({ "oauth2": { "grant": "client_credentials", "token_url": "${1:https://auth.example.com/token}", "client_id": "{{ options.${2:CLIENT_ID} }}", "client_secret": "{{ options.${3:CLIENT_SECRET} }}" } })
                ),
            ]),
        ),
        ("/properties/target", target_snippets(snippet)),
    ]
}

/// What editors offer for `target`.
fn target_snippets(snippet: impl Fn(&str, Value) -> Value) -> Value {
    json!([
        snippet(
            "a request for each row",
            json!({
                "item": { "sku": "{{ row.${1:id} }}", "title": "{{ row.${2:title} }}" },
                "request": { "method": "PUT", "path": "${3:/offers}/{{ row.${1:id} }}", "json": "{{ item }}" },
            })
        ),
        snippet(
            "batches, each row's fate in the answer",
            json!({
                "batch": "${1:100}",
                "item": { "sku": "{{ row.${2:id} }}", "title": "{{ row.${3:title} }}" },
                "request": { "path": "${4:/offers/batch}", "json": { "${5:offers}": "{{ items }}" } },
                "results": {
                    "list": "${6:$.results[*]}",
                    "match": { "row": "{{ row.${2:id} }}", "result": "{{ result.${7:sku} }}" },
                    "ok": "{{ result.${8:status} == 'ok' }}",
                    "message": "{{ result.${9:message} }}",
                },
            })
        ),
        snippet(
            "look up, then create or update",
            json!({
                "item": { "sku": "{{ row.${1:sku} }}" },
                "steps": [
                    { "name": "found", "request": { "path": "${2:/products}", "query": { "sku": "{{ row.${1:sku} }}" } } },
                    { "when": "{{ not found.body.items }}", "request": { "path": "${2:/products}", "json": "{{ item }}" } },
                    { "when": "{{ found.body.items }}", "request": { "method": "PUT", "path": "${2:/products}/{{ found.body.items[0].id }}", "json": "{{ item }}" } },
                ],
            })
        ),
        snippet(
            "one file",
            json!({ "file": { "url": "${1:sftp://sftp.example.com/in/offers.csv.gz}", "login": { "username": "{{ options.${2:USERNAME} }}", "password": "{{ options.${3:PASSWORD} }}" } } })
        ),
        snippet(
            "an entry for each kind of change",
            json!({
                "item": { "sku": "{{ row.${1:sku} }}" },
                "new": { "request": { "path": "${2:/offers}", "json": "{{ item }}" } },
                "modified": { "request": { "method": "PUT", "path": "${2:/offers}/{{ row.${1:sku} }}", "json": "{{ item }}" } },
                "deleted": { "request": { "method": "DELETE", "path": "${2:/offers}/{{ row.${1:sku} }}" } },
            })
        ),
    ])
}

/// A mode forbids the keys of other modes; a data source needs its source.
fn mode_rules(schema: &Value) -> Value {
    let modes = schema["$defs"]["Mode"]["enum"].as_array();
    let rules = modes.into_iter().flatten().map(|mode| {
        let forbidden: Map<String, Value> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, property)| !allows(property, mode.as_str().unwrap_or_default()))
            .map(|(key, _)| (key.clone(), json!(false)))
            .collect();
        let mut then = json!({ "properties": forbidden });
        if mode == "data-source" {
            then["required"] = json!(["source"]);
        }
        if mode == "export-delta" {
            then["required"] = json!(["target"]);
        }
        json!({ "if": { "properties": { "mode": { "const": mode } }, "required": ["mode"] }, "then": then })
    });
    Value::Array(rules.collect())
}

/// Whether a property may be used in `mode`.
pub fn allows(property: &Value, mode: &str) -> bool {
    match property.get(MODES).and_then(Value::as_array) {
        Some(modes) => modes.iter().any(|allowed| allowed == mode),
        None => true,
    }
}

fn strip_modes(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove(MODES);
            map.values_mut().for_each(strip_modes);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_modes),
        _ => {}
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
