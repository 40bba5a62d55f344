//! An API's description by OpenAPI (3, or Swagger 2), taken for what a spec needs: an operation that lists
//! records, or one that takes an item.

use serde_json::Value;

use super::example::Making;
use super::paging::{first_of, pages_by};
use super::request::{Given, Request};

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
    pub(super) description: Value,
    /// Parameters of the operation and of its path.
    pub(super) parameters: Vec<Value>,
    /// Where it is.
    server: Value,
}

/// References that lead into each other end here.
pub(super) const DEEPEST: usize = 8;

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
    pub(super) fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
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
    pub(super) fn schema_of<'v>(&'v self, body: &'v Value) -> Option<&'v Value> {
        let body = self.resolved(body);
        if let Some(schema) = body.get("schema") {
            return Some(self.resolved(schema));
        }
        let content = body.get("content")?.as_object()?;
        let (_, media) = content.iter().find(|(kind, _)| kind.contains("json"))?;
        media.get("schema").map(|schema| self.resolved(schema))
    }

    /// The operation as a request. What people fill in stands in braces: `{shop_id}`.
    pub fn request(&self, operation: &Operation) -> Request {
        let (base, open) = self.base(operation);
        let body = &operation.description["requestBody"];
        let making = Making::default();
        let body = self
            .schema_of(body)
            .map(|schema| self.made_of(schema, "", (0, &making), 1));
        let mut request = Request {
            method: Some(operation.method.clone()),
            url: format!("{base}{}", operation.path),
            given: self.given(operation),
            open,
            body: body.filter(Value::is_object).map(|body| body.to_string()),
            ..Request::default()
        };
        for parameter in &operation.parameters {
            let Some(name) = parameter["name"].as_str() else {
                continue;
            };
            let is_required = parameter["required"] == true;
            let value = self.value_of(parameter);
            let choices = self.choices_of(parameter);
            if !choices.is_empty() {
                request.choices.push((name.to_owned(), choices));
            }
            match parameter["in"].as_str() {
                Some("path") => request.open.push(name.to_owned()),
                Some("query") => {
                    let format = parameter["schema"]["format"].as_str();
                    let is_date = format.is_some_and(|format| format.starts_with("date"));
                    if pages_by(name) && !is_date {
                        let value = value.or_else(|| first_of(name));
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

    /// What a parameter can be, where the description lists it.
    fn choices_of(&self, parameter: &Value) -> Vec<String> {
        let schema = self.resolved(&parameter["schema"]);
        // Swagger 2 has it beside the name.
        let listed = [&schema["enum"], &parameter["enum"]];
        let listed = listed.into_iter().filter_map(Value::as_array).flatten();
        let texts = listed.filter_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        texts.filter(|text| !text.is_empty()).collect()
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
pub(super) fn kind_of(schema: &Value) -> &str {
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
