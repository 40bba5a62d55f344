//! Lookups.

use std::sync::Arc;

use super::Compiler;
use crate::check::Diagnostic;
use crate::plan::lookup::{BATCH, LookupKind, LookupPlan};
use crate::plan::scopes::{RESERVED, Scopes};
use crate::spec::Lookup;
use crate::spec::tree::Node;
use crate::template::scope::Name;

impl Compiler<'_> {
    pub(super) fn lookups(&mut self, scopes: &mut Scopes) -> Vec<Arc<LookupPlan>> {
        let nodes = self.root().get("lookups").into_iter().flat_map(Node::items);
        let specs = &self.document.spec.lookups;
        let mut plans = Vec::new();
        for (spec, node) in specs.iter().zip(nodes) {
            if let Some(plan) = self.lookup(spec, node, scopes) {
                plans.push(Arc::new(plan));
            }
            let at = node.get("name").unwrap_or(node);
            self.new_name(&spec.name, at, scopes);
            scopes.lookups.push(spec.name.clone());
        }
        plans
    }

    fn lookup(&mut self, spec: &Lookup, node: &Node, scopes: &Scopes) -> Option<LookupPlan> {
        let label = format!("lookup `{}`", spec.name);
        let scope = scopes.lookup();
        let kinds = ["request", "file", "rows"];
        let (kind, at) = self.one_of(node, &kinds, "a lookup")?;
        let wanted = node.get("for");
        let (kind, sent) = self.watched(|compiler| match kind {
            "request" => {
                let fetch = compiler.fetch(at, node, &label, scopes, &scope, true);
                LookupKind::Request(Box::new(fetch))
            }
            "file" => LookupKind::File(Box::new(compiler.file(at, node, &label, scopes, &scope))),
            _ => {
                let rows = at.items().iter();
                let base = scopes.base();
                LookupKind::Rows(rows.map(|row| compiler.template(row, &base)).collect())
            }
        });
        let asks_for_one = sent.names.contains("key") && !sent.names.contains("keys");
        let asks = sent.names.contains("key") || sent.names.contains("keys");
        if wanted.is_none() && asks {
            self.error(
                at,
                "without `for` there are no keys: the lookup is read once, as a table",
                "add for: \"{{ record.brand_id }}\", or leave `keys` out",
            );
        }
        if let (true, Some(batch), Some(node)) = (asks_for_one, spec.batch, node.get("batch")) {
            if batch > 1 {
                self.error(
                    node,
                    "the request asks for one `key`, so no more can go into a batch",
                    "send `keys`, or leave `batch` out",
                );
            }
        }
        let batch = if asks_for_one { 1 } else { BATCH };
        let is_asked = wanted.is_some() && matches!(kind, LookupKind::Request(_));
        let mapping = scopes.mapping();
        let record = scopes.base().with("record", Name::Any);
        Some(LookupPlan {
            name: Arc::from(spec.name.as_str()),
            label: label.into(),
            wanted: self.optional(wanted, &mapping),
            batch: is_asked.then(|| spec.batch.map_or(batch, |batch| batch as usize)),
            kind,
            key: self.template(node.get("key")?, &record),
            many: spec.many,
            if_none: spec.if_none,
            on_error: spec.on_error,
            when: self.when(node, &mapping),
        })
    }

    /// A name that is neither the language's nor another step's or lookup's.
    pub(super) fn new_name(&mut self, name: &str, at: &Node, scopes: &Scopes) {
        let is_taken = scopes
            .steps
            .iter()
            .chain(&scopes.lookups)
            .chain(&scopes.around)
            .any(|known| known == name);
        if RESERVED.contains(&name) {
            self.error(
                at,
                format!("`{name}` is a name of the language"),
                "call the step after what it holds: product, variant",
            );
        } else if is_taken {
            self.error(
                at,
                format!("two steps are called `{name}`"),
                "rename one of them",
            );
        }
    }

    /// The one key of several that is there.
    pub(super) fn one_of<'n, 'k>(
        &mut self,
        node: &'n Node,
        kinds: &[&'k str],
        what: &str,
    ) -> Option<(&'k str, &'n Node)> {
        let mut found = kinds
            .iter()
            .filter_map(|kind| node.get(kind).map(|node| (*kind, node)));
        let Some(first) = found.next() else {
            // One that has a mistake was taken out, and said.
            let is_inside = |error: &Diagnostic| {
                node.span.start <= error.span.start && error.span.end <= node.span.end
            };
            if self.errors.iter().any(is_inside) {
                return None;
            }
            let words = kinds.join(", ");
            self.error(
                node,
                format!("{what} says where its records come from"),
                format!("one of {words}"),
            );
            return None;
        };
        if let Some((second, at)) = found.next() {
            self.error(
                at,
                format!(
                    "{what} has one origin, and here are `{}` and `{second}`",
                    first.0
                ),
                "leave one of them out",
            );
        }
        Some(first)
    }
}
