//! `runner test`: what a case is given, what it may expect, and how a failure is told.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::project;

const IMPORT: &str = r#"
version: 1
name: shop
mode: data-source
options: { API: { type: input, required: true }, TOKEN: { type: password, required: true } }
http: { base_url: "{{ options.API }}", auth: { bearer: "{{ options.TOKEN }}" } }
source:
  - name: product
    request: { path: /products, query: { page: "{{ page.number }}" } }
    pages: { page: {} }
    records: $.data[*]
columns:
  id: "{{ record.id }}"
  title: "{{ record.title | upper }}"
  "sale-price": "{{ record.price }}"
  at: "{{ now() }}"
log:
  - { at: finish, level: success, message: "{{ run.rows_written }} products" }
"#;

const EXPORT: &str = r#"
version: 1
name: offers
mode: export
target:
  batch: 2
  item: { sku: "{{ row.id }}", price: "{{ row.price | to_number }}" }
  request: { url: "https://channel.example.com/offers", json: { offers: "{{ items }}" } }
  results: { list: "$.results[*]", match: position, ok: "{{ result.ok }}", message: "{{ result.why }}" }
feedback: { columns: { id: "{{ row.id }}", status: "{{ outcome.status }}", why: "{{ outcome.message }}" } }
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn test(folder: &Path, args: &[&str]) -> Ended {
    let runner = Runner::new().in_folder(folder).arg("test");
    runner.args(args.iter().copied()).run()
}

const GOOD: &str = r#"
cases:
  - name: two pages
    now: "2026-02-03T04:05:06Z"
    options: { API: "https://api.example.com" }
    answers:
      - { request: "GET /products?page=1", json: { data: [{ id: 1, title: shoe, price: 19.90 }, { id: 12345678901234567890, title: "hat" }] } }
      - { request: /products, json: { data: [] } }
    expect:
      rows:
        - { id: 1, title: SHOE, "sale-price": 19.90, at: "2026-02-03T04:05:06Z" }
        - { id: 12345678901234567890, title: HAT, "sale-price": "", at: "2026-02-03T04:05:06Z" }
      some: [{ title: HAT }]
      by: { id: { "1": { title: SHOE }, "2": none } }
      count: 2
      requests: ["GET /products?page=1", "GET https://api.example.com/products?page=2"]
      logs: [2 products, { level: success, message: products }]
  - name: nobody is there
    options: { API: "https://api.example.com" }
    answers: [{ request: "*", status: 404, body: gone }]
    expect: { exit: 1, rows: [], logs: [{ level: error, message: "404 Not Found" }] }
"#;

#[test]
fn cases_that_hold_are_told_as_ok() {
    let folder = folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", GOOD)]);
    for args in [&[] as &[&str], &["shop.test.yaml"], &["shop.yaml"], &["."]] {
        let ended = test(folder.path(), args).expect(0);
        assert_eq!(
            ended.stdout.replace("./", ""),
            "ok   shop.test.yaml: two pages\nok   shop.test.yaml: nobody is there\n2 cases: 2 ok, 0 failed\n"
        );
        assert_eq!(ended.stderr, "");
    }
}

#[test]
fn every_kind_of_difference_is_told() {
    let text = r#"
cases:
  - name: all of it
    options: { API: "https://api.example.com" }
    answers:
      - { request: /products, json: { data: [{ id: 1, title: shoe, price: 19.90 }, { id: 2, title: hat }] } }
      - { request: /products, json: { data: [] } }
    expect:
      exit: 1
      rows:
        - { id: 1, title: Shoe, "sale-price": 19.9, at: "2026-01-01T00:00:00Z", other: x }
        - { id: 2, title: HAT }
        - { id: 3 }
      some: [{ title: HAT, id: 1 }, { title: none of them }]
      by: { id: { "1": { title: shoe }, "2": none, "7": { title: x } } }
      count: 1
      requests: ["POST /products?page=1"]
      feedback: [{ id: 1 }]
      logs: [no such log, { level: warning, message: products }]
  - name: an option that there is not
    options: { APPI: x }
    expect: { exit: 0 }
  - name: an option that is not given
    expect: { exit: 0 }
  - name: no date
    now: soon
    options: { API: "https://api.example.com" }
    expect: { exit: 0 }
  - name: no tape
    tape: other.tape.jsonl
    expect: { exit: 0 }
  - name: nothing
    options: { API: "https://api.example.com" }
    expect: {}
  - name: nobody answers
    options: { API: "https://api.example.com" }
    expect: { exit: 0 }
"#;
    let folder = folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", text)]);
    let ended = test(folder.path(), &[]).expect(1);
    insta::assert_snapshot!("differences", ended.stdout);
    insta::assert_snapshot!(
        "differences_github",
        test(folder.path(), &["--format", "github"])
            .expect(1)
            .stdout
    );
    let json: Value =
        serde_json::from_str(&test(folder.path(), &["--format", "json"]).expect(1).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 7);
    assert_eq!(json[0]["differences"][1]["column"], "title");
    let junit = test(folder.path(), &["--format", "junit"]).expect(1).stdout;
    let junit = roxmltree::Document::parse(&junit).unwrap();
    let failures = junit
        .descendants()
        .filter(|node| node.has_tag_name("failure"))
        .count();
    assert_eq!(failures, 7);
}

#[test]
fn exports_are_tested_by_requests_and_feedback() {
    let text = r#"
cases:
  - name: one is refused
    input: [{ id: A, price: "1,50" }, { id: B, price: 2 }, { id: C, price: "" }]
    answers:
      - { request: POST /offers, json: { results: [{ ok: true }, { ok: false, why: too cheap }] } }
      - { request: POST /offers, json: { results: [{ ok: true }] } }
    expect:
      requests:
        - { request: POST /offers, json: { offers: [{ sku: A, price: 1.5 }, { price: 2, sku: B }] } }
        - { request: POST /offers, body: '{"offers":[{"sku":"C"}]}' }
      feedback:
        - { id: A, status: ok, why: "" }
        - { id: B, status: failed, why: too cheap }
        - { id: C, status: ok, why: ~ }
"#;
    let folder = folder(&[("offers.yaml", EXPORT), ("offers.test.yaml", text)]);
    test(folder.path(), &[]).expect(0);
}

#[test]
fn what_came_is_written_where_it_was_expected() {
    let text = r#"# kept
spec: shop.yaml
cases:
  - name: empty       # kept too
    options: { API: "https://api.example.com" }
    answers:
      - { request: /products, json: { data: [{ id: "a \"b\"", title: "größe: # x\ny", price: 1.10 }] } }
      - { request: /products, json: { data: [] } }
    expect: {}

  - name: changed
    options: { API: "https://api.example.com" }
    answers: [{ request: /products, status: 404, body: x }]
    expect:
      exit: 0
      rows:
      - { id: 1 }
      requests: [/a, /b]
      count: 9
      logs: ["404"]     # people's

  - name: flow
    options: { API: "https://api.example.com" }
    answers: [{ request: "/products?page=1", json: { data: [{ id: 1, title: x }, { id: 2 }] } }, { request: /products, json: { data: [] } }]
    expect: { rows: [{ id: 7 }], count: 1 }
"#;
    let folder = folder(&[("shop.yaml", IMPORT), ("other.test.yaml", text)]);
    test(folder.path(), &["--update"]).expect(0);
    let updated = fs::read_to_string(folder.path().join("other.test.yaml")).unwrap();
    insta::assert_snapshot!("updated", updated);
    let ended = test(folder.path(), &[]).expect(0);
    assert!(
        ended.stdout.ends_with("3 cases: 3 ok, 0 failed\n"),
        "{}",
        ended.stdout
    );
    let json = test(folder.path(), &["--format", "json", "missing.yaml"]).expect(2);
    assert!(json.stdout.contains("missing.test.yaml"), "{}", json.stdout);
    // What did not change is not written again.
    test(folder.path(), &["--update"]).expect(0);
    assert_eq!(
        fs::read_to_string(folder.path().join("other.test.yaml")).unwrap(),
        updated
    );
}

#[test]
fn test_files_that_can_t_be_used_are_refused() {
    let refused = |text: &str| {
        let folder = folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", text)]);
        let ended = test(folder.path(), &[]).expect(2);
        ended.stderr
    };
    let all = [
        refused("cases: []\n"),
        refused("cases:\n  - name: x\n    expct: {}\n"),
        refused("cases:\n  - { name: x, expect: { row: [] } }\n"),
        refused("cases:\n  - name: \"x\n"),
        refused(
            "cases:\n  - { name: x, expect: { some: { id: 1 }, logs: none, by: { id: B } } }\n",
        ),
        refused(
            "cases:\n  - { name: x, expect: { some: [], logs: [], by: {} } }\n  - { name: x, input: { id: 1 }, expect: { some: [{}], logs: [{ lvel: info, message: x }, { level: warn, message: y }, { level: info }], rows: [1], requests: [{ json: {} }] } }\n",
        ),
        refused(
            "cases:\n  - { name: x, answers: [{ request: FETCH /x, status: 99, json: {}, body: x }], expect: { exit: 0 } }\n",
        ),
    ];
    insta::assert_snapshot!("refused", all.join("\n---\n"));
    let empty = TempDir::new().unwrap();
    let ended = test(empty.path(), &[]).expect(2);
    assert!(
        ended.stderr.contains("no test file is in this folder"),
        "{}",
        ended.stderr
    );
    let lonely = folder(&[(
        "lonely.test.yaml",
        "cases: [{ name: x, expect: { exit: 0 } }]\n",
    )]);
    let ended = test(lonely.path(), &[]).expect(2);
    assert!(
        ended.stderr.starts_with("lonely.yaml: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_can_t_be_updated_stays_as_it_is() {
    let cannot = |cases: &str| {
        let text = format!("cases:\n{cases}");
        let folder = folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", &text)]);
        let ended = test(folder.path(), &["--update"]).expect(2);
        assert_eq!(
            fs::read_to_string(folder.path().join("shop.test.yaml")).unwrap(),
            text
        );
        ended.stderr
    };
    let case = |name: &str, expect: &str| {
        format!(
            "  - {{ name: {name}, options: {{ API: \"https://api.example.com\" }}, answers: [{{ request: \"*\", json: {{ data: [] }} }}], expect: {expect} }}\n"
        )
    };
    let all = [
        cannot(&(case("a", "&r { rows: [{ id: 2 }] }") + &case("b", "*r"))),
        cannot(&case("a", "{ rows: [] }").replace("\"*\"", "/other")),
    ];
    insta::assert_snapshot!("not_updated", all.join("\n---\n"));
    // Braces over lines stay braces, and a comment behind a list is not the list's.
    let open = case("a", "{}")
        .replace(", answers", ",\n      answers")
        .replace(", expect", ",\n      expect");
    let folder = folder(&[
        ("shop.yaml", IMPORT),
        (
            "shop.test.yaml",
            &format!("cases:\n{}", open.replace("data: []", "data: [1]")),
        ),
    ]);
    test(folder.path(), &["--update"]).expect(0);
    test(folder.path(), &[]).expect(0);
    let commented = "cases:\n  - name: a\n    options: { API: \"https://api.example.com\" }\n    answers:\n      - { request: \"/products?page=1\", json: { data: [{ id: 1, title: x }] } }\n      - { request: /products, json: { data: [] } }\n    expect:\n      rows:\n        - { id: 2 }\n      # behind\n      count: 1\n";
    let folder = self::folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", commented)]);
    test(folder.path(), &["--update"]).expect(0);
    let updated = fs::read_to_string(folder.path().join("shop.test.yaml")).unwrap();
    assert!(
        updated.contains("      # behind\n      count: 1\n"),
        "{updated}"
    );
    // A file of Windows stays one.
    let text = format!(
        "cases:\n{}",
        case("a", "{}").replace("data: []", "data: [1]")
    )
    .replace('\n', "\r\n");
    let folder = self::folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", &text)]);
    test(folder.path(), &["--update"]).expect(0);
    let updated = fs::read_to_string(folder.path().join("shop.test.yaml")).unwrap();
    assert_eq!(
        updated.matches('\n').count(),
        updated.matches("\r\n").count()
    );
    assert!(
        updated.contains("expect: { exit: 1, rows: [] } }"),
        "{updated}"
    );
}

/// What holds whatever came, or holds for another reason than it seems, fails.
#[test]
fn cases_that_say_less_than_they_seem_to_fail() {
    let case = |expect: &str| {
        format!(
            "  - {{ name: \"{}\", options: {{ API: \"https://api.example.com\" }}, answers: [{{ request: \"/products?page=1\", json: {{ data: [{{ id: 1, title: x }}] }} }}, {{ request: /products, json: {{ data: [] }} }}], expect: {expect} }}\n",
            expect.replace('"', "'")
        )
    };
    let cases = [
        case("{ some: [{ id: 1, nosuch: \"\" }] }"),
        case("{ by: { idd: { \"9\": none } } }"),
        case("{ feedback: [] }"),
        case("{ exit: 1 }").replace("/products", "/other"),
    ];
    let text = format!("cases:\n{}", cases.concat());
    let folder = folder(&[("shop.yaml", IMPORT), ("shop.test.yaml", &text)]);
    let ended = test(folder.path(), &[]).expect(1);
    for part in [
        "no row has a column `nosuch`",
        "no row has a column `idd`",
        "only an export has feedback",
        "0 ok, 4 failed",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
}

/// Shipped connectors and examples hold their tests, and all have some but those whose files are on servers
/// that no tape has: S3 and SFTP.
#[test]
fn shipped_specs_hold_their_tests() {
    const WITHOUT: [&str; 7] = [
        "csv-to-sftp",
        "google-sheet",
        "parquet-from-s3",
        "postgres-offers",
        "postgres-products",
        "s3-csv",
        "xml-feed-to-s3",
    ];
    let ended = test(&project("."), &["connectors", "examples"]).expect(0);
    assert!(ended.stdout.contains(" 0 failed"), "{}", ended.stdout);
    for folder in ["connectors", "examples"] {
        for entry in fs::read_dir(project(folder)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let Some(spec) = name.strip_suffix(".yaml") else {
                continue;
            };
            if spec.contains('.') {
                continue;
            }
            let has_test = project(folder).join(format!("{spec}.test.yaml")).exists();
            assert_eq!(has_test, !WITHOUT.contains(&spec), "{folder}/{name}");
        }
    }
}
