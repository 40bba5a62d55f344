//! Exports to a channel whose answers are lost, repeated, late, cut and out of order, and which knows what
//! it applied: no row is `ok` that was not applied, none is `failed` that was, and none was applied twice
//! without an `unknown`.
//!
//! In CI the seeds are fixed. `SEEDS=1000..1100 cargo test --locked --test runner export_fates` tries others;
//! one seed is four runs, one of each shape.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::odd_channel::{Dice, OddChannel, Oddity};

/// The seeds of CI.
const SEEDS: Range<u64> = 0..80;
/// Runs at a time: they wait more than they work.
const AT_A_TIME: usize = 6;

#[derive(Debug, Clone, Copy)]
enum Shape {
    Rows,
    Batches,
    Steps,
    Jobs,
}

const SHAPES: [Shape; 4] = [Shape::Rows, Shape::Batches, Shape::Steps, Shape::Jobs];

/// A target, and the steps that all must be applied for a row that is ok.
struct Target {
    text: String,
    steps: &'static [&'static str],
    oddity: Oddity,
}

#[test]
fn what_a_row_is_called_is_what_became_of_it() {
    let seeds = match std::env::var("SEEDS") {
        Ok(said) => {
            let (first, end) = said.split_once("..").expect("SEEDS=1000..1100");
            first.parse().expect("a seed")..end.parse().expect("a seed")
        }
        Err(_) => SEEDS,
    };
    let runs: Vec<(u64, Shape)> = seeds
        .flat_map(|seed| SHAPES.map(|shape| (seed, shape)))
        .collect();
    let told = Mutex::new(BTreeMap::<String, usize>::new());
    let report = Mutex::new(String::new());
    let count = runs.len();
    let waiting = Mutex::new(runs.into_iter());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((seed, shape)) = next else { return };
                    let (counts, wrong) = run(seed, shape);
                    let mut told = told.lock().unwrap();
                    for (status, count) in counts {
                        *told.entry(status).or_default() += count;
                    }
                    report.lock().unwrap().push_str(&wrong);
                }
            });
        }
    });
    let report = report.into_inner().unwrap();
    assert!(report.is_empty(), "{report}");
    // Each fate was seen, so that there was something to be wrong about.
    let told = told.into_inner().unwrap();
    for status in ["ok", "failed", "unknown"] {
        let seen = told.get(status).copied().unwrap_or_default();
        assert!(seen > count / 4, "{status}: {seen} of {told:?}");
    }
}

/// Runs one; how often each status was told, and what is wrong about it.
fn run(seed: u64, shape: Shape) -> (BTreeMap<String, usize>, String) {
    let mut dice = Dice::new(seed).of(&format!("{shape:?}"));
    let target = target(shape, &mut dice);
    let count = 8 + dice.below(18);
    let channel = OddChannel::start(&dice, target.oddity);
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    let text = format!(
        "version: 1\nname: fates\nmode: export\nmax_failures: 100%\noptions: {{ BASE: {{ type: input }} }}\n\
         http: {{ base_url: \"{{{{ options.BASE }}}}\", timeout: 600ms, retry: {{ attempts: 3, wait: 5ms }} }}\n\
         target:\n{}\
         feedback: {{ columns: {{ id: \"{{{{ row.id }}}}\", status: \"{{{{ outcome.status }}}}\", error: \"{{{{ outcome.message }}}}\" }} }}\n",
        target.text
    );
    fs::write(&spec, &text).unwrap();
    let ids: Vec<String> = (1..=count).map(|id| format!("r{id}")).collect();
    let input = folder.path().join("input.csv");
    fs::write(&input, format!("id\n{}\n", ids.join("\n"))).unwrap();
    let out = folder.path().join("out");
    let ended = Runner::new()
        .arg("sandbox")
        .args(["--spec".as_ref(), spec.as_os_str()])
        .args(["--input".as_ref(), input.as_os_str()])
        .args(["--out".as_ref(), out.as_os_str()])
        .env("BASE", &channel.url)
        .run();
    let mut wrong = String::new();
    if !matches!(ended.code, 0 | 1) {
        writeln!(wrong, "exit code {}: {}", ended.code, ended.stderr).unwrap();
    }
    let mut told = BTreeMap::new();
    for line in fs::read_to_string(out.join("feedback.jsonl"))
        .unwrap_or_default()
        .lines()
    {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        if told
            .insert(text("id"), (text("status"), text("error")))
            .is_some()
        {
            writeln!(wrong, "{} was told twice", row["id"]).unwrap();
        }
    }
    let mut counts = BTreeMap::new();
    for id in &ids {
        let applied = target.steps.iter().map(|step| channel.applied(step, id));
        let applied: Vec<u32> = applied.collect();
        let (status, error) = match told.get(id) {
            Some((status, error)) => (status.as_str(), error.as_str()),
            None => ("not sent", ""),
        };
        *counts.entry(status.to_owned()).or_default() += 1;
        let is_all = applied.iter().all(|count| *count > 0);
        let is_any = applied.iter().any(|count| *count > 0);
        let is_twice = applied.iter().any(|count| *count > 1);
        let is_right = match status {
            "ok" => is_all && !is_twice,
            "failed" | "not sent" => !is_any,
            "unknown" => true,
            _ => false,
        };
        if !is_right {
            writeln!(
                wrong,
                "{id} is {status} ({error}), and was applied {applied:?}"
            )
            .unwrap();
        }
    }
    if !wrong.is_empty() {
        let head = format!("=== seed {seed}, {shape:?}\n{text}\n{}\n", channel.log());
        wrong.insert_str(0, &head);
    }
    (counts, wrong)
}

/// A target of a shape.
fn target(shape: Shape, dice: &mut Dice) -> Target {
    let mut oddity = Oddity {
        faults: 10 + dice.below(50),
        keeps_no_order: true,
        is_read: true,
        all_or_nothing: false,
        most: usize::MAX,
    };
    let concurrency = format!("  concurrency: {}\n", 1 + dice.below(4));
    let item = "  item: { id: \"{{ row.id }}\" }\n";
    let rows = 1 + dice.below(6);
    let batch = format!("  batch: {rows}\n");
    let by_key = "    match: { row: \"{{ row.id }}\", result: \"{{ result.id }}\" }\n";
    let (text, steps): (String, &'static [&'static str]) = match shape {
        Shape::Rows => {
            let request = match dice.below(4) {
                0 => "{ method: PUT, path: \"/rows/{{ row.id }}\", json: \"{{ item }}\" }",
                1 => {
                    "{ path: \"/rows/{{ row.id }}\", json: \"{{ item }}\", idempotency_key: \"k-{{ row.id }}\" }"
                }
                _ => "{ path: \"/rows/{{ row.id }}\", json: \"{{ item }}\" }",
            };
            oddity.is_read = dice.percent(50);
            let ok = if oddity.is_read {
                "  ok: \"{{ response.body.ok }}\"\n"
            } else {
                ""
            };
            (format!("  request: {request}\n{ok}"), &["rows"])
        }
        Shape::Batches => {
            let kind = dice.below(3);
            oddity.keeps_no_order = kind != 0;
            oddity.all_or_nothing = kind == 2;
            let results = match kind {
                0 => "    match: position\n    retry: \"{{ result.busy }}\"\n".to_owned(),
                1 => {
                    format!("{by_key}    missing: unknown\n    retry: \"{{{{ result.busy }}}}\"\n")
                }
                _ => format!("{by_key}    all_or_nothing: true\n    missing: unknown\n"),
            };
            if dice.percent(30) {
                oddity.most = 2;
            }
            let method = if dice.percent(50) { "PUT" } else { "POST" };
            let split = "  on_response: [{ status: 413, then: split }]\n";
            let text = format!(
                "{batch}{split}  request: {{ method: {method}, path: /batch, json: \"{{{{ items }}}}\" }}\n  results:\n    list: $.results\n{results}    ok: \"{{{{ result.ok }}}}\"\n"
            );
            (text, &["rows"])
        }
        Shape::Steps => {
            let kind = dice.below(3);
            oddity.is_read = kind == 2;
            let made =
                "    - { request: { path: \"/make/{{ row.id }}\", json: \"{{ item }}\" } }\n";
            match kind {
                0 => (
                    "  steps:\n    - { name: found, request: \"/version/{{ row.id }}\" }\n    - { request: { path: \"/update/{{ row.id }}\", json: { version: \"{{ found.body.version }}\" }, on_response: [{ status: 409, then: restart }] } }\n".to_owned(),
                    &["rows"],
                ),
                1 => (
                    format!("  steps:\n{made}    - {{ request: {{ method: PUT, path: \"/price/{{{{ row.id }}}}\", json: \"{{{{ item }}}}\" }} }}\n"),
                    &["make", "price"],
                ),
                _ => (
                    format!("  steps:\n{made}    - {{ request: {{ path: \"/price/{{{{ row.id }}}}\", json: \"{{{{ item }}}}\" }} }}\n  ok: \"{{{{ response.body.ok }}}}\"\n"),
                    &["make", "price"],
                ),
            }
        }
        Shape::Jobs => {
            let has_report = dice.percent(60);
            oddity.all_or_nothing = !has_report;
            let report = if has_report {
                format!(
                    "  results:\n    request: \"/reports/{{{{ submit.body.id }}}}\"\n    list: $.results\n{by_key}    ok: \"{{{{ result.ok }}}}\"\n"
                )
            } else {
                String::new()
            };
            let halves = if has_report {
                ""
            } else {
                "    all_or_nothing: true\n"
            };
            let text = format!(
                "{batch}  job:\n    submit: {{ path: /jobs, json: \"{{{{ items }}}}\" }}\n    poll: {{ request: \"/jobs/{{{{ submit.body.id }}}}\", every: 5ms, timeout: 3s }}\n    until: \"{{{{ poll.body.state in ['done', 'failed'] }}}}\"\n    failed: \"{{{{ poll.body.state == 'failed' }}}}\"\n{halves}{report}"
            );
            (text, &["rows"])
        }
    };
    Target {
        text: format!("{concurrency}{item}{text}"),
        steps,
        oddity,
    }
}
