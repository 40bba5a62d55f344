//! `poll`, `until`, `failed` and `cancel` of a job, of a source or a target.

use std::time::Duration;

use super::Compiler;
use super::request::Purpose;
use super::values::whole;
use crate::plan::poll::{PollJobsPlan, PollPlan};
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::spec::tree::Node;
use crate::template::scope::{Name, Scope};

/// The wait before each question, where nothing is said.
const EVERY: Duration = Duration::from_secs(10);
/// After how long a job is given up, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// How many jobs one request asks about at most, where nothing is said.
const JOBS: usize = 1000;

impl Compiler<'_> {
    /// How the end of the job at `at` is waited for; requests see `submitted`, conditions `polled`.
    pub(super) fn poll(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        submitted: &Scope,
        polled: &Scope,
        purpose: Purpose,
    ) -> PollPlan {
        let poll = at.get("poll");
        let key = |name: &str| poll.and_then(|poll| poll.get(name));
        let asking = match key("jobs") {
            Some(_) => scopes.around().with("jobs", Name::Any).with_hint(
                "submit",
                "one request asks about all jobs: write jobs, the list of their ids",
            ),
            None => submitted.clone(),
        };
        let jobs = key("jobs").map(|node| self.poll_jobs(node, submitted));
        let ((until, failed), judging) = self.watched(|compiler| {
            let until = compiler.condition(at.get("until").unwrap_or(at), polled);
            let failed = at
                .get("failed")
                .map(|node| compiler.condition(node, polled));
            (until, failed)
        });
        let mut ask = |node: &Node, what: &str, seen: &Scope, purpose: Purpose| {
            let label = format!("{label}, {what}");
            let (mut plan, sent) =
                self.watched(|compiler| compiler.request(node, &label, scopes, seen, purpose));
            self.refuse_unpaged(node, &sent);
            plan.holds_body = true;
            plan
        };
        PollPlan {
            request: ask(key("request").unwrap_or(at), "poll", &asking, purpose),
            cancel: at
                .get("cancel")
                .map(|node| ask(node, "cancel", submitted, Purpose::Records)),
            every: self.duration(key("every"), EVERY),
            every_is_said: key("every").is_some(),
            jobs,
            timeout: self.duration(key("timeout"), TIMEOUT),
            until,
            reads: BodyReads::of(&judging, "poll"),
            failed,
        }
    }

    fn poll_jobs(&mut self, node: &Node, submitted: &Scope) -> PollJobsPlan {
        let answered = Scopes::answered(submitted);
        let (reading, _) = self.reading_of(node.get("list"), None, true, &answered);
        let listed = answered.with("result", Name::Any);
        PollJobsPlan {
            id: self.varying(node.get("id").unwrap_or(node), "submit", submitted),
            matching: self.varying(node.get("match").unwrap_or(node), "result", &listed),
            reading: reading.into(),
            most: whole(node.get("most"))
                .and_then(|most| usize::try_from(most).ok())
                .unwrap_or(JOBS),
        }
    }
}
