//! The way from one step to the next: a bounded channel whose sender can see whether the other end
//! waits for more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, mpsc};

use super::{RecordInSight, SourceError};

/// Records on their way, in order.
pub type Chunk = Result<Vec<RecordInSight>, SourceError>;

/// Nobody waits for more.
#[derive(Debug)]
pub struct Closed;

#[derive(Debug, Default)]
struct Wish {
    is_waiting: AtomicBool,
    changed: Notify,
}

/// Where records go.
#[derive(Debug, Clone)]
pub struct ChunkSender {
    to: mpsc::Sender<Chunk>,
    wish: Arc<Wish>,
}

/// Where records come from.
#[derive(Debug)]
pub struct ChunkReceiver {
    from: mpsc::Receiver<Chunk>,
    wish: Arc<Wish>,
}

/// A way on which so many groups of records may wait.
pub fn link(waiting: usize) -> (ChunkSender, ChunkReceiver) {
    let (to, from) = mpsc::channel(waiting);
    let wish = Arc::new(Wish::default());
    let sender = ChunkSender {
        to,
        wish: Arc::clone(&wish),
    };
    (sender, ChunkReceiver { from, wish })
}

impl ChunkSender {
    /// Sends; waits where too much is on the way.
    pub async fn send(&self, chunk: Chunk) -> Result<(), Closed> {
        self.wish.is_waiting.store(false, Ordering::Relaxed);
        self.to.send(chunk).await.map_err(|_| Closed)
    }

    /// Waits until the other end has taken everything and waits for more.
    pub async fn wanted(&self) -> Result<(), Closed> {
        loop {
            if self.to.is_closed() {
                return Err(Closed);
            }
            if self.wish.is_waiting.load(Ordering::Relaxed) {
                return Ok(());
            }
            tokio::select! {
                () = self.wish.changed.notified() => {}
                () = self.to.closed() => return Err(Closed),
            }
        }
    }
}

impl ChunkReceiver {
    /// The next records; nothing at the end.
    pub async fn recv(&mut self) -> Option<Chunk> {
        if let Ok(chunk) = self.from.try_recv() {
            return Some(chunk);
        }
        self.wish.is_waiting.store(true, Ordering::Relaxed);
        self.wish.changed.notify_one();
        self.from.recv().await
    }
}
