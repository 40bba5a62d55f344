//! What the client makes of a Container API that is older, slower, or not what it was before.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::{Kind, Request};
use crate::support::sandbox::{Held, Sandbox};

const SPEC: &str = "version: 1\nname: copy\nmode: data-service\nbatch_size: 2\n";
const INPUT: &str = "id\n1\n2\n3\n4\n5\n";

/// Runs [`SPEC`] on [`INPUT`], with `rule` between both.
fn run(rule: impl Fn(&Request) -> Do + Send + Sync + 'static) -> (Ended, Held, Vec<Request>) {
    let folder = TempDir::new().expect("a temporary folder");
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let sandbox = Sandbox::serve(&[("input", file("input.csv", INPUT))]);
    let proxy = Proxy::start(&sandbox.url, rule);
    let ended = Runner::of_spec(&file("spec.yaml", SPEC), &proxy.url()).run();
    (ended, sandbox.stop(), proxy.requests())
}

fn rows(held: &Held) -> usize {
    held.lines("output.jsonl").len()
}

#[track_caller]
fn assert_log(held: &Held, part: &str) {
    let logs = held.text("logs.jsonl");
    assert!(logs.contains(part), "{part:?} is not in\n{logs}");
}

fn message(text: &str) -> String {
    format!("{{\"message\":\"{text}\"}}")
}

#[test]
fn an_end_by_204_is_an_end() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Read, 4..) => Do::Answer(204, String::new()),
        _ => Do::Pass,
    });
    ended.expect(0);
    assert_eq!(rows(&held), 5);
}

#[test]
fn an_older_sidecar_is_read_by_the_older_name() {
    let (ended, held, requests) = run(|request| {
        if request.path.contains("/input/input/") || request.path.contains("/items/input/") {
            Do::Answer(404, message("Input type input does not exist."))
        } else {
            Do::Pass
        }
    });
    ended.expect(0);
    assert_eq!(rows(&held), 5);
    assert!(
        requests
            .iter()
            .any(|request| request.path == "/items/full/count")
    );
}

#[test]
fn a_count_that_differs_fails_the_run() {
    let (ended, held, _) = run(|request| match request.kind {
        Kind::Count => Do::Answer(200, r#"{"message":"","data":{"count":7}}"#.to_owned()),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(rows(&held), 5);
    assert_log(
        &held,
        "/items/input/count: the platform counts 7 rows, and 5 were read. 5 rows read, 5 written",
    );
}

#[test]
fn a_platform_that_cannot_count_is_no_failure() {
    for status in [404, 500] {
        let (ended, held, _) = run(move |request| match request.kind {
            Kind::Count => Do::Answer(status, message("No count")),
            _ => Do::Pass,
        });
        ended.expect(0);
        assert_eq!(rows(&held), 5);
    }
    let (ended, held, _) = run(|request| match request.kind {
        Kind::Count => Do::Answer(200, "<html>".to_owned()),
        _ => Do::Pass,
    });
    ended.expect(0);
    assert_eq!(rows(&held), 5);
}

#[test]
fn an_input_that_is_another_after_a_restart_fails_the_run() {
    // Read 3 is lost; reads 4 and 5 are those after the restart, and 5 has the last batch again.
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Read, 3) => Do::Reset { done: true },
        (Kind::Read, 5) => Do::Replace("\"4\"", "\"44\""),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(rows(&held), 4);
    assert_log(
        &held,
        "the input read again is not the same: rows 3 to 4 are other ones",
    );
}

#[test]
fn an_input_that_is_shorter_after_a_restart_fails_the_run() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Read, 3) => Do::Reset { done: true },
        (Kind::Read, 5) => Do::Answer(200, r#"{"message":"","data":[]}"#.to_owned()),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(rows(&held), 4);
    assert_log(&held, "it has 2 rows, and 4 were read before");
}

#[test]
fn reads_that_fail_for_good_fail_the_run_behind_what_is_written() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Read, 2..) => Do::Answer(500, message("The file is damaged")),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(rows(&held), 2);
    assert_log(
        &held,
        "GET /input/input/next_batch?size=2: status 500: The file is damaged, several times in a \
         row. 2 rows read, 2 written",
    );
}

#[test]
fn a_refused_read_tells_method_path_status_and_the_apis_own_words() {
    let (ended, held, _) = run(|request| match request.kind {
        Kind::Read => Do::Answer(
            400,
            r#"{"message":"Validation failed.","errors":{"size":"Too large."}}"#.to_owned(),
        ),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_log(
        &held,
        "GET /input/input/next_batch?size=2: status 400: Validation failed. (size: Too large.)",
    );
}

#[test]
fn a_refused_write_was_not_done() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Output, 2) => Do::Answer(400, r#"{"message":"No.","errors":[]}"#.to_owned()),
        _ => Do::Pass,
    });
    ended.expect(1);
    assert_eq!(rows(&held), 2);
    assert_log(
        &held,
        "POST /output/output: status 400: No. Rows 3 to 4 were not written; 2 rows before them \
         are surely written",
    );
}

#[test]
fn rows_that_are_no_objects_are_read_again() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Read, 2) => Do::Answer(200, r#"{"message":"","data":[1,2]}"#.to_owned()),
        _ => Do::Pass,
    });
    ended.expect(0);
    assert_eq!(rows(&held), 5);
}

#[test]
fn an_api_that_is_gone_leaves_the_reason_on_standard_error() {
    let (ended, held, _) = run(|request| match (request.kind, request.nth) {
        (Kind::Output, 1) => Do::Pass,
        (Kind::Output | Kind::Log, _) => Do::Reset { done: false },
        _ => Do::Pass,
    });
    let ended = ended.expect(1);
    assert_eq!(rows(&held), 2);
    assert!(
        ended
            .stderr
            .contains("error: POST /output/output: no answer: ")
            && ended.stderr.contains("Rows 3 to 4 are in doubt"),
        "{}",
        ended.stderr
    );
}
