//! `runner preview`: what it shows, and that it reads no more than it needs.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::mock::Mock;

const SPEC: &str = r#"
version: 1
name: try
mode: data-source
options: { BASE: { type: input }, KEY: { type: password, default: preview-secret } }
http: { base_url: "{{ options.BASE }}", auth: { bearer: "{{ options.KEY }}" } }
source:
  - name: product
    request: { path: /products, query: { page: "{{ page.number }}" } }
    pages: { page: { size: 2 } }
  - name: detail
    request: "/details/{{ product.id }}"
columns:
  id: "{{ product.id }}"
  color: "{{ detail.colour }}"
  echo: "{{ detail.echo }}"
"#;

const MOCK: &str = r#"
- { request: "GET <mock>/products?page=1", answer: [{ id: 1 }, { id: 2 }] }
- { request: "GET <mock>/products?page=2", answer: [{ id: 3 }, { id: 4 }] }
- { request: GET <mock>/details/1, answer: { color: red, echo: "preview-secret" } }
- { request: GET <mock>/details/2, answer: { color: blue } }
- { request: GET <mock>/details/3, answer: { color: green } }
"#;

fn preview(args: &[&str]) -> (String, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    fs::write(&spec, SPEC).unwrap();
    let mock = Mock::start(Path::new("."), MOCK);
    let ended = Runner::new()
        .args(["preview", "--spec"])
        .arg(&spec)
        .args(args.iter().copied())
        .env("BASE", &mock.url)
        .run()
        .expect(0);
    assert!(!ended.stdout.contains("preview-secret"), "{}", ended.stdout);
    (ended.stdout.replace(&mock.url, "<mock>"), mock.requests())
}

#[test]
fn no_page_and_no_detail_is_read_that_is_not_shown() {
    let paths = |rows: &str| {
        let (_, requests) = preview(&["--rows", rows]);
        let paths = requests
            .iter()
            .map(|line| line.split(' ').nth(1).unwrap().replace("<mock>", ""));
        paths.collect::<Vec<_>>()
    };
    assert_eq!(paths("1"), ["/products?page=1", "/details/1"]);
    assert_eq!(paths("2"), ["/products?page=1", "/details/1", "/details/2"]);
    let three = [
        "/products?page=1",
        "/details/1",
        "/details/2",
        "/products?page=2",
        "/details/3",
    ];
    assert_eq!(paths("3"), three);
}

#[test]
fn rows_are_shown_with_what_was_empty() {
    insta::assert_snapshot!(preview(&["--rows", "2"]).0);
}

#[test]
fn records_stand_beside_their_rows() {
    insta::assert_snapshot!(preview(&["--rows", "1", "--record"]).0);
}

#[test]
fn requests_are_shown_without_secrets() {
    let (shown, _) = preview(&["--rows", "1", "--requests"]);
    // How long an answer took is no matter of a test.
    let shown: Vec<String> = shown
        .lines()
        .map(|line| match line.rsplit_once(", ") {
            Some((front, back)) if back.ends_with(" ms") => format!("{front}, <took>"),
            _ => line.to_owned(),
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn programs_read_json() {
    let (shown, _) = preview(&["--rows", "1", "--format", "json", "--record", "--requests"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        shown["rows"],
        serde_json::json!([{ "id": "1", "color": "", "echo": "[hidden]" }])
    );
    assert_eq!(
        shown["records"],
        serde_json::json!([{ "color": "red", "echo": "[hidden]" }])
    );
    assert_eq!(shown["requests"][1]["request"], "GET <mock>/details/1");
    assert_eq!(shown["requests"][1]["headers"]["authorization"], "[hidden]");
    assert_eq!(
        shown["warnings"][0],
        "color: no detail has \"colour\"; did you mean \"color\"?"
    );
}

/// The rows of the site are read from a file.
#[test]
fn a_data_service_is_looked_at_with_rows_of_a_file() {
    let ended = Runner::new()
        .args([
            "preview",
            "--spec",
            "connectors/data-service.yaml",
            "--input",
            "examples/products.csv",
            "--rows",
            "2",
        ])
        .args([
            "--new-column-name=copy",
            "--source-column=title",
            "--format",
            "json",
        ])
        .run()
        .expect(0);
    let shown: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let rows = shown["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter().all(|row| row["copy"] == row["title"]),
        "{rows:?}"
    );
}

const EXPORT: &str = r#"
version: 1
name: try
mode: export
options: { KEY: { type: password, default: preview-secret } }
http: { base_url: "https://channel.example", headers: { X-Key: "{{ options.KEY }}" } }
reject: [{ when: "{{ not row.title }}", message: no title }]
target:
  batch: 2
  item: { id: "{{ row.id }}", price: "{{ row.price | to_number }}" }
  request: { path: /offers, query: { n: "{{ batch.number }}" }, json: { items: "{{ items }}" } }
  results: { list: $.r, match: position }
feedback: { columns: { id: "{{ row.id }}", status: "{{ outcome.status }}" } }
"#;

/// Steps of which each needs what was answered before.
const CHAIN: &str = r#"
version: 1
name: chain
mode: export
http: { base_url: https://channel.example }
target:
  before:
    - { name: index, request: { path: /indexes, json: { name: new } } }
  after:
    - { when: "{{ run.rows_failed == 0 }}", request: { path: "/swap/{{ index.body.id }}", json: { to: "{{ index.body.id }}" } } }
  item: { id: "{{ row.id }}", title: "{{ row.title }}" }
  steps:
    - { name: found, request: { path: /products, query: { sku: "{{ row.id }}" } } }
    - when: "{{ not found.body.items }}"
      request: { path: "/indexes/{{ index.body.id }}/products", json: "{{ item }}" }
    - when: "{{ found.body.items }}"
      request: { method: PUT, url: "{{ found.body.items[0].url }}", json: "{{ item }}", headers: { if-match: "{{ found.body.items[0].version }}" } }
    - when: "{{ row.id == '2' }}"
      request: { path: /two, json: { id: "{{ found.body.items[0].id | default('x') }}" } }
feedback: { columns: { id: "{{ row.id }}" } }
"#;

const ROWS: &str = "id,title,price\n1,one,1.50\n2,two,2\n3,,3\n4,four,x\n5,five,5\n";

/// An export, looked at or rehearsed; nobody listens, and nothing is written.
fn export(args: &[&str]) -> String {
    export_of(EXPORT, args)
}

fn export_of(spec_text: &str, args: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    fs::write(&spec, spec_text).unwrap();
    let input = folder.path().join("input.csv");
    fs::write(&input, ROWS).unwrap();
    let ended = Runner::new()
        .args(args.iter().copied())
        .arg("--spec")
        .arg(&spec)
        .arg("--input")
        .arg(&input)
        .run()
        .expect(0);
    assert!(!ended.stdout.contains("preview-secret"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[test]
fn requests_of_an_export_stand_beside_their_rows() {
    insta::assert_snapshot!(export(&["preview", "--rows", "5"]));
}

#[test]
fn programs_read_what_an_export_would_send() {
    let shown = export(&["preview", "--rows", "2", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["sendings"][0]["rows"], serde_json::json!([1, 2]));
    let request = &shown["sendings"][0]["requests"][0];
    assert_eq!(
        request["request"],
        "POST https://channel.example/offers?n=1"
    );
}

#[test]
fn a_dry_run_prints_requests_and_writes_nothing() {
    let shown = export(&["sandbox", "--dry-run"]);
    // How long it took is no matter of a test.
    let shown = regex::Regex::new(r"\d+\.\d s ")
        .unwrap()
        .replace(&shown, "<seconds> ");
    insta::assert_snapshot!(shown);
}

/// Each step of a chain is shown, though nobody answers those before it.
#[test]
fn every_step_of_a_chain_is_shown() {
    let shown = export_of(CHAIN, &["sandbox", "--dry-run", "--quiet"]);
    insta::assert_snapshot!(shown);
    let looked_at = export_of(CHAIN, &["preview", "--rows", "1", "--format", "json"]);
    let looked_at: serde_json::Value = serde_json::from_str(&looked_at).unwrap();
    let sendings = &looked_at["sendings"];
    let steps = sendings[1]["requests"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[0]["needs_answers"], false);
    assert_eq!(steps[2]["where"], "{{ found.body.items }}");
    assert_eq!(steps[2]["request"], "PUT {{ found.body.items[0].url }}");
    assert_eq!(sendings[2]["rows"], serde_json::json!([]));
}

#[test]
fn a_dry_run_is_for_exports() {
    let ended = Runner::new()
        .args([
            "sandbox",
            "--dry-run",
            "--spec",
            "connectors/data-source.yaml",
        ])
        .run()
        .expect(2);
    assert!(ended.stderr.contains("see its rows with runner preview"));
}

/// A file of a spec lies beside it, wherever one is; a path that is filled in is of one's own folder.
#[test]
fn a_file_of_a_spec_is_looked_for_beside_it() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("specs")).unwrap();
    let spec = "version: 1\nname: beside\nmode: data-source\noptions: { FILE: { type: input, default: feed.csv } }\nsource: { file: { url: \"{{ options.FILE }}\" } }\nkeep: all\n";
    fs::write(path("specs/beside.yaml"), spec).unwrap();
    let look = |arguments: &[&str]| {
        Runner::new()
            .in_folder(folder.path())
            .args(["preview", "--spec", "specs/beside.yaml"])
            .args(arguments.iter().copied())
            .run()
    };
    let none = look(&[]).expect(1);
    assert!(
        none.stderr
            .contains("no file is there, nor at specs/feed.csv, beside the spec"),
        "{}",
        none.stderr
    );
    fs::write(path("feed.csv"), "id\nmine\n").unwrap();
    assert!(look(&[]).expect(0).stdout.contains("mine"));
    fs::write(path("specs/feed.csv"), "id\nbeside\n").unwrap();
    assert!(look(&[]).expect(0).stdout.contains("beside"));
    fs::write(path("specs/a.csv"), "id\none\n").unwrap();
    assert!(look(&["--file", "a*.csv"]).expect(0).stdout.contains("one"));
    let whole = path("feed.csv");
    assert!(
        look(&["--file", whole.to_str().unwrap()])
            .expect(0)
            .stdout
            .contains("mine")
    );
}
