//! What an operation takes: the fields of an item, and where items stand in the body.

use indexmap::IndexMap;
use serde_json::Value;

use super::openapi::{OpenApi, Operation, kind_of};

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

impl OpenApi {
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
