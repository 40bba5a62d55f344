//! `poll`, `until`, `failed` and `cancel` of a job, of a source or a target.

use std::time::Duration;

use super::Compiler;
use super::request::Purpose;
use crate::plan::poll::{PollJobsPlan, PollPlan};
use crate::plan::reads::BodyReads;
use crate::plan::scopes::Scopes;
use crate::spec::job::Job;
use crate::spec::places::Placed;
use crate::spec::request::Request;
use crate::spec::target_job::{PollJobs, TargetJob};
use crate::spec::{self, Condition};
use crate::template::scope::{Name, Scope};

/// The wait before each question, where nothing is said.
const EVERY: Duration = Duration::from_secs(10);
/// After how long a job is given up, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(3600);
/// How many jobs one request asks about at most, where nothing is said.
const JOBS: usize = 1000;

/// A job, of a source or a target, as far as it is waited for.
#[derive(Clone, Copy)]
pub(super) struct Awaited<'s> {
    pub request: &'s Placed<Request>,
    pub every: Option<&'s spec::values::Duration>,
    pub timeout: Option<&'s spec::values::Duration>,
    pub jobs: Option<&'s PollJobs>,
    pub until: &'s Condition,
    pub failed: Option<&'s Condition>,
    pub cancel: Option<&'s Placed<Request>>,
}

impl<'s> From<&'s Job> for Awaited<'s> {
    fn from(job: &'s Job) -> Self {
        Self {
            request: &job.poll.request,
            every: job.poll.every.as_ref(),
            timeout: job.poll.timeout.as_ref(),
            jobs: None,
            until: &job.until,
            failed: job.failed.as_ref(),
            cancel: job.cancel.as_ref(),
        }
    }
}

impl<'s> From<&'s TargetJob> for Awaited<'s> {
    fn from(job: &'s TargetJob) -> Self {
        Self {
            request: &job.poll.request,
            every: job.poll.every.as_ref(),
            timeout: job.poll.timeout.as_ref(),
            jobs: job.poll.jobs.as_ref(),
            until: &job.until,
            failed: job.failed.as_ref(),
            cancel: job.cancel.as_ref(),
        }
    }
}

impl Compiler<'_> {
    /// How the end of a job is waited for; requests see `submitted`, conditions `polled`.
    pub(super) fn poll(
        &mut self,
        job: Awaited<'_>,
        label: &str,
        scopes: &Scopes,
        submitted: &Scope,
        polled: &Scope,
        purpose: Purpose,
    ) -> PollPlan {
        let asking = match job.jobs {
            Some(_) => scopes.around().with("jobs", Name::Any).with_hint(
                "submit",
                "one request asks about all jobs: write jobs, the list of their ids",
            ),
            None => submitted.clone(),
        };
        let jobs = job.jobs.map(|jobs| self.poll_jobs(jobs, submitted));
        let ((until, failed), judging) = self.watched(|compiler| {
            let until = compiler.condition(job.until, polled);
            let failed = job.failed.map(|failed| compiler.condition(failed, polled));
            (until, failed)
        });
        let mut ask = |request: &Placed<Request>, what: &str, seen: &Scope, purpose: Purpose| {
            let label = format!("{label}, {what}");
            let (mut plan, sent) =
                self.watched(|compiler| compiler.request(request, &label, scopes, seen, purpose));
            self.refuse_unpaged(request, &sent);
            plan.holds_body = true;
            plan
        };
        PollPlan {
            request: ask(job.request, "poll", &asking, purpose),
            cancel: job
                .cancel
                .map(|request| ask(request, "cancel", submitted, Purpose::Records)),
            every: self.duration(job.every.map(|every| &**every), EVERY),
            every_is_said: job.every.is_some(),
            jobs,
            timeout: self.duration(job.timeout.map(|timeout| &**timeout), TIMEOUT),
            until,
            reads: BodyReads::of(&judging, "poll"),
            failed,
        }
    }

    fn poll_jobs(&mut self, jobs: &PollJobs, submitted: &Scope) -> PollJobsPlan {
        let answered = Scopes::answered(submitted);
        let (reading, _) = self.reading_of(jobs.list.as_ref(), None, true, &answered);
        let listed = answered.with("result", Name::Any);
        PollJobsPlan {
            id: self.varying(&jobs.id, "submit", submitted),
            matching: self.varying(&jobs.matching, "result", &listed),
            reading: reading.into(),
            most: jobs.most.map_or(JOBS, |most| most as usize),
        }
    }
}
