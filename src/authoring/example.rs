//! An answer as an API's description has it: its example, or one made of its schema.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value, json};

use super::openapi::{DEEPEST, OpenApi, Operation, kind_of};

/// An example in the making.
pub(super) struct Making {
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

/// An example has so many values at most: schemas refer to each other, and to themselves.
const MOST_VALUES: usize = 2_000;

impl OpenApi {
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
    pub(super) fn made_of(
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
}
