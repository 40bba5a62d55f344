//! The schema as editors use it: what they show, offer and insert.
//!
//! Written for what yaml-language-server does, which VS Code, Neovim, Helix and others have: one example a
//! key is inserted as its value; templates need their quotes in a snippet's text; what stands beside a
//! reference is kept where the reference stands in `allOf`; a key is not offered where `doNotSuggest` says
//! so, and is checked all the same.

use serde_json::{Map, Value, json};

use super::schema::{MODES, allows, annotated};

/// The schema as editors use it.
pub fn published() -> Value {
    let mut schema = annotated().clone();
    describe_choices(&mut schema);
    plain(&mut schema);
    fill_in(&mut schema, "Spec");
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        for (name, definition) in definitions {
            fill_in(definition, name);
        }
    }
    for (pointer, snippets) in snippets() {
        if let Some(Value::Object(place)) = schema.pointer_mut(pointer) {
            // The key that has a definition is described itself.
            if pointer.starts_with("/$defs") {
                place.remove("description");
                place.remove("markdownDescription");
            }
            offer(place, snippets);
        }
    }
    by_mode(&mut schema);
    strip_modes(&mut schema);
    schema
}

/// A choice is described by the key that has it: what its ways say would be shown in its place.
fn describe_choices(schema: &mut Value) {
    let mut named = Vec::new();
    strip_choices(schema, &mut named);
    for pointer in named {
        if let Some(Value::Object(definition)) = schema.pointer_mut(&pointer) {
            definition.remove("description");
            definition.remove("markdownDescription");
        }
    }
}

fn strip_choices(schema: &mut Value, named: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(choices)) = map.get_mut("anyOf") {
                for choice in choices.iter_mut().filter_map(Value::as_object_mut) {
                    choice.remove("description");
                    choice.remove("markdownDescription");
                    let reference = choice.get("$ref").and_then(Value::as_str);
                    named.extend(
                        reference.map(|reference| reference.trim_start_matches('#').to_owned()),
                    );
                }
            }
            map.values_mut()
                .for_each(|value| strip_choices(value, named));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip_choices(item, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes out what makes editors offer what is no help: `null` for a text, nothing for a list, a choice
/// that is full before it has begun.
fn plain(schema: &mut Value) {
    schema["$defs"]["Version"]["const"] = json!(1);
    let any_scalar =
        json!([{ "type": "string" }, { "not": { "type": ["string", "object", "array"] } }]);
    let any_list = json!([{ "type": "string" }, { "type": "array" }, { "not": { "type": ["string", "object", "array"] } }]);
    for (name, ways) in [("Template", any_scalar), ("TemplateOrList", any_list)] {
        if let Some(Value::Object(definition)) = schema["$defs"].get_mut(name) {
            definition.remove("type");
            definition.insert("anyOf".to_owned(), ways);
        }
    }
    without_bounds(schema);
}

fn without_bounds(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("maxProperties");
            let is_nothing = |default: &Value| *default == json!([]) || *default == json!({});
            if map.get("default").is_some_and(is_nothing) {
                map.remove("default");
            }
            map.values_mut().for_each(without_bounds);
        }
        Value::Array(items) => items.iter_mut().for_each(without_bounds),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives each key of a map what is inserted for it: the example of its description, or its words.
fn fill_in(schema: &mut Value, owner: &str) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (key, property) in properties {
        let Value::Object(property) = property else {
            continue;
        };
        let is_said_otherwise = owner == "Spec" && matches!(key.as_str(), "version" | "mode");
        let example = property.get("markdownDescription").and_then(Value::as_str);
        let example = example.and_then(|about| example_in(about, key));
        let target = resolved(property);
        let words = target.get("enum").and_then(Value::as_array).cloned();
        match (words, example) {
            _ if is_said_otherwise => {}
            (Some(words), _) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                let choice = format!("${{1|{}|}}", words.join(","));
                offer(property, json!([{ "label": key, "body": choice }]));
            }
            (None, Some(example)) => {
                let is_plain = match &example {
                    Value::String(text) => !text.contains('\\'),
                    Value::Array(_) | Value::Object(_) => false,
                    Value::Null | Value::Bool(_) | Value::Number(_) => true,
                };
                if !is_plain {
                    offer(property, json!([{ "label": key, "body": flow(&example) }]));
                } else if !property.contains_key("default") {
                    property.insert("examples".to_owned(), json!([example]));
                }
            }
            (None, None) => {}
        }
    }
}

/// The definition behind a reference; the schema itself where it is none.
fn resolved(schema: &Map<String, Value>) -> Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let target =
        reference.and_then(|reference| annotated().pointer(reference.trim_start_matches('#')));
    target
        .cloned()
        .unwrap_or_else(|| Value::Object(schema.clone()))
}

/// The value of a key in the first example of a description: the innermost of the name.
fn example_in(about: &str, key: &str) -> Option<Value> {
    fn find(value: &Value, key: &str) -> Option<Value> {
        match value {
            Value::Object(fields) => fields
                .get(key)
                .cloned()
                .or_else(|| fields.values().find_map(|value| find(value, key))),
            Value::Array(items) => items.iter().find_map(|value| find(value, key)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    let (_, behind) = about.split_once("```yaml\n")?;
    let (text, _) = behind.split_once("\n```")?;
    let mut found = find(&serde_yaml::from_str(text).ok()?, key)?;
    while let Some(deeper) = find(&found, key) {
        found = deeper;
    }
    Some(found)
}

/// A value as YAML on one line, as a snippet has it: on several lines an editor may get the indentation
/// wrong, and `$` begins a place to fill in.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let is_plain = text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/' | '+'))
                && text.starts_with(|c: char| c.is_alphabetic() || c == '/')
                && !text.ends_with(' ')
                && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.as_str());
            if is_plain {
                return text.clone();
            }
            let written = Value::from(text.as_str()).to_string();
            written.replace('\\', "\\\\").replace('$', "\\$")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, value)| {
                format!("{}: {}", flow(&Value::from(key.as_str())), flow(value))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Templates of a snippet with places to fill in, in their quotes.
fn with_quotes(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains("{{") => Value::String(format!("\"{text}\"")),
        Value::Array(items) => items.into_iter().map(with_quotes).collect(),
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(key, value)| (key, with_quotes(value)));
            fields.collect()
        }
        other => other,
    }
}

/// Offers snippets for a key: what says what it is goes into `allOf`, where nothing beside it is lost.
fn offer(property: &mut Map<String, Value>, snippets: Value) {
    let mut inner = std::mem::take(property);
    for key in ["allOf", "description", "markdownDescription", MODES] {
        if let Some(value) = inner.get(key) {
            property.insert(key.to_owned(), value.clone());
        }
    }
    inner.remove(MODES);
    // Of a choice whose ways all fit the plain description is shown, so that it has the example too.
    if let Some(about) = inner.get("markdownDescription").cloned() {
        inner.insert("description".to_owned(), about);
    }
    if !property.contains_key("allOf") {
        property.insert("allOf".to_owned(), json!([inner]));
    }
    property.insert("defaultSnippets".to_owned(), snippets);
}

/// A mode forbids the keys of other modes, and they are not offered; a data source needs its source.
fn by_mode(schema: &mut Value) {
    let modes: Vec<Value> = schema["$defs"]["Mode"]["enum"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let of_modes: Vec<(&String, &Value)> = properties
        .iter()
        .filter(|(_, property)| property.get(MODES).is_some())
        .collect();
    let rules = modes.iter().map(|mode| {
        let word = mode.as_str().unwrap_or_default();
        let allowed: Map<String, Value> = of_modes
            .iter()
            .map(|(key, property)| {
                let value = if allows(property, word) {
                    for_mode(key, property, word)
                } else {
                    json!(false)
                };
                ((*key).clone(), value)
            })
            .collect();
        let mut then = json!({ "properties": allowed });
        if word == "data-source" {
            then["required"] = json!(["source"]);
        }
        if word == "export-delta" {
            then["required"] = json!(["target"]);
        }
        json!({ "if": { "properties": { "mode": { "const": mode } }, "required": ["mode"] }, "then": then })
    });
    let rules: Vec<Value> = rules.collect();
    for (key, property) in of_modes {
        schema["properties"][key] = json!({
            "description": property["description"],
            "markdownDescription": property["markdownDescription"],
            "doNotSuggest": true,
        });
    }
    schema["allOf"] = Value::Array(rules);
}

/// A key with the snippets that are its mode's.
fn for_mode(key: &str, property: &Value, mode: &str) -> Value {
    let mut property = property.clone();
    if key == "target" {
        if let Some(snippets) = property["defaultSnippets"].as_array_mut() {
            let is_delta = mode == "export-delta";
            snippets.retain(|snippet| snippet["body"].get("new").is_some() == is_delta);
        }
    }
    property
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

/// What editors offer where a choice has a shape.
fn snippets() -> [(&'static str, Value); 4] {
    let snippet = |label: &str, body: Value| json!({ "label": label, "body": with_quotes(body) });
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
                        "records": "\"${3:\\$.data[*]}\"",
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
                    json!({ "cursor": { "next": "\"${1:\\$.meta.next}\"" } })
                ),
                snippet(
                    "an address in the answer",
                    json!({ "next_url": { "next": "\"${1:\\$.links.next}\"" } })
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
                    "list": "\"${6:\\$.results[*]}\"",
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
