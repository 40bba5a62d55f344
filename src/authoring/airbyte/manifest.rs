//! A manifest of Airbyte's low-code framework, its references resolved and its parameters passed down.

use serde_json::{Map, Value};

use super::expression::literal_of;

/// References that lead to references at most.
const DEEPEST: usize = 64;

/// Why a manifest can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is no YAML.
    #[error("it can't be read: {0}")]
    Yaml(String),
    /// It is something else.
    #[error("it has no `streams`: a manifest of Airbyte's low-code framework has a list of them")]
    NoStreams,
    /// A reference leads nowhere.
    #[error("`{0}` leads nowhere in the manifest")]
    Reference(String),
    /// A reference leads to itself.
    #[error("`{0}` leads back to itself")]
    Circle(String),
    /// No stream is called so.
    #[error("no stream is called `{0}`: there are {1}")]
    NoStream(String, String),
}

/// A manifest.
pub struct Manifest {
    /// Its streams, whole.
    pub streams: Vec<Value>,
    /// What people fill in.
    pub specification: Value,
    /// How fast it may ask.
    pub budget: Value,
}

impl Manifest {
    /// Reads a manifest.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let root: Value =
            serde_yaml::from_str(text).map_err(|error| ManifestError::Yaml(error.to_string()))?;
        let all = |key: &str| root.get(key).and_then(Value::as_array);
        let streams = all("streams").ok_or(ManifestError::NoStreams)?;
        let dynamic = all("dynamic_streams").into_iter().flatten();
        let mut whole = Vec::new();
        for stream in streams.iter().chain(dynamic) {
            let resolved = resolved(stream, &root, &mut Vec::new())?;
            whole.push(with_parameters(&resolved, &Map::new()));
        }
        let part = |key: &str| {
            let part = root.get(key).cloned().unwrap_or_default();
            resolved(&part, &root, &mut Vec::new())
        };
        let specification = part("spec")?;
        Ok(Self {
            streams: whole,
            specification: specification
                .get("connection_specification")
                .cloned()
                .unwrap_or_default(),
            budget: part("api_budget")?,
        })
    }

    /// The names of its streams.
    pub fn names(&self) -> Vec<String> {
        self.streams.iter().map(name_of).collect()
    }
}

/// The name of a stream.
pub fn name_of(stream: &Value) -> String {
    let name = text(stream, "name");
    name.unwrap_or_else(|| "stream".to_owned())
}

/// A key of a component: its own, else a parameter of it.
pub fn get<'v>(component: &'v Value, key: &str) -> Option<&'v Value> {
    let own = component.get(key);
    let given = || component.get("$parameters")?.get(key);
    own.or_else(given).filter(|value| !value.is_null())
}

/// A key of a component that is a text or a number.
pub fn text(component: &Value, key: &str) -> Option<String> {
    match get(component, key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The elements of a key that is a list.
pub fn list<'v>(component: &'v Value, key: &str) -> &'v [Value] {
    let list = get(component, key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// The kind of a component.
pub fn kind(component: &Value) -> &str {
    let kind = component.get("type").and_then(Value::as_str);
    kind.unwrap_or_default()
}

fn pointer<'r>(root: &'r Value, reference: &str) -> Option<&'r Value> {
    let parts = reference.strip_prefix("#/")?.split('/');
    parts.into_iter().try_fold(root, |node, part| match node {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// A value without references: a text `#/…`, or a map with `$ref`, whose own keys win.
fn resolved(value: &Value, root: &Value, way: &mut Vec<String>) -> Result<Value, ManifestError> {
    let mut follow = |reference: &str| {
        if way.iter().any(|before| before == reference) || way.len() > DEEPEST {
            return Err(ManifestError::Circle(reference.to_owned()));
        }
        let target = pointer(root, reference);
        let target = target.ok_or_else(|| ManifestError::Reference(reference.to_owned()))?;
        way.push(reference.to_owned());
        let whole = resolved(target, root, way);
        way.pop();
        whole
    };
    match value {
        Value::String(text) if text.starts_with("#/") => follow(text),
        Value::Array(items) => {
            let items = items.iter().map(|item| resolved(item, root, way));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        Value::Object(map) => {
            let base = match map.get("$ref").and_then(Value::as_str) {
                Some(reference) => follow(reference)?,
                None => Value::Object(Map::new()),
            };
            let Value::Object(mut whole) = base else {
                return Ok(base);
            };
            for (key, value) in map.iter().filter(|(key, _)| *key != "$ref") {
                let value = resolved(value, root, way)?;
                match (whole.get_mut(key), value) {
                    // Parameters are added to those of what is referred to.
                    (Some(Value::Object(there)), Value::Object(own)) => there.extend(own),
                    (_, value) => {
                        whole.insert(key.clone(), value);
                    }
                }
            }
            Ok(Value::Object(whole))
        }
        other => Ok(other.clone()),
    }
}

/// The same with the parameters of those around, written into texts that name them.
fn with_parameters(value: &Value, outer: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => Value::String(filled(text, outer)),
        Value::Array(items) => {
            let items = items.iter().map(|item| with_parameters(item, outer));
            Value::Array(items.collect())
        }
        Value::Object(map) => {
            let mut known = outer.clone();
            if let Some(Value::Object(own)) = map.get("$parameters") {
                known.extend(own.clone());
            }
            let mut whole = Map::new();
            for (key, value) in map.iter().filter(|(key, _)| *key != "$parameters") {
                whole.insert(key.clone(), with_parameters(value, &known));
            }
            if map.contains_key("type") && !known.is_empty() {
                whole.insert("$parameters".to_owned(), Value::Object(known));
            }
            Value::Object(whole)
        }
        other => other.clone(),
    }
}

/// A text with the values of parameters.
fn filled(text: &str, known: &Map<String, Value>) -> String {
    let mut filled = text.to_owned();
    for (name, value) in known {
        let ways = [
            format!("parameters['{name}']"),
            format!("parameters[\"{name}\"]"),
            format!("parameters.get('{name}')"),
            format!("parameters.{name}"),
        ];
        for way in ways {
            // One that is all of an expression is a text; within one it is a literal.
            for whole in [format!("{{{{ {way} }}}}"), format!("{{{{{way}}}}}")] {
                if let Value::String(text) = value {
                    filled = filled.replace(&whole, text);
                }
            }
            if let Some(literal) = literal_of(value) {
                filled = filled.replace(&way, &literal);
            }
        }
    }
    filled
}
