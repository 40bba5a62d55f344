//! Buckets of Azure and Google: servers that check signatures and tokens on their own.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::file_servers::{FileServer, PASSWORD, USER};
use crate::support::http::Message;
use crate::support::project;
use crate::support::sandbox::{Held, Sandbox};
use crate::support::server::Server;

/// Objects by their names.
type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Objects of a list; there are more.
const PAGE: usize = 2;

fn objects() -> Objects {
    let all = [
        ("out/a b.csv", "id\n1\n"),
        ("out/c.csv", "id\n2\n"),
        ("out/readme.txt", "id\nno\n"),
        ("out/ü.csv", "id\n3\n"),
    ];
    let all = all.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    Arc::new(Mutex::new(BTreeMap::from(all)))
}

/// Path and parameters of a request, decoded.
fn asked(request: &Message) -> (String, String, BTreeMap<String, String>) {
    let mut words = request.first_line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = percent_encoding::percent_decode_str(path);
    let query = form_urlencoded::parse(query.as_bytes()).into_owned();
    (
        method,
        path.decode_utf8_lossy().into_owned(),
        query.collect(),
    )
}

/// The objects behind `marker` that begin with `prefix`, and where the list goes on.
fn page(objects: &Objects, prefix: &str, marker: &str) -> (Vec<String>, String) {
    let objects = objects.lock().unwrap();
    let names = objects.keys().filter(|name| name.starts_with(prefix));
    let mut names: Vec<String> = names
        .filter(|name| name.as_str() > marker)
        .cloned()
        .collect();
    let next = if names.len() > PAGE {
        names[PAGE - 1].clone()
    } else {
        String::new()
    };
    names.truncate(PAGE);
    (names, next)
}

fn bytes(status: u16, body: &[u8]) -> Message {
    Message {
        body: body.to_vec(),
        ..Message::answer(status, "")
    }
}

/// A container of the account `shop` whose key is `a key of the account`.
fn azure(objects: &Objects) -> Server {
    let objects = Arc::clone(objects);
    Server::start(move |request| {
        let (method, path, query) = asked(request);
        let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let signed = [
            of("sp"),
            "",
            of("se"),
            "/blob/shop/feeds",
            "",
            "",
            "",
            of("sv"),
            of("sr"),
            "",
            "",
            "",
            "",
            "",
            "",
            "",
        ]
        .join("\n");
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"a key of the account");
        let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
        let until: jiff::Timestamp = of("se").parse().unwrap_or_default();
        if of("sig") != signature || until < jiff::Timestamp::now() {
            return Message::answer(403, "<Error><Code>AuthenticationFailed</Code></Error>");
        }
        let name = path.strip_prefix("/feeds").unwrap_or_default();
        let name = name.trim_start_matches('/');
        match (method.as_str(), of("comp")) {
            ("GET", "list") => {
                let (names, next) = page(&objects, of("prefix"), of("marker"));
                let blobs = names.iter();
                let blobs = blobs.map(|name| format!("<Blob><Name>{name}</Name></Blob>"));
                let blobs = blobs.collect::<Vec<_>>().concat();
                let list = format!(
                    "<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"
                );
                Message::answer(200, &list)
            }
            ("PUT", _) if request.header("x-ms-blob-type") == Some("BlockBlob") => {
                objects
                    .lock()
                    .unwrap()
                    .insert(name.to_owned(), request.body.clone());
                Message::answer(201, "")
            }
            ("GET", _) => match objects.lock().unwrap().get(name) {
                Some(body) => bytes(200, body),
                None => Message::answer(404, ""),
            },
            _ => Message::answer(400, ""),
        }
    })
}

/// A bucket of Google, and who gives tokens for it.
fn google(objects: &Objects) -> Server {
    let objects = Arc::clone(objects);
    Server::start(move |request| {
        let (method, path, query) = asked(request);
        let of = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        if path == "/token" {
            let fields: BTreeMap<String, String> =
                form_urlencoded::parse(&request.body).into_owned().collect();
            let public = fs::read(project("tests/cases/tls/rsa.pub.pem")).unwrap();
            let key = jsonwebtoken::DecodingKey::from_rsa_pem(&public).unwrap();
            let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
            validation.validate_aud = false;
            validation.set_issuer(&["feeds@shop.example"]);
            let token = &fields["assertion"];
            let claims = jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation);
            let is_good = claims.is_ok_and(|claims| {
                let aud = claims.claims["aud"].as_str().unwrap_or_default().to_owned();
                let scope = claims.claims["scope"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                claims.header.kid.as_deref() == Some("key-1")
                    && aud.ends_with("/token")
                    && scope == "https://www.googleapis.com/auth/devstorage.read_write"
            });
            return if is_good {
                let token = r#"{"access_token":"token-of-google","expires_in":3600}"#;
                Message::answer(200, token)
            } else {
                Message::answer(400, r#"{"error":"invalid_grant"}"#)
            };
        }
        if request.header("authorization") != Some("Bearer token-of-google") {
            return Message::answer(401, "<Error><Code>AuthenticationRequired</Code></Error>");
        }
        let name = path.strip_prefix("/feeds/").unwrap_or_default();
        match (method.as_str(), of("list-type")) {
            ("GET", "2") => {
                let (names, next) = page(&objects, of("prefix"), of("continuation-token"));
                let contents = names.iter().map(|name| {
                        // As is asked for by `encoding-type`.
                        let name = name.replace(' ', "%20").replace('ü', "%C3%BC");
                        format!("<Contents><Key>{name}</Key><ETag>1</ETag><LastModified>2024-01-31T12:00:00Z</LastModified><Size>5</Size></Contents>")
                    });
                let contents = contents.collect::<Vec<_>>().concat();
                let next = match next.as_str() {
                    "" => String::new(),
                    next => format!("<NextContinuationToken>{next}</NextContinuationToken>"),
                };
                let list = format!(
                    "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>feeds</Name><EncodingType>url</EncodingType>{contents}{next}</ListBucketResult>"
                );
                Message::answer(200, &list)
            }
            ("PUT", _) => {
                objects
                    .lock()
                    .unwrap()
                    .insert(name.to_owned(), request.body.clone());
                Message::answer(200, "")
            }
            ("GET", _) => match objects.lock().unwrap().get(name) {
                Some(body) => bytes(200, body),
                None => Message::answer(404, ""),
            },
            _ => Message::answer(400, ""),
        }
    })
}

/// Runs a spec whose option KEY is this.
fn run(spec: &str, key: &str) -> (Ended, Held) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("spec.yaml");
    let spec =
        format!("version: 1\nname: buckets\noptions: {{ KEY: {{ type: password }} }}\n{spec}");
    fs::write(&file, spec).unwrap();
    let input = folder.path().join("input.csv");
    fs::write(&input, "id\n7\n").unwrap();
    let sandbox = Sandbox::serve(&[("input", input)]);
    let ended = Runner::of_spec(&file, &sandbox.url).env("KEY", key).run();
    (ended, sandbox.stop())
}

/// Reads all files, one by its name, writes one, and is told no; no secret is told.
fn works(scheme: &str, login: &str, key: &str, wrong: &str, objects: &Objects) {
    let read = |path: &str| {
        format!(
            "mode: data-source\nsource: {{ file: {{ url: \"{scheme}://feeds/{path}\", login: {login} }} }}\nkeep: all\n"
        )
    };
    let (ended, held) = run(&read("out/*.csv"), key);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let rows = held.lines("output.jsonl");
    assert_eq!(rows, [r#"{"id":"1"}"#, r#"{"id":"2"}"#, r#"{"id":"3"}"#]);
    let (ended, held) = run(&read("out/a b.csv"), key);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(held.lines("output.jsonl"), [r#"{"id":"1"}"#]);
    let write = format!(
        "mode: export\ntarget: {{ file: {{ url: \"{scheme}://feeds/in/d e.csv\", login: {login} }} }}\n"
    );
    let (ended, held) = run(&write, key);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let written = objects.lock().unwrap().get("in/d e.csv").cloned();
    assert_eq!(written.as_deref(), Some(&b"id\n7\n"[..]));
    for spec in [&read("out/*.csv"), &read("out/nothing.csv"), &write] {
        let key = if spec.contains("nothing") { key } else { wrong };
        let (ended, held) = run(spec, key);
        let logs = held.text("logs.jsonl");
        assert_eq!(ended.code, 1, "{logs}");
        assert!(logs.contains(&format!("{scheme}://feeds/")), "{logs}");
        for secret in ["sig=", "BEGIN", "token-of-google", wrong] {
            assert!(!logs.contains(secret), "{logs}");
        }
    }
}

#[test]
fn azure_by_a_key_of_the_account() {
    let objects = objects();
    let server = azure(&objects);
    let login = format!(
        "{{ account: shop, account_key: \"{{{{ options.KEY }}}}\", endpoint: \"{}\" }}",
        server.url
    );
    let key = STANDARD.encode("a key of the account");
    let wrong = STANDARD.encode("another key of the account");
    works("az", &login, &key, &wrong, &objects);
}

#[test]
fn google_by_a_service_account() {
    let objects = objects();
    let server = google(&objects);
    let login = format!(
        "{{ service_account: \"{{{{ options.KEY }}}}\", endpoint: \"{}\" }}",
        server.url
    );
    let pem = fs::read_to_string(project("tests/cases/tls/rsa.pem")).unwrap();
    let key = |email: &str| {
        serde_json::json!({
            "type": "service_account", "client_email": email, "private_key": pem,
            "private_key_id": "key-1", "token_uri": format!("{}/token", server.url),
        })
        .to_string()
    };
    let wrong = key("other@shop.example");
    works("gs", &login, &key("feeds@shop.example"), &wrong, &objects);
    // What is no key is told as that, without any of it.
    let spec = format!(
        "mode: data-source\nsource: {{ file: {{ url: \"gs://feeds/a.csv\", login: {login} }} }}\nkeep: all\n"
    );
    let (ended, held) = run(&spec, "{\"private_key\": \"not-to-be-told\"");
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 1);
    assert!(
        logs.contains("not the JSON that the console gives"),
        "{logs}"
    );
    assert!(!logs.contains("not-to-be-told"), "{logs}");
}

/// An HMAC key of Google opens a bucket as one of S3 does.
#[test]
fn google_by_a_key_of_interoperability() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("feeds")).unwrap();
    fs::write(folder.path().join("feeds/a.csv"), "id\n1\n").unwrap();
    let server = FileServer::s3(folder.path());
    let spec = format!(
        "mode: data-source\nsource: {{ file: {{ url: \"gs://feeds/*.csv\", login: {{ access_key: {USER}, secret_key: \"{{{{ options.KEY }}}}\", endpoint: \"http://127.0.0.1:{}\" }} }} }}\nkeep: all\n",
        server.port
    );
    let (ended, held) = run(&spec, PASSWORD);
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    assert_eq!(held.lines("output.jsonl"), [r#"{"id":"1"}"#]);
    let (ended, _) = run(&spec, "another-key");
    assert_eq!(ended.code, 1);
}
