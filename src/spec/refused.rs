//! What stood in parts of a spec that were refused: that it is missing elsewhere follows from it.

use std::ops::Range;

use super::structure::Checker;
use super::tree::{Entry, Node, NodeValue};

/// A key or name in a part that was refused: that it is missing elsewhere follows from it.
#[derive(Debug)]
pub struct Refused {
    /// The key, or the name that something was given.
    pub word: String,
    /// The map in which it would count; nothing where it would count for all of the spec.
    pub around: Option<Range<usize>>,
}

impl Checker<'_> {
    /// What stands in an entry that was refused can't be missed elsewhere.
    pub(super) fn note_refused(&mut self, entry: &Entry, owner: &Node) {
        let in_http = self.parents.iter().any(|(name, _)| name == "`http`");
        let is_of_all = in_http || self.schema["properties"].get(&entry.key).is_some();
        let around = (!is_of_all).then(|| owner.span.clone());
        self.refused.push(Refused {
            word: entry.key.clone(),
            around: around.clone(),
        });
        self.note_inside(&entry.value, around.as_ref());
    }

    pub(super) fn note_inside(&mut self, node: &Node, around: Option<&Range<usize>>) {
        match &node.value {
            NodeValue::Map(entries) => {
                for entry in entries {
                    let name = entry.value.as_text().filter(|_| entry.key == "name");
                    for word in [Some(entry.key.as_str()), name].into_iter().flatten() {
                        self.refused.push(Refused {
                            word: word.to_owned(),
                            around: around.cloned(),
                        });
                    }
                    self.note_inside(&entry.value, around);
                }
            }
            NodeValue::List(items) => items.iter().for_each(|item| self.note_inside(item, around)),
            NodeValue::Scalar(_) | NodeValue::Refused => {}
        }
    }
}
