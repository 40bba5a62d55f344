//! SIGTERM and SIGINT: what is waited for ends, what is being written does not.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock;
use crate::exit::Exit;

/// Which signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: the platform stops the run.
    Terminate,
}

impl Signal {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// How a run ends that it stops.
    pub fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }
}

/// Says whether the run is to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Option<Signal>>);

/// Tells everybody to stop.
#[derive(Debug)]
pub struct StopSender(watch::Sender<Option<Signal>>);

/// A pair of both ends.
pub fn channel() -> (StopSender, Stop) {
    let (sender, receiver) = watch::channel(None);
    (StopSender(sender), Stop(receiver))
}

impl StopSender {
    /// Stops the run.
    pub fn stop(&self, signal: Signal) {
        self.0.send_replace(Some(signal));
    }
}

impl Stop {
    /// The signal, if one came.
    pub fn signal(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits until the run is to stop.
    pub async fn stopped(&mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            // Nobody is left to stop the run.
            std::future::pending::<()>().await;
        }
    }

    /// Sleeps; false if the run is to stop.
    pub async fn sleep(&self, wait: Duration) -> bool {
        if clock::hurries() {
            tokio::task::yield_now().await;
            return self.signal().is_none();
        }
        let mut stop = self.clone();
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = stop.stopped() => false,
        }
    }
}
