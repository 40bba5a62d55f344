//! Elements of XML as values: fields by their names, with and without a prefix.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object};

use crate::template::Value;

pub(super) struct Entry {
    pub name: String,
    pub values: Vec<Value>,
    pub is_list: bool,
}

/// The name behind a prefix.
pub fn local(name: &str) -> &str {
    match name.split_once(':') {
        Some((_, local)) if !name.starts_with('@') => local,
        _ => name,
    }
}

/// An element with fields. A prefix may be left out where no other field has the name without it.
#[derive(Debug)]
pub(super) struct ElementValue {
    /// The name as it is listed, as it was written, and the value.
    fields: Vec<(Arc<str>, Arc<str>, Value)>,
}

impl ElementValue {
    pub fn new(entries: Vec<Entry>, prefixes: bool) -> Self {
        let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let fields = entries.into_iter().map(|mut entry| {
            let written: Arc<str> = Arc::from(entry.name.as_str());
            let short = local(&written);
            let is_alone = names.iter().filter(|name| local(name) == short).count() == 1;
            let listed: Arc<str> = if prefixes || !is_alone {
                Arc::clone(&written)
            } else {
                Arc::from(short)
            };
            let value = match entry.values.len() {
                1 if !entry.is_list => entry.values.remove(0),
                _ => Value::from(entry.values),
            };
            (listed, written, value)
        });
        Self {
            fields: fields.collect(),
        }
    }
}

impl Object for ElementValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let by_written = || self.fields.iter().find(|(_, written, _)| **written == *key);
        let by_listed = || self.fields.iter().find(|(listed, _, _)| **listed == *key);
        let by_local = || {
            self.fields
                .iter()
                .find(|(_, written, _)| local(written) == key)
        };
        let (_, _, value) = by_written().or_else(by_listed).or_else(by_local)?;
        Some(value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.fields.iter();
        Enumerator::Values(
            names
                .map(|(listed, _, _)| Value::from(Arc::clone(listed)))
                .collect(),
        )
    }
}
