//! A case is a folder: a spec, what it is given, and what the Container API must get.
//!
//! | File | Holds |
//! |---|---|
//! | `spec.yaml`, or `spec` with a path | the spec |
//! | `args`, `env` | one flag a line; `NAME=value` a line |
//! | `input.*`, `new.*`, `modified.*`, `unchanged.*`, `deleted.*` | what can be read |
//! | `reads.txt` | `METHOD PATH` of everything that reads, in order; not compared where it is missing |
//! | `output.txt`, `feedback.txt` | rows as written, one a line, an empty line between writes; `feedback-joined.txt` without it |
//! | `logs.txt` | `LEVEL MESSAGE CONTEXT`, in order; sorted where it is `logs-sorted.txt` |
//! | `stderr.txt` | standard error |
//! | `mock.yaml` | somebody's API ([`super::mock`]); `<mock>` in `args` and `env` is its address, `<mock-host>` in what is expected its host and port |
//! | `requests.txt` | what it was asked, one request a line; sorted where it is `requests-sorted.txt` |
//! | `state.json`, `state-after.json` | what `--state` names, before and after |
//!
//! With `BLESS=1` in the environment expected files are written instead of compared.
//! In expected files `<seconds>` stands for the time of the run in seconds, `<uuid>` for a UUID, `<jwt>` for a
//! signed token, `<case>` for the case's folder.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::cli::Runner;
use super::mock::Mock;
use super::proxy::{Do, Proxy};
use super::requests::{Kind, Request};
use super::sandbox::Sandbox;

/// Cases that run at a time.
const AT_A_TIME: usize = 8;

const INPUTS: [&str; 5] = ["input", "new", "modified", "unchanged", "deleted"];

/// Runs every case of `tests/cases/VERDICT`; each must end with `code`.
#[track_caller]
pub fn run_all(verdict: &str, code: i32) {
    let folder = super::project("tests/cases").join(verdict);
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    // Some wait, as their specs say: others run meanwhile.
    let waiting = Mutex::new(cases.into_iter());
    let report = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let case = waiting.lock().expect("the cases").next();
                    let Some(case) = case else { return };
                    for difference in run(&case, code) {
                        let mut report = report.lock().expect("the report");
                        writeln!(report, "{}: {difference}", case.display()).expect("a string");
                    }
                }
            });
        }
    });
    let report = report.into_inner().expect("the report");
    assert!(report.is_empty(), "\n{report}");
}

/// The text with `<uuid>` in place of each UUID, and `<jwt>` in place of each signed token.
fn without_what_is_made(text: &str) -> String {
    let jwt = regex::Regex::new(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+").expect("a pattern");
    let text = jwt.replace_all(text, "<jwt>");
    let uuid = regex::Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
        .expect("a pattern");
    uuid.replace_all(&text, "<uuid>").into_owned()
}

/// Runs a case; what is not as expected.
fn run(case: &Path, code: i32) -> Vec<String> {
    let sandbox = Sandbox::serve(&inputs(case));
    let proxy = Proxy::start(&sandbox.url, |_| Do::Pass);
    let mock = case
        .join("mock.yaml")
        .exists()
        .then(|| Mock::of_folder(case));
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let with_mock = |text: &str| {
        let text = text.replace("<case>", case.to_str().expect("a path"));
        match &mock {
            Some(mock) => text.replace("<mock>", &mock.url),
            None => text,
        }
    };
    let args = lines(case, "args");
    let mut runner = Runner::of_spec(&spec(case), &proxy.url());
    runner = runner.args(args.iter().map(|line| with_mock(line)));
    if let Some(mock) = &mock {
        runner = runner.env("HTTPS_PROXY", &mock.url).env(
            "SSL_CERT_FILE",
            mock.authority.path().to_str().expect("a path"),
        );
    }
    let state = folder.path().join("state.json");
    if case.join("state.json").exists() {
        fs::copy(case.join("state.json"), &state).expect("a copy");
    }
    if case.join("state-after.json").exists() || case.join("state.json").exists() {
        runner = runner.arg("--state").arg(&state);
    }
    for line in lines(case, "env") {
        let (name, value) = line.split_once('=').expect("NAME=value");
        runner = runner.env(name, &with_mock(value));
    }
    let began = now();
    let ended = runner.run();
    let mut differences = Vec::new();
    let mut compare = |file: &str, actual: &str| {
        let actual = &match &mock {
            Some(mock) => actual
                .replace(&mock.url, "<mock>")
                .replace(mock.url.trim_start_matches("http://"), "<mock-host>"),
            None => actual.to_owned(),
        };
        let actual =
            &without_what_is_made(actual).replace(case.to_str().expect("a path"), "<case>");
        let expected = fs::read_to_string(case.join(file)).unwrap_or_default();
        if !matches(&expected, actual, began..=now()) {
            if is_blessing() && (case.join(file).exists() || !actual.is_empty()) {
                fs::write(case.join(file), actual).expect("written");
                return;
            }
            differences.push(format!(
                "{file}\n--- expected\n{expected}--- actual\n{actual}---"
            ));
        }
    };
    let requests = proxy.requests();
    let of = |kind: Kind| requests.iter().filter(move |request| request.kind == kind);
    compare("output.txt", &writes(of(Kind::Output)));
    let feedback = writes(of(Kind::Feedback));
    if case.join("feedback-joined.txt").exists() {
        compare("feedback-joined.txt", &feedback.replace("\n\n", "\n"));
    } else {
        compare("feedback.txt", &feedback);
    }
    let logs = of(Kind::Log).map(Request::as_log);
    let (file, logs) = in_order(case, "logs", logs.collect());
    compare(&file, &logs);
    compare("stderr.txt", &ended.stderr);
    if case.join("reads.txt").exists() {
        let reads = requests
            .iter()
            .filter(|request| !matches!(request.kind, Kind::Output | Kind::Feedback | Kind::Log));
        let reads = reads.map(|request| format!("{} {}", request.method, request.path));
        compare("reads.txt", &text_of(reads));
    }
    if let Some(mock) = &mock {
        let (file, asked) = in_order(case, "requests", mock.requests());
        compare(&file, &asked);
    }
    if case.join("state-after.json").exists() {
        let after = fs::read_to_string(&state).unwrap_or_default();
        compare("state-after.json", &after);
    }
    differences.extend(mock.iter().flat_map(Mock::differences));
    if ended.code != code {
        differences.push(format!("exit code {} instead of {code}", ended.code));
    }
    if !ended.stdout.is_empty() {
        differences.push(format!("standard output: {}", ended.stdout));
    }
    differences
}

/// The file that says what is expected, and the lines: sorted, where `NAME-sorted.txt` is there.
fn in_order(case: &Path, name: &str, mut lines: Vec<String>) -> (String, String) {
    let mut file = format!("{name}-sorted.txt");
    if case.join(&file).exists() {
        lines.sort();
    } else {
        file = format!("{name}.txt");
    }
    (file, text_of(lines.into_iter()))
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// What can be read, by its type.
pub fn inputs(case: &Path) -> Vec<(&'static str, PathBuf)> {
    let kinds = INPUTS.into_iter();
    kinds
        .filter_map(|kind| Some((kind, find(case, kind)?)))
        .collect()
}

fn spec(case: &Path) -> PathBuf {
    match fs::read_to_string(case.join("spec")) {
        Ok(path) => super::project(path.trim()),
        Err(_) => case.join("spec.yaml"),
    }
}

fn find(case: &Path, kind: &str) -> Option<PathBuf> {
    let files = ["csv", "tsv", "jsonl", "json"].map(|ending| case.join(format!("{kind}.{ending}")));
    files.into_iter().find(|file| file.exists())
}

fn lines(case: &Path, file: &str) -> Vec<String> {
    let text = fs::read_to_string(case.join(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn text_of(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

fn writes<'r>(requests: impl Iterator<Item = &'r Request>) -> String {
    let writes: Vec<String> = requests
        .map(|request| text_of(request.rows().into_iter()))
        .collect();
    writes.join("\n")
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

/// Whether both are the same, `<seconds>` standing for any time of the run.
fn matches(expected: &str, actual: &str, seconds: std::ops::RangeInclusive<u64>) -> bool {
    let mut rest = actual;
    for (index, part) in expected.split("<seconds>").enumerate() {
        if index > 0 {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let is_now = rest[..digits]
                .parse()
                .is_ok_and(|second: u64| seconds.contains(&second));
            if !is_now {
                return false;
            }
            rest = &rest[digits..];
        }
        match rest.strip_prefix(part) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}
