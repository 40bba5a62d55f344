//! Entries of `target`.

use super::Compiler;
use crate::plan::scopes::Scopes;
use crate::plan::{Change, EntryPlan};
use crate::spec::Mode;
use crate::spec::tree::Node;

impl Compiler<'_> {
    pub(super) fn entries(&mut self, scopes: &Scopes) -> Vec<EntryPlan> {
        let spec = &self.document.spec;
        let node = self.root().get("target");
        if spec.mode == Mode::Export {
            return vec![EntryPlan {
                change: None,
                log: Vec::new(),
            }];
        }
        if spec.mode != Mode::ExportDelta {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for entry in node.into_iter().flat_map(Node::entries) {
            let target = spec.target.as_ref();
            let (change, logs) = match entry.key.as_str() {
                "new" => (Change::New, target.and_then(|target| target.new.as_ref())),
                "modified" => (
                    Change::Modified,
                    target.and_then(|target| target.modified.as_ref()),
                ),
                "deleted" => (
                    Change::Deleted,
                    target.and_then(|target| target.deleted.as_ref()),
                ),
                "unchanged" => (
                    Change::Unchanged,
                    target.and_then(|target| target.unchanged.as_ref()),
                ),
                _ => continue,
            };
            let logs = logs.map_or(&[][..], |entry| &entry.log);
            entries.push(EntryPlan {
                change: Some(change),
                log: self.log_rules(entry.value.get("log"), logs, scopes, true),
            });
        }
        if entries.is_empty() && self.errors.is_empty() {
            let at = node
                .or_else(|| self.root().get("mode"))
                .unwrap_or(self.root());
            self.error(
                at,
                "mode export-delta needs at least one entry in `target`",
                "add target: { new: {}, modified: {}, deleted: {} }; an entry left out is not read",
            );
        }
        entries
    }
}
