//! `on_response`, `retry`, `rate_limit` and `idempotency_key` of a request.

use super::Compiler;
use crate::plan::rate::Rate;
use crate::plan::reads::BodyReads;
use crate::plan::request::{LimitPlan, RetryPlan, RulePlan, StatusRange};
use crate::spec::places::Placed;
use crate::spec::recovery::{OnResponse, RateLimit, Retry, Then};
use crate::spec::source::Step;
use crate::spec::target::TargetKeys;
use crate::spec::target_job::Requests;
use crate::spec::tree::Node;
use crate::spec::{self, Spec};
use crate::template::Template;
use crate::template::scope::Scope;

/// Whether a target has steps.
pub(super) fn has_target_steps(spec: &Spec) -> bool {
    let mut owners = spec.target.iter().flat_map(|target| target.owners());
    owners.any(|keys| {
        let submit = keys.job.as_ref().map(|job| &job.submit);
        let in_turn = submit.is_some_and(|submit| match &submit.value {
            Requests::Several(steps) => !steps.is_empty(),
            Requests::Path(_) | Requests::One(_) => false,
        });
        keys.steps.is_some() || in_turn
    })
}

/// Whether there is something to halve: a step, at any depth, that is `windows`, or a batch.
pub(super) fn has_what_splits(spec: &Spec) -> bool {
    fn has_windows(step: &Step) -> bool {
        let mut inner = step.first_of.iter().chain(&step.all_of);
        step.windows.is_some() || inner.any(|steps| steps.iter().any(|step| has_windows(step)))
    }
    let has_batch = |keys: &TargetKeys| keys.batch.is_some();
    spec.source
        .iter()
        .any(|source| source.steps().iter().any(|step| has_windows(step)))
        || spec
            .target
            .iter()
            .flat_map(|target| target.owners())
            .any(has_batch)
}

impl Compiler<'_> {
    pub(super) fn retry(&mut self, retry: Option<&Retry>) -> RetryPlan {
        let mut plan = RetryPlan::default();
        let keys = match retry {
            None => return plan,
            Some(Retry::Attempts(attempts)) => {
                plan.attempts = *attempts;
                return plan;
            }
            Some(Retry::Whole(keys)) => keys,
        };
        if let Some(attempts) = keys.attempts {
            plan.attempts = attempts;
        }
        if let Some(statuses) = &keys.statuses {
            plan.statuses.clone_from(statuses);
        }
        plan.wait = self.duration(keys.wait.as_deref(), plan.wait);
        plan.max_wait = self.duration(keys.max_wait.as_deref(), plan.max_wait);
        plan.wait_header.clone_from(&keys.wait_header);
        plan
    }

    pub(super) fn limit(&mut self, limit: &RateLimit, scope: &Scope) -> usize {
        let (rates, keys): (Vec<&Node>, _) = match limit {
            RateLimit::Rate(rate) => (vec![rate], None),
            RateLimit::Rates(rates) => (rates.iter().map(|rate| &**rate).collect(), None),
            RateLimit::Whole(keys) => {
                let rates = keys.rate.as_deref();
                let several = rates.map(Node::items).unwrap_or_default();
                let one = rates.filter(|rates| rates.scalar().is_some());
                (one.into_iter().chain(several).collect(), Some(keys))
            }
        };
        let mut plans = Vec::new();
        for rate in rates {
            let text = rate.scalar().map(|scalar| scalar.text.as_str());
            let text = text.unwrap_or_default();
            if !text.contains("{{") && Rate::parse(text).is_none() {
                self.error(
                    rate,
                    format!("`{text}` is no rate"),
                    "write 10/s, 300/min or 1000/h",
                );
            }
            plans.push(self.template(rate, scope));
        }
        let plan = LimitPlan {
            rates: plans,
            remaining: keys.and_then(|keys| keys.remaining.clone()),
            reset: keys.and_then(|keys| keys.reset.clone()),
            pause: self.wait(keys.and_then(|keys| keys.pause.as_ref()), scope),
        };
        self.limits.push(plan);
        self.limits.len() - 1
    }

    /// A key by which the other side knows a request again: not the same one for all rows.
    pub(super) fn idempotency_key(
        &mut self,
        node: Option<&spec::Template>,
        scope: &Scope,
    ) -> Option<Template> {
        let node = node?;
        let (key, uses) = self.watched(|compiler| compiler.template(node, scope));
        let is_of_rows = ["row", "rows"].iter().any(|name| scope.get(name).is_some());
        let is_of_all = |name: &String| ["options", "run", "change"].contains(&name.as_str());
        if is_of_rows && uses.names.iter().all(is_of_all) {
            self.error(
                node,
                "this key is the same for every request: the channel would take all of them for one",
                "add what tells them apart, like {{ row.id }} or {{ batch.number }}",
            );
        }
        Some(key)
    }

    /// A rule, and what it reads of an answer.
    pub(super) fn rule(
        &mut self,
        rule: &Placed<OnResponse>,
        scope: &Scope,
        can_split: bool,
        can_stop: bool,
    ) -> (RulePlan, BodyReads) {
        let mut statuses = Vec::new();
        for status in rule.status.iter().flat_map(|statuses| &statuses.0) {
            let text = status.scalar().map(|scalar| scalar.text.as_str());
            match StatusRange::parse(text.unwrap_or_default()) {
                Some(range) => statuses.push(range),
                None => self.error(
                    status,
                    format!("`{}` is no status", text.unwrap_or_default()),
                    "write 404, 5xx, or a list of them: [403, 404]",
                ),
            }
        }
        let (when, uses) = self.watched(|compiler| {
            let when = rule.when.as_ref();
            when.map(|when| compiler.condition(when, scope))
        });
        let body = rule.body.clone();
        let by_text = body
            .as_ref()
            .map_or(BodyReads::Nothing, |_| BodyReads::AsText);
        let of_when = BodyReads::of(&uses, "response");
        let reads = by_text.max(of_when);
        let has_condition = rule.status.is_some() || rule.body.is_some() || rule.when.is_some();
        if !has_condition {
            self.error(
                rule,
                "a rule without a condition holds for every answer",
                "add status: 404, body: \"…\" or when: \"{{ … }}\"",
            );
        }
        let then = rule.then.value;
        let misplaced = match then {
            Then::Split if !can_split => Some((
                "`then: split` halves a window or a batch, and here is neither",
                "put a step { name: window, windows: { from: …, step: P1M } } above it, or give the target a `batch`",
            )),
            Then::Restart if !self.has_steps => Some((
                "`then: restart` runs the steps of a target from the first, and here are none",
                "write retry, or give the target `steps`: look up, then update",
            )),
            Then::Stop if !can_stop => Some((
                "`then: stop` ends a list of pages, and a target has none",
                "write skip, fail or abort",
            )),
            Then::Ok
            | Then::Retry
            | Then::Restart
            | Then::Skip
            | Then::Stop
            | Then::Split
            | Then::RefreshAuth
            | Then::Fail
            | Then::Abort => None,
        };
        if let Some((message, hint)) = misplaced {
            self.error(&rule.then, message, hint);
        }
        let plan = RulePlan {
            looks_inside: of_when == BodyReads::Inside,
            statuses,
            body,
            when,
            then,
            message: self.optional(rule.message.as_deref(), &scope.shown()),
            wait: self.wait(rule.wait.as_ref(), scope),
        };
        (plan, reads)
    }
}
