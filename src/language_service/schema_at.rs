//! What the schema says of a place in a spec.

use serde_json::Value;

use super::cursor::Step;
use crate::spec::schema::annotated;

/// All that the schema allows at the end of a path; of a choice each.
pub fn schemas_at(path: &[Step]) -> Vec<&'static Value> {
    let mut here = open(annotated());
    for step in path {
        here = here
            .into_iter()
            .filter_map(|schema| match step {
                Step::Key(key) => of_key(schema, key),
                Step::Item => schema.get("items"),
            })
            .flat_map(open)
            .collect();
    }
    here
}

/// The property of this name, or what all other names have.
fn of_key<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    let property = schema.get("properties").and_then(|all| all.get(key));
    property.or_else(|| {
        let other = schema.get("additionalProperties")?;
        other.is_object().then_some(other)
    })
}

/// The schema itself, what it refers to, and each of its choices.
fn open(schema: &'static Value) -> Vec<&'static Value> {
    let mut found = vec![schema];
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = annotated().pointer(reference.trim_start_matches('#'));
        found.extend(target.into_iter().flat_map(open));
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        let choices = schema.get(choice).and_then(Value::as_array);
        found.extend(choices.into_iter().flatten().flat_map(open));
    }
    found
}
