//! The floors of CONTRIBUTING: a module uses those below it, and none above.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Modules and their floors, from the list in CONTRIBUTING: the ground first, a line a floor.
fn floors() -> BTreeMap<String, usize> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let list = text.split("```floors\n").nth(1).unwrap();
    let lines = list.split("```").next().unwrap().lines().enumerate();
    lines
        .flat_map(|(floor, line)| {
            let modules = line.split_whitespace().map(str::to_owned);
            modules.map(move |module| (module, floor))
        })
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// A file without its comments and its tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Files that are only built for tests: `#[cfg(test)]` stands before their `mod`.
fn of_tests(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for rest in text.split("#[cfg(test)]\nmod ").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found.push(file.with_file_name(format!("{name}.rs")));
        }
    }
    found
}

#[test]
fn no_module_uses_one_above_it() {
    let floors = floors();
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let tests = of_tests(&files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| !tests.contains(file)) {
        let path = file.strip_prefix(root().join("src")).unwrap();
        let first = path.components().next().unwrap().as_os_str();
        let module = first.to_str().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let Some(own) = floors.get(&module) else {
            wrong.push(format!("{module} has no floor"));
            continue;
        };
        seen.insert(module.clone());
        let text = code(&fs::read_to_string(file).unwrap());
        for used in text.split("crate::").skip(1) {
            let used: String = used
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            if used.is_empty() || used == module {
                continue;
            }
            match floors.get(&used) {
                Some(floor) if floor < own => {}
                Some(_) => wrong.push(format!("{}: {module} uses {used}", path.display())),
                None => wrong.push(format!("{}: {used} has no floor", path.display())),
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unknown: Vec<_> = floors
        .keys()
        .filter(|module| !seen.contains(*module))
        .collect();
    assert!(
        unknown.is_empty(),
        "floors of what is not there: {unknown:?}"
    );
}
