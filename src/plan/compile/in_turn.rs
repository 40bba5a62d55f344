//! Requests in turn: steps of a target, what leads to results, what stands around a target.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use crate::plan::around::AroundPlan;
use crate::plan::reads::BodyReads;
use crate::plan::request::Repeat;
use crate::plan::scopes::Scopes;
use crate::plan::target::{TargetStepPlan, note_reads};
use crate::spec::target::{TargetKeys, TargetStep};
use crate::template::Uses;
use crate::template::scope::Scope;

/// Requests in turn.
pub(super) struct InTurn {
    pub plans: Vec<TargetStepPlan>,
    /// What comes after them sees: their answers too.
    pub scope: Scope,
    /// What they read.
    pub uses: Uses,
}

impl Compiler<'_> {
    /// Requests in turn; `word` is what each is called in messages.
    pub(super) fn in_turn(
        &mut self,
        steps: &[TargetStep],
        (label, word): (&str, &str),
        scopes: &Scopes,
        scope: &Scope,
        purpose: Purpose,
    ) -> InTurn {
        let mut turn = InTurn {
            plans: Vec::new(),
            scope: scope.clone(),
            uses: Uses::default(),
        };
        let mut names: Vec<&str> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let name = step.name.as_ref().map(|name| name.value.as_str());
            let label = match name {
                Some(name) => format!("{label}, {word} `{name}`"),
                None => format!("{label}, {word} {}", index + 1),
            };
            let (when, read) = self.watched(|compiler| {
                let when = step.when.as_ref();
                when.map(|when| compiler.condition(when, &turn.scope))
            });
            turn.uses.add(read.clone());
            let when_depends = read.names.iter().any(|name| turn.scope.is_answer(name));
            let (mut request, uses) = self.watched(|compiler| {
                compiler.request(&step.request, &label, scopes, &turn.scope, purpose)
            });
            // One that only looks something up changes nothing.
            if !request.changes() {
                request.repeat = Repeat::Asks;
            }
            request.holds_body = true;
            turn.uses.add(uses);
            if let (Some(name), Some(at)) = (name, &step.name) {
                self.new_name(at, scopes);
                if names.contains(&name) {
                    self.error(
                        at,
                        format!("two steps are called `{name}`"),
                        "rename one of them",
                    );
                }
                names.push(name);
                turn.scope = Scopes::with_answer(&turn.scope, name);
            }
            turn.plans.push(TargetStepPlan {
                name: name.map(Arc::from),
                when,
                when_depends,
                reads: BodyReads::Nothing,
                request,
            });
        }
        note_reads(&mut turn.plans, &turn.uses);
        turn
    }

    /// `before` and `after` of a target or an entry; what is sent between them sees the answers to
    /// `before`.
    pub(super) fn around(
        &mut self,
        owner: Option<&TargetKeys>,
        label: &str,
        scopes: &mut Scopes,
    ) -> AroundPlan {
        let before = self.in_turn(
            owner.map_or(&[], |owner| &owner.before),
            (&format!("{label}, before"), "request"),
            scopes,
            &scopes.around(),
            Purpose::Row,
        );
        let names = before.plans.iter().filter_map(|plan| plan.name.as_deref());
        scopes.around.extend(names.map(str::to_owned));
        let after = self.in_turn(
            owner.map_or(&[], |owner| &owner.after),
            (&format!("{label}, after"), "request"),
            scopes,
            &scopes.around(),
            Purpose::Row,
        );
        AroundPlan {
            before: before.plans,
            after: after.plans,
        }
    }
}
