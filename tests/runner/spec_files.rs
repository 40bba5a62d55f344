//! Specs as files: the schema that editors use, and the tree that is checked beside `serde_yaml`'s
//! own reading.

use std::fs;
use std::path::PathBuf;

use runner::spec::{compose, schema};
use serde_json::Value;

use crate::support::cli::Runner;
use crate::support::project;

fn specs_in(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(project(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .filter(|path| !path.to_string_lossy().ends_with(".test.yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no spec in {folder}");
    files
}

/// Specs of cases that run.
fn specs_of_cases() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for verdict in ["ok", "failed"] {
        for entry in fs::read_dir(project("tests/cases").join(verdict)).unwrap() {
            let spec = entry.unwrap().path().join("spec.yaml");
            files.extend(spec.exists().then_some(spec));
        }
    }
    files
}

fn schema() -> jsonschema::Validator {
    let published: Value = serde_json::from_str(
        &fs::read_to_string(project("schemas/connector.schema.json")).unwrap(),
    )
    .unwrap();
    jsonschema::draft202012::new(&published).expect("a schema of draft 2020-12")
}

fn as_json(yaml: &str) -> Value {
    let mut value: serde_yaml::Value = serde_yaml::from_str(yaml).expect("YAML");
    // What is merged may merge something itself, which serde_yaml resolves one level at a time.
    for _ in 0..3 {
        value.apply_merge().expect("merges");
    }
    serde_json::to_value(value).expect("JSON")
}

#[test]
fn the_published_schema_is_current() {
    let file = fs::read_to_string(project("schemas/connector.schema.json")).unwrap();
    let printed = Runner::new().arg("schema").run().expect(0).stdout;
    assert!(file == printed, "run `just schema`");
    assert_eq!(format!("{:#}\n", schema::published()), printed);
    let file = fs::read_to_string(project("schemas/test.schema.json")).unwrap();
    let printed = Runner::new()
        .args(["schema", "test"])
        .run()
        .expect(0)
        .stdout;
    assert!(file == printed, "run `just schema`");
}

#[test]
fn the_schema_accepts_every_spec_that_runs() {
    let schema = schema();
    for file in specs_in("connectors").into_iter().chain(specs_of_cases()) {
        let text = fs::read_to_string(&file).unwrap();
        if let Err(error) = schema.validate(&as_json(&text)) {
            panic!("{}: {error} at {}", file.display(), error.instance_path());
        }
    }
}

#[test]
fn the_schema_of_tests_accepts_the_tests_of_connectors() {
    let text = fs::read_to_string(project("schemas/test.schema.json")).unwrap();
    let published: Value = serde_json::from_str(&text).unwrap();
    let schema = jsonschema::draft202012::new(&published).expect("a schema of draft 2020-12");
    for spec in specs_in("connectors") {
        let file = spec.with_extension("test.yaml");
        let text = fs::read_to_string(&file).unwrap();
        if let Err(error) = schema.validate(&as_json(&text)) {
            panic!("{}: {error} at {}", file.display(), error.instance_path());
        }
        Runner::new().arg("check").arg(file).run().expect(0);
    }
}

#[test]
fn connectors_begin_with_the_line_that_editors_read() {
    for file in specs_in("connectors") {
        let text = fs::read_to_string(&file).unwrap();
        let line = "# yaml-language-server: $schema=../schemas/connector.schema.json";
        assert_eq!(text.lines().next(), Some(line), "{}", file.display());
        Runner::new().arg("check").arg(file).run().expect(0);
    }
}

#[test]
fn the_schema_refuses_what_it_can_see() {
    let schema = schema();
    let base = "version: 1\nname: x\n";
    let refused = [
        "mode: data-service\ncolums: {}",
        "mode: data-service\nsource: { rows: [] }",
        "mode: data-source",
        "mode: export\nunique: id",
        "mode: export-delta",
        "mode: data-servicee",
        "mode: data-service\nbatch_size: 1000",
        "mode: data-service\nwhere: row.id",
        "mode: data-service\noptions: { A: { type: text } }",
        "mode: data-service\nlog: [{ at: begin, message: x }]",
        "mode: data-service\nlog: [{ at: start }]",
        "mode: data-service\nkeep: some",
        "mode: data-source\nsource: { rows: [], name: Big }",
    ];
    for text in refused {
        let spec = as_json(&format!("{base}{text}\n"));
        assert!(!schema.is_valid(&spec), "accepted: {text}");
    }
    let accepted = [
        "mode: data-service\nx-mine: { anything: [1] }",
        "mode: data-service\nwhere: true\nkeep: all",
        "mode: data-service\nkeep: [id, \"a*\"]\nmax_errors: 5%",
        "mode: data-source\nsource: [{ rows: [{ id: 1 }], name: a }]\nunique: [id]",
        "mode: export-delta\ntarget: { new: {} }\nreject: [{ when: \"{{ row.a }}\", message: b }]",
    ];
    for text in accepted {
        let spec = as_json(&format!("{base}{text}\n"));
        assert!(
            schema.is_valid(&spec),
            "refused: {text}: {:?}",
            schema.validate(&spec).err()
        );
    }
}

/// Every key tells an editor what it is, and the choices that have shapes offer them.
#[test]
fn every_key_of_the_schema_is_described() {
    fn keys(schema: &Value, path: &str, bare: &mut Vec<String>) {
        match schema {
            Value::Object(map) => {
                for (name, key) in map
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    let is_described = ["description", "markdownDescription"]
                        .iter()
                        .all(|text| key.get(*text).is_some_and(Value::is_string));
                    // Conditions of `if` and `then` name keys that are described above.
                    if !is_described && !path.contains("/allOf") {
                        bare.push(format!("{path}/{name}"));
                    }
                }
                for (name, value) in map {
                    keys(value, &format!("{path}/{name}"), bare);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    keys(value, &format!("{path}/{index}"), bare);
                }
            }
            _ => {}
        }
    }
    let mut bare = Vec::new();
    keys(&schema::published(), "", &mut bare);
    assert!(bare.is_empty(), "{bare:#?}");
}

/// The tree with places holds what `serde_yaml` reads.
#[test]
fn the_tree_is_what_serde_yaml_reads() {
    let texts = [
        "a: 1\nb: [1, 1.5, 1e3, -0, .5, 0x1f, 0o17, 0b1, +3, 0123, ~, null, true, false]\n",
        "a: [no, on, yes, off, y, n, True, FALSE, Null, .inf, -.inf, 2022-10-19, 12:30:45, 1_000]\n",
        "a: &x { p: 1, q: [a, b] }\nb: *x\nc: { <<: *x, q: 2 }\nd: { <<: [*x, { r: 3 }], p: 4 }\n",
        "base: &base\n  one: 1\n  two: 2\nmore: &more\n  <<: *base\n  two: 22\n  three: 3\nall:\n  zero: 0\n  <<: [*more, *base]\n",
        "f: >-\n  folded\n  lines\n\n  more\nl: |\n  literal\n    lines\nk: |+\n  kept\n\nq: \"a\\tb\\u00e4\\n\"\ns: 'it''s'\np: plain\n  over lines\n",
        "'': empty\n\"a b\": c\n? long key\n: value\n1: number\ntrue: bool\n",
        "a:\r\n  - x\r\n  - y: z\r\n",
        "a: ''\nb:\nc: \"\"\nd: {}\ne: []\n",
        "- a\n",
    ];
    let files = specs_in("connectors").into_iter().chain(specs_of_cases());
    let files: Vec<String> = files
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for text in texts.into_iter().chain(files.iter().map(String::as_str)) {
        let mut problems = Vec::new();
        let tree = compose::compose(text, &mut problems);
        assert!(problems.is_empty(), "{text}\n{problems:?}");
        let ours = serde_json::to_value(tree.expect("a tree").to_yaml()).unwrap();
        assert_eq!(ours, as_json(text), "{text}");
    }
}
