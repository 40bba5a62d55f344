//! Every fault at the first, a middle and the last read, write and log: what the API holds
//! afterwards is what counts. It is exactly the rows that were expected and exit 0, or exit 1 and a
//! message that names what is in doubt.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::{Kind, Request};
use crate::support::sandbox::{Held, Sandbox};

/// Rows of the input, and how many make a batch: five writes, six reads (the last finds the end).
const ROWS: usize = 15;
const BATCH: usize = 3;
const WRITES: usize = ROWS / BATCH;
const READS: usize = WRITES + 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Refused,
    ResetBefore,
    ResetAfter,
    Status500Before,
    Status500After,
    Status503,
    Status429,
    GarbageBefore,
    GarbageAfter,
    Truncated,
}

const FAULTS: [Fault; 10] = [
    Fault::Refused,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::Status500Before,
    Fault::Status500After,
    Fault::Status503,
    Fault::Status429,
    Fault::GarbageBefore,
    Fault::GarbageAfter,
    Fault::Truncated,
];

const GARBAGE: &str = "<html><body>It works!</body></html>";

impl Fault {
    /// What becomes of the request it hits.
    fn hit(self) -> Do {
        let message = |text: &str| format!("{{\"message\":\"{text}\"}}");
        match self {
            // Not of one request: the port is shut, see `run`.
            Self::Refused => Do::Pass,
            Self::ResetBefore => Do::Reset { done: false },
            Self::ResetAfter => Do::Reset { done: true },
            Self::Status500Before => Do::Answer(500, message("Disk full")),
            Self::Status500After => Do::DoneBut(500, message("Disk full")),
            Self::Status503 => Do::Answer(503, message("Busy")),
            Self::Status429 => Do::Answer(429, message("Too many")),
            Self::GarbageBefore => Do::Answer(200, GARBAGE.to_owned()),
            Self::GarbageAfter => Do::DoneBut(201, GARBAGE.to_owned()),
            Self::Truncated => Do::Truncate,
        }
    }

    /// Whether a request hit by it surely was not done, so that it may be sent again.
    fn is_surely_not_done(self) -> bool {
        matches!(self, Self::Refused | Self::Status503 | Self::Status429)
    }

    /// Whether the API did what was asked all the same.
    fn was_done(self) -> bool {
        matches!(
            self,
            Self::ResetAfter | Self::Status500After | Self::GarbageAfter | Self::Truncated
        )
    }
}

/// A data service or an export over an input of [`ROWS`] rows.
struct Setting {
    spec: PathBuf,
    input: PathBuf,
    /// What it writes, and whether it logs each write.
    writes: Kind,
    logs: bool,
    _folder: TempDir,
}

impl Setting {
    fn new(spec: &str, writes: Kind, logs: bool) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut csv = "id,name\n".to_owned();
        for id in 1..=ROWS {
            writeln!(csv, "{id},product {id}").expect("a string");
        }
        let input = folder.path().join("input.csv");
        fs::write(&input, csv).expect("a file");
        let file = folder.path().join("spec.yaml");
        fs::write(&file, spec).expect("a file");
        Self {
            spec: file,
            input,
            writes,
            logs,
            _folder: folder,
        }
    }

    /// A data service that copies a column and logs each batch.
    fn service() -> Self {
        Self::new(
            "version: 1\nname: copy\nmode: data-service\nbatch_size: 3\n\
             columns: { copy: \"{{ row.name }}\" }\n\
             log: [{ at: batch, message: \"batch {{ batch.number }}\" }]\n",
            Kind::Output,
            true,
        )
    }

    /// An export that tells every row's fate.
    fn export() -> Self {
        Self::new(
            "version: 1\nname: tell\nmode: export\nbatch_size: 3\n\
             feedback: { columns: { id: \"{{ row.id }}\", status: \"{{ outcome.status }}\" } }\n",
            Kind::Feedback,
            false,
        )
    }

    /// Runs it with a fault at the `nth` request of a kind.
    fn run(&self, fault: Fault, kind: Kind, nth: usize) -> (Ended, Held, Vec<Request>) {
        let sandbox = Sandbox::serve(&[("input", self.input.clone())]);
        let proxy = match (fault, kind) {
            (Fault::Refused, _) => {
                let (behind, count, before) = self.shut_before(kind, nth);
                Proxy::without_keep_alive(&sandbox.url, count == 0, move |request| {
                    if request.kind == behind && request.nth == count {
                        Do::ThenShut(before.clone())
                    } else {
                        Do::Pass
                    }
                })
            }
            _ => Proxy::start(&sandbox.url, move |request| {
                if request.kind == kind && request.nth == nth {
                    fault.hit()
                } else {
                    Do::Pass
                }
            }),
        };
        let ended = Runner::of_spec(&self.spec, &proxy.url()).run();
        (ended, sandbox.stop(), proxy.requests())
    }

    /// Behind which request the port is shut so that the `nth` of `kind` is refused, and what must
    /// have been answered by then: nothing else is under way when the port shuts.
    fn shut_before(&self, kind: Kind, nth: usize) -> (Kind, usize, Vec<(Kind, usize)>) {
        let written = |count: usize| {
            let mut answered = vec![(self.writes, count)];
            if self.logs {
                answered.push((Kind::Log, count));
            }
            answered
        };
        match kind {
            // The read before, when the rows of those before it are written.
            Kind::Read => (Kind::Read, nth - 1, written(nth.saturating_sub(2))),
            // The write that is logged, when the next rows are read.
            Kind::Log => {
                let before = vec![(Kind::Read, nth + 1), (Kind::Log, nth - 1)];
                (Kind::Output, nth, before)
            }
            // The read of the rows that are written.
            _ => (Kind::Read, nth, written(nth - 1)),
        }
    }

    /// The rows that a data service must have written.
    fn copies(count: usize) -> Vec<String> {
        (1..=count)
            .map(|id| {
                format!("{{\"id\":\"{id}\",\"name\":\"product {id}\",\"copy\":\"product {id}\"}}")
            })
            .collect()
    }

    /// The feedback that an export must have written.
    fn fates(count: usize) -> Vec<String> {
        (1..=count)
            .map(|id| format!("{{\"id\":\"{id}\",\"status\":\"ok\"}}"))
            .collect()
    }
}

/// All faults at all places of `kind`; `judge` says what is wrong with the end of a run.
fn for_all(
    setting: &Setting,
    kind: Kind,
    places: [usize; 3],
    judge: impl Fn(Fault, usize, &Ended, &Held, &[Request]) -> Result<(), String>,
) {
    let mut report = String::new();
    for fault in FAULTS {
        for nth in places {
            let (ended, held, requests) = setting.run(fault, kind, nth);
            if let Err(difference) = judge(fault, nth, &ended, &held, &requests) {
                writeln!(
                    report,
                    "{fault:?} at {kind:?} {nth}: {difference}\n{ended:?}\n{}",
                    held.text("logs.jsonl")
                )
                .expect("a string");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &T,
    actual: &T,
) -> Result<(), String> {
    if expected == actual {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, not {actual:?}"))
    }
}

/// The last log of a run that failed.
fn failure(held: &Held) -> String {
    let lines = held.lines("logs.jsonl");
    let log: serde_json::Value =
        serde_json::from_str(lines.last().expect("a failed run says why")).expect("JSON");
    assert_eq!(log["level"], "error");
    log["message"].as_str().expect("a message").to_owned()
}

#[test]
fn reads_lose_and_repeat_no_row() {
    let setting = Setting::service();
    for_all(
        &setting,
        Kind::Read,
        [1, 3, READS],
        |fault, _, ended, held, requests| {
            same("exit", &0, &ended.code)?;
            same("rows", &Setting::copies(ROWS), &held.lines("output.jsonl"))?;
            same("stderr", &"", &ended.stderr.as_str())?;
            let restarts = requests
                .iter()
                .filter(|request| request.kind == Kind::Restart);
            let restarts = restarts.count();
            let debugs = held
                .lines("logs.jsonl")
                .iter()
                .filter(|log| log.contains("\"debug\""))
                .count();
            let expected = usize::from(!fault.is_surely_not_done());
            // One before the first read.
            same("restarts", &(1 + expected), &restarts)?;
            same("logs at debug", &expected, &debugs)
        },
    );
}

#[test]
fn writes_are_done_once_or_in_doubt() {
    let setting = Setting::service();
    for_all(
        &setting,
        Kind::Output,
        [1, 3, WRITES],
        |fault, nth, ended, held, requests| {
            writes_are_honest(
                fault,
                nth,
                ended,
                held,
                &held.lines("output.jsonl"),
                &Setting::copies(ROWS),
            )?;
            let sent = requests
                .iter()
                .filter(|request| request.kind == Kind::Output)
                .count();
            let expected = match fault {
                Fault::Refused => WRITES,
                _ if fault.is_surely_not_done() => WRITES + 1,
                _ => nth,
            };
            same("writes sent", &expected, &sent)
        },
    );
}

#[test]
fn feedback_is_written_once_or_in_doubt() {
    let setting = Setting::export();
    for_all(
        &setting,
        Kind::Feedback,
        [1, 3, WRITES],
        |fault, nth, ended, held, _| {
            writes_are_honest(
                fault,
                nth,
                ended,
                held,
                &held.lines("feedback.jsonl"),
                &Setting::fates(ROWS),
            )
        },
    );
}

fn writes_are_honest(
    fault: Fault,
    nth: usize,
    ended: &Ended,
    held: &Held,
    rows: &[String],
    all: &[String],
) -> Result<(), String> {
    same("stderr", &"", &ended.stderr.as_str())?;
    if fault.is_surely_not_done() {
        same("exit", &0, &ended.code)?;
        return same("rows", &all, &rows);
    }
    same("exit", &1, &ended.code)?;
    let surely = (nth - 1) * BATCH;
    let stored = if fault.was_done() {
        surely + BATCH
    } else {
        surely
    };
    same("rows", &&all[..stored], &rows)?;
    let message = failure(held);
    let doubt = format!(
        "Rows {} to {} are in doubt: they may be written or not, and are not sent again; \
         {surely} rows before them are surely written",
        surely + 1,
        surely + BATCH
    );
    if message.contains(&doubt) && message.contains("POST /output/") {
        Ok(())
    } else {
        Err(format!("the message does not say \"{doubt}\": {message}"))
    }
}

#[test]
fn a_log_that_is_lost_goes_to_standard_error_and_ends_nothing() {
    let setting = Setting::service();
    for_all(
        &setting,
        Kind::Log,
        [1, 3, WRITES],
        |fault, nth, ended, held, _| {
            same("exit", &0, &ended.code)?;
            same("rows", &Setting::copies(ROWS), &held.lines("output.jsonl"))?;
            let logs = held.lines("logs.jsonl");
            let is_there = logs
                .iter()
                .any(|log| log.contains(&format!("\"batch {nth}\"")));
            let is_told = ended.stderr.contains(&format!("info: batch {nth}\n"));
            let is_delivered = fault.is_surely_not_done() || fault.was_done();
            same("is there", &is_delivered, &is_there)?;
            same("is told", &!fault.is_surely_not_done(), &is_told)
        },
    );
}
