//! Jobs that one request asks about together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::sender::BatchSender;
use crate::http::{Answer, Asked, JobEnd};
use crate::plan::poll::{PollJobsPlan, PollPlan};
use crate::source::gather;
use crate::template::{Frame, TemplateError, Value};

/// The jobs of a target that are open.
#[derive(Debug, Default)]
pub struct OpenJobs {
    list: Mutex<List>,
    /// Who has it asks; the others look whether that told of them too.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    jobs: Vec<OpenJob>,
}

/// A job that is asked about.
#[derive(Debug)]
struct OpenJob {
    number: u64,
    id: String,
    /// What was answered since it last looked.
    news: Option<Arc<Answer>>,
    /// When something was last told of it.
    told: Option<Instant>,
}

/// A job's place among those that are open; given up when it is dropped.
pub(super) struct Opened<'o> {
    open: &'o OpenJobs,
    number: u64,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.open
            .with(|list| list.jobs.retain(|job| job.number != self.number));
    }
}

impl OpenJobs {
    fn with<T>(&self, act: impl FnOnce(&mut List) -> T) -> T {
        act(&mut self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A job is open from here on.
    pub(super) fn open(&self, id: String) -> Opened<'_> {
        let number = self.with(|list| {
            list.next += 1;
            list.jobs.push(OpenJob {
                number: list.next,
                id,
                news: None,
                told: None,
            });
            list.next
        });
        Opened { open: self, number }
    }

    fn news(&self, number: u64) -> Option<Arc<Answer>> {
        self.with(|list| {
            let mut jobs = list.jobs.iter_mut();
            jobs.find(|job| job.number == number)?.news.take()
        })
    }

    /// What to ask about: a job, and as many others as fit of which nothing was told for half of `every`.
    fn ids(&self, number: u64, most: usize, every: Duration) -> Vec<String> {
        self.with(|list| {
            let is_due = |job: &&OpenJob| {
                job.number == number || job.told.is_none_or(|told| told.elapsed() >= every / 2)
            };
            let due: Vec<&OpenJob> = list.jobs.iter().filter(is_due).collect();
            let own = due.iter().position(|job| job.number == number);
            // Those before it wait for longer, if there is room for them.
            let first = (own.unwrap_or_default() + 1).saturating_sub(most);
            let all = due.iter().skip(first).take(most);
            all.map(|job| job.id.clone()).collect()
        })
    }

    fn tell(&self, id: &str, answer: &Arc<Answer>) {
        self.with(|list| {
            for job in list.jobs.iter_mut().filter(|job| job.id == id) {
                job.news = Some(Arc::clone(answer));
                job.told = Some(Instant::now());
            }
        });
    }
}

impl BatchSender {
    /// How a job stands: what another one's question told of it, or what is answered now.
    pub(super) async fn ask_for_all(
        &self,
        plan: &PollPlan,
        jobs: &PollJobsPlan,
        job: &Opened<'_>,
    ) -> Asked {
        let _turn = self.open_jobs.turn.lock().await;
        if let Some(answer) = self.open_jobs.news(job.number) {
            return Asked::Answer(answer);
        }
        let ids: Value = self
            .open_jobs
            .ids(job.number, jobs.most, plan.every)
            .into_iter()
            .collect();
        let frame = Arc::new(Frame::on(&self.base).with("jobs", ids));
        let asked = Asked::of(self.context.http.send(&plan.request, &frame, None).await);
        let answer = match asked {
            Asked::Answer(answer) => answer,
            Asked::NotListed | Asked::Unreadable(_) | Asked::End(_) => return asked,
        };
        let label = &plan.request.label;
        let read =
            gather::of_answer(&self.context, label, &jobs.reading, &answer, (&frame, &[])).await;
        let elements = match read {
            Ok(elements) => elements,
            Err(error) => return Asked::Unreadable(error.to_string()),
        };
        if let Err(error) = self.spread(jobs, &answer, &elements, &frame) {
            return Asked::End(JobEnd::Unreadable(format!("{label}, match: {error}")));
        }
        match self.open_jobs.news(job.number) {
            Some(answer) => Asked::Answer(answer),
            None => Asked::NotListed,
        }
    }

    /// Tells each job what is listed of it.
    fn spread(
        &self,
        jobs: &PollJobsPlan,
        answer: &Arc<Answer>,
        elements: &[Value],
        frame: &Arc<Frame>,
    ) -> Result<(), TemplateError> {
        let frame = Arc::new(Frame::on(frame).with("response", answer.to_value()));
        let mut told: HashMap<String, &Value> = HashMap::new();
        for element in elements {
            let seen = Arc::new(Frame::on(&frame).with("result", element.clone()));
            let id = jobs.matching.text(&seen)?;
            match told.get(&id) {
                Some(before) if *before != element => {
                    return Err(TemplateError::new(format!(
                        "the job {id:?} is listed twice, and not with the same"
                    )));
                }
                Some(_) => continue,
                None => {}
            }
            self.open_jobs.tell(&id, &Arc::new(answer.part(element)));
            told.insert(id, element);
        }
        Ok(())
    }
}
