//! `runner sandbox serve` as a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::cli::Runner;

/// A Container API that is running.
#[derive(Debug)]
pub struct Sandbox {
    pub url: String,
    child: Child,
    out: TempDir,
}

/// What a Container API holds after a run.
#[derive(Debug)]
pub struct Held {
    out: TempDir,
}

impl Sandbox {
    /// Serves these inputs, each `TYPE=FILE`.
    pub fn serve(inputs: &[(&str, PathBuf)]) -> Self {
        let out = TempDir::new().expect("a temporary folder");
        let mut runner = Runner::new().args(["sandbox", "serve", "--port", "0"]);
        for (kind, file) in inputs {
            runner = runner
                .arg("--input")
                .arg(format!("{kind}={}", file.display()));
        }
        let mut child = runner.arg("--out").arg(out.path()).spawn();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().expect("stdout is piped"))
            .read_line(&mut url)
            .expect("the sandbox says where it listens");
        let url = url.trim_end().to_owned();
        assert!(
            url.starts_with("http://127.0.0.1:"),
            "{url:?}: {:?}",
            child.wait()
        );
        Self { url, child, out }
    }

    /// Where it writes.
    pub fn out(&self) -> &Path {
        self.out.path()
    }

    /// Stops it, as a person does with Ctrl-C, and gives what it holds.
    pub fn stop(mut self) -> Held {
        stop(&self.child, Signal::INT);
        self.child.wait().expect("the sandbox ends");
        let out = std::mem::replace(&mut self.out, TempDir::new().expect("a temporary folder"));
        Held { out }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Held {
    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.out.path()
    }

    /// A file's text; empty where it is not there.
    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.out.path().join(file)).unwrap_or_default()
    }

    /// A file's lines; none where it is not there.
    pub fn lines(&self, file: &str) -> Vec<String> {
        self.text(file).lines().map(str::to_owned).collect()
    }
}

/// Sends a signal to a process that was started here.
pub fn stop(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).expect("a process id");
    kill_process(Pid::from_raw(id).expect("a process id"), signal).expect("the process is there");
}
