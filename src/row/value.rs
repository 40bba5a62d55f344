//! A row as a template's value: columns are decoded when they are asked for.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

use super::batch::Batch;

/// A row of a shared batch, as `row` in templates: column → text.
pub fn row_value(batch: &Arc<Batch>, index: usize) -> Value {
    Value::from_object(RowObject {
        batch: Arc::clone(batch),
        index,
    })
}

struct RowObject {
    batch: Arc<Batch>,
    index: usize,
}

impl fmt::Debug for RowObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.batch.row(self.index).json())
    }
}

impl Object for RowObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let text = self.batch.row(self.index).get(key)?;
        Some(Value::from(&*text))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.batch.row(self.index).shape().distinct_names();
        Enumerator::Values(names.map(Value::from).collect())
    }
}
