//! Steps in turn: each record of one runs the next, several at a time, results in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::link::{Chunk, ChunkReceiver, ChunkSender, link};
use super::step::{self, Emitter};
use super::{Context, RecordInSight, SourceError};
use crate::plan::source::StepPlan;

/// How long steps may take to end, once the run is stopped.
const GOODBYE: Duration = Duration::from_secs(4);
/// Groups of records that wait between two steps.
const WAITING: usize = 4;

/// The records of the last step, in order.
pub struct Records {
    chunks: ChunkReceiver,
    tasks: Vec<Task>,
}

/// A task that ends with whoever waits for it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Task {
    /// Whether it ended as it should.
    async fn ended(&mut self) -> Result<(), SourceError> {
        (&mut self.0).await.map_err(|_| SourceError::Step {
            step: "source".to_owned(),
            message: "a bug in runner: a step broke off; please report it".to_owned(),
        })
    }
}

impl Records {
    /// Starts the steps, as tasks of this thread.
    pub fn start(context: &Context, steps: &[Arc<StepPlan>]) -> Self {
        let (first, mut chunks) = link(1);
        let root = RecordInSight::nothing(&context.base);
        let mut tasks = vec![Task(tokio::task::spawn_local(async move {
            // Whoever has gone needs no beginning.
            let _ = first.send(Ok(vec![root])).await;
        }))];
        for step in steps {
            let (to, next) = link(WAITING);
            let walk = walk(context.clone(), Arc::clone(step), chunks, to);
            tasks.push(Task(tokio::task::spawn_local(walk)));
            chunks = next;
        }
        Self { chunks, tasks }
    }

    /// The run is stopped: steps get a moment to say goodbye.
    pub async fn wind_down(&mut self) {
        let end = async { while let Ok(Some(_)) = self.next().await {} };
        // Who takes longer is not waited for.
        let _ = tokio::time::timeout(GOODBYE, end).await;
    }

    /// No more is wanted: steps end where they are, and get a moment to say goodbye.
    pub async fn enough(&mut self) {
        // With the way goes the wish for more.
        let (_, nothing) = link(1);
        self.chunks = nothing;
        self.wind_down().await;
    }

    /// The next records; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<RecordInSight>>, SourceError> {
        if let Some(chunk) = self.chunks.recv().await {
            chunk.map(Some)
        } else {
            for task in &mut self.tasks {
                task.ended().await?;
            }
            self.tasks.clear();
            Ok(None)
        }
    }
}

async fn walk(context: Context, step: Arc<StepPlan>, parents: ChunkReceiver, to: ChunkSender) {
    if step.kind.is_at_hand() {
        walk_at_hand(&context, &step, parents, to).await;
    } else {
        Box::pin(walk_many(&context, &step, parents, to)).await;
    }
}

/// A step that waits for nothing.
async fn walk_at_hand(
    context: &Context,
    step: &Arc<StepPlan>,
    mut parents: ChunkReceiver,
    to: ChunkSender,
) {
    let mut emitter = Emitter::new(to);
    while let Some(chunk) = parents.recv().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return emitter.fail(error).await,
        };
        for parent in chunk {
            if let Err(error) = step::run(context, step, &parent, &mut emitter).await {
                return emitter.fail(error).await;
            }
        }
        if emitter.flush().await.is_err() {
            return;
        }
        if context.is_frugal && emitter.wanted().await.is_err() {
            return;
        }
    }
}

/// A parent whose records are under way.
struct Child {
    chunks: ChunkReceiver,
    task: Task,
}

/// A step that fetches: so many parents at a time, their records in order.
async fn walk_many(
    context: &Context,
    step: &Arc<StepPlan>,
    mut parents: ChunkReceiver,
    to: ChunkSender,
) {
    let mut waiting: VecDeque<RecordInSight> = VecDeque::new();
    let mut children: VecDeque<Child> = VecDeque::new();
    let mut end: Option<Result<(), SourceError>> = None;
    let most = if context.is_frugal {
        1
    } else {
        step.concurrency
    };
    loop {
        while children.len() < most {
            let Some(parent) = waiting.pop_front() else {
                break;
            };
            children.push_back(start(context, step, parent));
        }
        let has_room = children.len() < most && end.is_none();
        let Some(child) = children.front_mut() else {
            match &end {
                Some(Ok(())) => return,
                Some(Err(error)) => {
                    // Whoever has gone needs no reason.
                    let _ = to.send(Err(error.clone())).await;
                    return;
                }
                None => {}
            }
            take(parents.recv().await, &mut waiting, &mut end);
            continue;
        };
        tokio::select! {
            biased;
            chunk = child.chunks.recv() => if let Some(chunk) = chunk {
                let is_over = chunk.is_err();
                if to.send(chunk).await.is_err() || is_over {
                    return;
                }
                if context.is_frugal && to.wanted().await.is_err() {
                    return;
                }
            } else {
                if let Err(error) = child.task.ended().await {
                    let _ = to.send(Err(error)).await;
                    return;
                }
                children.pop_front();
            },
            parent = parents.recv(), if has_room => take(parent, &mut waiting, &mut end),
        }
    }
}

fn take(
    chunk: Option<Chunk>,
    waiting: &mut VecDeque<RecordInSight>,
    end: &mut Option<Result<(), SourceError>>,
) {
    match chunk {
        Some(Ok(parents)) => waiting.extend(parents),
        Some(Err(error)) => *end = Some(Err(error)),
        None => *end = Some(Ok(())),
    }
}

fn start(context: &Context, step: &Arc<StepPlan>, parent: RecordInSight) -> Child {
    let (to, chunks) = link(WAITING);
    let (context, step) = (context.clone(), Arc::clone(step));
    let task = tokio::task::spawn_local(async move {
        let mut emitter = Emitter::new(to);
        match Box::pin(step::run(&context, &step, &parent, &mut emitter)).await {
            Ok(()) => {
                // Whoever has gone wants no more.
                let _ = emitter.flush().await;
            }
            Err(error) => emitter.fail(error).await,
        }
    });
    Child {
        chunks,
        task: Task(task),
    }
}
