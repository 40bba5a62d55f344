//! Templates: every example of `docs/templates.md` through the real binary, every filter and
//! method on nothing, and what minijinja alone would do otherwise.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use runner::template::{filters, functions, methods};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::project;

/// Runs a data source with one record in the sandbox.
fn run(record: &str, columns: &[String], out: &Path) -> Ended {
    let mut spec =
        "version: 1\nname: examples\nmode: data-source\nsource:\n  rows:\n    -\n".to_owned();
    for line in record.lines() {
        writeln!(spec, "      {line}").unwrap();
    }
    spec.push_str("columns:\n");
    for (index, template) in columns.iter().enumerate() {
        let quoted = serde_json::to_string(template).unwrap();
        writeln!(spec, "  \"c{index}\": {quoted}").unwrap();
    }
    let file = out.join("spec.yaml");
    fs::write(&file, spec).unwrap();
    Runner::new()
        .args(["sandbox", "--spec"])
        .arg(file)
        .arg("--out")
        .arg(out)
        .run()
}

/// The value of each template, as JSON; nothing where it is empty.
fn values(record: &str, templates: &[&str]) -> Vec<String> {
    let out = TempDir::new().unwrap();
    let columns: Vec<String> = templates.iter().map(|template| as_json(template)).collect();
    run(record, &columns, out.path()).expect(0);
    let line = fs::read_to_string(out.path().join("output.jsonl")).unwrap();
    let row: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
    let texts = row.values().zip(templates).map(|(value, template)| {
        let text = value.as_str().expect("a cell is text").to_owned();
        if inside(template).is_some() {
            text
        } else {
            serde_json::to_string(&text).unwrap()
        }
    });
    texts.collect()
}

/// The expression of a template that is one `{{ }}`.
fn inside(template: &str) -> Option<&str> {
    let inside = template.strip_prefix("{{")?.strip_suffix("}}")?;
    (!inside.contains("}}")).then(|| inside.trim())
}

fn as_json(template: &str) -> String {
    match inside(template) {
        Some(expression) => format!("{{{{ ({expression}) | json }}}}"),
        None => template.to_owned(),
    }
}

/// The lines of a page's tables with these headings: two columns, the first one code.
fn examples<'p>(page: &'p str, heading: &str) -> Vec<(String, &'p str)> {
    let mut found = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line.starts_with("| Template |") {
            is_inside = line == format!("| Template | {heading} |");
        } else if !line.starts_with('|') {
            is_inside = false;
        } else if is_inside && !line.starts_with("|---") {
            let (template, result) = line.rsplit_once("` | ").expect("two columns");
            // A result that is code ends in a backtick, and so may stand behind the split.
            let (template, result) = match template.split_once("` | `") {
                Some((template, _)) => (template, &line[template.len() + 4..]),
                None => (template, result),
            };
            let template = template.strip_prefix("| `").expect("code");
            let result = result.strip_suffix(" |").expect("the end of a line");
            found.push((template.replace("\\|", "|"), result.trim()));
        }
    }
    found
}

fn page() -> String {
    fs::read_to_string(project("docs/templates.md")).unwrap()
}

fn record(page: &str) -> &str {
    let (_, rest) = page.split_once("```yaml\n").expect("a record");
    rest.split_once("```").expect("its end").0
}

#[test]
fn every_example_of_the_page_is_true() {
    let page = page();
    let examples = examples(&page, "Result");
    assert!(examples.len() > 120, "only {} examples", examples.len());
    let templates: Vec<&str> = examples
        .iter()
        .map(|(template, _)| template.as_str())
        .collect();
    let values = values(record(&page), &templates);
    let mut report = String::new();
    for ((template, expected), actual) in examples.iter().zip(values) {
        let expected = match *expected {
            "nothing" => String::new(),
            code => code.trim_matches('`').replace("\\|", "|"),
        };
        if expected != actual {
            writeln!(
                report,
                "{template}\n  expected {expected}\n  actual   {actual}"
            )
            .unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn every_error_of_the_page_is_true() {
    let page = page();
    let mut report = String::new();
    for (template, expected) in examples(&page, "Error") {
        let out = TempDir::new().unwrap();
        let ended = run(record(&page), std::slice::from_ref(&template), out.path()).expect(1);
        let expected = format!("row 1: column `c0`: {}", expected.replace("\\|", "|"));
        if !ended.stderr.contains(&expected) {
            writeln!(
                report,
                "{template}\n  expected {expected}\n  actual {}",
                ended.stderr
            )
            .unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn the_page_has_an_example_of_every_filter_and_function() {
    let page = page();
    let templates: String = examples(&page, "Result")
        .into_iter()
        .map(|(template, _)| template)
        .collect();
    let missing: Vec<&str> = filters::names()
        .filter(|name| !templates.contains(&format!("| {name}")))
        .chain(functions::names().filter(|name| !templates.contains(&format!("{name}("))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let words: BTreeSet<&str> = page.split('`').collect();
    let missing: Vec<&str> = methods::names()
        .filter(|name| !words.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What hover shows of a filter is true.
#[test]
fn every_example_of_a_filter_is_true() {
    let page = page();
    let templates: Vec<&str> = filters::all().iter().map(|one| one.example.0).collect();
    let values = values(record(&page), &templates);
    for (filter, value) in filters::all().iter().zip(values) {
        let expected = match filter.example.1 {
            "nothing" => "",
            code => code,
        };
        assert_eq!(value, expected, "{}", filter.example.0);
    }
}

#[test]
fn the_page_lists_the_filters_with_a_plain_form() {
    let page = page();
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("- the filters "));
    let listed: Vec<String> = line
        .expect("a list of filters")
        .split(", ")
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    let plain: Vec<&str> = filters::all()
        .iter()
        .filter(|filter| filter.native.is_some() && filter.name != "d")
        .map(|filter| filter.name)
        .collect();
    assert_eq!(listed, plain);
}

#[test]
fn every_filter_and_method_passes_nothing_on() {
    // What each needs behind it to be called at all.
    let arguments = |name: &str| match name {
        "batch" | "slice" | "truncate" => "(2)",
        "chain" | "zip" => "([1])",
        "map" => "('upper')",
        "number" => "('1.5')",
        "regex_replace" | "replace" | "to_map" => "('a', 'b')",
        "select" | "reject" => "('odd')",
        "category" => "({})",
        "attr" | "groupby" | "selectattr" | "rejectattr" | "pick" | "omit" | "regex_search"
        | "hmac" | "currency" | "index_by" | "similar" | "unit" | "split" | "startswith"
        | "endswith" | "find" | "rfind" | "join" | "get" => "('a')",
        _ => "()",
    };
    let of_method = |name: &str| match name {
        "count" => "('a')",
        "title" | "upper" | "lower" | "capitalize" | "items" => "()",
        name => arguments(name),
    };
    let mut templates: Vec<String> = filters::names()
        .filter(|name| !matches!(*name, "default" | "d" | "or_null"))
        .map(|name| format!("{{{{ record.none | {name}{} }}}}", arguments(name)))
        .collect();
    templates.extend(
        methods::names().map(|name| format!("{{{{ record.none.{name}{} }}}}", of_method(name))),
    );
    let texts: Vec<&str> = templates.iter().map(String::as_str).collect();
    for (template, value) in templates.iter().zip(values("id: 1", &texts)) {
        assert_eq!(value, "", "{template}");
    }
}

/// What minijinja by itself does otherwise: expression, ours.
#[test]
fn nothing_and_values_are_ours_and_not_minijinjas() {
    let table = [
        ("{{ record.none < 5 }}", "false"),
        ("{{ record.none > 5 }}", "false"),
        ("{{ 5 >= record.none }}", "false"),
        ("{{ none == record.missing }}", "true"),
        ("{{ record.none != 1 }}", "true"),
        ("{{ true ~ '' }}", "\"true\""),
        ("{{ true | string }}", "\"true\""),
        ("{{ '%s' | format(true) }}", "\"true\""),
        ("{{ '{}'.format(true) }}", "\"true\""),
        ("{{ [true, none] | join(',') }}", "\"true\""),
        ("{{ [none, 'a'] | join(',') }}", "\"a\""),
        ("{{ ','.join([none, 'a']) }}", "\"a\""),
        ("{{ none | upper }}", ""),
        ("{{ '' | int }}", ""),
        ("{{ 'a' in none }}", "false"),
        ("{{ 'a' not in none }}", "true"),
        ("{{ record.list | map(attribute='v.c') }}", "[1,null,null]"),
        (
            "{{ record.list | map(attribute='v.c', default=0) }}",
            "[1,0,0]",
        ),
        (
            "{{ record.list | selectattr('v.c', 'eq', 1) | length }}",
            "1",
        ),
        (
            "{{ record.list | rejectattr('v.c', 'eq', 1) | length }}",
            "2",
        ),
        ("{{ record.names }} x", "\"[\\\"a\\\",\\\"b\\\"] x\""),
        ("{{ record.map }} x", "\"{\\\"k\\\":\\\"v\\\"} x\""),
        ("{{ record.none.no_such.upper().lower() }}", ""),
        ("{{ record.names[record.none] }}", ""),
        ("{{ record.none[0] }}", ""),
        ("{{ record.names[7] }}", ""),
        ("{{ record.map.get('x') }}", ""),
        (
            "{{ record.list | map(attribute='v') | map(attribute='c') | first }}",
            "1",
        ),
        (
            "{{ record.price }}{{ record.big }}",
            "\"1.5012345678901234567890\"",
        ),
        ("{{ record.price or 0 }}", "1.50"),
        ("{{ record.none or record.price }}", "1.50"),
        ("{{ record.price if true else 0 }}", "1.50"),
        ("{{ record.none | default(record.price) }}", "1.50"),
        ("{{ record.exp }}", "1e3"),
        ("{{ record.exp + 1 }}", "1001.0"),
        ("{{ record.big * 2 }}", "24691357802469135780"),
        ("{{ record.big // 10 }}", "1234567890123456789"),
        ("{{ record.big == 12345678901234567890 }}", "true"),
        ("{{ record.price == 1.5 }}", "true"),
        ("{{ [record.price] | first }}", "1.50"),
        (
            "{% for n in record.numbers %}{{ n }},{% endfor %}",
            "\"1.10,2.20,\"",
        ),
        ("{{ record.numbers | sum }}", "3.3000000000000003"),
        ("{{ record.numbers | max }}", "2.2"),
        ("{{ '9' < '10' }}", "false"),
        ("{{ [1, 2] < [1, 3] }}", "true"),
        ("a {#fff} b", "\"a {#fff} b\""),
    ];
    let record = "none: null\nlist: [{ v: { c: 1 } }, { v: null }, {}]\nnames: [a, b]\n\
                  map: { k: v }\nprice: 1.50\nbig: 12345678901234567890\nexp: 1e3\n\
                  numbers: [1.10, 2.20]\n";
    let templates: Vec<&str> = table.iter().map(|(template, _)| *template).collect();
    let mut report = String::new();
    for ((template, expected), actual) in table.iter().zip(values(record, &templates)) {
        if *expected != actual {
            writeln!(
                report,
                "{template}\n  expected {expected}\n  actual   {actual}"
            )
            .unwrap();
        }
    }
    assert!(report.is_empty(), "\n{report}");
}
