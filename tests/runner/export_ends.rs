//! Exports that end early: the channel dies, or runner does. What was sent is named exactly, and none
//! is sent twice.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::channel::{Channel, Reply};
use crate::support::cli::Runner;
use crate::support::http::Message;
use crate::support::sandbox::{Held, Sandbox, stop};

const BATCHES: &str =
    "batch: 2\n  request: { path: /batch, json: \"{{ rows | map(attribute='id') }}\" }\n";
const ROWS: &str = "request: { path: /row, json: [\"{{ row.id }}\"] }\n";

struct Export {
    folder: TempDir,
    spec: PathBuf,
    input: PathBuf,
}

/// An export of so many rows, ids from 1.
fn export(target: &str, rows: usize) -> Export {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    let text = format!(
        "version: 1\nname: ends\nmode: export\noptions: {{ BASE: {{ type: input }} }}\n\
         http: {{ base_url: \"{{{{ options.BASE }}}}\", retry: {{ attempts: 2, wait: 10ms }} }}\n\
         target:\n  {target}\
         feedback: {{ columns: {{ id: \"{{{{ row.id }}}}\", status: \"{{{{ outcome.status }}}}\" }} }}\n"
    );
    std::fs::write(&spec, text).unwrap();
    let input = folder.path().join("input.csv");
    let ids: Vec<String> = (1..=rows).map(|id| id.to_string()).collect();
    std::fs::write(&input, format!("id\n{}\n", ids.join("\n"))).unwrap();
    Export {
        folder,
        spec,
        input,
    }
}

/// The ids of those rows of feedback that have a status.
fn told(held: &Held, status: &str) -> Vec<u32> {
    let lines = held.lines("feedback.jsonl");
    lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|row| row["status"] == status)
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

/// The ids that the channel was sent, each once.
fn sent(channel: &Channel) -> BTreeSet<u32> {
    let mut sent = BTreeSet::new();
    for body in channel.bodies() {
        let ids: Vec<String> = serde_json::from_str(&body).unwrap();
        for id in ids {
            assert!(sent.insert(id.parse().unwrap()), "{id} came twice");
        }
    }
    sent
}

/// The rows that the log names: `sending row 4`, `sending rows 1 to 3, 5`.
fn named(held: &Held) -> BTreeSet<u32> {
    let mut named = BTreeSet::new();
    for line in held.lines("logs.jsonl") {
        let Some((_, rows)) = line.split_once("sending row") else {
            continue;
        };
        let rows = rows
            .split('"')
            .next()
            .unwrap()
            .trim_start_matches('s')
            .trim();
        for span in rows.split(", ") {
            let (first, last) = span.split_once(" to ").unwrap_or((span, span));
            named.extend(first.parse::<u32>().unwrap()..=last.parse().unwrap());
        }
    }
    named
}

fn ids(range: impl IntoIterator<Item = u32>) -> Vec<u32> {
    range.into_iter().collect()
}

#[test]
fn the_channel_dies() {
    for (target, size, rows) in [
        (BATCHES.to_owned(), 2, 20),
        (ROWS.to_owned(), 1, 20),
        (format!("{BATCHES}  concurrency: 4\n"), 2, 60),
        (format!("{ROWS}  concurrency: 4\n"), 1, 60),
    ] {
        let export = export(&target, rows);
        let channel = Channel::start(|number, _| match number {
            1..=5 => Reply::Status(200),
            _ => Reply::Die,
        });
        let sandbox = Sandbox::serve(&[("input", export.input.clone())]);
        let ended = Runner::of_spec(&export.spec, &sandbox.url)
            .env("BASE", &channel.url())
            .run();
        let held = sandbox.stop();
        let logs = held.text("logs.jsonl");
        assert_eq!(ended.code, 1, "{target}{logs}");
        let (ok, unknown, failed) = (
            told(&held, "ok"),
            told(&held, "unknown"),
            told(&held, "failed"),
        );
        // What came is ok or unknown, what is ok came; of what was on its way to a channel that died
        // nobody knows.
        let known: BTreeSet<u32> = ok.iter().chain(&unknown).copied().collect();
        let came = sent(&channel);
        assert!(came.is_subset(&known), "{target}{came:?}{logs}");
        assert!(ok.iter().all(|id| came.contains(id)), "{target}{logs}");
        if !target.contains("concurrency") {
            assert_eq!(came, known, "{target}{logs}");
            assert_eq!(ok.len(), 5 * size, "{target}{logs}");
        }
        assert!(!unknown.is_empty(), "{target}{logs}");
        // After three units that nobody took the run ends; what is left is counted.
        assert!(failed.len() >= 3 * size, "{target}{logs}");
        assert!(logs.contains("the channel takes nothing: "), "{logs}");
        let unsent = rows - ok.len() - unknown.len() - failed.len();
        assert!(logs.contains(&format!(", {unsent} not sent")), "{logs}");
        // Feedback is in the order of the input.
        let mut all: Vec<u32> = held
            .lines("feedback.jsonl")
            .iter()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|row| row["id"].as_str().unwrap().parse().unwrap())
            .collect();
        let inorder = all.clone();
        all.sort_unstable();
        assert_eq!(all, inorder);
    }
}

/// Starts an export whose channel stops runner by a signal when request `at` comes; how it ended.
fn killed(
    target: &str,
    rows: usize,
    signal: Signal,
    at: usize,
    answers: bool,
) -> (Option<i32>, Channel, Held) {
    run_until(target, rows, signal, move |number, _, stop_it| {
        if number == at {
            stop_it();
            thread::sleep(Duration::from_millis(200));
            if !answers {
                thread::sleep(Duration::from_secs(30));
            }
        }
        Reply::Status(200)
    })
}

/// The same where a request that has `text` is answered 503.
fn killed_while(
    target: &str,
    rows: usize,
    signal: Signal,
    at: usize,
    text: &'static str,
) -> (Option<i32>, Channel, Held) {
    run_until(target, rows, signal, move |number, request, stop_it| {
        if number == at {
            stop_it();
            thread::sleep(Duration::from_millis(200));
        }
        if String::from_utf8_lossy(&request.body).contains(text) {
            Reply::Busy
        } else {
            Reply::Status(200)
        }
    })
}

fn sent_at_least_once(channel: &Channel) -> BTreeSet<u32> {
    let bodies = channel.bodies();
    let ids = bodies
        .iter()
        .flat_map(|body| serde_json::from_str::<Vec<String>>(body).unwrap());
    ids.map(|id| id.parse().unwrap()).collect()
}

fn run_until(
    target: &str,
    rows: usize,
    signal: Signal,
    rule: impl Fn(usize, &Message, &dyn Fn()) -> Reply + Send + Sync + 'static,
) -> (Option<i32>, Channel, Held) {
    let export = export(target, rows);
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&child);
    let channel = Channel::start(move |number, request| {
        // The test holds it only while it is being started.
        let stop_it = || stop(victim.lock().unwrap().as_ref().unwrap(), signal);
        rule(number, request, &stop_it)
    });
    let sandbox = Sandbox::serve(&[("input", export.input.clone())]);
    {
        let mut started = child.lock().unwrap();
        let runner = Runner::of_spec(&export.spec, &sandbox.url).env("BASE", &channel.url());
        *started = Some(runner.spawn());
    }
    let status = loop {
        let ended = child.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
        if let Some(status) = ended {
            break status;
        }
        thread::sleep(Duration::from_millis(10));
    };
    drop(export.folder);
    (status.code(), channel, sandbox.stop())
}

#[test]
fn runner_is_killed() {
    let (code, channel, held) = killed(BATCHES, 10, Signal::KILL, 3, false);
    assert_eq!(code, None);
    assert_eq!(told(&held, "ok"), ids(1..=4));
    // The log names the batch that was under way, before it was sent.
    let logs = held.lines("logs.jsonl");
    let last = "target: batch 3: sending rows 5 to 6 (id: 5 to id: 6)";
    assert!(logs.last().unwrap().contains(last), "{logs:?}");
    assert_eq!(sent(&channel), (1..=6).collect());

    // Rows that go alone are named too.
    let (_, channel, held) = killed(ROWS, 10, Signal::KILL, 4, false);
    assert_eq!(told(&held, "ok"), ids(1..=3));
    assert_eq!(sent(&channel), (1..=4).collect());
    let logs = held.lines("logs.jsonl");
    assert!(
        logs.last().unwrap().contains("target: sending row 4"),
        "{logs:?}"
    );

    // Several at a time: what the log names is what was sent, but for what had not gone out yet.
    let target = format!("{ROWS}  concurrency: 4\n");
    let (_, channel, held) = killed(&target, 40, Signal::KILL, 9, false);
    let named = named(&held);
    let came = sent(&channel);
    assert!(came.is_subset(&named), "{came:?} {named:?}");
    assert!(named.len() - came.len() < 4, "{came:?} {named:?}");
    assert!(told(&held, "ok").iter().all(|id| came.contains(id)));
}

#[test]
fn runner_is_stopped_while_rows_are_under_way() {
    for (signal, name, code) in [(Signal::TERM, "SIGTERM", 143), (Signal::INT, "SIGINT", 130)] {
        let (ended, channel, held) = killed(BATCHES, 10, signal, 3, true);
        assert_eq!(ended, Some(code));
        // The answer under way was waited for.
        assert_eq!(told(&held, "ok"), ids(1..=6));
        assert_eq!(sent(&channel), (1..=6).collect());
        let logs = held.text("logs.jsonl");
        let message =
            format!("Stopped by {name}: 10 rows read, 6 ok, 0 rejected, 0 skipped, 4 not sent");
        assert!(logs.contains(&message), "{logs}");
    }
}

/// An answer that does not come is not waited for forever.
#[test]
fn runner_is_stopped_and_the_channel_says_nothing() {
    let target = format!("{ROWS}  concurrency: 3\n");
    let (ended, channel, held) = killed(&target, 40, Signal::TERM, 9, false);
    assert_eq!(ended, Some(143));
    let unknown = told(&held, "unknown");
    assert_eq!(unknown.len(), 1, "{}", held.text("logs.jsonl"));
    let known: BTreeSet<u32> = told(&held, "ok").into_iter().chain(unknown).collect();
    assert_eq!(sent(&channel), known);
}

/// A job that was submitted is cancelled; nobody knows what became of its rows.
#[test]
fn runner_is_stopped_while_a_job_runs() {
    let target = "batch: 2\n  job:\n    submit: { path: /jobs, json: \"{{ rows | map(attribute='id') }}\" }\n    \
                  poll: { request: \"/jobs/{{ submit.body.id }}\", every: 10ms }\n    \
                  until: \"{{ poll.body.done }}\"\n    cancel: { method: DELETE, path: \"/jobs/{{ submit.body.id }}\" }\n";
    let (ended, channel, held) = killed(target, 4, Signal::TERM, 4, true);
    assert_eq!(ended, Some(143));
    assert_eq!(told(&held, "unknown"), ids(1..=2));
    assert_eq!(told(&held, "ok"), ids([]));
    let bodies = channel.bodies();
    assert_eq!(bodies.first().unwrap(), r#"["1","2"]"#);
    assert_eq!(bodies.last().unwrap(), "DELETE /jobs/1");
    assert!(channel.count() >= 5);
}

/// A row whose first step is done is unknown, however its second one is stopped: waiting for its turn, or
/// for an answer.
#[test]
fn runner_is_stopped_behind_a_step_that_is_done() {
    let steps = "steps:\n    - { request: { path: /row, json: [\"{{ row.id }}\"] } }\n    \
                 - { request: { method: PUT, path: /more, json: { more: true } } }\n";
    for signal in [Signal::TERM, Signal::INT] {
        let waits = killed_while(steps, 3, signal, 2, "more");
        let hangs = killed(steps, 3, signal, 2, false);
        for (ended, channel, held) in [waits, hangs] {
            assert_eq!(ended, Some(128 + signal.as_raw()));
            assert_eq!(told(&held, "unknown"), ids([1]));
            assert_eq!(told(&held, "failed"), ids([]));
            assert_eq!(channel.count(), 2);
        }
    }
}

/// A request around the target that hangs, or comes back late, is no failure of the channel's.
#[test]
fn runner_is_stopped_before_the_first_row() {
    let target = "before: [{ request: { path: /begin, json: {} } }]\n  \
                  request: { path: /row, json: [\"{{ row.id }}\"] }\n";
    for answers in [true, false] {
        let (ended, channel, held) = killed(target, 3, Signal::TERM, 1, answers);
        assert_eq!(ended, Some(143));
        assert_eq!(channel.count(), 1);
        let logs = held.text("logs.jsonl");
        assert!(logs.contains("Stopped by SIGTERM"), "{logs}");
    }
}

/// A channel that refuses the credentials, or is not there, ends the run at the first unit.
#[test]
fn the_first_batch_is_refused() {
    for status in [401, 403] {
        let export = export(BATCHES, 10);
        let channel = Channel::start(move |_, _| Reply::Status(status));
        let sandbox = Sandbox::serve(&[("input", export.input.clone())]);
        let ended = Runner::of_spec(&export.spec, &sandbox.url)
            .env("BASE", &channel.url())
            .run();
        let held = sandbox.stop();
        assert_eq!(ended.code, 1);
        assert_eq!(told(&held, "failed"), ids(1..=2));
        let logs = held.text("logs.jsonl");
        let reason = format!("/batch was answered {status}");
        assert!(logs.contains("the channel takes nothing: "), "{logs}");
        assert!(logs.contains(&reason), "{logs}");
        assert!(logs.contains("8 not sent"), "{logs}");
        assert_eq!(channel.count(), 1);
    }
    // Nobody listens at this port.
    let export = export(&format!("{BATCHES}  concurrency: 5\n"), 10);
    let sandbox = Sandbox::serve(&[("input", export.input.clone())]);
    let ended = Runner::of_spec(&export.spec, &sandbox.url)
        .env("BASE", "http://127.0.0.1:9")
        .run();
    let held = sandbox.stop();
    assert_eq!(ended.code, 1);
    let logs = held.text("logs.jsonl");
    assert!(logs.contains("nobody listens at 127.0.0.1:9"), "{logs}");
    assert_eq!(told(&held, "failed"), ids(1..=2));
}

/// Rows behind one that is stuck are told when the run ends early, with several at a time and where
/// rows of one value go together.
#[test]
fn rows_behind_one_that_is_stuck_are_told() {
    let by = "concurrency: 2\n  batch: { rows: 2, split: true, by: \"{{ 'b' if row.id == '2' else 'a' }}\" }\n  request: { path: /batch, json: \"{{ rows | map(attribute='id') }}\" }\n";
    let stuck = format!("{ROWS}  concurrency: 4\n");
    for target in [by.to_owned(), stuck] {
        // Row 4 waits for another attempt; the signal comes with request 7.
        let (ended, channel, held) = killed_while(&target, 20, Signal::TERM, 7, "\"4\"");
        assert_eq!(ended, Some(143));
        let logs = held.text("logs.jsonl");
        let came = sent_at_least_once(&channel);
        let known: BTreeSet<u32> = ["ok", "failed", "unknown"]
            .iter()
            .flat_map(|status| told(&held, status))
            .collect();
        assert_eq!(known, came, "{target}{logs}");
    }
}

/// Halves of a batch are not sent any more once the run is stopped.
#[test]
fn nothing_new_is_sent_once_the_run_is_stopped() {
    let target = "batch: 16\n  request: { path: /batch, json: \"{{ rows | map(attribute='id') }}\", on_response: [{ status: 422, then: split }] }\n";
    let export = export(target, 16);
    let child: Arc<Mutex<Option<Child>>> = Arc::default();
    let victim = Arc::clone(&child);
    let channel = Channel::start(move |number, _| {
        if number == 2 {
            stop(victim.lock().unwrap().as_ref().unwrap(), Signal::TERM);
            thread::sleep(Duration::from_millis(200));
        }
        Reply::Status(422)
    });
    let sandbox = Sandbox::serve(&[("input", export.input.clone())]);
    *child.lock().unwrap() = Some(
        Runner::of_spec(&export.spec, &sandbox.url)
            .env("BASE", &channel.url())
            .spawn(),
    );
    while child
        .lock()
        .unwrap()
        .as_mut()
        .unwrap()
        .try_wait()
        .unwrap()
        .is_none()
    {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(channel.count(), 2, "{:?}", channel.bodies());
    // Both batches were refused, and the rows are told as that.
    let held = sandbox.stop();
    let logs = held.text("logs.jsonl");
    assert_eq!(told(&held, "failed"), ids(1..=16), "{logs}");
    assert!(logs.contains("0 ok, 16 failed"), "{logs}");
}
