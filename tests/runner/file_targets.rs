//! Files as targets: every format, every place, each a real one.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::file_servers::{FileServer, PASSWORD, USER};
use crate::support::mock::Mock;
use crate::support::odd_ftp::{Odd, OddFtp};
use crate::support::project;
use crate::support::sandbox::{Held, Sandbox};

const ROWS: &str = "\u{feff}id,title,price,stock\n\
    1,\"a; \"\"b\"\"\nline\",9.90,3\n\
    2,Größe € <x> & 'y',3,0\n\
    ,no id,1,1\n\
    4,,1234.5,\n\
    5,中\u{1},not a price,1\n";

/// An export of `ROWS` whose target is `file: FILE`.
fn spec(folder: &Path, file: &str, more: &str) -> std::path::PathBuf {
    let spec = folder.join("spec.yaml");
    let text = format!(
        "version: 1\nname: files\nmode: export\n\
         options: {{ PASSWORD: {{ type: password }}, BASE: {{ type: input }} }}\n\
         on_error: skip\n\
         reject: [{{ when: \"{{{{ not row.id }}}}\", message: no id }}]\n\
         columns: {{ price: \"{{{{ row.price | to_number }}}}\" }}\n\
         target: {{ file: {file} }}\n\
         feedback: {{ columns: {{ id: \"{{{{ row.id }}}}\", status: \"{{{{ outcome.status }}}}\", error: \"{{{{ outcome.message }}}}\" }} }}\n\
         log:\n  - {{ at: finish, level: report, message: \"{{{{ run.rows_ok }}}} in {{{{ run.file }}}}\" }}\n\
         {more}"
    );
    fs::write(&spec, text).unwrap();
    spec
}

/// Runs it.
fn write(file: &str, more: &str, env: &[(&str, &str)]) -> (Ended, Held) {
    let folder = TempDir::new().unwrap();
    let spec = spec(folder.path(), file, more);
    let input = folder.path().join("input.csv");
    fs::write(&input, ROWS).unwrap();
    let sandbox = Sandbox::serve(&[("input", input)]);
    let shared = sandbox.out().join("exchange");
    let mut runner = Runner::of_spec(&spec, &sandbox.url)
        .env("PASSWORD", PASSWORD)
        .arg("--shared")
        .arg(shared);
    for (name, value) in env {
        runner = runner.env(name, value);
    }
    let ended = runner.run();
    (ended, sandbox.stop())
}

const ALL_OK: [&str; 5] = [
    r#"{"id":"1","status":"ok","error":""}"#,
    r#"{"id":"2","status":"ok","error":""}"#,
    r#"{"id":"","status":"rejected","error":"no id"}"#,
    r#"{"id":"4","status":"ok","error":""}"#,
    r#"{"id":"5","status":"skipped","error":"column `price`: \"not a price\" is no number (spec.yaml:7: {{ row.price | to_number }})"}"#,
];

/// What a format makes of the rows; what is packed is unpacked.
fn written(name: &str, keys: &str) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    let file = format!("{{ url: \"{}\"{keys} }}", path.display());
    let (ended, held) = write(&file, "", &[]);
    assert_eq!(
        ended.code,
        0,
        "{name}: {}{ended:?}",
        held.text("logs.jsonl")
    );
    assert_eq!(names(folder.path()), [name], "nothing is left beside it");
    let bytes = fs::read(&path).unwrap();
    let mut text = Vec::new();
    match name.rsplit('.').next().unwrap() {
        "gz" => {
            flate2::read::MultiGzDecoder::new(bytes.as_slice())
                .read_to_end(&mut text)
                .unwrap();
        }
        "zst" => text = zstd::decode_all(bytes.as_slice()).unwrap(),
        "zip" | "xlsx" => {
            let inner = name
                .strip_suffix(".zip")
                .unwrap_or("xl/worksheets/sheet1.xml");
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            zip.by_name(inner).unwrap().read_to_end(&mut text).unwrap();
        }
        _ => text = bytes,
    }
    match String::from_utf8(text) {
        Ok(text) => text,
        Err(error) => format!("{:?}", error.into_bytes().escape_ascii().to_string()),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn formats() {
    let tree = "xml: { root: offers, row: { offer: { \"@id\": \"{{ row.id }}\", title: \"{{ row.title }}\", \
         tag: [a, \"{{ row.id }}\"], none: \"{{ row.nothing }}\", gone: null, \
         price: { \"@currency\": EUR, \"#text\": \"{{ row.price }}\" }, parts: \"{{ row.title.split(' ') }}\" } } }";
    let cases = [
        ("o.csv", String::new()),
        ("o.tsv", String::new()),
        ("o.json", String::new()),
        ("o.jsonl", String::new()),
        ("o.xml", String::new()),
        ("o.xlsx", String::new()),
        ("o.csv.gz", ", format: { csv: { delimiter: \";\", quote: \"'\", header: false } }".to_owned()),
        ("o.txt.zip", ", format: tsv, header: \"# {{ run.file }}\\n\", footer: \"# {{ run.rows_read }}\\n\"".to_owned()),
        ("o.ndjson.zst", String::new()),
        ("latin.csv", ", format: { csv: { encoding: windows-1252 } }".to_owned()),
        ("latin.xml", ", format: { xml: { root: all, row: product, encoding: iso-8859-15 } }".to_owned()),
        ("tree.xml", format!(", format: {{ {tree} }}")),
        ("around.xml", ", header: \"<?xml version='1.0'?><a><b>\", footer: \"</b></a>\", format: { xml: { row: \"<c>{{ row.id | escape }}</c>\" } }".to_owned()),
        ("around.json", ", header: \"{\\\"n\\\":1,\\\"rows\\\":[\", footer: \"]}\"".to_owned()),
        ("named.xlsx", ", format: { xlsx: { sheet: \"Offers {{ run.mode }}\", header: false } }".to_owned()),
    ];
    let mut all = String::new();
    for (name, keys) in cases {
        let text = written(name, &keys);
        all = format!("{all}=== {name}{keys}\n{text}\n");
    }
    insta::assert_snapshot!(all);
}

/// Rows as `item` makes them, nested as they are.
/// What Windows, Excel and old importers ask of CSV.
#[test]
fn csv_as_others_want_it() {
    let mut all = String::new();
    for csv in [
        "bom: true",
        "bom: true, line_end: crlf, delimiter: \";\"",
        "quoting: all",
        "quoting: non_numeric, header: false",
        "encoding: utf-16le, delimiter: \"\\t\"",
        "encoding: utf-16be, bom: false",
        "encoding: cp850",
        "encoding: ibm437",
    ] {
        let text = written("a.csv", &format!(", format: {{ csv: {{ {csv} }} }}"));
        let shown = text.replace('\r', "\\r").replace('\u{feff}', "\\ufeff");
        all = all + csv + "\n" + &shown + "\n";
    }
    for tsv in ["bom: true, line_end: crlf", "quoting: all, defuse: true"] {
        let text = written("a.tsv", &format!(", format: {{ tsv: {{ {tsv} }} }}"));
        let shown = text.replace('\r', "\\r").replace('\u{feff}', "\\ufeff");
        all = all + "tsv: " + tsv + "\n" + &shown + "\n";
    }
    insta::assert_snapshot!(all);
}

/// A row that can't stand in the file fails alone: its cell needs quotes that are not written, or is
/// longer than a sheet takes.
#[test]
fn a_row_that_does_not_fit_fails_alone() {
    let folder = TempDir::new().unwrap();
    let long = "x".repeat(32_768);
    let fits = "😀".repeat(16_383);
    let rows = format!("id,text\n1,a\n2,\"b,c\"\n3,{long}\n4,{fits}\n5,'=1+1\n6,=1+1\n7,-5\n");
    let input = folder.path().join("input.csv");
    fs::write(&input, rows).unwrap();
    let told = |name: &str, format: &str| {
        let path = folder.path().join(name);
        let spec = folder.path().join("spec.yaml");
        let text = format!(
            "version: 1\nname: files\nmode: export\ntarget: {{ file: {{ url: \"{}\", format: {format} }} }}\nfeedback: {{ columns: {{ id: \"{{{{ row.id }}}}\", status: \"{{{{ outcome.status }}}}\", error: \"{{{{ outcome.message }}}}\" }} }}\n",
            path.display()
        );
        fs::write(&spec, text).unwrap();
        let sandbox = Sandbox::serve(&[("input", input.clone())]);
        Runner::of_spec(&spec, &sandbox.url).run().expect(0);
        let told = sandbox.stop().text("feedback.jsonl");
        (told, fs::read(&path).unwrap())
    };
    let (plain, csv) = told("a.csv", "{ csv: { quoting: none, defuse: true } }");
    let failed = |told: &str| told.matches("\"failed\"").count();
    assert!(
        plain.contains(
            "{\"id\":\"2\",\"status\":\"failed\",\"error\":\"file: column `text` has a delimiter"
        ),
        "{plain}"
    );
    assert_eq!(failed(&plain), 1, "{plain}");
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.ends_with("\n5,'=1+1\n6,'=1+1\n7,-5\n"), "{csv}");
    assert_eq!(csv.lines().count(), 7);
    let (sheet, _) = told("a.xlsx", "xlsx");
    assert!(
        sheet.contains("{\"id\":\"3\",\"status\":\"failed\",\"error\":\"file: column `text`: a cell of a sheet holds 32767 characters"),
        "{sheet}"
    );
    assert_eq!(failed(&sheet), 1, "{sheet}");
}

#[test]
fn items_are_the_rows_of_json() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("o.jsonl");
    let spec = spec(folder.path(), "x", "");
    let text = fs::read_to_string(&spec).unwrap().replace(
        "target: { file: x }",
        &format!(
            "target: {{ file: {{ url: \"{}\" }}, item: {{ sku: \"{{{{ row.id }}}}\", price: {{ amount: \"{{{{ row.price }}}}\" }}, stock: \"{{{{ row.stock | int / (row.id | int - 2) }}}}\" }} }}",
            path.display()
        ),
    );
    fs::write(&spec, text).unwrap();
    let input = folder.path().join("input.csv");
    fs::write(&input, ROWS).unwrap();
    let sandbox = Sandbox::serve(&[("input", input)]);
    let ended = Runner::of_spec(&spec, &sandbox.url).run();
    let held = sandbox.stop();
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    insta::assert_snapshot!(format!(
        "{}---\n{}",
        fs::read_to_string(path).unwrap(),
        held.text("feedback.jsonl")
    ));
}

/// What was there is replaced, and no part of a file stays.
fn delivers(base: &str, login: &str, folder: &Path) {
    for _ in 0..2 {
        let file =
            format!("{{ url: \"{base}/\", name: \"o-{{{{ run.mode }}}}.csv\", login: {login} }}");
        let (ended, held) = write(&file, "", &[]);
        assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
        assert_eq!(held.lines("feedback.jsonl"), ALL_OK);
        let text = fs::read_to_string(folder.join("o-export.csv")).unwrap();
        assert!(text.starts_with("id,title,price,stock\n1,"), "{text}");
        assert!(!folder.join("o-export.csv.part").exists());
    }
}

/// What is told where the file surely is not there, or where nobody knows.
fn not_delivered(status: &str, error: &str) -> Vec<String> {
    let row = |id: &str| format!(r#"{{"id":"{id}","status":"{status}","error":"{error}"}}"#);
    vec![
        row("1"),
        row("2"),
        ALL_OK[2].to_owned(),
        row("4"),
        ALL_OK[4].to_owned(),
    ]
}

/// A file that can't be delivered: its rows have failed.
fn refuses(file: &str, reason: &str) {
    let (ended, held) = write(file, "", &[]);
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 1, "{logs}");
    assert_eq!(
        held.lines("feedback.jsonl"),
        not_delivered("failed", "the file was not delivered"),
        "{logs}"
    );
    assert!(logs.contains(reason), "{logs}");
    assert!(!logs.contains(PASSWORD), "{logs}");
}

#[test]
fn disk() {
    let folder = TempDir::new().unwrap();
    let base = format!("file://{}", folder.path().display());
    delivers(&base, "{}", folder.path());
    refuses(
        &format!("{{ url: \"{base}/nowhere/o.csv\" }}"),
        "the file was not delivered: ",
    );
}

#[test]
fn s3() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    let server = FileServer::s3(folder.path());
    let login = |key: &str| {
        format!(
            "{{ access_key: {USER}, secret_key: \"{key}\", endpoint: \"http://127.0.0.1:{}\" }}",
            server.port
        )
    };
    let base = "s3://out/feeds";
    delivers(
        base,
        &login("{{ options.PASSWORD }}"),
        &folder.path().join("out/feeds"),
    );
    let wrong = login("another");
    refuses(
        &format!("{{ url: \"{base}/o.csv\", login: {wrong} }}"),
        "PUT s3://out/feeds/o.csv was answered 403",
    );
}

#[test]
fn ftp() {
    let folder = TempDir::new().unwrap();
    let server = FileServer::ftp(folder.path());
    let login = format!("{{ username: {USER}, password: \"{{{{ options.PASSWORD }}}}\" }}");
    let base = format!("ftp://127.0.0.1:{}", server.port);
    delivers(&base, &login, folder.path());
    refuses(
        &format!("{{ url: \"{base}/nowhere/o.csv\", login: {login} }}"),
        "the file was not delivered: ",
    );
}

#[test]
fn a_footer_is_worked_out_once_the_rows_are_counted() {
    let footer = r#"footer: "avg {{ 300 // run.rows_ok }}""#;
    for (name, header) in [("o.csv", ""), ("o.jsonl", ""), ("o.json", "header: '[', ")] {
        let text = written(name, &format!(", {header}{footer}"));
        assert!(text.ends_with("avg 100"), "{name}: {text}");
    }
}

#[test]
fn what_broke_off_before_it_had_its_name_is_sent_again_and_nothing_else() {
    let retry = "http: { retry: { attempts: 3, wait: 1ms } }";
    let sent = |odd: Odd| {
        let server = OddFtp::start(odd);
        let file = format!("{{ url: \"ftp://127.0.0.1:{}/o.csv\" }}", server.port);
        let (ended, held) = write(&file, retry, &[]);
        let commands = server.commands().into_iter();
        let moves: Vec<String> = commands
            .filter(|line| ["STOR", "RNTO"].iter().any(|word| line.starts_with(word)))
            .collect();
        (ended.code, held.lines("feedback.jsonl"), moves)
    };
    let (code, feedback, moves) = sent(Odd::LosesOnce);
    assert_eq!(code, 0);
    assert_eq!(feedback, ALL_OK);
    assert_eq!(
        moves,
        ["STOR /o.csv.part", "STOR /o.csv.part", "RNTO /o.csv"]
    );
    let (code, feedback, moves) = sent(Odd::GoesAway);
    assert_eq!(code, 1);
    assert!(
        feedback[0].contains(r#""status":"unknown""#),
        "{feedback:?}"
    );
    assert_eq!(moves, ["STOR /o.csv.part", "RNTO /o.csv"]);
}

#[test]
fn sftp() {
    let folder = TempDir::new().unwrap();
    let server = FileServer::sftp(folder.path(), None);
    let login = format!("{{ username: {USER}, password: \"{{{{ options.PASSWORD }}}}\" }}");
    let base = format!("sftp://127.0.0.1:{}", server.port);
    delivers(&base, &login, folder.path());
    refuses(
        &format!("{{ url: \"{base}/nowhere/o.csv\", login: {login} }}"),
        "the file was not delivered: ",
    );
    let wrong = format!("{{ username: {USER}, password: another }}");
    refuses(
        &format!("{{ url: \"{base}/o.csv\", login: {wrong} }}"),
        "the login of `reader` was refused",
    );
    // Where the new file may not take its place, the old one stays there.
    fs::write(folder.path().join("kept.csv"), "old").unwrap();
    refuses(
        &format!("{{ url: \"{base}/kept.csv\", login: {login} }}"),
        "the file was not delivered: ",
    );
    let kept = fs::read_to_string(folder.path().join("kept.csv"));
    assert_eq!(kept.unwrap(), "old");
    for left in ["kept.csv.part", "kept.csv.part.old"] {
        assert!(!folder.path().join(left).exists(), "{left}");
    }
    // What is written in percent in an address is a sign of its path.
    let spaced = format!("{{ url: \"{base}/new%20feed.csv\", login: {login} }}");
    assert_eq!(write(&spaced, "", &[]).0.code, 0);
    assert!(folder.path().join("new feed.csv").exists());
}

#[test]
fn http() {
    let put = |answers: &str| {
        let folder = TempDir::new().unwrap();
        let mock = Mock::start(folder.path(), answers);
        let file = "{ url: \"{{ options.BASE }}/in/o.csv?x=1\", login: { username: reader, password: \"{{ options.PASSWORD }}\" } }";
        let (ended, held) = write(file, "", &[("BASE", &mock.url)]);
        assert_eq!(mock.differences(), Vec::<String>::new());
        (ended, held, mock.requests())
    };
    let line = "{ request: PUT <mock>/in/o.csv?x=1, header: \"content-type: text/csv\", ";
    let (ended, held, requests) = put(&format!(
        "- {line} status: 503 }}\n- {line} fault: close }}\n- {line} status: 201 }}\n"
    ));
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(held.lines("feedback.jsonl"), ALL_OK);
    let expected = "PUT <mock>/in/o.csv?x=1 [content-type: text/csv] [authorization: Basic cmVhZGVyOmZpbGUtcGFzc3dvcmQtMQ==] id,title,price,stock\\n1,\"a; \"\"b\"\"\\nline\",9.9,3\\n2,Größe € <x> & 'y',3,0\\n4,,1234.5,\\n";
    assert_eq!(requests, [expected; 3]);
    let (ended, held, _) = put(&format!("- {line} status: 403, answer: no }}\n"));
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 1, "{logs}");
    assert!(logs.contains("403 Forbidden: no"), "{logs}");
    assert_eq!(
        held.lines("feedback.jsonl"),
        not_delivered("failed", "the file was not delivered")
    );
    // Five times without an answer: nobody knows.
    let lost = format!("- {line} fault: close }}\n").repeat(5);
    let (ended, held, _) = put(&lost);
    assert_eq!(ended.code, 1, "{}", held.text("logs.jsonl"));
    assert_eq!(
        held.lines("feedback.jsonl"),
        not_delivered("unknown", "nobody knows whether the file was delivered")
    );
}

/// Who does not want an empty or a poor feed says so, and the one that is there stays.
#[test]
fn a_file_that_is_not_to_go_out() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("o.csv");
    fs::write(&path, "the last one").unwrap();
    let file = format!(
        "{{ url: \"{}\", footer: \"{{{{ run.rows_ok }}}} rows\" }}",
        path.display()
    );
    let guard = "fail_when:\n  - { when: \"{{ run.rows_ok < 10 }}\", message: \"only {{ run.rows_ok }} rows\" }\n";
    let (ended, held) = write(&file, guard, &[]);
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 1, "{logs}");
    assert!(logs.contains("only 3 rows"), "{logs}");
    assert_eq!(held.lines("feedback.jsonl"), [ALL_OK[2], ALL_OK[4]]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "the last one");
    let (ended, _) = write(&file, "", &[]);
    assert_eq!(ended.code, 0);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with("4,,1234.5,\n3 rows"), "{text}");
}

#[test]
fn the_platforms_transport() {
    let (ended, held) = write("{ transport: /feeds/o.csv }", "", &[]);
    assert_eq!(ended.code, 0, "{ended:?}{}", held.text("logs.jsonl"));
    assert_eq!(held.lines("feedback.jsonl"), ALL_OK);
    let delivered = fs::read_to_string(held.folder().join("transport/feeds/o.csv")).unwrap();
    assert!(delivered.starts_with("id,title,price,stock\n"));
    assert_eq!(names(&held.folder().join("exchange")), Vec::<String>::new());
}

/// Without rows there is a file for a whole export, and none for a kind of change.
#[test]
fn nothing_to_send() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("o.csv");
    let spec = spec(
        folder.path(),
        &format!("{{ url: \"{}\" }}", path.display()),
        "keep: none\n",
    );
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(
        &spec,
        text.replace("{{ row.id }}\", status", "{{ row.price }}\", status"),
    )
    .unwrap();
    let input = folder.path().join("input.csv");
    fs::write(&input, "id,price\n").unwrap();
    let run = |spec: &Path, name: &str| {
        let sandbox = Sandbox::serve(&[(name, input.clone())]);
        let ended = Runner::of_spec(spec, &sandbox.url).run();
        let held = sandbox.stop();
        assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
        held.text("logs.jsonl")
    };
    run(&spec, "input");
    assert_eq!(fs::read_to_string(&path).unwrap(), "price\n");
    fs::remove_file(&path).unwrap();
    let delta = fs::read_to_string(&spec)
        .unwrap()
        .replace("mode: export", "mode: export-delta")
        .replace("target: {", "target: { new: {}, ");
    fs::write(&spec, delta).unwrap();
    let logs = run(&spec, "new");
    assert!(
        logs.contains("no row for o.csv: no file is written"),
        "{logs}"
    );
    assert!(!path.exists());
}

/// The examples, as they stand.
#[test]
fn the_examples() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("input.csv");
    fs::write(
        &input,
        "id,gtin,title,price,stock,link,images,brand\n\
         1,400,Größe L,\"1234.5\",3,https://shop/1,https://a/1|https://a/2,Acme\n\
         2,401,No stock,9,0,https://shop/2,,\n\
         3,402,Free,0,1,https://shop/3,,\n",
    )
    .unwrap();
    let run = |example: &str, env: &[(&str, &str)]| {
        let sandbox = Sandbox::serve(&[("input", input.clone())]);
        let mut runner = Runner::of_spec(&project(example), &sandbox.url);
        for (name, value) in env {
            runner = runner.env(name, value);
        }
        let ended = runner.run();
        let held = sandbox.stop();
        assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
        (held.text("feedback.jsonl"), held.text("logs.jsonl"))
    };
    let unpacked = |path: &Path| {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(fs::File::open(path).unwrap())
            .read_to_end(&mut bytes)
            .unwrap();
        encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned()
    };
    fs::create_dir(folder.path().join("in")).unwrap();
    let server = FileServer::sftp(folder.path(), None);
    let host = format!("127.0.0.1:{}", server.port);
    run(
        "examples/csv-to-sftp.yaml",
        &[("HOST", &host), ("USERNAME", USER), ("PASSWORD", PASSWORD)],
    );
    let files = names(&folder.path().join("in"));
    let [name] = files.as_slice() else {
        panic!("one file: {files:?}");
    };
    assert!(name.starts_with("offers-20") && name.ends_with(".csv.gz") && name.len() == 22);
    let csv = unpacked(&folder.path().join("in").join(name));

    fs::create_dir(folder.path().join("shop")).unwrap();
    let server = FileServer::s3(folder.path());
    let (feedback, logs) = run(
        "examples/xml-feed-to-s3.yaml",
        &[
            ("BUCKET", "shop"),
            ("ENDPOINT", &format!("http://127.0.0.1:{}", server.port)),
            ("ACCESS_KEY", USER),
            ("SECRET_KEY", PASSWORD),
        ],
    );
    let feeds = folder.path().join("shop/feeds");
    let files = names(&feeds);
    let [name] = files.as_slice() else {
        panic!("one file: {files:?}");
    };
    let mut xml = String::new();
    flate2::read::GzDecoder::new(fs::File::open(feeds.join(name)).unwrap())
        .read_to_string(&mut xml)
        .unwrap();
    let logs = logs.replace(name.as_str(), "<file>");
    insta::assert_snapshot!(format!("{csv}---\n{xml}---\n{feedback}---\n{logs}"));
}

/// What a template makes of a row is one element of XML, or the row has failed; what stands around
/// rows is theirs to use.
#[test]
fn rows_that_are_no_xml_spoil_no_file() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, keys: &str| -> (Ended, Held, Option<String>) {
        let path = folder.path().join(name);
        let (ended, held) = write(
            &format!("{{ url: \"{}\", {keys} }}", path.display()),
            "",
            &[],
        );
        (ended, held, fs::read_to_string(path).ok())
    };
    let (ended, held, text) = file(
        "rows.xml",
        "format: { xml: { root: { feed: { \"@xmlns:g\": \"urn:g\", \"@made\": \"{{ run.mode }} & more\" } }, row: \"<p><g:id>{{ row.id }}</g:id>{{ row.title }}</p>\" } }",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        text.unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns:g=\"urn:g\" made=\"export &amp; more\">\n\
         <p><g:id>1</g:id>a; \"b\"\nline</p>\n<p><g:id>4</g:id></p>\n</feed>\n"
    );
    let feedback = held.text("feedback.jsonl");
    let second = feedback.lines().find(|line| line.contains("\"id\":\"2\""));
    assert_eq!(
        second,
        Some(
            r#"{"id":"2","status":"failed","error":"file: the row is no XML: write {{ row.title | escape }} for each value (malformed entity reference)"}"#
        )
    );
    // What begins and ends an element is worked out, and checked before a row goes out.
    let (ended, held, text) = file(
        "around.xml",
        "header: \"<feed>{{ options.BASE }}\", footer: \"</{{ run.mode }}>\", format: { xml: { row: item } }",
    );
    assert_eq!((ended.code, text), (1, None), "{ended:?}");
    let logs = held.text("logs.jsonl");
    assert!(
        logs.contains("what `header` opens `footer` closes"),
        "{logs}"
    );
    // A prefix that a header declares stays one, another does not.
    let (ended, _, text) = file(
        "prefixes.xml",
        "header: '<feed xmlns:g=\"urn:{{ run.mode }}\">', footer: </feed>, format: { xml: { row: { item: { \"g:id\": \"{{ row.id }}\", of: \"{{ { 'g:a': 1, 'x:b': 2, '@xml:lang': 'de' } }}\" } } } }",
    );
    assert_eq!(ended.code, 0, "{ended:?}");
    let text = text.unwrap();
    assert!(
        text.contains("<g:id>1</g:id><of xml:lang=\"de\"><g:a>1</g:a><x_b>2</x_b></of>"),
        "{text}"
    );
}

/// Parts of a file follow each other, each with its own rows of the same input; a row that does not fit one
/// is in none.
#[test]
fn parts_of_xml() {
    let parts = |of: &str, parts: &str| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.xml");
        let keys = format!("header: \"{of}\", footer: \"<n>{{{{ run.rows_ok }}}}</n></all>\"");
        let file = format!(
            "{{ url: \"{}\", {keys}, format: {{ xml: {{ parts: [{parts}] }} }} }}",
            path.display()
        );
        let (ended, held) = write(&file, "", &[]);
        let text = fs::read_to_string(path).unwrap_or_default();
        format!(
            "exit {}\n{text}\n{}",
            ended.code,
            held.text("feedback.jsonl")
        )
    };
    let articles = "{ row: \"<article>{{ row.id }}: {{ row.title }}</article>\" }";
    let stocks = "{ root: 'stocks of=\"all\"', when: \"{{ row.id != '4' }}\", unique: \"{{ row.stock }}\", row: { stock: \"{{ row.stock }}\" } }";
    let prefixed = "{ root: p, row: { \"p:id\": \"{{ row.id }}\" } }";
    insta::assert_snapshot!(
        [
            parts("<all>", &format!("{articles}, {stocks}")),
            parts("<all xmlns:p='urn:p'>", &format!("{stocks}, {prefixed}")),
            // What none takes has failed.
            parts("<all>", stocks),
        ]
        .join("---\n")
    );
}

/// What is written as Parquet is read as it was; a value that is none of its column's type fails its row.
#[test]
fn parquet() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.parquet.zip");
    let input = folder.path().join("input.csv");
    let rows = "id,title,price,ratio,ok,day,at\n\
        1,Größe,19.90,0.1,1,2024-01-31,2024-01-31T12:00:00.5Z\n\
        2,\"a\nb\",5,,false,,2024-01-31 12:00\n\
        3,,19.905,,,,\n\
        4,,,,maybe,,\n\
        5,,-0.05,1e3,true,1969-12-31,\n";
    fs::write(&input, rows).unwrap();
    let spec = folder.path().join("spec.yaml");
    let types = "{ id: int, price: decimal(2), ratio: double, ok: boolean, day: date, at: timestamp, absent: int }";
    let text = format!(
        "version: 1\nname: files\nmode: export\ntarget: {{ file: {{ url: \"{}\", format: {{ parquet: {{ types: {types} }} }} }} }}\nfeedback: {{ columns: {{ id: \"{{{{ row.id }}}}\", error: \"{{{{ outcome.message }}}}\" }} }}\n",
        path.display()
    );
    fs::write(&spec, text).unwrap();
    let sandbox = Sandbox::serve(&[("input", input)]);
    Runner::of_spec(&spec, &sandbox.url).run().expect(0);
    let told = sandbox.stop().text("feedback.jsonl");
    let text = format!(
        "version: 1\nname: files\nmode: data-source\nsource: {{ file: {{ url: \"file://{}\" }} }}\nkeep: all\n",
        path.display()
    );
    fs::write(&spec, text).unwrap();
    let sandbox = Sandbox::serve(&[]);
    Runner::of_spec(&spec, &sandbox.url).run().expect(0);
    let read = sandbox.stop().text("output.jsonl");
    insta::assert_snapshot!(format!("{told}---\n{read}"));
}
