//! What a spec author reads: every mistake of the specs under `tests/cases/refused/`, as snapshots.

use std::fs;

use crate::support::cli::Runner;
use crate::support::project;

fn refused() -> Vec<String> {
    specs("refused")
}

/// The names of the folders under `tests/cases/KIND`.
fn specs(kind: &str) -> Vec<String> {
    let folder = project("tests/cases").join(kind);
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// `runner check` names every mistake with line, column, excerpt and hint.
#[test]
fn every_mistake_is_named() {
    for name in refused() {
        checked("refused", &name, 2);
    }
}

/// What may be meant otherwise is pointed at, and the spec is fine.
#[test]
fn what_may_be_meant_otherwise_is_pointed_at() {
    for name in specs("hinted") {
        checked("hinted", &name, 0);
    }
}

fn checked(kind: &str, name: &str, code: i32) {
    let folder = project("tests/cases").join(kind).join(name);
    let ended = Runner::new()
        .in_folder(&folder)
        .args(["check", "spec.yaml"])
        .run()
        .expect(code);
    assert_eq!(ended.stderr, "");
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("check", ended.stdout);
    });
}

/// What `check` refuses, a run, a health check and the sandbox refuse too, with the same words.
#[test]
fn a_run_refuses_what_check_refuses() {
    for name in refused() {
        let folder = project("tests/cases/refused").join(&name);
        let run = |args: &[&str]| {
            let ended = Runner::new().in_folder(&folder).args(args.iter().copied());
            ended.run().expect(2)
        };
        let check = run(&["check", "spec.yaml"]).stdout;
        for args in [
            &["--spec", "spec.yaml"] as &[&str],
            &["--spec", "spec.yaml", "--health-check"],
            &["sandbox", "--spec", "spec.yaml"],
        ] {
            let ended = run(args);
            assert_eq!(
                ended.stderr.trim_end(),
                check.trim_end(),
                "{name}: {args:?}"
            );
            assert_eq!(ended.stdout, "", "{name}: {args:?}");
        }
    }
}

/// `--format json` has the same mistakes, their places as numbers.
#[test]
fn mistakes_are_there_for_programs() {
    for name in refused() {
        let folder = project("tests/cases/refused").join(&name);
        let check = |format: &str| {
            Runner::new()
                .in_folder(&folder)
                .args(["check", "--format", format, "spec.yaml"])
                .run()
                .expect(2)
                .stdout
        };
        let text = check("text");
        let entries: Vec<serde_json::Value> =
            serde_json::from_str(&check("json")).expect("a JSON list");
        assert!(!entries.is_empty());
        let source = fs::read_to_string(folder.join("spec.yaml")).expect("the spec");
        for entry in entries {
            let number = |key: &str| {
                usize::try_from(entry[key].as_u64().expect(key)).expect("a small number")
            };
            let place = format!("[spec.yaml:{}:{}]", number("line"), number("column"));
            assert!(text.contains(&place), "{name}: {place} is not in\n{text}");
            let before = &source[..number("offset")];
            assert_eq!(before.matches('\n').count() + 1, number("line"), "{name}");
            assert!(
                number("offset") + number("length") <= source.len(),
                "{name}"
            );
            let message = entry["message"].as_str().expect("a message");
            let first_word = message.split(' ').next().expect("a word");
            assert!(text.contains(first_word), "{name}: {message}");
        }
    }
}
