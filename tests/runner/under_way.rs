//! Several batches under way at once: read ahead, mapped elsewhere, written in order; and answers
//! that are found to be broken only when they are scanned.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::{Kind, Request};
use crate::support::sandbox::{Held, Sandbox};

/// Rows of the input, and how many make a batch.
const ROWS: usize = 15;
const BATCH: usize = 3;

/// Rows so long that an answer is scanned where it is mapped.
fn input(folder: &TempDir) -> PathBuf {
    let filling = "x".repeat(2000);
    let rows = (1..=ROWS).fold("id,text\n".to_owned(), |rows, id| {
        rows + &format!("{id},{filling}\n")
    });
    file(folder, "input.csv", &rows)
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    path
}

const COPY: &str = "version: 1\nname: copy\nmode: data-service\nbatch_size: 3\n\
                    columns: { copy: \"{{ row.id }}\" }\ndrop: [text]\n";

fn run(
    spec: &str,
    rule: impl Fn(&Request) -> Do + Send + Sync + 'static,
) -> (Ended, Held, Vec<Request>) {
    let folder = TempDir::new().expect("a temporary folder");
    let sandbox = Sandbox::serve(&[("input", input(&folder))]);
    let proxy = Proxy::start(&sandbox.url, rule);
    let ended = Runner::of_spec(&file(&folder, "spec.yaml", spec), &proxy.url()).run();
    (ended, sandbox.stop(), proxy.requests())
}

fn copies(count: usize) -> Vec<String> {
    (1..=count)
        .map(|id| format!("{{\"id\":\"{id}\",\"copy\":\"{id}\"}}"))
        .collect()
}

fn count(requests: &[Request], kind: Kind) -> usize {
    requests
        .iter()
        .filter(|request| request.kind == kind)
        .count()
}

/// What becomes of the read with a row: its answer is no JSON, in several ways.
fn broken() -> [Do; 4] {
    let long = "[".repeat(10_000);
    [
        Do::Replace("\"id\":\"8\"", "\"id\":\"8"),
        Do::Replace("\"id\":\"8\",", "\"id\":\"8\" "),
        Do::DoneBut(200, format!("{{\"data\":[{long}")),
        Do::Truncate,
    ]
}

#[test]
fn a_broken_answer_is_made_good_without_a_gap() {
    let mut report = String::new();
    for what in broken() {
        let fault = what.clone();
        let (ended, held, requests) = run(COPY, move |request| match (request.kind, request.nth) {
            (Kind::Read, 3) => fault.clone(),
            _ => Do::Pass,
        });
        let restarts = count(&requests, Kind::Restart);
        let rows = held.lines("output.jsonl");
        let debugs = held.text("logs.jsonl").matches("\"debug\"").count();
        if ended.code != 0 || rows != copies(ROWS) || restarts != 2 || debugs != 1 {
            writeln!(report, "{what:?}: {ended:?}, {restarts} restarts, {rows:?}")
                .expect("a string");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn two_broken_answers_in_a_row_are_made_good() {
    // Read 3 is broken; reads 4 (sent before that was known), 5, 6 and 7 follow, and the first one
    // behind the restart is broken too.
    let (ended, held, requests) = run(COPY, |request| match (request.kind, request.nth) {
        (Kind::Read, 3 | 5) => Do::DoneBut(200, "[".repeat(10_000)),
        _ => Do::Pass,
    });
    ended.expect(0);
    assert_eq!(held.lines("output.jsonl"), copies(ROWS));
    // The first one comes before all reads.
    assert_eq!(count(&requests, Kind::Restart), 3);
}

#[test]
fn answers_that_stay_broken_fail_the_run_behind_what_is_written() {
    let (ended, held, _) = run(COPY, |request| match (request.kind, request.nth) {
        (Kind::Read, 3..) => Do::DoneBut(200, "[".repeat(10_000)),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(held.lines("output.jsonl"), copies(2 * BATCH));
    let logs = held.text("logs.jsonl");
    assert!(
        logs.contains("the answer is no JSON") && logs.contains("6 rows read, 6 written"),
        "{logs}"
    );
}

#[test]
fn one_answer_that_stays_broken_fails_the_run_too() {
    // Whenever the third batch is read, its answer is broken; those before it never are.
    let since_restart = AtomicUsize::new(0);
    let (ended, held, requests) = run(COPY, move |request| {
        match request.kind {
            Kind::Restart => since_restart.store(0, Ordering::SeqCst),
            Kind::Read if since_restart.fetch_add(1, Ordering::SeqCst) == 2 => {
                return Do::DoneBut(200, "[".repeat(10_000));
            }
            _ => {}
        }
        Do::Pass
    });
    ended.expect(1);
    assert_eq!(held.lines("output.jsonl"), copies(2 * BATCH));
    assert_eq!(count(&requests, Kind::Restart), 6);
    let logs = held.text("logs.jsonl");
    assert!(
        logs.contains("several times in a row. 6 rows read, 6 written"),
        "{logs}"
    );
}

#[test]
fn an_input_that_is_another_after_a_broken_answer_fails_the_run() {
    // Read 3 is broken, 4 was sent before that was known, 5 and 6 come behind the restart.
    let (ended, held, _) = run(COPY, |request| match (request.kind, request.nth) {
        (Kind::Read, 3) => Do::DoneBut(200, "[".repeat(10_000)),
        (Kind::Read, 6) => Do::Replace("\"5\"", "\"55\""),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(held.lines("output.jsonl"), copies(2 * BATCH));
    let logs = held.text("logs.jsonl");
    let part = "the input read again is not the same: rows 4 to 6 are other ones";
    assert!(logs.contains(part), "{logs}");
}

/// How many reads are sent while the first write is under way.
fn reads_ahead(spec: &str, expected: usize) -> usize {
    let reads = Arc::new(AtomicUsize::new(0));
    let ahead = Arc::new(AtomicUsize::new(0));
    let (counted, held) = (Arc::clone(&reads), Arc::clone(&ahead));
    let (ended, api, _) = run(spec, move |request| {
        match (request.kind, request.nth) {
            (Kind::Read, _) => {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            (Kind::Output, 1) => {
                let began = Instant::now();
                while counted.load(Ordering::SeqCst) < expected
                    && began.elapsed() < Duration::from_secs(10)
                {
                    thread::sleep(Duration::from_millis(1));
                }
                // One more than is allowed would come by now.
                thread::sleep(Duration::from_millis(100));
                held.store(counted.load(Ordering::SeqCst), Ordering::SeqCst);
            }
            _ => {}
        }
        Do::Pass
    });
    ended.expect(0);
    assert_eq!(api.lines("output.jsonl"), copies(ROWS));
    ahead.load(Ordering::SeqCst)
}

#[test]
fn a_batch_is_read_while_one_is_mapped_and_one_is_written_and_no_more() {
    assert_eq!(reads_ahead(COPY, 3), 3);
}

#[test]
fn where_batches_are_logged_one_batch_is_read_ahead() {
    let spec = format!("{COPY}log: [{{ at: batch, message: \"{{{{ run.rows_read }}}}\" }}]\n");
    assert_eq!(reads_ahead(&spec, 2), 2);
}

#[test]
fn a_mapping_that_takes_long_keeps_the_order() {
    let folder = TempDir::new().expect("a temporary folder");
    let rows = (1..=5000).fold("id\n".to_owned(), |rows, id| rows + &format!("{id}\n"));
    let sandbox = Sandbox::serve(&[("input", file(&folder, "input.csv", &rows))]);
    let spec = "version: 1\nname: long\nmode: data-service\nbatch_size: 500\n\
                columns:\n  n: \"{% for i in range(20) %}{{ row.id }},{% endfor %}\"\n";
    Runner::of_spec(&file(&folder, "spec.yaml", spec), &sandbox.url)
        .run()
        .expect(0);
    let expected: Vec<String> = (1..=5000)
        .map(|id| {
            format!(
                "{{\"id\":\"{id}\",\"n\":\"{}\"}}",
                format!("{id},").repeat(20)
            )
        })
        .collect();
    assert_eq!(sandbox.stop().lines("output.jsonl"), expected);
}

#[test]
fn a_row_that_fails_ends_the_run_behind_the_rows_before_its_batch() {
    let spec = "version: 1\nname: fail\nmode: data-service\nbatch_size: 3\n\
                columns: { copy: \"{{ 1 / (row.id | int - 8) }}\" }\ndrop: [text]\n";
    let (ended, held, _) = run(spec, |_| Do::Pass);
    ended.expect(1);
    assert_eq!(held.lines("output.jsonl").len(), 2 * BATCH);
    let logs = held.text("logs.jsonl");
    assert!(
        logs.contains("row 8 (id: \\\"8\\\"): column `copy`")
            && logs.contains("9 rows read, 6 written"),
        "{logs}"
    );
}
