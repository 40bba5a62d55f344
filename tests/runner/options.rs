//! Options: where values come from, what each type takes, and what is said when one is missing.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::sandbox::Sandbox;

const SPEC: &str = "\
version: 1
name: options
mode: data-service
options:
  LINE: { type: input, label: A line, description: What it is for, default: from the spec }
  lines-2: { type: textarea }
  FLAG: { type: checkbox }
  ONE: { type: select, label: One of them, choices: { a: First, b: Second }, default: a }
  SOME: { type: select_multiple, choices: [x, y, '3'] }
  COLUMN: { type: stage_columns_dropdown, default: id }
  TOKEN: { type: password, default: hunter2 }
columns:
  line: '{{ options.LINE }}'
  lines: '{{ options.lines_2 }}'
  flag: '{{ options.FLAG }}'
  one: '{{ options.ONE }}'
  some: \"{{ options.SOME | join('+') }}\"
  column: '{{ row[options.COLUMN] }}'
keep: none
where: \"{{ options.TOKEN == 'hunter2' }}\"
";

/// The one row that comes out, or what was logged where the run failed.
fn run(args: &[&str], env: &[(&str, &str)]) -> Result<String, String> {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let sandbox = Sandbox::serve(&[("input", file("input.csv", "id,title\n7,chair\n"))]);
    let mut runner = Runner::of_spec(&file("spec.yaml", SPEC), &sandbox.url).args(args);
    for (name, value) in env {
        runner = runner.env(name, value);
    }
    let ended = runner.run();
    assert_eq!(ended.stderr, "");
    let held = sandbox.stop();
    match ended.code {
        0 => Ok(held.text("output.jsonl").trim_end().to_owned()),
        1 => Err(held.text("logs.jsonl").trim_end().to_owned()),
        _ => panic!("{ended:?}"),
    }
}

const DEFAULTS: &str =
    r#"{"line":"from the spec","lines":"","flag":"","one":"a","some":"","column":"7"}"#;

#[test]
fn defaults_hold_where_nothing_is_given() {
    assert_eq!(run(&[], &[]).as_deref(), Ok(DEFAULTS));
    // An empty value is a missing one.
    let empty = [("LINE", ""), ("ONE", ""), ("SOME", ""), ("FLAG", "")];
    assert_eq!(run(&["--line="], &empty).as_deref(), Ok(DEFAULTS));
}

#[test]
fn the_environment_wins_over_defaults_and_flags_over_the_environment() {
    let env = [
        ("LINE", "from the environment"),
        ("LINES_2", "one\ntwo"),
        ("FLAG", "1"),
        ("ONE", "b"),
        ("SOME", "x, 3"),
        ("COLUMN", "title"),
    ];
    let expected = concat!(
        r#"{"line":"from the environment","lines":"one\ntwo","flag":"true","one":"b","#,
        r#""some":"x+3","column":"chair"}"#
    );
    assert_eq!(run(&[], &env).as_deref(), Ok(expected));
    let flags = ["--line=-5", "--LINES_2", "three", "--flag=0", "--one=a"];
    let flags = [flags.as_slice(), &["--some=[\"y\",3]", "--column=id"]].concat();
    let expected = concat!(
        r#"{"line":"-5","lines":"three","flag":"false","one":"a","#,
        r#""some":"y+3","column":"7"}"#
    );
    assert_eq!(run(&flags, &env).as_deref(), Ok(expected));
}

#[test]
fn a_name_is_looked_for_as_written_then_in_upper_case() {
    let row = run(&[], &[("lines-2", "as written"), ("LINES_2", "upper")]).unwrap();
    assert!(row.contains(r#""lines":"as written""#), "{row}");
    let row = run(&[], &[("LINES_2", "upper")]).unwrap();
    assert!(row.contains(r#""lines":"upper""#), "{row}");
}

#[test]
fn the_spellings_of_a_name_are_one_both_ways() {
    for (spelled, value) in [
        ("lines_2", "lower"),
        ("LINES-2", "dashes"),
        ("Lines_2", "mixed"),
    ] {
        let row = run(&[], &[(spelled, value)]).unwrap();
        assert!(
            row.contains(&format!(r#""lines":"{value}""#)),
            "{spelled}: {row}"
        );
        let flag = format!("--{spelled}={value}");
        let row = run(&[&flag], &[]).unwrap();
        assert!(
            row.contains(&format!(r#""lines":"{value}""#)),
            "{flag}: {row}"
        );
    }
    let row = run(&[], &[("line", "lower")]).unwrap();
    assert!(row.contains(r#""line":"lower""#), "{row}");
}

#[test]
fn a_flag_that_comes_twice_makes_a_list() {
    let row = run(&["--some=x", "--some", "3", "--some=x"], &[("SOME", "y")]).unwrap();
    assert!(row.contains(r#""some":"x+3""#), "{row}");
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    std::fs::write(&spec, SPEC).unwrap();
    let input = folder.path().join("input.csv");
    std::fs::write(&input, "id\n1\n").unwrap();
    let sandbox = Sandbox::serve(&[("input", input)]);
    let no_text = std::os::unix::ffi::OsStrExt::from_bytes(b"Gr\xf6\xdfe");
    let ended = Runner::of_spec(&spec, &sandbox.url)
        .env_os("LINE", no_text)
        // What no option has for a name is nobody's affair.
        .env_os("SOMEBODY_ELSES", no_text)
        .run();
    assert_eq!(ended.code, 1, "{ended:?}");
    let logs = sandbox.stop().text("logs.jsonl");
    assert!(
        logs.contains("the environment variable LINE isn't UTF-8"),
        "{logs}"
    );
    assert!(!logs.contains("SOMEBODY_ELSES"), "{logs}");
}

#[test]
fn a_checkbox_that_is_only_named_is_checked() {
    let row = run(&["--flag"], &[]).unwrap();
    assert!(row.contains(r#""flag":"true""#), "{row}");
}

#[test]
fn flags_of_the_platform_are_ignored_and_the_last_of_two_wins() {
    let flags = ["--pup-auth-refresh_token=abc", "--PUP-AUTH-user", "eve"];
    let flags = [flags.as_slice(), &["--line=first", "--line", "second"]].concat();
    let row = run(&flags, &[]).unwrap();
    assert!(row.contains(r#""line":"second""#), "{row}");
}

#[test]
fn values_that_are_none_of_an_option_fail_the_run_all_at_once() {
    let error = run(
        &["--flag=perhaps", "--one=c"],
        &[("SOME", "x,z"), ("LINE", "fine")],
    );
    let expected = concat!(
        r#"{"level":"error","message":"FLAG is a checkbox and takes 1 or 0, not \"perhaps\". "#,
        r#"One of them (ONE) can't be \"c\": choose one of a, b. "#,
        r#"SOME can't hold \"z\": choose of x, y, 3","context":{}}"#
    );
    assert_eq!(error, Err(expected.to_owned()));
}

fn help_of(spec: &str) -> Ended {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("spec.yaml");
    std::fs::write(&path, spec).unwrap();
    Runner::new().arg("--spec").arg(&path).arg("--help").run()
}

#[test]
fn help_lists_the_options_of_the_spec() {
    let help = help_of(SPEC).expect(0);
    assert_eq!(help.stderr, "");
    assert!(!help.stdout.contains("hunter2"), "{}", help.stdout);
    let (_, options) = help.stdout.split_once("Options of the spec:").unwrap();
    insta::assert_snapshot!(options.split("\nExamples:").next().unwrap());
}

#[test]
fn flags_that_nobody_knows_are_a_mistake_of_the_command_line() {
    let ended = Runner::new()
        .args(["--spec", "connectors/data-service.yaml"])
        .args(["--new-colum-name=a", "--source-column=b"])
        .run()
        .expect(2);
    assert_eq!(ended.stdout, "");
    assert!(
        ended.stderr.contains("--new-colum-name"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("--new-column-name"),
        "{}",
        ended.stderr
    );
}
