//! The command line: what each command prints, and where; the health check; exit codes.

use std::io::Read as _;

use runner::spec::RUNNER_FLAGS;

use crate::support::cli::Runner;
use crate::support::project;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// A URL at which nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9";

fn specs() -> Vec<String> {
    let modes = ["data-source", "data-service", "export", "export-delta"];
    modes.map(|mode| format!("connectors/{mode}.yaml")).to_vec()
}

#[test]
fn a_health_check_needs_no_option_and_no_network() {
    for spec in specs() {
        // Appended last, as the portal does.
        let ended = Runner::new()
            .args(["--spec", &spec, "--container-api", NOWHERE])
            .arg("--health-check")
            .run()
            .expect(0);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    }
}

#[test]
fn help_is_the_manual() {
    let help = Runner::new().arg("--help").run().expect(0);
    assert_eq!(help.stderr, "");
    insta::assert_snapshot!(help.stdout);
}

/// A spec's option can't be named as one of the flags of a run: the list must hold them all. The file
/// of `--state` has another name where an option takes it.
#[test]
fn flags_of_runner_are_those_that_options_cannot_have() {
    let commands: [&[&str]; 2] = [&["--help"], &["--spec", "connectors/export.yaml", "--help"]];
    for command in commands {
        let help = Runner::new().args(command.iter().copied()).run().expect(0);
        let (usage, _) = help
            .stdout
            .split_once("\nExamples:")
            .unwrap_or((&help.stdout, ""));
        for word in usage.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            if let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) {
                assert!(
                    RUNNER_FLAGS.contains(&flag) || flag == "state",
                    "--{flag}, of runner {command:?}"
                );
            }
        }
    }
}

#[test]
fn a_command_line_without_sense_is_exit_2() {
    let wrong: [(&[&str], &str); 6] = [
        (&[], "--spec FILE"),
        (&["--spec"], "--spec"),
        (&["--spec", "connectors/gone.yaml"], "connectors/gone.yaml"),
        (&["--spec", "connectors"], "connectors"),
        (&["fly"], "fly"),
        (&["check"], "FILE"),
    ];
    for (args, part) in wrong {
        let ended = Runner::new().args(args.iter().copied()).run().expect(2);
        assert_eq!(ended.stdout, "", "{args:?}");
        assert!(ended.stderr.contains(part), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn off_a_terminal_only_verbose_shows_a_summary() {
    let run = |flag: Option<&str>| {
        let input = project("tests/cases/ok/data-service/input.csv");
        let sandbox = Sandbox::serve(&[("input", input)]);
        let ended = Runner::of_spec(&project("connectors/export.yaml"), &sandbox.url)
            .args(flag)
            .run()
            .expect(0);
        assert_eq!(ended.stdout, "");
        ended.stderr
    };
    assert_eq!(run(None), "");
    assert_eq!(run(Some("--quiet")), "");
    let summary = run(Some("--verbose"));
    assert!(
        summary.starts_with("3 read, 2 ok, 1 rejected, 0 skipped, "),
        "{summary}"
    );
    let reasons: Vec<&str> = summary.lines().skip(1).collect();
    assert_eq!(
        reasons,
        ["       1 × rejected: Can not export product due to api failure"]
    );
}

#[test]
fn on_a_terminal_progress_and_summary_are_shown() {
    let terminal = Terminal::open();
    let sandbox = Sandbox::serve(&[]);
    let run = Runner::of_spec(&project("connectors/data-source.yaml"), &sandbox.url)
        .env("TERM", "xterm")
        .stderr(terminal.side());
    let mut child = run.spawn();
    // A terminal ends where nobody holds its other side.
    let reader = std::thread::spawn(move || {
        let mut shown = Vec::new();
        let mut terminal = terminal.own;
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = terminal.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..read]);
        }
        String::from_utf8_lossy(&shown).into_owned()
    });
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let shown = reader.join().unwrap();
    assert!(
        shown.contains("3 read, 3 written, 0 skipped, "),
        "{shown:?}"
    );
}

#[test]
fn the_sandbox_prints_what_it_got_to_standard_output() {
    let ended = Runner::new()
        .args(["sandbox", "--spec", "connectors/data-service.yaml"])
        .args(["--input", "examples/products.csv"])
        .args(["--new-column-name=copy", "--source-column=id"])
        .run()
        .expect(0);
    assert_eq!(ended.stderr, "");
    for part in [
        "input input",
        "rows read",
        "First rows of output",
        "copy",
        "written, 0 skipped",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let quiet = Runner::new()
        .args(["sandbox", "--spec", "connectors/data-source.yaml", "-q"])
        .run()
        .expect(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

/// A failure is said once, on standard error, and in the exit code.
#[test]
fn a_failed_run_in_the_sandbox_says_why() {
    let ended = Runner::new()
        .args(["sandbox", "--spec", "connectors/data-source.yaml"])
        .arg("--should-fail=1")
        .run()
        .expect(1);
    assert_eq!(ended.stderr, "error: The run was asked to fail\n");
    let ended = Runner::new()
        .args(["sandbox", "--spec", "connectors/data-service.yaml"])
        .args(["--input", "examples/products.csv"])
        .run()
        .expect(1);
    assert!(
        ended.stdout.contains("error: Missing required options: "),
        "{}",
        ended.stdout
    );
}

/// The address comes from the flag, else from the environment.
#[test]
fn the_container_api_is_found_by_the_environment_too() {
    let sandbox = Sandbox::serve(&[]);
    let spec = ["--spec", "connectors/data-source.yaml"];
    Runner::new()
        .args(spec)
        .env("CONTAINER_API_URL", &sandbox.url)
        .run()
        .expect(0);
    for wrong in [
        "ftp://nowhere",
        "cde-container-api",
        "https://cde-container-api",
    ] {
        let ended = Runner::new()
            .args(spec)
            .args(["--container-api", wrong])
            .env("CONTAINER_API_URL", &sandbox.url)
            .run()
            .expect(2);
        assert!(ended.stderr.contains(wrong), "{}", ended.stderr);
        assert!(ended.stderr.contains("http://HOST"), "{}", ended.stderr);
    }
    assert_eq!(sandbox.stop().lines("output.jsonl").len(), 3);
}

/// A proxy of the environment is none of the Container API's business.
#[test]
fn proxies_are_ignored() {
    let sandbox = Sandbox::serve(&[]);
    let mut runner = Runner::of_spec(&project("connectors/data-source.yaml"), &sandbox.url);
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        runner = runner.env(name, NOWHERE);
    }
    runner.run().expect(0);
    assert_eq!(sandbox.stop().lines("output.jsonl").len(), 3);
}

/// A run that fails says why, however quiet it is to be.
#[test]
fn a_quiet_sandbox_says_why_a_run_failed() {
    let run = |args: &[&str]| {
        let all = [
            "sandbox",
            "--quiet",
            "--spec",
            "connectors/data-source.yaml",
        ];
        Runner::new()
            .args(all.iter().chain(args).copied())
            .run()
            .expect(1)
    };
    let ended = run(&["--should-fail=perhaps"]);
    assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("perhaps"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}
