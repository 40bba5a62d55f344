//! A stream becomes a spec.

use serde_json::{Value, json};

use super::auth::auth;
use super::block::{Block, comment, todo};
use super::cursors::{Cursor, own_filter};
use super::decoders::decoded;
use super::expression::{Names, rewritten};
use super::manifest::{get, kind, list, name_of, text};
use super::pages::{inject, paging};
use super::requests::{Whole, base_of, handled, rates, request, value_of};
use crate::plan::scopes::RESERVED;

/// A stream's parts, as a spec has them.
#[derive(Default)]
pub struct Parts {
    /// `http`.
    pub http: Block,
    /// The steps of `source`.
    pub steps: Vec<Value>,
    /// `incremental`.
    pub incremental: Option<Value>,
    /// `columns` and `drop`.
    pub mapping: Block,
    /// What stands before all.
    pub notes: Block,
    /// Names of steps that are taken.
    taken: Vec<String>,
    /// The address that `http` has.
    base: String,
    /// Its auth; nothing where it has no counterpart.
    auth: Value,
    /// What the partitions of the stream itself are called.
    names: Names,
}

/// The parts of a stream.
pub fn parts_of(stream: &Value, budget: &Value) -> Parts {
    let mut parts = Parts::default();
    if kind(stream) != "DeclarativeStream" {
        let why = format!("`{}` has no counterpart", kind(stream));
        todo(&mut parts.notes, &why, stream);
        parts.steps.push(json!({ "rows": [] }));
        return parts;
    }
    if let Some(requester) = get(stream, "retriever").and_then(|one| get(one, "requester")) {
        let names = Names::default();
        match base_of(requester, &names) {
            Ok(base) if !base.is_empty() => {
                parts.base.clone_from(&base);
                parts.http.insert("base_url".to_owned(), json!(base));
            }
            Ok(_) => {}
            Err(why) => todo(
                &mut parts.http,
                &format!("the address has {why}"),
                requester,
            ),
        }
        if let Some(authenticator) = get(requester, "authenticator") {
            match auth(authenticator) {
                Ok(value) => {
                    parts.auth = value.clone();
                    if value != "none" {
                        parts.http.insert("auth".to_owned(), value);
                    }
                }
                Err(why) => todo(&mut parts.http, &why, authenticator),
            }
        } else {
            parts.auth = json!("none");
        }
    }
    match rates(budget) {
        Ok(rates) if rates.is_empty() => {}
        Ok(rates) => {
            parts
                .http
                .insert("rate_limit".to_owned(), Value::Array(rates));
        }
        Err(why) => todo(&mut parts.http, &why, budget),
    }
    parts.stream(stream, true);
    parts.mapping(stream);
    parts
}

/// A word that a step may be called.
pub fn word(name: &str, taken: &[String]) -> String {
    let word: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let mut word = word.trim_matches('_').to_owned();
    if !word.starts_with(|c: char| c.is_ascii_lowercase()) {
        word = format!("step_{word}");
    }
    while RESERVED.contains(&word.as_str()) || taken.contains(&word) {
        word += "_record";
    }
    word
}

impl Parts {
    /// The steps of a stream, those of its parents first; the name of its own.
    fn stream(&mut self, stream: &Value, is_main: bool) -> String {
        let retriever = get(stream, "retriever").cloned().unwrap_or_default();
        let mut step = Block::new();
        let mut names = Names::default();
        let mut carried = Vec::new();
        self.partitions(&retriever, &mut names, &mut carried, &mut step);
        if let Some(sync) = get(stream, "incremental_sync") {
            let cursor = Cursor {
                sync,
                is_main,
                taken: &self.taken,
            };
            let made = cursor.made(&mut names, &mut step);
            self.taken.extend(made.name);
            self.steps.extend(made.step);
            carried.extend(made.carried);
            if made.incremental.is_some() {
                self.incremental = made.incremental;
            }
        }
        let name = word(&name_of(stream), &self.taken);
        self.taken.push(name.clone());
        step.insert("name".to_owned(), json!(name));
        if kind(&retriever) != "SimpleRetriever" {
            let why = format!("`{}` has no counterpart", kind(&retriever));
            todo(&mut step, &why, &retriever);
            step.insert("rows".to_owned(), json!([]));
            self.steps.push(Value::Object(step));
            return name;
        }
        self.retrieve(&retriever, &mut names, &carried, &mut step);
        if is_main {
            self.names = Names {
                page: None,
                ..names
            };
        }
        if let Some(sync) = get(stream, "incremental_sync").filter(|_| is_main) {
            own_filter(sync, &mut step);
        }
        self.steps.push(Value::Object(step));
        name
    }

    fn retrieve(
        &mut self,
        retriever: &Value,
        names: &mut Names,
        carried: &[(Value, String)],
        step: &mut Block,
    ) {
        let requester = get(retriever, "requester").cloned().unwrap_or_default();
        let paginator = get(retriever, "paginator");
        let paged = paging(paginator, names).unwrap_or_else(|why| {
            todo(step, &why, paginator.unwrap_or(&Value::Null));
            super::pages::Paging::default()
        });
        names.page = paged.page;
        let base = base_of(&requester, names).unwrap_or_default();
        let whole = if base == self.base {
            Whole::No
        } else {
            Whole::Yes
        };
        let mut request = match request(&requester, names, step, whole) {
            Ok(request) => request,
            Err(why) => {
                let why = if why.contains("no counterpart") {
                    why
                } else {
                    format!("the request has {why}")
                };
                todo(step, &why, &requester);
                Block::from_iter([("path".to_owned(), json!("/"))])
            }
        };
        // Who asks for a parent may be another, or nobody.
        match get(&requester, "authenticator").map_or(Ok(json!("none")), auth) {
            Ok(value) if whole == Whole::No && value == self.auth => {}
            Ok(value) if whole == Whole::Yes && value == "none" => {}
            Ok(value) => {
                request.insert("auth".to_owned(), value);
            }
            // That of the stream itself is told with `http`.
            Err(_) if self.auth.is_null() => {}
            Err(why) => todo(step, &why, &requester["authenticator"]),
        }
        for (option, value) in carried.iter().chain(&paged.carried) {
            if let Err(why) = inject(option, value, &mut request) {
                todo(step, &why, option);
            }
        }
        if let Some(handler) = get(&requester, "error_handler") {
            handled(handler, names, &mut request, step);
        }
        step.insert("request".to_owned(), Value::Object(request));
        step.insert(
            "pages".to_owned(),
            paged.pages.unwrap_or_else(|| json!("none")),
        );
        selected(retriever, step);
        if let Some(decoder) = get(retriever, "decoder") {
            match decoded(decoder) {
                Ok(None) => {}
                Ok(Some(format)) => {
                    step.insert("format".to_owned(), format);
                }
                Err(why) => todo(step, &why, decoder),
            }
        }
    }

    fn partitions(
        &mut self,
        retriever: &Value,
        names: &mut Names,
        carried: &mut Vec<(Value, String)>,
        step: &mut Block,
    ) {
        let router = get(retriever, "partition_router");
        let routers: Vec<Value> = match router {
            None => return,
            Some(Value::Array(routers)) => routers.clone(),
            Some(router) => vec![router.clone()],
        };
        for router in &routers {
            match kind(router) {
                "ListPartitionRouter" => {
                    let field = text(router, "cursor_field").unwrap_or_default();
                    let name = word(&field, &self.taken);
                    let values = get(router, "values").cloned().unwrap_or_default();
                    match value_of(&values, &Names::default()) {
                        Ok(values) => {
                            self.taken.push(name.clone());
                            self.steps.push(json!({ "name": name, "for_each": values }));
                            names.partitions.insert(field, name.clone());
                        }
                        Err(why) => todo(step, &format!("its values have {why}"), router),
                    }
                    if let Some(option) = get(router, "request_option") {
                        carried.push((option.clone(), format!("{{{{ {name} }}}}")));
                    }
                }
                "SubstreamPartitionRouter" => {
                    let parents = list(router, "parent_stream_configs");
                    if parents.len() != 1 {
                        todo(step, "several parents beside each other", router);
                    }
                    for config in parents.iter().take(1) {
                        self.parent(config, names, carried, step);
                    }
                }
                other => todo(step, &format!("`{other}` has no counterpart"), router),
            }
        }
    }

    fn parent(
        &mut self,
        config: &Value,
        names: &mut Names,
        carried: &mut Vec<(Value, String)>,
        step: &mut Block,
    ) {
        let Some(parent) = get(config, "stream") else {
            todo(step, "a parent without a stream", config);
            return;
        };
        let name = self.stream(parent, false);
        let key = text(config, "parent_key").unwrap_or_else(|| "id".to_owned());
        let field = text(config, "partition_field").unwrap_or_else(|| key.clone());
        let value = format!("{name}.{key}");
        names.partitions.insert(field, value.clone());
        if let Some(option) = get(config, "request_option") {
            carried.push((option.clone(), format!("{{{{ {value} }}}}")));
        }
        if get(config, "lazy_read_pointer")
            .is_some_and(|way| way.as_array().is_some_and(|way| !way.is_empty()))
        {
            todo(step, "`lazy_read_pointer` has no counterpart", config);
        }
    }

    /// What becomes of a record.
    fn mapping(&mut self, stream: &Value) {
        let mut columns = Block::new();
        let mut drop: Vec<Value> = Vec::new();
        for transformation in list(stream, "transformations") {
            match kind(transformation) {
                "AddFields" => {
                    if get(transformation, "condition").is_some() {
                        todo(
                            &mut columns,
                            "fields that are added at times",
                            transformation,
                        );
                        continue;
                    }
                    for field in list(transformation, "fields") {
                        let way: Vec<&str> = list(field, "path")
                            .iter()
                            .filter_map(Value::as_str)
                            .collect();
                        let value = text(field, "value").unwrap_or_default();
                        match rewritten(&value, &self.names) {
                            Ok(value) if !way.iter().any(|part| part.contains("{{")) => {
                                columns.insert(way.join("-"), json!(value));
                            }
                            Ok(_) => todo(&mut columns, "a field whose name is a template", field),
                            Err(why) => todo(&mut columns, &format!("a field has {why}"), field),
                        }
                    }
                }
                "RemoveFields" => {
                    for pointer in list(transformation, "field_pointers") {
                        let way: Vec<&str> = pointer
                            .as_array()
                            .into_iter()
                            .flatten()
                            .filter_map(Value::as_str)
                            .collect();
                        if way.iter().any(|part| part.contains('*')) {
                            todo(
                                &mut columns,
                                "fields that are removed at any place",
                                pointer,
                            );
                            continue;
                        }
                        let name = way.join("-");
                        drop.push(json!(name));
                        // What stands inside has columns of its own.
                        drop.push(json!(format!("{name}-*")));
                    }
                }
                // `keep: all` does so.
                "FlattenFields" => {}
                other => {
                    let why = format!("`{other}` has no counterpart");
                    todo(&mut columns, &why, transformation);
                }
            }
        }
        if !columns.is_empty() {
            self.mapping
                .insert("columns".to_owned(), Value::Object(columns));
        }
        if !drop.is_empty() {
            self.mapping.insert("drop".to_owned(), Value::Array(drop));
        }
        if let Some(key) = get(stream, "primary_key") {
            comment(&mut self.notes, &format!("its primary key was {key}"));
        }
    }
}

/// Which records an answer has.
fn selected(retriever: &Value, step: &mut Block) {
    let Some(selector) = get(retriever, "record_selector") else {
        return;
    };
    if let Some(extractor) = get(selector, "extractor") {
        if kind(extractor) == "DpathExtractor" {
            let parts = list(extractor, "field_path");
            let path = parts.iter().map(|part| match part.as_str() {
                Some("*") => Some("[*]".to_owned()),
                Some(name) if name.contains("{{") || name.contains("**") => None,
                Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                    Some(format!(".{name}"))
                }
                Some(name) => Some(format!("['{name}']")),
                None => None,
            });
            match path.collect::<Option<String>>() {
                Some(path) if path.is_empty() => {}
                Some(path) => {
                    step.insert("records".to_owned(), json!(format!("${path}")));
                }
                None => todo(step, "the place of records is a template", extractor),
            }
        } else {
            let why = format!("`{}` has no counterpart", kind(extractor));
            todo(step, &why, extractor);
        }
    }
    let filter = get(selector, "record_filter");
    if let Some(filter) = filter {
        let condition = text(filter, "condition").map(|text| rewritten(&text, &Names::default()));
        match condition {
            Some(Ok(condition)) if condition.contains("{{") => {
                step.insert("where".to_owned(), json!(condition));
            }
            Some(Err(why)) => todo(step, &format!("the filter has {why}"), filter),
            _ => todo(step, "a filter that is no condition", filter),
        }
    }
}
