//! What README and docs show is run: commands, specs, the dev portal's settings.

use std::fs;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::project;
use crate::support::sandbox::Sandbox;

fn readme() -> String {
    fs::read_to_string(project("README.md")).unwrap()
}

/// The fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = page.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

/// The cells of the rows of the table whose header begins so.
fn table(page: &str, header: &str) -> Vec<Vec<String>> {
    let (_, table) = page.split_once(header).expect("the table is there");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = rows
        .map(|row| {
            let cells = row.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect();
    assert!(!rows.is_empty(), "{header} has no rows");
    rows
}

/// What stands between the first backticks.
fn code(cell: &str) -> &str {
    cell.split('`').nth(1).unwrap_or_default()
}

#[test]
fn the_first_two_commands_are_one_line_each_and_the_first_does_the_main_job() {
    let commands = blocks(&readme(), "sh");
    assert!(commands.len() >= 2);
    for command in &commands[..2] {
        assert_eq!(command.lines().count(), 1, "{command}");
    }
    assert_eq!(commands[1], "cargo test --locked\n");
    let arguments = commands[0]
        .strip_prefix("cargo run --release --locked -- ")
        .expect("the binary is run");
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let arguments = arguments.split_whitespace().map(|argument| match argument {
        "out" => out.to_str().unwrap(),
        other => other,
    });
    let ended = Runner::new().args(arguments).run().expect(0);
    assert!(ended.stdout.contains("title_copy"), "{}", ended.stdout);
    let csv = fs::read_to_string(out.join("output.csv")).unwrap();
    assert!(
        csv.lines().next().unwrap().ends_with(",title_copy"),
        "{csv}"
    );
}

#[test]
fn every_spec_that_is_shown_is_fine_and_runs() {
    let specs = blocks(&readme(), "yaml");
    assert!(!specs.is_empty());
    let folder = TempDir::new().unwrap();
    for spec in specs {
        let path = folder.path().join("spec.yaml");
        fs::write(&path, &spec).unwrap();
        let check = Runner::new().arg("check").arg(&path).run().expect(0);
        assert!(check.stdout.ends_with(": fine\n"), "{}", check.stdout);
        Runner::new()
            .args(["sandbox", "--input", "examples/products.csv", "--spec"])
            .arg(&path)
            .run()
            .expect(0);
    }
}

/// Examples run as cases.
#[test]
fn every_example_is_fine() {
    let examples = fs::read_dir(project("examples")).unwrap();
    let examples = examples.map(|entry| entry.unwrap().path());
    let examples = examples.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let examples = examples.filter(|path| !path.to_string_lossy().ends_with(".test.yaml"));
    let mut count = 0;
    for example in examples {
        count += 1;
        Runner::new().arg("check").arg(example).run().expect(0);
    }
    assert!(count >= 10, "{count} examples");
}

#[test]
fn every_command_that_is_listed_is_one() {
    let folder = TempDir::new().unwrap();
    let tape = folder.path().join("x.tape.jsonl");
    for row in table(&readme(), "| Command | What it does |") {
        let words = code(&row[0]).split_whitespace().skip(1);
        let mut words: Vec<&str> = words
            .map(|word| match word {
                "FILE" | "FILE..." | "[FILE...]" => "connectors/data-source.yaml",
                "NAME" => "pages",
                "MANIFEST" => "tests/cases/airbyte/orders.yaml",
                "SHELL" => "bash",
                other => other,
            })
            .collect();
        if words == ["sandbox", "serve"] {
            Sandbox::serve(&[]).stop();
            continue;
        }
        if words[0] == "lsp" {
            // It waits for an editor.
            words.push("--help");
        }
        if words[0] == "new" {
            // It would write into the project.
            words = vec!["new", "--help"];
        }
        if words[0] == "convert" {
            words.extend(["--out", folder.path().to_str().unwrap()]);
        }
        if words[0] == "record" {
            // What it writes would stand beside the spec.
            words.extend(["--tape", tape.to_str().unwrap()]);
        }
        let sandbox = Sandbox::serve(&[]);
        let ended = Runner::new()
            .args(&words)
            .env("CONTAINER_API_URL", &sandbox.url)
            .run();
        assert_eq!(ended.code, 0, "{}: {ended:?}", row[0]);
    }
}

/// The portal's settings work as they are listed, and name the options that a spec has.
#[test]
fn the_settings_of_the_dev_portal_are_those_of_the_specs() {
    for row in table(&readme(), "| Mode | Type | Command | Arguments |") {
        assert_eq!(code(&row[2]), "runner");
        let arguments = code(&row[3]).split_whitespace();
        let health_check = code(&row[4]);
        Runner::new()
            .args(arguments.clone())
            .arg(health_check)
            .run()
            .expect(0);
        let help = Runner::new().args(arguments).arg("--help").run().expect(0);
        let named: Vec<&str> = row[5].split('`').skip(1).step_by(2).collect();
        let known: Vec<&str> = help
            .stdout
            .split("[environment ")
            .skip(1)
            .map(|rest| rest.split([';', ']']).next().unwrap())
            .collect();
        assert_eq!(named, known, "{}", row[0]);
    }
}
