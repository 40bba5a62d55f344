//! `poll`, `until`, `failed` and `cancel` of a job, of a source or a target.

use std::time::Duration;

use super::Compiler;
use super::request::Purpose;
use crate::plan::poll::PollPlan;
use crate::plan::scopes::Scopes;
use crate::spec::tree::Node;
use crate::template::scope::Scope;

/// The wait before each question, where nothing is said.
const EVERY: Duration = Duration::from_secs(10);
/// After how long a job is given up, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(3600);

impl Compiler<'_> {
    /// How the end of the job at `at` is waited for; requests see `submitted`, conditions `polled`.
    pub(super) fn poll(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        submitted: &Scope,
        polled: &Scope,
    ) -> PollPlan {
        let poll = at.get("poll");
        let key = |name: &str| poll.and_then(|poll| poll.get(name));
        let mut ask = |node: &Node, what: &str| {
            let label = format!("{label}, {what}");
            let (mut plan, sent) = self.watched(|compiler| {
                compiler.request(node, &label, scopes, submitted, Purpose::Records)
            });
            self.refuse_unpaged(node, &sent);
            plan.holds_body = true;
            plan
        };
        PollPlan {
            request: ask(key("request").unwrap_or(at), "poll"),
            cancel: at.get("cancel").map(|node| ask(node, "cancel")),
            every: self.duration(key("every"), EVERY),
            timeout: self.duration(key("timeout"), TIMEOUT),
            until: self.condition(at.get("until").unwrap_or(at), polled),
            failed: at.get("failed").map(|node| self.condition(node, polled)),
        }
    }
}
