//! `incremental`, and where it is remembered.

use super::Compiler;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::scopes::Scopes;
use crate::plan::source::{IncrementalPlan, PartitionPlan};
use crate::spec::bucket_file;
use crate::template::scope::Name;

impl Compiler<'_> {
    /// The file of the bucket that keeps the state.
    pub(super) fn state(&mut self) -> Option<String> {
        let file = &self.spec().state.as_ref()?.bucket;
        if let Err(wrong) = bucket_file(file) {
            self.error(
                file,
                wrong.to_string(),
                "state: { bucket: my-connector.json }",
            );
        }
        Some(file.value.clone())
    }

    pub(super) fn incremental(&mut self, scopes: &Scopes) -> Option<IncrementalPlan> {
        let spec = self.spec().incremental.as_ref()?;
        let scope = scopes.step().with("record", Name::Any);
        let by = spec.by.as_ref().and_then(|by| {
            let (key, uses) = self.watched(|compiler| compiler.template(&by.value, &scope));
            let mut steps = scopes.steps.iter();
            let Some(step) = steps.rfind(|step| uses.names.contains(*step)) else {
                self.error(
                    by,
                    "`by` names no step, and so has one value for all records",
                    "by: \"{{ shop.id }}\", of a step before the one that reads `since`",
                );
                return None;
            };
            Some(PartitionPlan {
                key,
                step: step.clone(),
            })
        });
        let plan = IncrementalPlan {
            by,
            value: self.template(&spec.value.value, &scope),
            start: self.optional(spec.start.as_deref(), &scopes.column_name()),
            lookback: self.span(spec.lookback.as_deref()),
        };
        if !self.uses.names.contains("since") {
            self.warnings.push(
                Diagnostic::new(
                    Code::SinceUnused,
                    spec.span.clone(),
                    "no template uses `since`, so every run reads everything",
                )
                .hint("send it: query: { updated_after: \"{{ since }}\" }"),
            );
        }
        Some(plan)
    }
}
