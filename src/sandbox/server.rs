//! The sandbox's server: started, asked for its address, and ended with a report.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::serve::ListenerExt as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::exchange::Exchange;
use super::input_file::{InputFile, InputFileError};
use super::inputs::{Inputs, known_type};
use super::logs::Logs;
use super::output::Output;
use super::report::Report;
use super::routes::{Held, Shared, router, with};
use crate::row::Spare;

/// What the sandbox serves, and where it writes.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The address that is listened at; 127.0.0.1 where nothing is said.
    pub host: Option<IpAddr>,
    /// The port; 0 is any that is free.
    pub port: u16,
    /// Inputs: `FILE`, or `TYPE=FILE` with `new`, `modified`, `unchanged`, `deleted` or `input`.
    pub inputs: Vec<String>,
    /// The folder in which `output.csv`, `output.jsonl`, `feedback.csv`, `feedback.jsonl` and
    /// `logs.jsonl` are written.
    pub out: Option<PathBuf>,
}

/// Why the sandbox does not start, or could not write its files.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// An input can't be read.
    #[error(transparent)]
    Input(#[from] InputFileError),
    /// The type of an input is none.
    #[error("--input {0}: the type is one of input, new, modified, unchanged, deleted")]
    Type(String),
    /// The port is taken, or the like.
    #[error("port {port}: {error}")]
    Port {
        /// The port.
        port: u16,
        /// Why.
        error: std::io::Error,
    },
    /// The output folder can't be written.
    #[error("{}: {error}", .path.display())]
    Out {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// A Container API that is running.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Shared,
    out: Option<PathBuf>,
    /// The directory that connector and sandbox share.
    exchanged: PathBuf,
    /// It is gone at the end, where nobody named a folder.
    _scratch: Option<TempDir>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Reads the inputs and begins to serve.
    pub async fn start(config: &Config) -> Result<Self, SandboxError> {
        let mut inputs = Inputs::default();
        for input in &config.inputs {
            let (kind, path) = match input.split_once('=') {
                Some((word, path)) => {
                    let kind = known_type(word).ok_or_else(|| SandboxError::Type(input.clone()))?;
                    (kind, path)
                }
                None => ("input", input.as_str()),
            };
            inputs.add(kind, InputFile::read(path.as_ref())?);
        }
        if let Some(out) = &config.out {
            prepare(out).map_err(|error| SandboxError::Out {
                path: out.clone(),
                error,
            })?;
        }
        let out = config.out.as_ref();
        let scratch = match out {
            Some(_) => None,
            None => Some(TempDir::new().map_err(|error| SandboxError::Out {
                path: std::env::temp_dir(),
                error,
            })?),
        };
        let folder = out.cloned();
        let folder = folder.or(scratch.as_ref().map(|scratch| scratch.path().to_owned()));
        let exchange = Exchange::new(folder.unwrap_or_default());
        let exchanged = exchange.shared();
        let spare = Spare::default();
        let shared: Shared = Arc::new(Mutex::new(Held {
            inputs,
            output: Output::new("output", out, &spare),
            feedback: Output::new("feedback", out, &spare),
            logs: Logs::new(out),
            exchange,
            spare,
        }));
        let port = config.port;
        let failed = |error| SandboxError::Port { port, error };
        let listener = TcpListener::bind((config.host.unwrap_or(Ipv4Addr::LOCALHOST.into()), port))
            .await
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // An answer goes out when it is there, and does not wait for the one before to be confirmed.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let app = router(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(async {
                // A dropped sender stops the server too.
                let _ = stopped.await;
            });
            // Serving ends without an error only.
            let _ = serving.await;
        });
        Ok(Self {
            address,
            shared,
            out: config.out.clone(),
            exchanged,
            _scratch: scratch,
            stop,
            server,
        })
    }

    /// Where it listens: `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The directory that is shared with the connector.
    pub fn shared(&self) -> &Path {
        &self.exchanged
    }

    /// The columns of the inputs.
    pub fn columns(&self) -> Vec<String> {
        with(&self.shared, |held| {
            held.inputs.columns().into_iter().collect()
        })
    }

    /// The first logs that came, the grave ones before others: level and message; and how many more came.
    pub fn logs(&self) -> (Vec<(&'static str, String)>, u64) {
        with(&self.shared, |held| {
            (held.logs.shown(), held.logs.unshown())
        })
    }

    /// Stops serving, writes the CSV files, and says what was received.
    pub fn finish(self) -> Result<Report, SandboxError> {
        // The server may have ended by itself.
        let _ = self.stop.send(());
        self.server.abort();
        with(&self.shared, |held| {
            held.output
                .write_csv()
                .and_then(|()| held.feedback.write_csv())
                .map_err(|error| SandboxError::Out {
                    path: self.out.clone().unwrap_or_default(),
                    error,
                })?;
            Ok(Report::of(held, self.out.as_ref()))
        })
    }
}

/// An empty place for what is written: files of an earlier run would be taken for this one's.
fn prepare(out: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(out)?;
    for name in [
        "output.csv",
        "output.jsonl",
        "feedback.csv",
        "feedback.jsonl",
        "logs.jsonl",
    ] {
        match std::fs::remove_file(out.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
