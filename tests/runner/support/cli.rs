//! Runs the real binary.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A call of the binary: no environment but what is set here.
#[derive(Debug)]
pub struct Runner {
    command: Command,
}

/// How a call ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Runner {
    /// A call in the project's folder.
    pub fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.env_clear().current_dir(super::project("."));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command }
    }

    /// `runner --spec FILE` against the API at `url`.
    pub fn of_spec(spec: &std::path::Path, url: &str) -> Self {
        Self::new()
            .arg("--spec")
            .arg(spec)
            .args(["--container-api", url])
    }

    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.command.arg(arg.into());
        self
    }

    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args.into_iter().map(Into::into));
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// A variable that may be no text.
    pub fn env_os(mut self, name: &str, value: &std::ffi::OsStr) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command.current_dir(folder.into());
        self
    }

    /// Reads standard input from here.
    pub fn stdin(mut self, from: File) -> Self {
        self.command.stdin(from);
        self
    }

    /// Shows standard error here.
    pub fn stderr(mut self, to: File) -> Self {
        self.command.stderr(to);
        self
    }

    /// Starts it; the caller ends it.
    pub fn spawn(mut self) -> Child {
        self.command.spawn().expect("the binary starts")
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Ended {
        let output = self.command.output().expect("the binary runs");
        Ended {
            code: output.status.code().expect("no signal killed it"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }
}

impl Ended {
    /// Asserts the exit code, and shows everything where it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}
