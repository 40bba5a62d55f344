//! An API's description by OpenAPI (3, or Swagger 2), taken for what a spec needs: an operation that lists
//! records, or one that takes an item.

use std::cell::{Cell, RefCell};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::curl::{CurlRequest, Given};

/// Why a description can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenApiError {
    /// It is neither YAML nor JSON.
    #[error("it is neither YAML nor JSON: {0}")]
    Syntax(String),
    /// It is something else.
    #[error("it has neither `openapi` nor `swagger`: a description by OpenAPI is read")]
    Other,
    /// No operation fits.
    #[error("it has no operations that {0}")]
    Nothing(&'static str),
    /// Several fit, and none or an unknown one is named.
    #[error("{why}; name one with --operation:\n  {}", operations.join("\n  "))]
    Several {
        /// Whether none was named, or which.
        why: String,
        /// Those that fit: `GET /products (listProducts)`.
        operations: Vec<String>,
    },
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A list of records.
    List,
    /// A place for items.
    Item,
}

/// A description.
#[derive(Debug)]
pub struct OpenApi {
    root: Value,
}

/// An operation of a description.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `GET`.
    pub method: String,
    /// `/products/{id}`.
    pub path: String,
    id: Option<String>,
    description: Value,
    /// Parameters of the operation and of its path.
    parameters: Vec<Value>,
    /// Where it is.
    server: Value,
}

/// What a field of an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemField {
    /// Its name.
    pub name: String,
    /// Its type: `string`, `number`, `integer`, `boolean`, `array`, `object`.
    pub kind: String,
    /// Whether each item has it.
    pub is_required: bool,
    /// The fields of an object.
    pub inner: Vec<ItemField>,
}

/// Objects in objects of an item are followed so deep.
const DEEPEST_ITEM: usize = 2;

/// Where items go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPlace {
    /// The fields of an item.
    pub fields: Vec<ItemField>,
    /// Whether many are sent at a time.
    pub is_list: bool,
    /// The key of the body under which the list stands, where it is not the body.
    pub under: Option<String>,
}

/// An example in the making.
struct Making {
    /// So many values more.
    left: Cell<usize>,
    /// References that are followed at the moment.
    open: RefCell<Vec<String>>,
}

impl Default for Making {
    fn default() -> Self {
        Self {
            left: Cell::new(MOST_VALUES),
            open: RefCell::default(),
        }
    }
}

/// References that lead into each other end here.
const DEEPEST: usize = 8;
/// An example has so many values at most: schemas refer to each other, and to themselves.
const MOST_VALUES: usize = 2_000;

impl OpenApi {
    /// Reads a description.
    pub fn read(text: &str) -> Result<Self, OpenApiError> {
        // JSON is YAML, and its own reader is quicker on large files.
        let root: Value = match serde_json::from_str(text) {
            Ok(root) => root,
            Err(_) => serde_yaml::from_str(text)
                .map_err(|error| OpenApiError::Syntax(error.to_string()))?,
        };
        let is_one = root.get("openapi").is_some() || root.get("swagger").is_some();
        if is_one {
            Ok(Self { root })
        } else {
            Err(OpenApiError::Other)
        }
    }

    /// The operation that is named, else the only one that fits.
    pub fn operation(
        &self,
        wanted: Wanted,
        named: Option<&str>,
    ) -> Result<Operation, OpenApiError> {
        let fitting = self.operations(wanted);
        let what = match wanted {
            Wanted::List => "answer with a list of records",
            Wanted::Item => "take an item as JSON",
        };
        if fitting.is_empty() {
            return Err(OpenApiError::Nothing(what));
        }
        let is_named = |operation: &&Operation| match named {
            Some(name) => {
                operation.id.as_deref() == Some(name)
                    || operation.path == name
                    || format!("{} {}", operation.method, operation.path) == name
            }
            None => true,
        };
        let mut chosen = fitting.iter().filter(is_named);
        match (chosen.next(), chosen.next()) {
            (Some(only), None) => Ok(only.clone()),
            _ => Err(OpenApiError::Several {
                why: match named {
                    Some(name) => format!("`{name}` is none of those that fit, or several"),
                    None => format!("{} operations {what}", fitting.len()),
                },
                operations: fitting.iter().map(Operation::shown).collect(),
            }),
        }
    }

    /// All operations that fit, those without a parameter in their path first.
    pub fn operations(&self, wanted: Wanted) -> Vec<Operation> {
        let mut found = Vec::new();
        for (path, item) in self.root["paths"].as_object().into_iter().flatten() {
            let item = self.resolved(item);
            for (method, description) in item.as_object().into_iter().flatten() {
                let method = method.to_uppercase();
                let may_fit = match wanted {
                    Wanted::List => matches!(method.as_str(), "GET" | "POST"),
                    Wanted::Item => matches!(method.as_str(), "POST" | "PUT" | "PATCH"),
                };
                if !may_fit {
                    continue;
                }
                // The operation's own count.
                let all = [&description["parameters"], &item["parameters"]];
                let all = all.into_iter().filter_map(Value::as_array).flatten();
                let mut parameters: Vec<Value> = Vec::new();
                for one in all.map(|one| self.resolved(one)) {
                    let is_same =
                        |other: &Value| other["name"] == one["name"] && other["in"] == one["in"];
                    if !parameters.iter().any(is_same) {
                        parameters.push(one.clone());
                    }
                }
                let servers = [
                    &description["servers"],
                    &item["servers"],
                    &self.root["servers"],
                ];
                let server = servers
                    .into_iter()
                    .find_map(|servers| servers.get(0))
                    .cloned();
                let operation = Operation {
                    method,
                    path: path.clone(),
                    id: description["operationId"].as_str().map(str::to_owned),
                    description: description.clone(),
                    parameters,
                    server: server.unwrap_or_default(),
                };
                let fits = match wanted {
                    Wanted::List => {
                        let example = self.example(&operation);
                        example.is_some_and(|example| {
                            super::found_in(&example, None).records.is_some()
                        })
                    }
                    Wanted::Item => self.item(&operation).is_some(),
                };
                if fits {
                    found.push(operation);
                }
            }
        }
        found.sort_by_key(|operation| operation.path.matches('{').count());
        found
    }

    /// What a reference leads to.
    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut here = value;
        for _ in 0..DEEPEST {
            let Some(reference) = here.get("$ref").and_then(Value::as_str) else {
                break;
            };
            match self.root.pointer(reference.trim_start_matches('#')) {
                Some(target) => here = target,
                None => break,
            }
        }
        here
    }

    /// Where the operation's API is, without a slash at the end; what people fill in stands in braces.
    fn base(&self, operation: &Operation) -> (String, Vec<String>) {
        let root = &self.root;
        if let Some(host) = root["host"].as_str() {
            let scheme = root["schemes"][0].as_str().unwrap_or("https");
            let base = root["basePath"].as_str().unwrap_or_default();
            let url = format!("{scheme}://{host}{}", base.trim_end_matches('/'));
            return (url, Vec::new());
        }
        let mut url = operation.server["url"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for (name, variable) in operation.server["variables"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if let Some(value) = variable["default"].as_str() {
                url = url.replace(&format!("{{{name}}}"), value);
            }
        }
        let parts = url
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'));
        let mut open: Vec<String> = parts.map(|(name, _)| name.to_owned()).collect();
        let url = match url.strip_prefix("//") {
            Some(rest) => format!("https://{rest}"),
            None if url.contains("://") => url,
            None => {
                // It is said where the description was read from, which nobody knows here.
                open.push("api_url".to_owned());
                format!("{{api_url}}/{}", url.trim_start_matches('/'))
            }
        };
        (url.trim_end_matches('/').to_owned(), open)
    }

    /// The schema of JSON in an answer or a body.
    fn schema_of<'v>(&'v self, body: &'v Value) -> Option<&'v Value> {
        let body = self.resolved(body);
        if let Some(schema) = body.get("schema") {
            return Some(self.resolved(schema));
        }
        let content = body.get("content")?.as_object()?;
        let (_, media) = content.iter().find(|(kind, _)| kind.contains("json"))?;
        media.get("schema").map(|schema| self.resolved(schema))
    }

    /// An answer as the description has it: its example, or one made of its schema.
    pub fn example(&self, operation: &Operation) -> Option<Value> {
        let answers = operation.description["responses"].as_object()?;
        let mut good = answers.iter().filter(|(status, _)| status.starts_with('2'));
        let (_, answer) = good.next().or_else(|| answers.get_key_value("default"))?;
        let answer = self.resolved(answer);
        let media = answer["content"].as_object().into_iter().flatten();
        let mut json = media.filter(|(kind, _)| kind.contains("json"));
        let given = json.next().and_then(|(_, media)| {
            let example = media.get("example").cloned();
            example.or_else(|| {
                let (_, first) = media.get("examples")?.as_object()?.iter().next()?;
                self.resolved(first).get("value").cloned()
            })
        });
        let made = || {
            let making = Making::default();
            Some(self.made_of(self.schema_of(answer)?, "", (0, &making), 1))
        };
        // An example that somebody has shortened to nothing shows less than the schema.
        let given = given.filter(|given| super::found_in(given, None).records.is_some());
        given.or_else(made)
    }

    /// A value of a schema; `name` is the key it stands under, and `number` tells elements apart.
    fn made_of(
        &self,
        schema: &Value,
        name: &str,
        (depth, making): (usize, &Making),
        number: u64,
    ) -> Value {
        let left = making.left.get();
        let reference = schema.get("$ref").and_then(Value::as_str);
        // What holds itself ends at its second time.
        let is_open = |reference| making.open.borrow().iter().any(|open| open == reference);
        if depth > DEEPEST || left == 0 || reference.is_some_and(is_open) {
            return Value::Null;
        }
        making.left.set(left - 1);
        making
            .open
            .borrow_mut()
            .extend(reference.map(str::to_owned));
        let made = self.made_of_target(self.resolved(schema), name, (depth, making), number);
        if reference.is_some() {
            making.open.borrow_mut().pop();
        }
        made
    }

    fn made_of_target(
        &self,
        schema: &Value,
        name: &str,
        (depth, making): (usize, &Making),
        number: u64,
    ) -> Value {
        for key in ["example", "default", "const"] {
            if let Some(value) = schema
                .get(key)
                .filter(|value| !value.is_object() && !value.is_array())
            {
                // An identifier tells elements apart.
                if !name.to_lowercase().ends_with("id") {
                    return value.clone();
                }
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let mut all = Map::new();
            for part in parts {
                if let Value::Object(fields) = self.made_of(part, name, (depth + 1, making), number)
                {
                    all.extend(fields);
                }
            }
            return Value::Object(all);
        }
        let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"));
        if let Some(first) = choices.and_then(|choices| {
            let mut choices = choices.as_array()?.iter();
            choices.find(|one| one["type"] != "null")
        }) {
            return self.made_of(first, name, (depth + 1, making), number);
        }
        match kind_of(schema) {
            "object" => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let fields = fields.map(|(key, field)| {
                    let value = self.made_of(field, key, (depth + 1, making), number);
                    (key.clone(), value)
                });
                let fields = fields.filter(|(_, value)| !value.is_null());
                Value::Object(fields.collect())
            }
            "array" => {
                let item =
                    |number| self.made_of(&schema["items"], name, (depth + 1, making), number);
                json!([item(1), item(2)])
            }
            "integer" | "number" => json!(number),
            "boolean" => json!(true),
            _ => {
                let is_address = matches!(schema["format"].as_str(), Some("uri" | "url"))
                    || name.to_lowercase().ends_with("url")
                    || matches!(name, "next" | "previous" | "prev" | "href");
                if is_address {
                    json!(format!("https://api.example.com/{number}"))
                } else {
                    json!(format!("text {number}"))
                }
            }
        }
    }

    /// The operation as a request. What people fill in stands in braces: `{shop_id}`.
    pub fn request(&self, operation: &Operation) -> CurlRequest {
        let (base, open) = self.base(operation);
        let body = &operation.description["requestBody"];
        let making = Making::default();
        let body = self
            .schema_of(body)
            .map(|schema| self.made_of(schema, "", (0, &making), 1));
        let mut request = CurlRequest {
            method: Some(operation.method.clone()),
            url: format!("{base}{}", operation.path),
            given: self.given(operation),
            open,
            body: body.filter(Value::is_object).map(|body| body.to_string()),
            ..CurlRequest::default()
        };
        for parameter in &operation.parameters {
            let Some(name) = parameter["name"].as_str() else {
                continue;
            };
            let is_required = parameter["required"] == true;
            let value = self.value_of(parameter);
            match parameter["in"].as_str() {
                Some("path") => request.open.push(name.to_owned()),
                Some("query") => {
                    let format = parameter["schema"]["format"].as_str();
                    let is_date = format.is_some_and(|format| format.starts_with("date"));
                    if super::draft::pages_by(name) && !is_date {
                        let value = value.or_else(|| super::draft::first_of(name));
                        request
                            .query
                            .push((name.to_owned(), value.unwrap_or_default()));
                    } else if is_required {
                        let value = value.unwrap_or_else(|| {
                            request.open.push(name.to_owned());
                            format!("{{{name}}}")
                        });
                        request.query.push((name.to_owned(), value));
                    } else {
                        request.others.push(name.to_owned());
                    }
                }
                Some("header") if is_required => {
                    let value = value.unwrap_or_else(|| {
                        request.open.push(name.to_owned());
                        format!("{{{name}}}")
                    });
                    request.headers.push((name.to_owned(), value));
                }
                _ => {}
            }
        }
        request
    }

    /// What a parameter is where nobody says otherwise.
    fn value_of(&self, parameter: &Value) -> Option<String> {
        let schema = self.resolved(&parameter["schema"]);
        let found = [
            parameter.get("example"),
            parameter.get("default"),
            schema.get("default"),
            schema.get("example"),
        ];
        found.into_iter().flatten().find_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        })
    }

    /// The credentials that an operation asks for; their values are nobody's.
    fn given(&self, operation: &Operation) -> Given {
        let asked = operation
            .description
            .get("security")
            .unwrap_or(&self.root["security"]);
        let names = asked.as_array().into_iter().flatten();
        let mut names = names.filter_map(|one| one.as_object()?.keys().next());
        let Some(name) = names.next() else {
            return Given::None;
        };
        let schemes = [
            &self.root["components"]["securitySchemes"][name],
            &self.root["securityDefinitions"][name],
        ];
        let Some(scheme) = schemes.into_iter().find(|scheme| scheme.is_object()) else {
            return Given::None;
        };
        let scheme = self.resolved(scheme);
        let key = scheme["name"].as_str().unwrap_or("X-Api-Key").to_owned();
        match (scheme["type"].as_str(), scheme["in"].as_str()) {
            (Some("apiKey"), Some("query")) => Given::Query(key, String::new()),
            (Some("apiKey"), Some("cookie")) => Given::Cookie(key, String::new()),
            (Some("apiKey"), _) => Given::Header(key, String::new()),
            (Some("basic"), _) => Given::Basic(String::new(), String::new()),
            (Some("http"), _)
                if scheme["scheme"]
                    .as_str()
                    .is_some_and(|one| one.eq_ignore_ascii_case("basic")) =>
            {
                Given::Basic(String::new(), String::new())
            }
            (Some("http" | "oauth2" | "openIdConnect"), _) => Given::Bearer(String::new()),
            _ => Given::None,
        }
    }

    /// What an operation takes as JSON.
    pub fn item(&self, operation: &Operation) -> Option<ItemPlace> {
        let body = &operation.description["requestBody"];
        let of_body = self.schema_of(body);
        let schema = of_body.or_else(|| {
            let body = operation
                .parameters
                .iter()
                .find(|one| one["in"] == "body")?;
            self.schema_of(body)
        })?;
        if kind_of(schema) == "array" {
            let fields = self.fields(&schema["items"], 0);
            return (!fields.is_empty()).then_some(ItemPlace {
                fields,
                is_list: true,
                under: None,
            });
        }
        let properties = self.properties(schema);
        let lists = properties.iter().filter_map(|(name, property)| {
            let property = self.resolved(property);
            let fields = self.fields(property.get("items")?, 0);
            (kind_of(property) == "array" && !fields.is_empty()).then_some((name, fields))
        });
        let mut lists: Vec<_> = lists.collect();
        // A body that is little more than its list.
        if let ([_], true) = (lists.as_slice(), properties.len() <= 2) {
            let (under, fields) = lists.remove(0);
            return Some(ItemPlace {
                fields,
                is_list: true,
                under: Some(under.clone()),
            });
        }
        let fields = self.fields(schema, 0);
        (!fields.is_empty()).then_some(ItemPlace {
            fields,
            is_list: false,
            under: None,
        })
    }

    /// The properties of a schema, those of its parts too; of two of a name the last.
    fn properties(&self, schema: &Value) -> Vec<(String, Value)> {
        let mut all: IndexMap<String, Value> = IndexMap::new();
        let mut waiting = vec![schema];
        let mut seen: Vec<&str> = Vec::new();
        while let Some(schema) = waiting.pop() {
            // What is a part of itself is taken once.
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
                if seen.contains(&reference) {
                    continue;
                }
                seen.push(reference);
            }
            let schema = self.resolved(schema);
            let own = schema["properties"].as_object().into_iter().flatten();
            let parts = schema["allOf"].as_array().into_iter().flatten();
            waiting.extend(parts.rev());
            all.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        }
        all.into_iter().collect()
    }

    fn fields(&self, schema: &Value, depth: usize) -> Vec<ItemField> {
        let schema = self.resolved(schema);
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let all = std::iter::once(schema).chain(parts.map(|part| self.resolved(part)));
        let required: Vec<&str> = all
            .filter_map(|part| part["required"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = self.properties(schema).into_iter();
        let written =
            properties.filter(|(_, property)| self.resolved(property)["readOnly"] != true);
        written
            .filter_map(|(name, property)| {
                let kind = kind_of(self.resolved(&property)).to_owned();
                let is_object = kind == "object";
                let inner = if is_object && depth + 1 < DEEPEST_ITEM {
                    self.fields(&property, depth + 1)
                } else {
                    Vec::new()
                };
                let is_known = !is_object || !inner.is_empty();
                is_known.then(|| ItemField {
                    is_required: required.contains(&name.as_str()),
                    kind,
                    name,
                    inner,
                })
            })
            .collect()
    }
}

impl Operation {
    /// How it is listed.
    fn shown(&self) -> String {
        match &self.id {
            Some(id) => format!("{} {} ({id})", self.method, self.path),
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// The last part of its path, where it has the parameter: there an item is named.
    pub fn names_item(&self, parameter: &str) -> bool {
        let last = self.path.rsplit('/').next().unwrap_or_default();
        last.contains(&format!("{{{parameter}}}"))
    }

    /// The parameters of its path.
    pub fn in_path(&self) -> impl Iterator<Item = &str> {
        let all = self.parameters.iter().filter(|one| one["in"] == "path");
        all.filter_map(|one| one["name"].as_str())
    }
}

/// The type of a schema; of several the first that is not `null`.
fn kind_of(schema: &Value) -> &str {
    let named = match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.as_str(),
    };
    named.unwrap_or(
        if schema.get("properties").is_some() || schema.get("allOf").is_some() {
            "object"
        } else if schema.get("items").is_some() {
            "array"
        } else {
            "string"
        },
    )
}
