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
