//! The book: every page is in it, links lead somewhere, what is generated is as it would be generated now,
//! every block of YAML passes the check, and messages that are explained are said.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cli::Runner;
use crate::support::project;

fn pages() -> Vec<PathBuf> {
    let all = fs::read_dir(project("docs")).unwrap();
    let mut all: Vec<PathBuf> = all
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    all.sort();
    all
}

/// The targets of links that are none of the network: file and anchor.
fn links(text: &str) -> Vec<(String, String)> {
    // What stands in code is no link.
    let outside: String = text.split("```").step_by(2).collect();
    let targets = outside
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let own = targets.filter(|target| !target.contains("://"));
    own.map(|target| {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        (file.to_owned(), anchor.to_owned())
    })
    .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_page_is_in_the_book_and_every_link_leads_somewhere() {
    let summary = fs::read_to_string(project("docs/SUMMARY.md")).unwrap();
    let in_book: BTreeSet<String> = links(&summary).into_iter().map(|(file, _)| file).collect();
    let mut seen = 0;
    for page in pages() {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            name == "SUMMARY.md" || in_book.contains(&name),
            "{name} is not in SUMMARY.md"
        );
        let text = fs::read_to_string(&page).unwrap();
        for (file, anchor) in links(&text) {
            seen += 1;
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(&file)
            };
            assert!(target.exists(), "{name}: {file}");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(
                    there.contains(&anchor),
                    "{name}: {file}#{anchor} of {there:?}"
                );
            }
        }
    }
    assert!(seen > 50, "{seen} links");
    for page in ["README.md", "CONTRIBUTING.md"] {
        for (file, _) in links(&fs::read_to_string(project(page)).unwrap()) {
            assert!(file.is_empty() || project(&file).exists(), "{page}: {file}");
        }
    }
}

/// `BLESS=1 cargo test language` writes it.
#[test]
fn the_page_of_the_language_is_the_schema_s() {
    let made = Runner::new()
        .args(["schema", "language"])
        .run()
        .expect(0)
        .stdout;
    let path = project("docs/language.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == made,
        "docs/language.md is not up to date"
    );
    let rows = made.lines().filter(|line| line.starts_with("| `"));
    let without: Vec<&str> = rows.clone().filter(|row| row.ends_with("|  |")).collect();
    assert!(rows.count() > 300, "{made}");
    assert!(without.is_empty(), "keys without an example: {without:?}");
}

#[test]
fn yaml_of_all_pages_passes_the_check() {
    let ended = Runner::new()
        .args(["check", "docs", "README.md", "CONTRIBUTING.md"])
        .run();
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let checked = ended.stdout.matches(": fine").count();
    assert!(checked > 100, "{checked} blocks");
}

/// What the page explains, a run says.
#[test]
fn explained_messages_are_said() {
    fn gather(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, all);
            } else {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut source = String::new();
    gather(&project("src"), &mut source);
    let page = fs::read_to_string(project("docs/troubleshooting.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut seen = 0;
    for row in rows {
        let message = row.split('`').nth(1).unwrap();
        for part in message.split('…') {
            seen += 1;
            assert!(
                source.contains(part.trim_matches(' ')),
                "nothing says {part:?} of {row}"
            );
        }
    }
    assert!(seen > 25, "{seen} messages");
}
