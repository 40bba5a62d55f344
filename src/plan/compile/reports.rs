//! What people see: `feedback`, `log`, `notify`, `fail_when`.

use std::sync::Arc;

use super::Compiler;
use crate::plan::FeedbackPlan;
use crate::plan::logging::{FailRule, LogRule, NotifyRule};
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::spec::{Log, LogAt, NotifyAt};

impl Compiler<'_> {
    pub(super) fn feedback(&mut self, scopes: &Scopes) -> Option<FeedbackPlan> {
        let spec = self.spec().feedback.as_ref()?;
        let scope = scopes.outcome();
        let columns = spec.columns.iter();
        let columns = columns
            .map(|(name, column)| (name.text.clone(), self.template(column, &scope)))
            .collect();
        Some(FeedbackPlan {
            rows: spec.rows,
            columns,
            reads: BodyReads::Nothing,
        })
    }

    pub(super) fn log_rules(
        &mut self,
        logs: &[Log],
        scopes: &Scopes,
        in_entry: bool,
    ) -> Vec<LogRule> {
        let mut rules = Vec::new();
        for log in logs {
            let at = log.at.value;
            if in_entry && at == LogAt::Failure {
                self.error(
                    &log.at,
                    "an entry logs at start, batch, row or finish",
                    "put `at: failure` into the spec's own `log`",
                );
            }
            let scope = scopes.log(at, in_entry);
            let when = log.when.as_ref();
            rules.push(LogRule {
                at,
                level: log.level,
                when: when.map(|when| self.condition(when, &scope)),
                message: self.template(&log.message, &scope),
                context: log
                    .context
                    .iter()
                    .map(|(name, value)| {
                        (Arc::from(name.text.as_str()), self.template(value, &scope))
                    })
                    .collect(),
            });
        }
        rules
    }

    pub(super) fn notify(&mut self, scopes: &Scopes) -> Vec<NotifyRule> {
        let rules = self.spec().notify.iter();
        rules
            .map(|notify| {
                let at = match notify.at {
                    NotifyAt::Finish => LogAt::Finish,
                    NotifyAt::Failure => LogAt::Failure,
                };
                NotifyRule {
                    at: notify.at,
                    kind: notify.kind,
                    message: self.template(&notify.message, &scopes.log(at, false)),
                }
            })
            .collect()
    }

    pub(super) fn fail_when(&mut self, scopes: &Scopes) -> Vec<FailRule> {
        let scope = scopes.base();
        let rules = self.spec().fail_when.iter();
        rules
            .map(|rule| FailRule {
                at: rule.at,
                when: self.condition(&rule.when, &scope),
                message: self.template(&rule.message, &scope.shown()),
            })
            .collect()
    }
}
