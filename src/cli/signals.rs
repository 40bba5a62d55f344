//! SIGINT and SIGTERM stop the run; a second one ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::stop::{Signal, Stop, StopSender, channel};

/// Listens from now on.
pub fn listen() -> std::io::Result<Stop> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (sender, stop) = channel();
    tokio::spawn(async move {
        let sender: StopSender = sender;
        let mut stopping = false;
        loop {
            let (signal, exit) = tokio::select! {
                _ = interrupt.recv() => (Signal::Interrupt, Exit::Interrupted),
                _ = terminate.recv() => (Signal::Terminate, Exit::Terminated),
            };
            if stopping {
                std::process::exit(i32::from(exit.code()));
            }
            stopping = true;
            sender.stop(signal);
        }
    });
    Ok(stop)
}
