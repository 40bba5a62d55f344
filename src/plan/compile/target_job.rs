//! `steps` and `job` of a target.

use super::Compiler;
use super::poll::Awaited;
use super::request::Purpose;
use super::target::TargetScopes;
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::plan::target::{SubmitPlan, TargetJobPlan, TargetStepPlan};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::target::TargetStep;
use crate::spec::target_job::TargetJob;
use crate::template::Uses;

impl Compiler<'_> {
    /// A batch's request that never reads its rows would be sent without them.
    pub(super) fn needs_rows(&mut self, at: &impl HasPlace, uses: &Uses, has_item: bool) {
        let reads = ["items", "rows", "groups"]
            .iter()
            .any(|name| uses.names.contains(*name));
        if !reads && self.errors.is_empty() {
            let hint = if has_item {
                "write json: { products: \"{{ items }}\" }"
            } else {
                "add item: { id: \"{{ row.id }}\" } beside it, and json: { products: \"{{ items }}\" }"
            };
            self.error(
                at,
                "what is sent once a batch reads neither `items` nor `rows`",
                hint,
            );
        }
    }

    pub(super) fn target_steps(
        &mut self,
        steps: &[TargetStep],
        at: &impl HasPlace,
        label: &str,
        scopes: &Scopes,
        seen: &TargetScopes,
    ) -> Vec<TargetStepPlan> {
        self.has_steps = true;
        let turn = self.in_turn(steps, (label, "step"), scopes, &seen.sent, seen.purpose);
        self.has_steps = false;
        if steps.is_empty() {
            self.error(
                at,
                "a list of steps without a step",
                "add - { request: { path: /products, json: \"{{ item }}\" } }",
            );
        } else if seen.purpose == Purpose::Batch {
            self.needs_rows(at, &turn.uses, seen.sent.get("items").is_some());
        }
        turn.plans
    }

    pub(super) fn target_job(
        &mut self,
        job: &Placed<TargetJob>,
        label: &str,
        scopes: &Scopes,
        seen: &TargetScopes,
    ) -> TargetJobPlan {
        let label_of_submit = format!("{label}, submit");
        let mut sent = seen.sent.clone();
        let submit = match job.submit.one() {
            None => {
                let steps = job.submit.several();
                let steps = self.target_steps(steps, &job.submit, &label_of_submit, scopes, seen);
                for name in steps.iter().filter_map(|step| step.name.as_deref()) {
                    sent = Scopes::with_answer(&sent, name);
                }
                SubmitPlan::Steps(steps)
            }
            Some(request) => {
                let request = Placed {
                    span: job.submit.span.clone(),
                    value: request,
                };
                let (plan, uses) = self.watched(|compiler| {
                    compiler.request(&request, &label_of_submit, scopes, &seen.sent, seen.purpose)
                });
                if seen.purpose == Purpose::Batch {
                    // The scope of items has a name of its own for them.
                    self.needs_rows(job, &uses, seen.sent.get("items").is_some());
                }
                SubmitPlan::Request(Box::new(plan))
            }
        };
        let submitted = Scopes::with_answer(&sent, "submit");
        let polled = Scopes::with_answer(&submitted, "poll");
        let asking = match seen.purpose {
            Purpose::Batch => Purpose::PollOfBatch,
            _ => Purpose::Records,
        };
        let all_or_nothing = job.all_or_nothing.if_true();
        if let (Some(at), false) = (all_or_nothing, seen.purpose == Purpose::Batch) {
            self.error(
                at,
                "a job of one row has no halves",
                "add batch: 100 to the target, or remove it",
            );
        }
        let awaited = Awaited::from(&job.value);
        TargetJobPlan {
            submit,
            submit_reads: BodyReads::Nothing,
            all_or_nothing: all_or_nothing.is_some(),
            poll: self.poll(awaited, label, scopes, &submitted, &polled, asking),
        }
    }
}
