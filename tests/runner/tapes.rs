//! `runner record` and `--replay`: the same rows without the network, without waits and without
//! credentials, and no secret on the tape.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::mock::Mock;

const SECRET: &str = "s3cr&t/value 9";
const TOKEN: &str = "fetched-token-77";

const SPEC: &str = r#"
version: 1
name: taped
mode: data-source
options:
  API: { type: input, required: true }
  CLIENT: { type: input, default: me }
  SECRET: { type: password, required: true }
http:
  base_url: "{{ options.API }}"
  auth: { oauth2: { grant: client_credentials, token_url: "{{ options.API }}/token", client_id: "{{ options.CLIENT }}", client_secret: "{{ options.SECRET }}" } }
source:
  - name: product
    request:
      path: /products
      query: { page: "{{ page.number }}", key: "{{ options.SECRET }}", at: "{{ now() | date('%s') }}" }
    pages: { page: { start: 1 } }
    records: $.data[*]
  - name: detail
    request: { path: "/details/{{ product.id }}", json: { hash: "{{ options.SECRET | base64 }}", uuid: "{{ uuid() }}" } }
columns:
  id: "{{ product.id }}"
  price: "{{ detail.price }}"
  kept: "{{ response.headers['x-kept'] }}"
"#;

fn mock() -> Mock {
    let secret = serde_json::to_string(SECRET).unwrap();
    let encoded = STANDARD.encode(format!("user:{SECRET}"));
    let text = format!(
        r#"
- {{ request: POST <mock>/token, answer: {{ access_token: {TOKEN}, expires_in: 3600 }} }}
- {{ request: "GET <mock>/products?page=1&key=s3cr%26t%2Fvalue%209", status: 503, headers: {{ retry-after: "1" }}, answer: {{}} }}
- {{ request: "GET <mock>/products?page=1&key=s3cr%26t%2Fvalue%209", headers: {{ set-cookie: a=b, x-kept: k, x-dropped: d }}, answer: {{ data: [{{ id: 1 }}, {{ id: 2 }}], echo: {secret}, packed: "{encoded}", token: {TOKEN} }} }}
- {{ request: "GET <mock>/products?page=2&key=s3cr%26t%2Fvalue%209", answer: {{ data: [] }} }}
- {{ request: POST <mock>/details/1, headers: {{ x-kept: k1 }}, answer: {{ price: "19.90" }} }}
- {{ request: POST <mock>/details/2, answer: {{ price: "1.0" }} }}
"#
    );
    Mock::start(Path::new("."), &text)
}

struct Tried {
    folder: TempDir,
    spec: PathBuf,
}

impl Tried {
    fn new(spec: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("taped.yaml");
        fs::write(&file, spec).unwrap();
        Self { folder, spec: file }
    }

    fn run(&self, args: &[&str]) -> Ended {
        Runner::new()
            .in_folder(self.folder.path())
            .arg(args[0])
            .arg("--spec")
            .arg(&self.spec)
            .args(args[1..].iter().copied())
            .run()
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    /// Records so many records of a CSV file of the folder, which a server gives.
    fn record_file(&self, name: &str, records: &str) {
        let answers = format!(
            "- {{ request: GET <mock>/{name}, headers: {{ content-type: text/csv }}, file: {name} }}\n"
        );
        let mock = Mock::start(self.folder.path(), &answers);
        let ended = self.run(&[
            "record",
            "--records",
            records,
            "--out",
            "first",
            "--api",
            &mock.url,
        ]);
        ended.expect(0);
    }
}

/// The mock matches a query by its beginning, so the time behind it may be any.
fn recorded() -> Tried {
    // The mock knows whole addresses only: the time is left out of the request, and checked elsewhere.
    let tried = Tried::new(&SPEC.replace(", at: \"{{ now() | date('%s') }}\"", ""));
    let mock = mock();
    let ended = tried.run(&[
        "record", "--out", "first", "--api", &mock.url, "--secret", SECRET,
    ]);
    assert_eq!(mock.differences(), Vec::<String>::new());
    let ended = ended.expect(0);
    assert!(
        ended
            .stdout
            .contains("taped.tape.jsonl: 6 requests and their answers"),
        "{}",
        ended.stdout
    );
    tried
}

#[test]
fn a_replay_gives_the_same_rows_and_sends_nothing() {
    let tried = recorded();
    let ended = tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    assert_eq!(
        tried.text("first/output.csv"),
        tried.text("second/output.csv")
    );
    assert_eq!(
        tried.text("first/output.csv"),
        "id,price,kept\n1,19.90,k1\n2,1.0,\n"
    );
    assert_eq!(ended.stderr, "");
    let preview = tried.run(&[
        "preview",
        "--replay",
        "taped.tape.jsonl",
        "--rows",
        "1",
        "--format",
        "json",
    ]);
    let preview: Value = serde_json::from_str(&preview.expect(0).stdout).unwrap();
    assert_eq!(preview["rows"][0]["price"], "19.90", "{preview:#}");
}

#[test]
fn no_secret_is_on_the_tape_in_any_form() {
    let tried = recorded();
    let tape = tried.text("taped.tape.jsonl");
    for form in [
        SECRET.to_owned(),
        TOKEN.to_owned(),
        STANDARD.encode(SECRET),
        STANDARD.encode(format!("user:{SECRET}")),
        "s3cr%26t%2Fvalue%209".to_owned(),
        "s3cr&t%2Fvalue+9".to_owned(),
        "set-cookie".to_owned(),
        "x-dropped".to_owned(),
        "authorization".to_owned(),
    ] {
        assert!(!tape.contains(&form), "{form} is in\n{tape}");
    }
    assert!(
        tape.contains("x-kept") && tape.contains("HIDDEN-SECRET") && tape.contains("HIDDEN-TOKEN-"),
        "{tape}"
    );
    let head: Value = serde_json::from_str(tape.lines().next().unwrap()).unwrap();
    assert_eq!(head["options"]["CLIENT"], "me");
    assert_eq!(head["options"]["SECRET"]["hidden"], "HIDDEN-SECRET");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(tried.folder.path().join("taped.tape.jsonl"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn what_is_not_on_the_tape_is_named_with_what_is_most_like_it() {
    let tried = recorded();
    fs::write(
        &tried.spec,
        tried.text("taped.yaml").replace("/details/", "/detail/"),
    )
    .unwrap();
    let ended = tried.run(&["sandbox", "--replay"]).expect(1);
    let asked = "this request is not on the tape: POST ";
    assert!(
        ended.stderr.contains(asked) && ended.stderr.contains("/detail/1"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("; most like it is POST "),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("/details/1"), "{}", ended.stderr);
}

#[test]
fn the_present_and_identifiers_are_those_of_the_tape() {
    let spec = "version: 1\nname: taped\nmode: data-source\nsource: { rows: [{ id: 1 }, { id: 2 }] }\ncolumns: { now: \"{{ now() }}\", uuid: \"{{ uuid() }}\", run: \"{{ run.id }}\" }\n";
    let tried = Tried::new(spec);
    tried.run(&["record", "--out", "first"]).expect(0);
    tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    let first = tried.text("first/output.csv");
    assert_eq!(first, tried.text("second/output.csv"));
    let uuids: Vec<&str> = first
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    assert_ne!(uuids[0], uuids[1]);
    tried.run(&["sandbox", "--out", "third"]).expect(0);
    assert_ne!(first, tried.text("third/output.csv"));
}

#[test]
fn so_many_records_are_kept_and_no_more() {
    let spec = "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true } }\nhttp: { base_url: \"{{ options.API }}\" }\nsource: { name: product, request: /feed.csv, pages: none }\ncolumns: { id: \"{{ record.id }}\" }\n";
    let tried = Tried::new(spec);
    let lines = (0..50_000).fold(String::new(), |lines, id| {
        lines + &format!("{id},some text\n")
    });
    fs::write(
        tried.folder.path().join("feed.csv"),
        format!("id,text\n{lines}"),
    )
    .unwrap();
    tried.record_file("feed.csv", "3");
    assert_eq!(tried.text("first/output.csv"), "id\n0\n1\n2\n");
    tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    assert_eq!(tried.text("second/output.csv"), "id\n0\n1\n2\n");
    let tape = tried.text("taped.tape.jsonl");
    let kept = r#""body":"id,text\n0,some text\n1,some text\n2,some text\n3,some text\n""#;
    assert!(
        tape.contains(kept) && tape.contains("\"records\":3"),
        "{tape}"
    );
}

#[test]
fn lists_in_json_are_made_shorter_too() {
    let spec = "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true } }\nhttp: { base_url: \"{{ options.API }}\" }\nsource: { request: { path: /items, query: { page: \"{{ page.number }}\" } }, records: \"$.data[*]\", pages: { page: { start: 1 } } }\ncolumns: { id: \"{{ record.id }}\" }\n";
    let tried = Tried::new(spec);
    let items: Vec<String> = (0..50).map(|id| format!("{{ id: {id} }}")).collect();
    let mock = Mock::start(
        tried.folder.path(),
        &format!(
            "- {{ request: \"GET <mock>/items?page=1\", answer: {{ total: 90, data: [{}] }} }}\n",
            items.join(", ")
        ),
    );
    tried
        .run(&["record", "--records", "2", "--api", &mock.url])
        .expect(0);
    let tape = tried.text("taped.tape.jsonl");
    let kept = r#"{\"total\":90,\"data\":[{\"id\":0},{\"id\":1},{\"id\":2}]}"#;
    assert!(tape.contains(kept), "{tape}");
    tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    assert_eq!(tried.text("second/output.csv"), "id\n0\n1\n");
}

/// A spec that asks once; its answer is given.
const ONE: &str = "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true }, KEY: { type: password, required: true } }\nhttp: { base_url: \"{{ options.API }}\" }\nsource: { request: { method: POST, path: /items, json: { sign: \"{{ (options.KEY ~ 'x') | hash }}\", twice: \"{{ options.KEY | upper }}\" } }, pages: none }\ncolumns: { id: \"{{ record.id }}\" }\n";

fn answered(key: &str, answer: &str) -> (Tried, Ended) {
    let tried = Tried::new(ONE);
    let mock = Mock::start(
        tried.folder.path(),
        &format!("- {{ request: \"POST <mock>/items\", {answer} }}\n"),
    );
    let ended = tried.run(&["record", "--api", &mock.url, "--key", key]);
    (tried, ended)
}

#[test]
fn what_was_made_of_a_secret_is_hidden_and_can_be_replayed() {
    let (tried, ended) = answered(
        "geheim/nis\"9",
        r#"answer: [{ id: 1, refresh_token: refreshing-77, twice: "{\"k\":\"geheim/nis\\\\\"9\"}" }]"#,
    );
    ended.expect(0);
    let tape = tried.text("taped.tape.jsonl").to_lowercase();
    assert!(
        !tape.contains("geheim") && !tape.contains("refreshing") && tape.contains("hidden-key"),
        "{tape}"
    );
    tried.run(&["sandbox", "--replay"]).expect(0);
}

#[test]
fn what_cannot_be_hidden_is_not_recorded() {
    let (tried, ended) = answered("12", "answer: [{ id: 1 }]");
    let ended = ended.expect(2);
    assert!(
        ended
            .stderr
            .contains("the secret HIDDEN-KEY has fewer than four characters"),
        "{}",
        ended.stderr
    );
    assert!(!tried.folder.path().join("taped.tape.jsonl").exists());
    let body: Vec<u8> = "id\ngeheimnis\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let tried = Tried::new(ONE);
    let with_mark = [&[0xff, 0xfe][..], &body].concat();
    fs::write(tried.folder.path().join("wide.csv"), with_mark).unwrap();
    let mock = Mock::start(
        tried.folder.path(),
        "- { request: \"POST <mock>/items\", headers: { content-type: text/csv }, file: wide.csv }\n",
    );
    let ended = tried
        .run(&["record", "--api", &mock.url, "--key", "geheimnis"])
        .expect(1);
    assert!(
        ended
            .stderr
            .contains("holds the secret HIDDEN-KEY in a packed body"),
        "{}",
        ended.stderr
    );
    assert!(!tried.folder.path().join("taped.tape.jsonl").exists());
}

#[test]
fn a_good_tape_outlives_a_run_that_failed() {
    let (tried, ended) = answered("geheimnis", "answer: [{ id: 1 }]");
    ended.expect(0);
    let good = tried.text("taped.tape.jsonl");
    let mock = Mock::start(
        tried.folder.path(),
        "- { request: \"POST <mock>/items\", status: 404, answer: {} }\n",
    );
    let ended = tried
        .run(&["record", "--api", &mock.url, "--key", "geheimnis"])
        .expect(1);
    assert!(
        ended.stdout.contains("taped.tape.failed.jsonl"),
        "{}",
        ended.stdout
    );
    assert_eq!(tried.text("taped.tape.jsonl"), good);
    assert!(tried.text("taped.tape.failed.jsonl").contains("404"));
}

#[test]
fn a_tape_that_cannot_be_written_is_told_before_anything_is_sent() {
    let tried = Tried::new(ONE);
    let mock = Mock::start(tried.folder.path(), "[]");
    let ended = tried
        .run(&[
            "record",
            "--tape",
            "nowhere/x.jsonl",
            "--api",
            &mock.url,
            "--key",
            "geheimnis",
        ])
        .expect(2);
    assert!(
        ended.stderr.contains("nowhere/x.jsonl: "),
        "{}",
        ended.stderr
    );
    assert_eq!(mock.differences(), Vec::<String>::new());
}

#[test]
fn a_tape_that_is_none_is_refused() {
    let tried = Tried::new(SPEC);
    for (text, part) in [
        (None, "record one with runner record --spec FILE"),
        (
            Some(""),
            "taped.tape.jsonl:1: this is no line of a tape: the file is empty",
        ),
        (
            Some("{\"tape\":2,\"spec\":\"x\",\"now\":\"2026-01-01T00:00:00Z\"}\n"),
            "its version is 2, and 1 is read",
        ),
        (
            Some("{\"tape\":1,\"spec\":\"x\",\"now\":\"2026-01-01T00:00:00Z\"}\n\n[]\n"),
            "taped.tape.jsonl:3: ",
        ),
        (
            Some("{\"tape\":1,\"spec\":\"x\",\"now\":\"today\"}\n"),
            "`today` is no date",
        ),
    ] {
        if let Some(text) = text {
            fs::write(tried.folder.path().join("taped.tape.jsonl"), text).unwrap();
        }
        let ended = tried.run(&["sandbox", "--replay"]).expect(2);
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}

#[test]
fn only_what_nothing_else_reads_is_made_shorter() {
    let tried = Tried::new(
        "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true } }\nhttp: { base_url: \"{{ options.API }}\" }\nsource: { rows: [{ id: 8 }, { id: 9 }] }\nlookups: [{ name: stock, request: /stock.csv, for: \"{{ record.id }}\", key: \"{{ record.sku }}\" }]\ncolumns: { id: \"{{ record.id }}\", stock: \"{{ stock.amount }}\" }\n",
    );
    let lines = (0..10).fold(String::new(), |all, sku| {
        all + &format!("{sku},{}\n", sku * 2)
    });
    fs::write(
        tried.folder.path().join("stock.csv"),
        format!("sku,amount\n{lines}"),
    )
    .unwrap();
    tried.record_file("stock.csv", "2");
    assert_eq!(tried.text("first/output.csv"), "id,stock\n8,16\n9,18\n");
}

#[test]
fn a_spec_is_never_written_over_and_an_ordinary_word_is_no_secret() {
    let tried = Tried::new(ONE);
    let mock = Mock::start(tried.folder.path(), "[]");
    let spec = tried.text("taped.yaml");
    let ended = tried
        .run(&[
            "record",
            "--tape",
            "taped.yaml",
            "--api",
            &mock.url,
            "--key",
            "geheimnis",
        ])
        .expect(2);
    assert!(
        ended
            .stderr
            .contains("taped.yaml: it is there, and is no tape"),
        "{}",
        ended.stderr
    );
    assert_eq!(tried.text("taped.yaml"), spec);
    let ended = tried
        .run(&["record", "--api", &mock.url, "--key", "items"])
        .expect(2);
    assert!(
        ended
            .stderr
            .contains("the secret HIDDEN-KEY is a word that the spec itself has"),
        "{}",
        ended.stderr
    );
    assert!(!tried.folder.path().join("taped.tape.jsonl").exists());
}

/// Of a list no more pages are asked for than have the records that are wanted.
#[test]
fn no_page_is_recorded_of_which_nothing_is_wanted() {
    let tried = Tried::new(
        "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true } }\nhttp: { base_url: \"{{ options.API }}\" }\nsource: { request: { path: /list, query: { page: \"{{ page.number }}\" } }, pages: page }\ncolumns: { id: \"{{ record.id }}\" }\n",
    );
    let mock = Mock::start(
        tried.folder.path(),
        "- { request: GET <mock>/list?page=1, answer: [{ id: 1 }, { id: 2 }] }\n- { request: GET <mock>/list?page=2, answer: [{ id: 3 }, { id: 4 }] }\n",
    );
    let record = [
        "record",
        "--records",
        "3",
        "--out",
        "first",
        "--api",
        &mock.url,
    ];
    tried.run(&record).expect(0);
    assert_eq!(mock.differences(), Vec::<String>::new());
    assert_eq!(tried.text("first/output.csv"), "id\n1\n2\n3\n");
    tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    assert_eq!(tried.text("second/output.csv"), "id\n1\n2\n3\n");
}

/// A login in the middle of a run, whose answer has more secrets than one: the tape gives each the name that
/// it had.
#[test]
fn a_second_login_is_replayed() {
    let tried = Tried::new(
        "version: 1\nname: taped\nmode: data-source\noptions: { API: { type: input, required: true } }\nhttp:\n  base_url: \"{{ options.API }}\"\n  auth: { session: { login: { path: /login, json: {} }, token: $.token, header: { X-T: \"{{ token }}\" } } }\nsource:\n  - { name: n, rows: [{ id: 1 }, { id: 2 }] }\n  - { name: got, request: { path: \"/{{ n.id }}\", json: { t: \"{{ token }}\" } }, concurrency: 1, pages: none }\ncolumns: { id: \"{{ got.id }}\" }\n",
    );
    let login = |number: u32| {
        format!(
            "- {{ request: POST <mock>/login, headers: {{ set-cookie: \"sid=cookie-secret-{number}; Path=/\" }}, answer: {{ token: long-token-{number}, refresh_token: refresh-secret-{number} }} }}\n"
        )
    };
    let answers = format!(
        "{}- {{ request: POST <mock>/1, body: long-token-1, answer: {{ id: 1 }} }}\n- {{ request: POST <mock>/2, body: long-token-1, status: 401, answer: {{}} }}\n{}- {{ request: POST <mock>/2, body: long-token-2, answer: {{ id: 2 }} }}\n",
        login(1),
        login(2)
    );
    let mock = Mock::start(tried.folder.path(), &answers);
    tried
        .run(&["record", "--out", "first", "--api", &mock.url])
        .expect(0);
    assert_eq!(mock.differences(), Vec::<String>::new());
    let tape = tried.text("taped.tape.jsonl");
    assert!(
        !tape.contains("long-token") && !tape.contains("secret-"),
        "{tape}"
    );
    tried
        .run(&["sandbox", "--replay", "--out", "second"])
        .expect(0);
    assert_eq!(tried.text("second/output.csv"), "id\n1\n2\n");
}
