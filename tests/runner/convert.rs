//! Manifests of Airbyte's low-code framework become specs: what is called complete passes the check and runs, what
//! has no counterpart is said.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::mock::Mock;
use crate::support::project;
use crate::support::sandbox::Sandbox;

fn convert(manifest: &Path, out: &Path, more: &[&str]) -> Ended {
    Runner::new()
        .args(["convert", "airbyte"])
        .arg(manifest)
        .arg("--out")
        .arg(out)
        .args(more.iter().copied())
        .run()
}

/// All specs of a folder, and what was said; those that are not named with something left pass the check.
fn specs(name: &str) -> (Ended, String) {
    let folder = TempDir::new().unwrap();
    let manifest = project("tests/cases/airbyte").join(format!("{name}.yaml"));
    let ended = convert(&manifest, folder.path(), &[]);
    let mut all = String::new();
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.display().to_string();
        let is_complete = ended.stdout.lines().any(|line| line == name);
        assert_eq!(is_complete, !text.contains("TODO"), "{text}");
        if is_complete {
            Runner::new().arg("check").arg(&file).run().expect(0);
        }
        let name = file.file_name().unwrap().display();
        writeln!(all, "=== {name}\n{text}").unwrap();
    }
    let ended = Ended {
        stdout: ended
            .stdout
            .replace(&format!("{}/", folder.path().display()), ""),
        ..ended
    };
    (ended, all)
}

#[test]
fn a_manifest_whose_parts_all_have_a_counterpart_is_complete() {
    let (ended, all) = specs("shop");
    assert_eq!(ended.code, 0, "{}{all}", ended.stdout);
    insta::assert_snapshot!(all);
}

#[test]
fn what_has_no_counterpart_is_said_with_what_it_was() {
    let (ended, all) = specs("odd");
    assert_eq!(ended.code, 1);
    insta::assert_snapshot!(format!("{}{}\n{all}", ended.stdout, ended.stderr));
}

#[test]
fn what_is_converted_reads_what_the_manifest_would() {
    let folder = TempDir::new().unwrap();
    let manifest = project("tests/cases/airbyte/orders.yaml");
    convert(&manifest, folder.path(), &["--stream", "order items"]).expect(0);
    let mock = Mock::start(
        folder.path(),
        "- { request: GET <mock>/orders, answer: { data: [{ id: 1 }, { id: 2 }, { id: 3 }] } }\n\
         - { request: GET <mock>/orders/1/items, header: \"authorization: Basic dTpwYXNzd29yZC0x\", answer: { items: [{ sku: a, name: cup, secret: { x: 1 } }], next: n1 } }\n\
         - { request: GET <mock>/orders/1/items?after=n1, answer: { items: [{ sku: b, name: mug, secret: 2 }], next: null } }\n\
         - { request: GET <mock>/orders/2/items, status: 404, answer: {} }\n\
         - { request: GET <mock>/orders/3/items, answer: { items: [{ sku: c, name: jug }] } }\n",
    );
    let sandbox = Sandbox::serve(&[]);
    let ended = Runner::of_spec(&folder.path().join("order-items.yaml"), &sandbox.url)
        .env("BASE", &mock.url)
        .env("USER_VALUE", "u")
        .env("PASSWORD", "password-1")
        .run();
    let held = sandbox.stop();
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(mock.differences(), Vec::<String>::new());
    let rows: Vec<serde_json::Value> = held
        .lines("output.jsonl")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let row = |order: u8, sku: &str, name: &str| serde_json::json!({ "order": order, "sku": sku, "name": name });
    assert_eq!(
        rows,
        [row(1, "a", "CUP"), row(1, "b", "MUG"), row(3, "c", "JUG")]
    );
}

#[test]
fn manifests_that_are_none_are_told() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("manifest.yaml");
    for (text, said) in [
        ("streams: [", "can't be read"),
        ("version: 1\nname: x\n", "no `streams`"),
        (
            "streams: ['#/definitions/x']\n",
            "`#/definitions/x` leads nowhere",
        ),
        (
            "definitions: { a: { $ref: '#/definitions/a' } }\nstreams: ['#/definitions/a']\n",
            "leads back to itself",
        ),
        ("streams: []\n", "no stream is called `a`"),
    ] {
        fs::write(&file, text).unwrap();
        let ended = convert(&file, folder.path(), &["--stream", "a"]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let missing = convert(&folder.path().join("none.yaml"), folder.path(), &[]);
    assert_eq!(missing.code, 2);
    // A spec that is there is not written over.
    let manifest = project("tests/cases/airbyte/orders.yaml");
    fs::write(folder.path().join("order-items.yaml"), "mine").unwrap();
    let ended = convert(&manifest, folder.path(), &[]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("--out DIR"), "{}", ended.stderr);
    assert_eq!(
        fs::read_to_string(folder.path().join("order-items.yaml")).unwrap(),
        "mine"
    );
}
