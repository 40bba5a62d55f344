//! Passwords: never in a log, an error, a help text or what the sandbox prints.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::Kind;
use crate::support::sandbox::Sandbox;

/// Quotes and a backslash are written otherwise in JSON.
const PASSWORD: &str = r#"s3"c\ret"#;

/// The password reaches messages through a row that holds it too: nothing else can be shown.
const SPEC: &str = r#"
version: 1
name: secrets
mode: data-service
options:
  TOKEN: { type: password, required: true }
  PUP_AUTH_REFRESH_TOKEN: { type: password }
where: "{{ options.TOKEN }}"
columns:
  number: "{{ row.title | to_number }}"
log:
  - { at: row, message: "saw {{ row.title }}", context: { titles: ["{{ row.title }}"], pin: "{{ row.pin | to_number }}" } }
  - { at: failure, message: "failed: {{ error.message }}" }
"#;

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn input(folder: &TempDir) -> PathBuf {
    let quoted = PASSWORD.replace('"', "\"\"");
    file(
        folder,
        "input.csv",
        &format!("id,title,pin\n1,\"{quoted}\",4711\n"),
    )
}

#[test]
fn a_password_is_shown_nowhere() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::serve(&[("input", input(&folder))]);
    let proxy = Proxy::start(&sandbox.url, |request| match (request.kind, request.nth) {
        // One log is refused, and goes to standard error.
        (Kind::Log, 1) => Do::Answer(400, r#"{"message":"No"}"#.to_owned()),
        _ => Do::Pass,
    });
    let spec = file(&folder, "spec.yaml", SPEC);
    let ended = Runner::of_spec(&spec, &proxy.url())
        .arg("--verbose")
        .env("TOKEN", PASSWORD)
        .arg("--pup-auth-refresh_token=4711")
        .run()
        .expect(1);
    let held = sandbox.stop();
    let logs = held.text("logs.jsonl");
    for shown in [&ended.stderr, &ended.stdout, &logs] {
        for secret in [PASSWORD, r#"s3\"c\\ret"#, "4711"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let said = r#"column `number`: "[hidden]" is no number"#;
    let undelivered = format!(r#"failed: row 1 (id: "1"): {said}"#);
    assert!(ended.stderr.contains(&undelivered), "{}", ended.stderr);
    assert!(logs.contains(&said.replace('"', "\\\"")), "{logs}");
}

#[test]
fn a_row_that_holds_a_password_leaves_as_it_came() {
    let folder = TempDir::new().unwrap();
    let spec = SPEC.replace("row.title | to_number", "row.id | to_number");
    let ended = Runner::new()
        .args(["sandbox", "--out"])
        .arg(folder.path().join("out"))
        .arg("--spec")
        .arg(file(&folder, "spec.yaml", &spec))
        .arg("--input")
        .arg(input(&folder))
        .env("TOKEN", PASSWORD)
        .env("PUP_AUTH_REFRESH_TOKEN", "4711")
        .run()
        .expect(0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let expected = r#"{"id":"1","title":"s3\"c\\ret","pin":"4711","number":1}"#;
    assert_eq!(read("output.jsonl"), format!("{expected}\n"));
    let expected = concat!(
        r#"{"level":"info","message":"saw [hidden]","#,
        r#""context":{"titles":["[hidden]"],"pin":"[hidden]"}}"#,
        "\n"
    );
    assert_eq!(read("logs.jsonl"), expected);
    assert!(ended.stdout.contains("saw [hidden]"), "{}", ended.stdout);
}

/// What is wrong with a value is said without the value.
#[test]
fn flags_are_refused_without_their_values() {
    let folder = TempDir::new().unwrap();
    let ended = Runner::new()
        .arg("--spec")
        .arg(file(&folder, "spec.yaml", SPEC))
        .args(["--tokne=hunter2", "--token=hunter3"])
        .run()
        .expect(2);
    assert!(ended.stderr.contains("--tokne"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter"), "{}", ended.stderr);
}
