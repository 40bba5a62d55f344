//! `incremental`, and where it is remembered.

use super::Compiler;
use crate::plan::scopes::Scopes;
use crate::plan::source::IncrementalPlan;
use crate::state::bucket_file;
use crate::template::scope::Name;

impl Compiler<'_> {
    /// The file of the bucket that keeps the state.
    pub(super) fn state(&mut self) -> Option<String> {
        let node = self.root().get("state")?.get("bucket")?;
        let name = node.as_text().unwrap_or_default();
        if let Err(wrong) = bucket_file(name) {
            self.error(node, wrong, "state: { bucket: my-connector.json }");
        }
        Some(name.to_owned())
    }

    pub(super) fn incremental(&mut self, scopes: &Scopes) -> Option<IncrementalPlan> {
        let node = self.root().get("incremental")?;
        let value = node.get("value")?;
        let scope = scopes.step().with("record", Name::Any);
        let plan = IncrementalPlan {
            value: self.template(value, &scope),
            start: self.optional(node.get("start"), &scopes.column_name()),
            lookback: self.span(node.get("lookback")),
        };
        if !self.uses.names.contains("since") {
            self.warnings.push(
                crate::check::Diagnostic::new(
                    node.span.clone(),
                    "no template uses `since`, so every run reads everything",
                )
                .hint("send it: query: { updated_after: \"{{ since }}\" }"),
            );
        }
        Some(plan)
    }
}
