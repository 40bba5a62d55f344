//! Pages of the book whose sections have a spec and a test of it: each holds. `BLESS=1 cargo test recipes`
//! writes what came of cases that expect nothing, to be read before it is committed.

use std::fs;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::project;

/// A recipe: its heading, its spec, its test.
struct Recipe<'p> {
    heading: &'p str,
    spec: &'p str,
    test: &'p str,
}

fn recipes(page: &str) -> Vec<Recipe<'_>> {
    let sections = page.split("\n### ").skip(1);
    sections
        .map(|section| {
            let heading = section.lines().next().unwrap();
            let mut blocks = section.split("```yaml\n").skip(1);
            let mut block = || blocks.next().unwrap().split("```").next().unwrap();
            Recipe {
                heading,
                spec: block(),
                test: block(),
            }
        })
        .collect()
}

#[test]
fn every_recipe_holds_its_test() {
    holds("docs/recipes.md", 30);
}

#[test]
fn what_becomes_of_a_row_is_true() {
    holds("docs/rows.md", 9);
}

fn holds(page: &str, least: usize) {
    let path = project(page);
    let page = fs::read_to_string(&path).unwrap();
    let is_blessed = std::env::var_os("BLESS").is_some();
    let mut written = page.clone();
    let all = recipes(&page);
    assert!(all.len() >= least, "{} recipes", all.len());
    let mut failed = Vec::new();
    for Recipe {
        heading,
        spec,
        test,
    } in all
    {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("recipe.yaml"), spec).unwrap();
        let file = folder.path().join("recipe.test.yaml");
        fs::write(&file, test).unwrap();
        let check = Runner::new()
            .in_folder(folder.path())
            .args(["check", "recipe.yaml"])
            .run();
        if !check.stdout.ends_with(": fine\n") {
            failed.push(format!("{heading}: {}{}", check.stdout, check.stderr));
            continue;
        }
        let runner = Runner::new().in_folder(folder.path()).arg("test");
        let runner = if is_blessed {
            runner.arg("--update")
        } else {
            runner
        };
        let ended = runner.run();
        if ended.code != 0 {
            failed.push(format!("{heading}: {}{}", ended.stdout, ended.stderr));
        }
        if is_blessed {
            written = written.replace(test, &fs::read_to_string(&file).unwrap());
        }
    }
    if is_blessed {
        fs::write(&path, written).unwrap();
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The page on tests has a spec, its test, and what is said where it fails.
#[test]
fn the_test_on_the_page_of_tests_holds() {
    let page = fs::read_to_string(project("docs/testing.md")).unwrap();
    let block = |fence: &str, beginning: &str| {
        let mut blocks = page
            .split(fence)
            .skip(1)
            .filter_map(|rest| rest.split("```").next());
        let found = blocks.find(|block| block.starts_with(beginning));
        found.unwrap_or_else(|| panic!("no block begins with {beginning}"))
    };
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("shop.yaml"),
        block("```yaml\n", "version: 1\n"),
    )
    .unwrap();
    let test = block("```yaml\n", "cases:\n");
    let file = folder.path().join("shop.test.yaml");
    fs::write(&file, test).unwrap();
    let run = || Runner::new().in_folder(folder.path()).arg("test").run();
    run().expect(0);
    fs::write(&file, test.replace("SHOE", "Shoe")).unwrap();
    assert_eq!(run().expect(1).stdout, block("```text\n", "FAIL"));
}
