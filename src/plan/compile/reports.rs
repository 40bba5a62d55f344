//! What people see: `feedback`, `log`, `notify`, `fail_when`.

use std::sync::Arc;

use super::Compiler;
use crate::plan::FeedbackPlan;
use crate::plan::logging::{FailRule, LogRule, NotifyRule};
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::spec::tree::Node;
use crate::spec::{Log, LogAt};

impl Compiler<'_> {
    pub(super) fn feedback(&mut self, scopes: &Scopes) -> Option<FeedbackPlan> {
        let spec = self.document.spec.feedback.as_ref()?;
        let scope = scopes.outcome();
        let node = self
            .root()
            .get("feedback")
            .and_then(|node| node.get("columns"));
        let columns = node
            .into_iter()
            .flat_map(Node::entries)
            .map(|entry| (entry.key.clone(), self.template(&entry.value, &scope)))
            .collect();
        Some(FeedbackPlan {
            rows: spec.rows,
            columns,
            reads: BodyReads::Nothing,
        })
    }

    pub(super) fn log_rules(
        &mut self,
        node: Option<&Node>,
        specs: &[Log],
        scopes: &Scopes,
        in_entry: bool,
    ) -> Vec<LogRule> {
        let mut rules = Vec::new();
        for (spec, node) in specs.iter().zip(node.into_iter().flat_map(Node::items)) {
            if in_entry && spec.at == LogAt::Failure {
                self.error(
                    node.get("at").unwrap_or(node),
                    "an entry logs at start, batch, row or finish",
                    "put `at: failure` into the spec's own `log`",
                );
            }
            let scope = scopes.log(spec.at, in_entry);
            let Some(message) = node.get("message") else {
                continue;
            };
            let context = node.get("context").into_iter().flat_map(Node::entries);
            rules.push(LogRule {
                at: spec.at,
                level: spec.level,
                when: self.when(node, &scope),
                message: self.template(message, &scope),
                context: context
                    .map(|entry| {
                        let value = self.template(&entry.value, &scope);
                        (Arc::from(entry.key.as_str()), value)
                    })
                    .collect(),
            });
        }
        rules
    }

    pub(super) fn notify(&mut self, scopes: &Scopes) -> Vec<NotifyRule> {
        let specs = &self.document.spec.notify;
        let nodes = self.root().get("notify").into_iter().flat_map(Node::items);
        specs
            .iter()
            .zip(nodes)
            .filter_map(|(spec, node)| {
                let at = match spec.at {
                    crate::spec::NotifyAt::Finish => LogAt::Finish,
                    crate::spec::NotifyAt::Failure => LogAt::Failure,
                };
                let message = node.get("message")?;
                Some(NotifyRule {
                    at: spec.at,
                    kind: spec.kind,
                    message: self.template(message, &scopes.log(at, false)),
                })
            })
            .collect()
    }

    pub(super) fn fail_when(&mut self, scopes: &Scopes) -> Vec<FailRule> {
        let specs = &self.document.spec.fail_when;
        let nodes = self
            .root()
            .get("fail_when")
            .into_iter()
            .flat_map(Node::items);
        let scope = scopes.base();
        specs
            .iter()
            .zip(nodes)
            .filter_map(|(spec, node)| {
                let (when, message) = (node.get("when")?, node.get("message")?);
                Some(FailRule {
                    at: spec.at,
                    when: self.condition(when, &scope),
                    message: self.template(message, &scope.shown()),
                })
            })
            .collect()
    }
}
