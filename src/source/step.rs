//! One step for one parent: its records, each with what is seen beside it.

use std::sync::Arc;

use super::fetch::{Fetched, Item, fetch};
use super::incremental::since_by;
use super::link::{ChunkSender, link};
use super::sql;
use super::{Context, RecordInSight, SourceError, files, job, texts, windows};
use crate::http::SendError;
use crate::plan::source::PartitionPlan;
use crate::plan::source::{StepKind, StepPlan, WindowsPlan};
use crate::spec::LogLevel;
use crate::spec::source::{IfNone, StepOnError};
use crate::template::{Frame, Value, is_nothing};

/// Records that cross from step to step at a time.
const CROSSING: usize = 100;

/// Where a step's records go.
pub struct Emitter {
    to: ChunkSender,
    waiting: Vec<RecordInSight>,
}

impl Emitter {
    /// Records go to this channel.
    pub fn new(to: ChunkSender) -> Self {
        Self {
            to,
            waiting: Vec::new(),
        }
    }

    /// Passes a record on; an error where nobody wants more.
    pub async fn push(&mut self, seen: RecordInSight) -> Result<(), SourceError> {
        self.waiting.push(seen);
        if self.waiting.len() >= CROSSING {
            self.flush().await?;
        }
        Ok(())
    }

    /// Passes on what waits.
    pub async fn flush(&mut self) -> Result<(), SourceError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let full = std::mem::take(&mut self.waiting);
        self.to
            .send(Ok(full))
            .await
            .map_err(|_| SourceError::Stopped)
    }

    /// Waits until what was passed on is taken, and more is wanted.
    pub async fn wanted(&mut self) -> Result<(), SourceError> {
        self.to.wanted().await.map_err(|_| SourceError::Stopped)
    }

    /// Passes on an error, behind what waits.
    pub async fn fail(&mut self, error: SourceError) {
        if self.flush().await.is_ok() {
            // Whoever has gone needs no reason.
            let _ = self.to.send(Err(error)).await;
        }
    }
}

/// Runs a step for one parent.
pub async fn run(
    context: &Context,
    step: &Arc<StepPlan>,
    parent: &RecordInSight,
    to: &mut Emitter,
) -> Result<(), SourceError> {
    if let Some(when) = &step.when {
        let runs = when
            .holds(&parent.frame)
            .map_err(|error| SourceError::of_template(&step.label, error))?;
        if !runs {
            return to.push(parent.clone()).await;
        }
    }
    let mut own = Own {
        context,
        step,
        parent: parent.clone(),
        to,
        count: 0,
        collected: Vec::new(),
    };
    match own.records().await {
        Ok(()) => own.finish().await,
        Err(error) if step.on_error == StepOnError::Skip && error.can_be_skipped() => {
            let count = own.count;
            let what = if parent.is_root {
                "Nothing comes from here"
            } else {
                "This record of the step before is left out"
            };
            let mut message = format!("{error}. {what}");
            if count > 0 && !step.collect {
                message = format!("{message}; {count} records were read before");
            }
            context.api.log(LogLevel::Warning, &message, None).await;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Whether a step is another, or stands inside it.
fn contains(outer: &Arc<StepPlan>, inner: &Arc<StepPlan>) -> bool {
    let is_in = |steps: &[Arc<StepPlan>]| steps.iter().any(|step| contains(step, inner));
    Arc::ptr_eq(outer, inner)
        || match &outer.kind {
            StepKind::FirstOf(steps) | StepKind::AllOf(steps) => is_in(steps),
            _ => false,
        }
}

/// The records of one parent.
struct Own<'o> {
    context: &'o Context,
    step: &'o Arc<StepPlan>,
    parent: RecordInSight,
    to: &'o mut Emitter,
    count: u64,
    collected: Vec<Value>,
}

impl Own<'_> {
    fn fail(&self, error: crate::template::TemplateError) -> SourceError {
        SourceError::of_template(&self.step.label, error)
    }

    async fn records(&mut self) -> Result<(), SourceError> {
        let step = Arc::clone(self.step);
        let frame = Arc::clone(&self.parent.frame);
        match &step.kind {
            StepKind::Rows(rows) | StepKind::ForEach(rows) => {
                for row in rows {
                    let record = row.value(&frame).map_err(|error| self.fail(error))?;
                    if !is_nothing(&record) {
                        self.give(record, None).await?;
                    }
                }
                Ok(())
            }
            StepKind::ForEachOf(list) => {
                let list = list.value(&frame).map_err(|error| self.fail(error))?;
                for record in self.elements(&list)? {
                    self.give(record, None).await?;
                }
                Ok(())
            }
            StepKind::ForEachText(plan) => {
                let context = self.context;
                let mut give = async |record| self.give(record, None).await;
                texts::read(context, &step.label, plan, &frame, &mut give).await
            }
            StepKind::Windows(plan) => {
                let windows = windows::windows(plan, &frame).map_err(|error| self.fail(error))?;
                for window in windows {
                    self.give(window, None).await?;
                }
                Ok(())
            }
            StepKind::Request(plan) => self.fetch(plan).await,
            StepKind::Job(plan) => {
                let context = self.context;
                let mut give = async |given: Item<'_>| self.take(given).await;
                job::run(context, &step.label, plan, &frame, &mut give).await
            }
            StepKind::File(plan) => {
                let context = self.context;
                let mut give = async |record| self.give(record, None).await;
                files::read(context, &step.label, plan, &frame, &mut give).await
            }
            StepKind::Sql(plan) => {
                let context = self.context;
                let mut give = async |record| self.give(record, None).await;
                sql::read(context, &step.label, plan, &frame, &mut give).await
            }
            StepKind::FirstOf(steps) => {
                for inner in steps {
                    let runs = match &inner.when {
                        Some(when) => when.holds(&frame).map_err(|error| self.fail(error))?,
                        None => true,
                    };
                    if runs {
                        return self.through(inner).await;
                    }
                }
                Ok(())
            }
            StepKind::AllOf(steps) => {
                for inner in steps {
                    let runs = match &inner.when {
                        Some(when) => when.holds(&frame).map_err(|error| self.fail(error))?,
                        None => true,
                    };
                    if runs {
                        self.through(inner).await?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The elements of `for_each`.
    fn elements(&self, list: &Value) -> Result<Vec<Value>, SourceError> {
        use minijinja::value::ValueKind;
        match list.kind() {
            ValueKind::Undefined | ValueKind::None => Ok(Vec::new()),
            ValueKind::Seq | ValueKind::Iterable => {
                // Nothing is no record.
                let items = list.try_iter().into_iter().flatten();
                Ok(items.filter(|item| !is_nothing(item)).collect())
            }
            kind => Err(SourceError::Step {
                step: self.step.label.to_string(),
                message: format!("for_each takes a list, and this is a {kind}"),
            }),
        }
    }

    /// Fetches the pages of a request; a window that is too large is read in halves.
    async fn fetch(&mut self, plan: &crate::plan::source::FetchPlan) -> Result<(), SourceError> {
        let whole = self.parent.clone();
        // What is still to be read, the next last.
        let mut parents = vec![whole.clone()];
        while let Some(parent) = parents.pop() {
            let frame = Arc::clone(&parent.frame);
            self.parent = parent;
            let context = self.context;
            let mut give = async |given: Item<'_>| self.take(given).await;
            match fetch(context, plan, &frame, &mut give).await? {
                Fetched::Whole => {}
                Fetched::Split(error) => {
                    let [first, second] = self.halves(error)?;
                    parents.push(second);
                    parents.push(first);
                }
            }
        }
        self.parent = whole;
        Ok(())
    }

    /// The same parent with either half of its window.
    fn halves(&self, error: SendError) -> Result<[RecordInSight; 2], SourceError> {
        let frame = &self.parent.frame;
        let above = self.context.plan.source.iter().rev();
        let is_here = |step: &Arc<StepPlan>| contains(step, self.step);
        let windows: Option<(&WindowsPlan, Option<&Arc<str>>)> = above
            .skip_while(|step| !is_here(step))
            .find_map(|step| match &step.kind {
                StepKind::Windows(plan) => Some((&**plan, step.name.as_ref())),
                _ => None,
            });
        let Some((plan, name)) = windows else {
            return Err(error.into());
        };
        let name: Arc<str> = name.map_or_else(|| "record".into(), Arc::clone);
        let window = frame.get(&name).unwrap_or_default();
        let halves = windows::halves(plan, &window).map_err(|error| self.fail(error))?;
        let Some(halves) = halves else {
            return Err(error.into());
        };
        let is_record = frame.get("record").is_some_and(|record| record == window);
        Ok(halves.map(|half| {
            let mut own = Frame::on(frame).with(Arc::clone(&name), half.clone());
            let mut record = self.parent.record.clone();
            if is_record {
                own.set("record", half.clone());
                record = half;
            }
            RecordInSight {
                record,
                frame: Arc::new(own),
                is_root: false,
            }
        }))
    }

    /// The records of a step inside this one.
    async fn through(&mut self, inner: &Arc<StepPlan>) -> Result<(), SourceError> {
        let (to, from) = link(1);
        let context = self.context;
        let parent = self.parent.clone();
        let run = async move {
            let mut emitter = Emitter::new(to);
            match Box::pin(run(context, inner, &parent, &mut emitter)).await {
                Ok(()) => emitter.flush().await,
                Err(error) => {
                    emitter.flush().await?;
                    Err(error)
                }
            }
        };
        let take = async {
            // Dropped at its end: whoever sends must not wait for one who has gone.
            let mut from = from;
            while let Some(chunk) = from.recv().await {
                for seen in chunk? {
                    self.give_seen(seen).await?;
                }
                if self.context.is_frugal {
                    self.pause().await?;
                }
            }
            Ok(())
        };
        let (ran, taken) = tokio::join!(run, take);
        taken.and(ran)
    }

    /// Passes on what is there; where nothing is read ahead, waits until more is wanted.
    async fn pause(&mut self) -> Result<(), SourceError> {
        self.to.flush().await?;
        if self.context.is_frugal && !self.step.collect {
            self.to.wanted().await?;
        }
        Ok(())
    }

    async fn take(&mut self, given: Item<'_>) -> Result<(), SourceError> {
        match given {
            Item::Record(record, answer) => {
                let answer = self.step.keeps_response.then(|| answer.to_value());
                self.give(record, answer.as_ref()).await
            }
            // What is there need not wait for the next page.
            Item::PageOver => self.pause().await,
        }
    }

    /// Passes a record on, if `where` lets it.
    async fn give(&mut self, record: Value, answer: Option<&Value>) -> Result<(), SourceError> {
        let mut seen = self.parent.with(self.step.name.as_ref(), record);
        if let Some(answer) = answer {
            let frame = Frame::on(&seen.frame).with("response", answer.clone());
            seen.frame = Arc::new(frame);
        }
        let seen = self.with_since(seen)?;
        self.judge(seen).await
    }

    /// A record of the step that has a `since` for each, with its own.
    fn with_since(&self, mut seen: RecordInSight) -> Result<RecordInSight, SourceError> {
        let incremental = self.context.plan.incremental.as_ref();
        let by = incremental.and_then(|plan| Some((plan, plan.by.as_ref()?)));
        let is_here = |by: &PartitionPlan| self.step.name.as_deref() == Some(&*by.step);
        if let Some((plan, by)) = by.filter(|(_, by)| is_here(by)) {
            let since = since_by(plan, by, &self.context.state, &seen.frame);
            let since = since.map_err(|error| self.fail(error))?;
            seen.frame = Arc::new(Frame::on(&seen.frame).with("since", since));
        }
        Ok(seen)
    }

    /// The same for a record of a step inside this one, whose names stay.
    async fn give_seen(&mut self, seen: RecordInSight) -> Result<(), SourceError> {
        // A parent that the step inside passed on gave no record.
        if Arc::ptr_eq(&seen.frame, &self.parent.frame) {
            return self.to.push(seen).await;
        }
        let record = seen.record.clone();
        let seen = seen.with(self.step.name.as_ref(), record);
        let seen = self.with_since(seen)?;
        self.judge(seen).await
    }

    async fn judge(&mut self, seen: RecordInSight) -> Result<(), SourceError> {
        if let Some(filter) = &self.step.filter {
            if !filter
                .holds(&seen.frame)
                .map_err(|error| self.fail(error.within("where")))?
            {
                return Ok(());
            }
        }
        self.count += 1;
        if self.step.collect {
            self.collected.push(seen.record);
            return Ok(());
        }
        self.to.push(seen).await
    }

    /// `collect` and `if_none`.
    async fn finish(self) -> Result<(), SourceError> {
        let is_dropped = self.count == 0 && self.step.if_none == IfNone::Drop;
        if is_dropped {
            return Ok(());
        }
        if self.step.collect {
            let mut frame = Frame::on(&self.parent.frame);
            if let Some(name) = &self.step.name {
                frame.set(Arc::clone(name), Value::from(self.collected));
            }
            let seen = RecordInSight {
                record: self.parent.record.clone(),
                frame: Arc::new(frame),
                is_root: false,
            };
            return self.to.push(seen).await;
        }
        if self.count == 0 && !is_nothing(&self.parent.record) {
            return self.to.push(self.parent.clone()).await;
        }
        Ok(())
    }
}
