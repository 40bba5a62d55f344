//! `item` and `batch` of a target.

use super::Compiler;
use crate::plan::WatchedPlan;
use crate::plan::scopes::Scopes;
use crate::plan::target::{BATCH_ROWS, BatchPlan, ByPlan, Groups, ItemPlan};
use crate::spec;
use crate::spec::places::Placed;
use crate::spec::target::Batch;
use crate::spec::tree::{Node, NodeValue};
use crate::spec::values::MOST_ROWS;
use crate::template::scope::Scope;

impl Compiler<'_> {
    pub(super) fn item(
        &mut self,
        node: Option<&spec::Tree>,
        is_batched: bool,
        scopes: &Scopes,
    ) -> Option<ItemPlan> {
        let node = node?;
        let row = scopes.sent_row();
        let scope = if is_batched {
            Scopes::placed(&row)
        } else {
            row
        };
        let (tree, uses) = self.watched(|compiler| compiler.tree(node, &scope));
        let mut keys = Vec::new();
        for entry in node.entries() {
            let is_constant = |node: &Node| {
                node.as_text()
                    .is_none_or(|text| !text.contains("{{") && !text.contains("{%"))
            };
            if matches!(entry.value.value, NodeValue::Scalar(_)) {
                let before = self.errors.len();
                let (_, uses) = self.watched(|compiler| compiler.template(&entry.value, &scope));
                // Its mistakes were told with the tree.
                self.errors.truncate(before);
                keys.push(WatchedPlan {
                    name: entry.key.clone(),
                    is_constant: is_constant(&entry.value),
                    reads: uses
                        .fields
                        .into_iter()
                        .filter(|(owner, _)| owner == "row")
                        .collect(),
                });
            }
        }
        Some(ItemPlan {
            tree,
            keys,
            reads_batch: uses.names.contains("batch"),
        })
    }

    pub(super) fn batch(&mut self, batch: &Placed<Batch>, scope: &Scope) -> BatchPlan {
        let keys = match &batch.value {
            Batch::Rows(rows) => {
                return BatchPlan {
                    rows: self.whole(rows, "batch", MOST_ROWS),
                    bytes: None,
                    by: None,
                };
            }
            Batch::Whole(keys) => keys,
        };
        let rows = keys.rows.as_ref();
        let rows = rows.map(|rows| self.whole(rows, "rows", MOST_ROWS));
        let bytes = self.size(keys.bytes.as_deref());
        let by = self.optional(keys.by.as_deref(), scope);
        let (whole, split) = (keys.whole.if_true(), keys.split.if_true());
        let groups = match (whole, split) {
            (None, None) => Groups::Alone,
            (Some(_), None) => Groups::Packed,
            (_, Some(_)) => Groups::Cut,
        };
        if let (Some(whole), Some(_)) = (whole, split) {
            self.error(
                whole,
                "groups are kept whole, or are split, not both",
                "leave one of them out",
            );
        }
        let stray = whole.map(|at| ("whole", at));
        let stray = stray.or(split.map(|at| ("split", at)));
        if let (Some((key, at)), None) = (stray, &by) {
            self.error(
                at,
                format!("`{key}` is about groups, and nothing says which rows are one"),
                "add by: \"{{ row.parent }}\"",
            );
        }
        BatchPlan {
            rows: rows.unwrap_or(BATCH_ROWS),
            bytes,
            by: by.map(|value| ByPlan { value, groups }),
        }
    }
}
