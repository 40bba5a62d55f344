//! `runner portal`: the dev portal's settings.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::Runner;

const SPEC: &str = r#"
version: 1
name: all-of-it
description: Every kind of field.
mode: data-source
state: { bucket: since.json }
options:
  HOST: { type: input, label: Host, placeholder: shop.example.com, required: true, description: "Without https://" }
  TOKEN: { type: password, label: Token, default: secret-default }
  ONLY_LIVE: { type: checkbox, default: true }
  region: { type: select, choices: { eu: Europe, us: United States }, default: eu }
  kinds: { type: select_multiple, choices: [a, b] }
  NOTE: { type: textarea }
  PUP_AUTH_REFRESH: { type: password }
incremental: { value: "{{ record.at }}" }
http: { base_url: "https://{{ options.HOST }}", auth: { bearer: "{{ options.TOKEN }}{{ options.PUP_AUTH_REFRESH }}" } }
source:
  name: product
  request: { path: /p, query: { since: "{{ since }}", live: "{{ options.ONLY_LIVE }}", r: "{{ options.region }}", k: "{{ options.kinds }}", n: "{{ options.NOTE }}" } }
  pages: none
columns: { id: "{{ record.id }}" }
"#;

fn portal(args: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("all of it.yaml"), SPEC).unwrap();
    let runner = Runner::new()
        .in_folder(folder.path())
        .args(["portal", "all of it.yaml"]);
    let ended = runner.args(args.iter().copied()).run().expect(0);
    assert!(!ended.stdout.contains("secret-default"), "{}", ended.stdout);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[test]
fn every_setting_is_listed_in_the_portals_order() {
    insta::assert_snapshot!("settings", portal(&[]));
    for mode in ["data-service", "export", "export-delta"] {
        let spec = format!("connectors/{mode}.yaml");
        let text = Runner::new().args(["portal", &spec]).run().expect(0).stdout;
        insta::assert_snapshot!(mode, text);
    }
}

#[test]
fn the_document_is_one_that_creates_the_connector() {
    let text = portal(&["--json", "--path", "connectors/all.yaml"]);
    insta::assert_snapshot!("document", text);
    let document: Value = serde_json::from_str(&text).unwrap();
    let config = &document["versions"][0]["config"];
    // What runs is command and arguments: as the health check runs it.
    let command = format!(
        "{} {} {}",
        config["application"]["command"].as_str().unwrap(),
        config["application"]["arguments"].as_str().unwrap(),
        config["application"]["health-check"].as_str().unwrap(),
    );
    assert_eq!(command, "runner --spec connectors/all.yaml --health-check");
    for field in config["individuals"].as_array().unwrap() {
        let name = field["command-option"].as_str().unwrap();
        assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()));
        if let Some(choices) = field["field-config"].as_str() {
            assert!(serde_json::from_str::<Value>(choices).unwrap().is_object());
        }
    }
}

#[test]
fn a_broken_spec_and_a_place_of_this_machine_are_told() {
    let ended = Runner::new().args(["portal", "tests/cases/refused/names/spec.yaml"]);
    assert!(ended.run().expect(2).stderr.contains("unknown name"));
    let spec = crate::support::project("connectors/export.yaml");
    let ended = Runner::new().arg("portal").arg(spec).run().expect(0);
    assert!(
        ended.stderr.contains("--path names the spec"),
        "{}",
        ended.stderr
    );
}
