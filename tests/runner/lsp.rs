//! `runner lsp`, asked by a client over standard input and output, as an editor does.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::project;

/// An editor with one file open.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: u64,
    folder: TempDir,
    uri: String,
    text: String,
}

impl Editor {
    fn start() -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_runner"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let folder = TempDir::new().unwrap();
        let uri = format!("file://{}", folder.path().join("shop.yaml").display());
        let mut editor = Self {
            to: server.stdin.take().unwrap(),
            from: BufReader::new(server.stdout.take().unwrap()),
            server,
            asked: 0,
            folder,
            uri,
            text: String::new(),
        };
        let answer = editor.ask("initialize", json!({ "capabilities": { "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } } }));
        assert_eq!(answer["serverInfo"]["name"], "runner");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "the server has ended");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(value) => length = value.parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn whole_answer(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let message =
            json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": params });
        self.send(&message);
        let answer = self.receive();
        assert_eq!(answer["id"], self.asked, "{answer}");
        answer
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.whole_answer(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].take()
    }

    fn tell(&mut self, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send(&message);
    }

    /// Opens a text, or changes it; what is told of it, a line each.
    fn write(&mut self, text: &str) -> String {
        let uri = &self.uri;
        let (method, params) = if self.text.is_empty() {
            (
                "textDocument/didOpen",
                json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
            )
        } else {
            (
                "textDocument/didChange",
                json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [{ "text": text }] }),
            )
        };
        text.clone_into(&mut self.text);
        self.tell(method, params);
        let told = self.receive();
        assert_eq!(told["method"], "textDocument/publishDiagnostics");
        let told = told["params"]["diagnostics"].as_array().unwrap().clone();
        let lines: Vec<String> = told
            .iter()
            .map(|one| {
                let start = &one["range"]["start"];
                let place = format!("{}:{}", start["line"], start["character"]);
                format!(
                    "{place} {} {}",
                    one["code"].as_str().unwrap(),
                    one["message"].as_str().unwrap()
                )
            })
            .collect();
        lines.join("\n")
    }

    /// Writes a text with `^` for the cursor; a request's parameters there.
    fn at(&mut self, text: &str) -> Value {
        let at = text.find('^').expect("a cursor");
        self.write(&text.replacen('^', "", 1));
        let before = &text[..at];
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        json!({ "textDocument": { "uri": self.uri }, "position": { "line": line, "character": before[start..].encode_utf16().count() } })
    }

    /// What is offered at the cursor.
    fn complete(&mut self, text: &str) -> Vec<Value> {
        let at = self.at(text);
        let found = self.ask("textDocument/completion", at);
        found.as_array().unwrap().clone()
    }

    fn labels(&mut self, text: &str) -> Vec<String> {
        let found = self.complete(text);
        found
            .iter()
            .map(|one| one["label"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The text with a suggestion taken, its places to fill in empty or as they are proposed.
    fn taken(&self, one: &Value) -> String {
        let edit = &one["textEdit"];
        self.edited(&[edit.clone()].map(|mut edit| {
            let text = edit["newText"].as_str().unwrap().to_owned();
            edit["newText"] = json!(filled(&text));
            edit
        }))
    }

    fn edited(&self, edits: &[Value]) -> String {
        let mut text = self.text.clone();
        let mut edits: Vec<(usize, usize, String)> = edits
            .iter()
            .map(|edit| {
                let byte = |place: &Value| self.byte(place);
                (
                    byte(&edit["range"]["start"]),
                    byte(&edit["range"]["end"]),
                    edit["newText"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        edits.sort();
        for (start, end, new) in edits.into_iter().rev() {
            text.replace_range(start..end, &new);
        }
        text
    }

    fn byte(&self, place: &Value) -> usize {
        let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let units = usize::try_from(place["character"].as_u64().unwrap()).unwrap();
        let start: usize = self
            .text
            .split_inclusive('\n')
            .take(line)
            .map(str::len)
            .sum();
        let mut count = 0;
        for (at, c) in self.text[start..].char_indices() {
            if count >= units {
                return start + at;
            }
            count += c.len_utf16();
        }
        self.text.len()
    }

    fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

/// A snippet with what it proposes.
fn filled(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}').unwrap();
            text.push_str(inner[..end].split_once(':').map_or("", |(_, word)| word));
            rest = &inner[end + 1..];
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    text + rest
}

const SPEC: &str = r#"version: 1
name: shop
mode: data-source
options:
  API: { type: input, label: Address }
  TOKEN: { type: password }
http: { base_url: "{{ options.API }}", auth: { bearer: "{{ options.TOKEN }}" } }
source:
  - { name: product, request: /products, records: "$.data[*]", pages: none }
vars:
  net: "{{ product.price | to_number }}"
columns:
  id: "{{ product.id }}"
  größe: "{{ vars.net }}"
"#;

const TAPE: &str = r#"{"tape":1,"spec":"shop","now":"2026-01-01T00:00:00Z","options":{"API":"https://api.example.com"}}
{"request":{"method":"GET","url":"https://api.example.com/products"},"answer":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"data\":[{\"id\":1,\"title\":\"Shoe\",\"price\":\"19.90\",\"variants\":[{\"sku\":\"a-1\",\"stock\":4}]}]}"}}
"#;

fn with_column(line: &str) -> String {
    format!("{SPEC}{line}")
}

#[test]
fn mistakes_are_told_as_they_are_written() {
    let mut editor = Editor::start();
    assert_eq!(editor.write(SPEC), "");
    let told = editor.write(&SPEC.replace("größe: \"{{ vars.net", "größe: \"{{ vars.nett"));
    assert_eq!(
        told,
        "13:18 unknown-field `vars` has no `nett`\ndid you mean `net`? allowed is only `net`; a var sees those before it, all else sees all of them"
    );
    let told = editor.write(&SPEC.replace("mode: data-source", "mod: data-source"));
    assert!(told.starts_with("2:0 unknown-key "), "{told}");
    // What is no spec is let be.
    assert_eq!(editor.write("- a\n- {\n"), "");
    editor.end();
}

#[test]
fn fields_come_from_the_tape() {
    let mut editor = Editor::start();
    fs::write(editor.folder.path().join("shop.tape.jsonl"), TAPE).unwrap();
    assert_eq!(editor.write(SPEC), "");
    let told = editor.write(&with_column("  title: \"{{ product.titel }}\"\n"));
    assert!(told.contains("did you mean `title`?"), "{told}");
    let fields = editor.labels(&with_column("  title: \"{{ product.^ }}\"\n"));
    assert_eq!(fields, ["id", "price", "title", "variants"]);
    // Also while nothing is closed yet.
    let fields = editor.labels(&with_column("  title: \"{{ record.ti^"));
    assert_eq!(fields, ["id", "price", "title", "variants"]);
    let fields = editor.labels(&with_column(
        "  title: \"{% for one in product.variants %}{{ one.^ }}{% endfor %}\"\n",
    ));
    assert_eq!(fields, ["sku", "stock"]);
    let at = editor.at(&with_column("  title: \"{{ product.pri^ce }}\"\n"));
    let hover = editor.ask("textDocument/hover", at);
    assert_eq!(
        hover["contents"]["value"],
        "`product.price`\n\nOn the tape: text, '19.90'"
    );
    editor.end();
}

/// A spec that is opened with a mistake in it is one whose records are known all the same.
#[test]
fn fields_come_from_the_tape_while_something_is_wrong() {
    let mut editor = Editor::start();
    fs::write(editor.folder.path().join("shop.tape.jsonl"), TAPE).unwrap();
    let wrong = "  bad: \"{{ record.title | tru }}\"\n  title: \"{{ product.^ }}\"\n";
    let fields = editor.labels(&with_column(wrong));
    assert_eq!(fields, ["id", "price", "title", "variants"]);
    let wrong = "  bad: \"{{ record.title | tru }}\"\n  title: \"{{ product.pri^ce }}\"\n";
    let at = editor.at(&with_column(wrong));
    let hover = editor.ask("textDocument/hover", at);
    let about = hover["contents"]["value"].as_str().unwrap();
    assert!(about.contains("On the tape: text, '19.90'"), "{about}");
    editor.end();
}

#[test]
fn what_may_be_written_is_offered() {
    let mut editor = Editor::start();
    let top = editor.labels(&format!("{SPEC}^"));
    assert!(
        top.contains(&"incremental".to_owned()) && !top.contains(&"columns".to_owned()),
        "{top:?}"
    );
    // An export's keys are none of an import.
    assert!(!top.contains(&"target".to_owned()), "{top:?}");
    let modes = editor.labels("version: 1\nname: x\nmode: ^\n");
    assert_eq!(
        modes,
        ["data-source", "data-service", "export", "export-delta"]
    );
    let auth = editor.labels("version: 1\nname: x\nmode: export\nhttp: { auth: { ^ } }\n");
    assert!(
        auth.contains(&"oauth2".to_owned()) && auth.contains(&"bearer".to_owned()),
        "{auth:?}"
    );
    let options = editor.labels(&with_column("  a: \"{{ options.^ }}\"\n"));
    assert_eq!(options, ["API", "TOKEN"]);
    let names = editor.labels(&with_column("  a: \"{{ ^ }}\"\n"));
    for name in ["options", "product", "record", "vars", "run", "now", "not"] {
        assert!(names.contains(&name.to_owned()), "{name} in {names:?}");
    }
    assert!(!names.contains(&"page".to_owned()), "{names:?}");
    let filters = editor.complete(&with_column("  a: \"{{ product.title | tru^ }}\"\n"));
    let truncate = filters
        .iter()
        .find(|one| one["label"] == "truncate")
        .unwrap();
    assert_eq!(truncate["textEdit"]["newText"], "truncate(${1:n})");
    assert!(
        truncate["documentation"]["value"]
            .as_str()
            .unwrap()
            .contains("gives"),
        "{truncate}"
    );
    let kinds = editor.labels(&with_column("  a: \"{{ product.title | hash('^') }}\"\n"));
    assert_eq!(kinds, ["sha256", "sha512", "sha1", "md5", "sha384"]);
    let tests = editor.labels(&with_column("  a: \"{{ product.title is ^ }}\"\n"));
    assert!(tests.contains(&"defined".to_owned()), "{tests:?}");
    editor.end();
}

#[test]
fn every_key_of_the_top_is_accepted_as_it_is_inserted() {
    let mut editor = Editor::start();
    for mode in ["data-source", "data-service", "export", "export-delta"] {
        let start = format!("version: 1\nname: x\nmode: {mode}\n");
        let found = editor.complete(&format!("{start}^"));
        assert!(found.len() > 10, "{mode} {}", found.len());
        for one in &found {
            let text = editor.taken(one);
            let whole = text.clone();
            let mut other = Editor::start();
            let told = other.write(&whole);
            let key = one["label"].as_str().unwrap();
            // Nobody has filled it in yet; what is there must be in its place.
            for code in [
                "unknown-key",
                "other-mode",
                "duplicate-key",
                "yaml",
                "unquoted-template",
            ] {
                assert!(
                    !told.contains(&format!(" {code} ")),
                    "{mode} {key}: {told}\n{whole}"
                );
            }
            other.end();
        }
    }
    editor.end();
}

#[test]
fn what_stands_there_is_explained() {
    let mut editor = Editor::start();
    let mut told = String::new();
    for text in [
        SPEC.replace("mode:", "mo^de:"),
        SPEC.replace("data-source", "data-^source"),
        SPEC.replace("base_url", "base^_url"),
        SPEC.replace("records:", "rec^ords:"),
        SPEC.replace("type: password", "type: pass^word"),
        SPEC.replace("to_number", "to_^number"),
        SPEC.replace("options.TOKEN", "options.TO^KEN"),
        SPEC.replace("vars.net", "vars.n^et"),
        with_column("  a: \"{{ no^w() is de^fined }}\"\n").replacen("de^", "de", 1),
    ] {
        let at = editor.at(&text);
        let hover = editor.ask("textDocument/hover", at);
        let about = hover["contents"]["value"].as_str().unwrap_or("nothing");
        told.push_str(about);
        told.push_str("\n---\n");
    }
    insta::assert_snapshot!("hovers", told);
    editor.end();
}

#[test]
fn names_are_found_and_renamed_everywhere() {
    let mut editor = Editor::start();
    for (text, line) in [
        (SPEC.replace("options.TOKEN", "options.TO^KEN"), 5),
        (SPEC.replace("product.id", "prod^uct.id"), 8),
        (SPEC.replace("vars.net", "vars.n^et"), 10),
    ] {
        let at = editor.at(&text);
        let found = editor.ask("textDocument/definition", at);
        assert_eq!(found["range"]["start"]["line"], line, "{found}");
    }
    for (text, to, from) in [
        (SPEC.replace("  TOKEN:", "  TO^KEN:"), "KEY", "TOKEN"),
        (
            SPEC.replace("name: product", "name: prod^uct"),
            "item",
            "product",
        ),
        (SPEC.replace("vars.net", "vars.n^et"), "gross", "net"),
    ] {
        let to = if to == "item" { "one_item" } else { to };
        let mut at = editor.at(&text);
        let place = editor.ask("textDocument/prepareRename", at.clone());
        assert!(place.get("start").is_some(), "{place}");
        at["newName"] = json!(to);
        let edit = editor.ask("textDocument/rename", at);
        let edits = edit["changes"][&editor.uri].as_array().unwrap().clone();
        let renamed = editor.edited(&edits);
        assert!(
            !renamed.contains(&format!("{from}\"")) && renamed.contains(to),
            "{renamed}"
        );
        assert_eq!(editor.write(&renamed), "", "{renamed}");
        assert!(edits.len() > 1, "{edits:?}");
    }
    let mut at = editor.at(&SPEC.replace("name: product", "name: prod^uct"));
    for (to, why) in [
        ("row", "`row` is there already"),
        ("Pro", "small letters"),
        ("", "small letters"),
    ] {
        at["newName"] = json!(to);
        let answer = editor.whole_answer("textDocument/rename", at.clone());
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
    editor.end();
}

/// A completion takes the place of the whole word, and nothing is offered where nothing belongs.
#[test]
fn a_word_is_replaced_as_a_whole() {
    let mut editor = Editor::start();
    let start = "version: 1\nname: x\n";
    for (text, label, taken) in [
        ("mode: data-s^ource\n", "data-source", "mode: data-source\n"),
        ("mode: \"da^t\"\n", "data-source", "mode: \"data-source\"\n"),
        (
            "mode: data-source\nhttp: {ti^meout: 3s}\n",
            "timeout",
            "mode: data-source\nhttp: {timeout: 3s}\n",
        ),
        (
            "mode: data-source\nlog:\n  -^\n",
            "at",
            "mode: data-source\nlog:\n  - at: \n",
        ),
        (
            "mode: data-source\noptions: { A: { type: input } }\ncolumns: { a: \"{{ opt^ions.A }}\" }\n",
            "options",
            "mode: data-source\noptions: { A: { type: input } }\ncolumns: { a: \"{{ options.A }}\" }\n",
        ),
        (
            "mode: data-source\noptions: { my-a: { type: input } }\ncolumns: { a: \"{{ options.^ }}\" }\n",
            "MY_A",
            "",
        ),
    ] {
        let found = editor.complete(&format!("{start}{text}"));
        let one = found.iter().find(|one| one["label"] == label);
        if taken.is_empty() {
            continue;
        }
        let one = one.unwrap_or_else(|| panic!("{label} in {text}: {found:?}"));
        assert_eq!(editor.taken(one), format!("{start}{taken}"));
    }
    for text in ["# ver^", "mode: data-source # {{ ^ }}\n"] {
        assert!(
            editor.labels(&format!("{start}{text}")).is_empty(),
            "{text}"
        );
    }
    // Other people's YAML is let be.
    let workflow = "on: push\njobs:\n  a: \"${{github.ref=='x'&&a}}\"\n";
    editor.write(workflow);
    let params = json!({ "textDocument": { "uri": editor.uri }, "options": { "tabSize": 2, "insertSpaces": true } });
    assert_eq!(editor.ask("textDocument/formatting", params), json!([]));
    let at = editor.at(&format!("{workflow}^"));
    assert_eq!(editor.ask("textDocument/completion", at), Value::Null);
    editor.end();
}

/// What a rename would change in meaning is refused, and what only looks like the name stays.
#[test]
fn a_rename_never_changes_what_a_spec_means() {
    let mut editor = Editor::start();
    let spec = "version: 1\nname: x\nmode: data-source\noptions: { AB: { type: input } }\nhttp: { base_url: \"{{ options.get('AB') }}\" }\nsource:\n  - { name: product, request: { path: /p, query: { name: product } }, pages: none }\ncolumns:\n  a: \"{% for product in product.l %}{{ product.x }}{% endfor %}{{ product.id }}\"\n  b: '{{ options[''AB''] }}'\n  c: \"{% for x in product.l %}{{ x.a ~ product.id }}{% endfor %}\"\n";
    let mut at = editor.at(&spec.replace("{ name: product, request", "{ name: prod^uct, request"));
    at["newName"] = json!("thing");
    let edit = editor.ask("textDocument/rename", at.clone());
    let edits = edit["changes"][&editor.uri].as_array().unwrap().clone();
    assert_eq!(
        editor.edited(&edits),
        spec.replace("{ name: product, request", "{ name: thing, request")
            .replace("in product.l", "in thing.l")
            .replace("product.id", "thing.id")
    );
    for name in ["x", "not", "now"] {
        at["newName"] = json!(name);
        let answer = editor.whole_answer("textDocument/rename", at.clone());
        assert!(answer["error"]["message"].is_string(), "{name}: {answer}");
    }
    let mut at = editor.at(&spec.replace("{ AB:", "{ A^B:"));
    at["newName"] = json!("CD");
    let edit = editor.ask("textDocument/rename", at);
    let edits = edit["changes"][&editor.uri].as_array().unwrap().clone();
    assert_eq!(editor.edited(&edits), spec.replace("AB", "CD"));
    // The tests beside the spec give the option too.
    let test = "cases:\n  - { name: a, options: { AB: 1 }, expect: { exit: 0 } }\n";
    fs::write(editor.folder.path().join("shop.test.yaml"), test).unwrap();
    let mut at = editor.at(&spec.replace("{ AB:", "{ A^B:"));
    at["newName"] = json!("CD");
    let edit = editor.ask("textDocument/rename", at);
    let uri = editor.uri.replace("shop.yaml", "shop.test.yaml");
    let start = &edit["changes"][&uri][0]["range"]["start"];
    assert_eq!(
        (start["line"].as_u64(), start["character"].as_u64()),
        (Some(1), Some(26)),
        "{edit}"
    );
    editor.end();
}

/// Formatting changes how templates are written and nothing else.
#[test]
fn templates_of_our_own_specs_stay_as_they_mean() {
    let mut editor = Editor::start();
    let mut seen = 0;
    for folder in ["connectors", "examples"] {
        for file in specs(&project(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let before = editor.write(&text);
            let params = json!({ "textDocument": { "uri": editor.uri }, "options": { "tabSize": 2, "insertSpaces": true } });
            let edits = editor.ask("textDocument/formatting", params.clone());
            let formatted = editor.edited(edits.as_array().unwrap());
            let without_spaces = |text: &str| text.replace(' ', "");
            assert_eq!(
                without_spaces(&formatted),
                without_spaces(&text),
                "{}",
                file.display()
            );
            let after = editor.write(&formatted);
            assert_eq!(
                before.lines().count(),
                after.lines().count(),
                "{}",
                file.display()
            );
            let again = editor.ask("textDocument/formatting", params);
            assert_eq!(again, json!([]), "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} specs");
    editor.end();
}

fn specs(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(specs(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            found.push(path);
        }
    }
    found
}
