//! `runner check` besides its messages: codes and their page, formats for programs, folders and
//! Markdown; and `runner explain`, completions and the manual page.

use std::fmt::Write as _;
use std::fs;

use runner::diagnostics::{Code, Severity};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::project;

fn check(folder: &std::path::Path, args: &[&str], code: i32) -> String {
    let ended = Runner::new().in_folder(folder).arg("check");
    ended.args(args.iter().copied()).run().expect(code).stdout
}

/// A code whose spec can't be read has none.
fn codes() -> impl Iterator<Item = Code> {
    let codes = Code::ALL.iter().copied();
    codes.filter(|code| *code != Code::Unreadable)
}

/// `docs/checks.md` has each code with a spec and what `check` says of it; `BLESS=1` writes it.
#[test]
fn every_code_is_on_its_page() {
    let mut page = String::from(
        "# Checks\n\nWhat `runner check` tells, by its code: mistakes, for which a spec is refused, warnings, and hints, which `check` alone shows. \
         Each spec here is one of `tests/cases/checks`, and what is said of it is what the test saw. `runner explain CODE` says the same in a terminal.\n",
    );
    for severity in [Severity::Error, Severity::Warning, Severity::Hint] {
        let title = match severity {
            Severity::Error => "Mistakes",
            Severity::Warning => "Warnings",
            Severity::Hint => "Hints",
        };
        write!(page, "\n## {title}\n").unwrap();
        for code in codes().filter(|code| code.severity() == severity) {
            let folder = project("tests/cases/checks").join(code.word());
            let exit = if severity == Severity::Error { 2 } else { 0 };
            let json = check(&folder, &["spec.yaml", "--format", "json"], exit);
            let told: Vec<Value> = serde_json::from_str(&json).expect("a list");
            let told: Vec<&str> = told
                .iter()
                .map(|one| one["code"].as_str().unwrap())
                .collect();
            assert_eq!(told, [code.word()]);
            let text = check(&folder, &["spec.yaml"], exit);
            let text = text
                .trim_end()
                .trim_start_matches(code.word())
                .trim_start_matches('\n');
            let spec = fs::read_to_string(folder.join("spec.yaml")).unwrap();
            write!(
                page,
                "\n### {}\n\n{}\n\n<!-- not checked -->\n```yaml\n{spec}```\n\n```text\n{text}\n```\n",
                code.word(),
                code.about()
            )
            .unwrap();
        }
    }
    let file = project("docs/checks.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let there = fs::read_to_string(file).unwrap_or_default();
    let mut lines = there.lines().zip(page.lines());
    let other = lines.find(|(there, now)| there != now);
    assert!(
        there == page,
        "docs/checks.md is not up to date, BLESS=1 writes it anew: {other:?}"
    );
}

#[test]
fn there_is_a_spec_for_each_code_and_for_nothing_else() {
    let entries = fs::read_dir(project("tests/cases/checks")).unwrap();
    let mut folders: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut words: Vec<String> = codes().map(|code| code.word().to_owned()).collect();
    words.sort();
    assert_eq!(folders, words);
}

const SPEC: &str =
    "version: 1\nname: x\nmode: data-service\ncolumns: { title: \"{{ row.title }}\" }\n";

/// Two specs, one wrong; other YAML, a page, and a folder that nobody looks into.
fn tree() -> TempDir {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    put("good.yaml", SPEC);
    put("deep/er/bad.yml", &SPEC.replace("columns", "colums"));
    put("compose.yaml", "services:\n  web: { image: nginx }\n");
    put(".git/x.yaml", &SPEC.replace("columns", "colums"));
    put("node_modules/x.yaml", &SPEC.replace("columns", "colums"));
    put(
        "page.md",
        "# Page\n\n```yaml\nversion: 1\nname: x\nmode: data-service\ncolums: {}\n```\n\n```yaml\non_eror: skip\n```\n\n```yaml\nlog: [{ att: finish }]\n```\n\n  ```yaml\n  a: \"x\n  ```\n\n<!-- not checked -->\n```yaml\na: \"x\n```\n\n```json\n{\n```\n",
    );
    folder
}

#[test]
fn folders_and_pages_are_looked_through() {
    let folder = tree();
    let told: Vec<Value> =
        serde_json::from_str(&check(folder.path(), &[".", "--format", "json"], 2)).unwrap();
    let told: Vec<String> = told
        .iter()
        .map(|one| {
            format!(
                "{}:{}:{} {}",
                one["file"].as_str().unwrap(),
                one["line"],
                one["column"],
                one["message"]
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    let text = check(folder.path(), &["good.yaml", "compose.yaml"], 2);
    assert!(text.starts_with("good.yaml: fine\n"), "{text}");
    let ended = Runner::new()
        .in_folder(folder.path().join("node_modules"))
        .args(["check", "."]);
    // Named itself, a folder is looked into.
    assert!(ended.run().expect(2).stdout.contains("colums"));
}

#[test]
fn a_folder_without_specs_and_a_file_that_is_not_there_are_told() {
    let folder = TempDir::new().unwrap();
    for name in [".", "nothing.yaml"] {
        let json = check(folder.path(), &[name, "--format", "json"], 2);
        let told: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["code"], "unreadable");
        assert_eq!(told[0]["file"], name);
        assert!(!told[0]["message"].as_str().unwrap().is_empty());
        let ended = Runner::new().in_folder(folder.path()).args(["check", name]);
        let ended = ended.run().expect(2);
        assert_eq!(ended.stdout, "");
        assert!(
            ended.stderr.starts_with(&format!("{name}: ")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn github_and_sarif_have_what_is_told() {
    let folder = TempDir::new().unwrap();
    let text = format!(
        "{SPEC}on_error: 100% wrong\noptions: {{ UNREAD: {{ type: input }} }}\nwhere: \"{{{{ row.a }}}}\"\n"
    );
    fs::write(folder.path().join("a,b.yaml"), text).unwrap();
    fs::write(
        folder.path().join("warned.yaml"),
        format!("{SPEC}options: {{ A: {{ type: input }} }}\n"),
    )
    .unwrap();
    insta::assert_snapshot!(
        "github",
        check(
            folder.path(),
            &["a,b.yaml", "warned.yaml", "--format", "github"],
            2
        )
    );
    let sarif = check(
        folder.path(),
        &["a,b.yaml", "warned.yaml", "--format", "sarif"],
        2,
    );
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: Vec<&Value> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["id"])
        .collect();
    let results = run["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .all(|result| rules.contains(&&result["ruleId"]))
    );
    insta::assert_snapshot!("sarif", format!("{:#}", run["results"]));
}

#[test]
fn keys_filters_and_codes_are_explained() {
    let explain = |name: &str| Runner::new().args(["explain", name]).run().expect(0).stdout;
    let all = ["then", "http.timeout", "truncate", "date", "unknown-key"].map(explain);
    insta::assert_snapshot!(all.join("\n---\n"));
    for code in Code::ALL {
        assert!(explain(code.word()).contains(code.about()));
    }
    for filter in runner::template::filters::all() {
        assert!(explain(filter.name).contains(filter.about));
    }
    let ended = Runner::new().args(["explain", "truncat"]).run().expect(2);
    assert_eq!(ended.stdout, "");
    assert_eq!(
        ended.stderr,
        "nothing is called `truncat`: did you mean `truncate`?\n"
    );
}

#[test]
fn shells_and_manuals_have_what_they_need() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = Runner::new()
            .args(["completions", shell])
            .run()
            .expect(0)
            .stdout;
        assert!(
            text.contains("sandbox") && text.contains("health-check"),
            "{shell}"
        );
    }
    let page = Runner::new().arg("man").run().expect(0).stdout;
    assert!(page.contains(".TH runner 1") && page.contains("health\\-check"));
}

/// Blocks of YAML are found as Markdown has them: in quotes and lists, by other fences, in capitals, never
/// closed; each is told by its line.
#[test]
fn blocks_of_markdown_are_found() {
    let folder = TempDir::new().unwrap();
    let page = "text\n\n> ```yaml\n> version: 1\n> name: a\n> mode: data-source\n> source: { rows: [{ a: 1 }] }\n> colums: {}\n> ```\n\n- list\n\n  ~~~YAML title=x\n  columns:\n    a: \"{{ record.a }\"\n  ~~~\n\n```sh\nversion: nothing\n```\n\n```yml\nwhere: \"{{ row.a }}\"\n```\n\n```yaml\nunique: id\nkep: all\n";
    fs::write(folder.path().join("page.md"), page).unwrap();
    let ended = Runner::new()
        .in_folder(folder.path())
        .args(["check", "page.md"])
        .run()
        .expect(2);
    let told: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.contains("page.md:"))
        .map(|line| {
            line.trim_start_matches([' ', '╭', '─', '['])
                .trim_end_matches(']')
        })
        .collect();
    assert_eq!(
        told,
        [
            "page.md:8:3",
            "page.md: 1 mistake",
            "page.md:14: fine",
            "page.md:23: fine",
            "page.md:28:1",
            "page.md: 1 mistake"
        ],
        "{}",
        ended.stdout
    );
}

/// A tape of a run over the site's rows knows their columns.
#[test]
fn columns_of_the_site_are_known_from_the_tape() {
    let folder = TempDir::new().unwrap();
    let spec = "version: 1\nname: example\nmode: data-service\ncolumns: { a: \"{{ row.titel }}\", b: \"{{ row.title }}\" }\n";
    fs::write(folder.path().join("spec.yaml"), spec).unwrap();
    fs::write(folder.path().join("in.csv"), "id,title\n1,Shoe\n").unwrap();
    Runner::new()
        .in_folder(folder.path())
        .args(["record", "--spec", "spec.yaml", "--input", "in.csv"])
        .run()
        .expect(0);
    let told = check(folder.path(), &["spec.yaml"], 0);
    assert!(
        told.contains("no `row` on the tape has `titel`")
            && told.contains("did you mean `title`? it has id, title"),
        "{told}"
    );
    assert_eq!(told.matches("not-on-tape").count(), 1, "{told}");
}

/// A tape beside the spec says which fields there are; what it can't say is let be.
#[test]
fn fields_are_known_from_the_tape() {
    let folder = TempDir::new().unwrap();
    let case = project("tests/cases/checks/not-on-tape");
    let spec = fs::read_to_string(case.join("spec.yaml")).unwrap();
    let (head, _) = spec.split_once("columns:").unwrap();
    let templates = [
        ("record.title", ""),
        ("record.titel", "8:17 no `record` on the tape has `titel`"),
        ("product.brand", ""),
        ("product.brand.name", ""),
        ("record.tags[0].name", ""),
        (
            "record.tags[0].nam",
            "8:25 no `record.tags[0]` on the tape has `nam`",
        ),
        (
            "(record.tags | first).nam",
            "8:32 no `record.tags | first` on the tape has `nam`",
        ),
        ("record.tags | map(attribute='nam')", ""),
        ("record.items()", ""),
        ("record.get('nothing')", ""),
        (
            "record['prise']",
            "8:17 no `record` on the tape has `prise`",
        ),
        ("record.title.missing", ""),
        (
            "response.body.total",
            "8:24 no `response.body` on the tape has `total`",
        ),
        ("response.status", ""),
        (
            "record.price > 3",
            "8:10 `record.price` is text on the tape, and stands beside a number here",
        ),
        ("record.id + 1", ""),
        ("now()", ""),
        ("record.prise | default(1)", ""),
        ("record.prise or 1", ""),
        ("1 if record.prise is defined else 2", ""),
        (
            "'' }}{% for tag in record.tags %}{{ tag.name }}{{ tag.nam }}{% endfor %}{{ ''",
            "8:64 no `tag` on the tape has `nam`",
        ),
        (
            "'' }}{% set tag = record.id %}{% for one in record.tags %}{{ tag.x }}{% endfor %}{{ ''",
            "",
        ),
    ];
    for with_tape in [true, false] {
        for (template, expected) in templates {
            // The column stands in line 8.
            let text = format!("{head}columns:\n  a: \"{{{{ {template} }}}}\"\n");
            fs::write(folder.path().join("spec.yaml"), &text).unwrap();
            let tape = folder.path().join("spec.tape.jsonl");
            if with_tape {
                fs::copy(case.join("spec.tape.jsonl"), &tape).unwrap();
            } else if tape.exists() {
                fs::remove_file(&tape).unwrap();
            }
            let told: Vec<Value> =
                serde_json::from_str(&check(folder.path(), &["spec.yaml", "--format", "json"], 0))
                    .unwrap();
            let told: Vec<String> = told
                .iter()
                .filter(|one| one["severity"] == "warning")
                .map(|one| {
                    format!(
                        "{}:{} {}",
                        one["line"],
                        one["column"],
                        one["message"].as_str().unwrap()
                    )
                })
                .collect();
            let expected = if with_tape { expected } else { "" };
            assert_eq!(told.join("; "), expected, "{template}");
        }
    }
}
