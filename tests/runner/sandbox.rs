//! The embedded Container API keeps its contract, whoever calls it: `tests/cases/exchanges/NAME/`.
//!
//! | File | Holds |
//! |---|---|
//! | `input.*`, `new.*`, `modified.*`, `unchanged.*`, `deleted.*` | what can be read |
//! | `shared/` | files of the directory that sidecar and connector share |
//! | `exchanges.txt` | `METHOD PATH BODY`, then `STATUS BODY`, then an empty line; in order |
//! | any other | what is in the output folder at the end, byte for byte |
//!
//! `<id>` in an answer is taken from it, and stands for that id in what follows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::case::inputs;
use crate::support::cli::Runner;
use crate::support::http::Message;
use crate::support::project;
use crate::support::sandbox::Sandbox;

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(project("tests/cases/exchanges"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders
}

/// All files under a folder, as paths inside it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn request(line: &str) -> Message {
    let mut words = line.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    Message {
        first_line: format!("{} {} HTTP/1.1", next(), next()),
        headers: vec![("host".to_owned(), "cde-container-api".to_owned())],
        body: next().as_bytes().to_vec(),
    }
}

/// The id that stands in `actual` where `expected` has `<id>`.
fn id_in(expected: &str, actual: &str) -> Option<String> {
    let (before, _) = expected.split_once("<id>")?;
    Some(actual.get(before.len()..before.len() + 36)?.to_owned())
}

#[test]
fn every_exchange_is_as_the_contract_says() {
    for folder in folders() {
        let sandbox = Sandbox::serve(&inputs(&folder));
        for file in files(&folder.join("shared")) {
            let target = sandbox.out().join("exchange").join(&file);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::copy(folder.join("shared").join(file), target).unwrap();
        }
        let text = fs::read_to_string(folder.join("exchanges.txt")).unwrap();
        let mut id = String::from("<id>");
        for exchange in text.trim_end().split("\n\n") {
            let (asked, expected) = exchange.split_once('\n').expect("a request, an answer");
            let answer = request(&asked.replace("<id>", &id)).exchange(&sandbox.url);
            let answer = answer.unwrap_or_else(|error| panic!("{asked}: {error}"));
            let body = String::from_utf8(answer.body.clone()).unwrap();
            let actual = format!("{} {body}", answer.status());
            if expected.starts_with("202") {
                id = id_in(expected, &actual).unwrap_or(id);
            }
            let expected = expected.replace("<id>", &id);
            assert_eq!(actual.trim_end(), expected, "{}: {asked}", folder.display());
            if !body.is_empty() {
                assert_eq!(answer.header("content-type"), Some("application/json"));
            }
        }
        let held = sandbox.stop();
        let is_given = |file: &Path| {
            let name = file.to_string_lossy();
            name == "exchanges.txt"
                || inputs(&folder)
                    .iter()
                    .any(|(_, given)| given.ends_with(file))
        };
        let expected: Vec<PathBuf> = files(&folder)
            .into_iter()
            .filter(|file| !is_given(file) && !file.starts_with("shared"))
            .collect();
        let written: Vec<PathBuf> = files(held.folder())
            .into_iter()
            .filter(|file| !file.starts_with("exchange"))
            .collect();
        assert_eq!(written, expected, "{}", folder.display());
        for file in expected {
            let wanted = fs::read_to_string(folder.join(&file)).unwrap();
            let name = file.to_str().unwrap();
            assert_eq!(held.text(name), wanted, "{}: {name}", folder.display());
        }
    }
}

#[test]
fn inputs_that_cannot_be_served_are_refused_with_their_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let mistakes = [
        ("rows.csv", "id,title\n1\n", "line: 2"),
        (
            "rows.csv",
            "id,title,id\n1,a,2\n",
            "two columns are named `id`",
        ),
        ("rows.jsonl", "{\"id\":1}\n[1]\n", "line 2: "),
        ("rows.json", "{\"id\":1}", "a list of objects: "),
        ("rows.txt", "id\n", "the ending says what a file is"),
    ];
    for (name, text, part) in mistakes {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let ended = Runner::new()
            .args(["sandbox", "serve", "--port", "0", "--input"])
            .arg(&file)
            .run()
            .expect(2);
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    for (input, part) in [
        ("gone.csv", "gone.csv: "),
        ("old=gone.csv", "the type is one of input, new"),
    ] {
        let ended = Runner::new()
            .args(["sandbox", "serve", "--port", "0", "--input", input])
            .run()
            .expect(2);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

/// Files of an earlier run would be taken for those of this one.
#[test]
fn an_output_folder_is_cleared_of_an_earlier_run_and_of_nothing_else() {
    let folder = tempfile::TempDir::new().unwrap();
    for name in ["output.csv", "feedback.jsonl", "notes.txt"] {
        fs::write(folder.path().join(name), "earlier").unwrap();
    }
    let run = Runner::new()
        .args(["sandbox", "--spec", "connectors/data-source.yaml", "--out"])
        .arg(folder.path())
        .run()
        .expect(0);
    assert!(run.stdout.contains("3 rows, 3 columns"), "{}", run.stdout);
    let names: Vec<PathBuf> = files(folder.path());
    let expected = ["logs.jsonl", "notes.txt", "output.csv", "output.jsonl"];
    assert_eq!(names, expected.map(PathBuf::from));
    let csv = fs::read_to_string(folder.path().join("output.csv")).unwrap();
    assert!(
        csv.starts_with("id,name,timestamp\n1,first_product,"),
        "{csv}"
    );
}
