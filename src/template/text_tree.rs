//! A tree that was read from text which is no JSON, an XML answer: its fields are seen by name, and it
//! prints as the text it came as.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

/// A document with a root, and its text.
pub struct TextTree {
    root_name: Arc<str>,
    root: Value,
    text: Arc<str>,
}

impl TextTree {
    /// A document as a value.
    pub fn value_of(root_name: Arc<str>, root: Value, text: Arc<str>) -> Value {
        Value::from_object(Self {
            root_name,
            root,
            text,
        })
    }

    /// What the root holds.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The text it came as.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for TextTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document `{}`", self.root_name)
    }
}

impl Object for TextTree {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    /// The root by its name, with or without a prefix; its fields without it too.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let local = self.root_name.rsplit(':').next().unwrap_or_default();
        if key == &*self.root_name || key == local {
            return Some(self.root.clone());
        }
        let value = self.root.get_attr(key).ok()?;
        (!value.is_undefined()).then_some(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let local = self.root_name.rsplit(':').next().unwrap_or_default();
        Enumerator::Values(vec![Value::from(local)])
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
