//! Work that blocks, on threads beside the runtime's: there signals are listened for.

use std::sync::mpsc;

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// A thread that does one piece of work after the other, always the same: each thread keeps memory to
/// itself.
#[derive(Debug)]
pub struct WorkThread {
    to: mpsc::Sender<Work>,
}

/// The work broke off, which is a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokeOff;

impl WorkThread {
    /// It ends once this is dropped and its last work is done.
    pub fn start() -> Self {
        let (to, works) = mpsc::channel::<Work>();
        std::thread::spawn(move || works.into_iter().for_each(|work| work()));
        Self { to }
    }

    /// Does a piece of work there. Where nobody waits for it any more it goes on to its end.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BrokeOff> {
        let (done, result) = oneshot::channel();
        let work = move || {
            // Whoever waited may be gone.
            let _ = done.send(work());
        };
        self.to.send(Box::new(work)).map_err(|_| BrokeOff)?;
        result.await.map_err(|_| BrokeOff)
    }
}

/// Does a piece of work on a thread of its own.
pub async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BrokeOff> {
    WorkThread::start().run(work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(work)
    }

    #[test]
    fn work_is_done_elsewhere_and_always_on_the_same_thread() {
        block_on(async {
            let thread = WorkThread::start();
            let id = || std::thread::current().id();
            let first = thread.run(id).await.unwrap();
            assert_ne!(first, id());
            assert_eq!(thread.run(id).await, Ok(first));
        });
    }

    #[test]
    fn work_that_breaks_off_is_told() {
        block_on(async {
            let broken = || std::panic::resume_unwind(Box::new("broken"));
            assert_eq!(on_thread::<()>(broken).await, Err(BrokeOff));
        });
    }
}
