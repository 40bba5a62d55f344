//! Servers that let in only those who show a certificate, against one that asks for it.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::KeyPair;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::http::Message;
use crate::support::project;
use crate::support::sandbox::{Held, Sandbox};
use crate::support::tls_server::{Authority, Identity, TlsServer};

const PASSWORD: &str = "pass word-9";

fn list() -> Message {
    Message::answer(200, "[{\"id\":1}]")
}

/// Runs an import with these values of `tls`.
fn run(server: &TlsServer, keys: &str, options: &[(&str, &str)]) -> (Ended, Held) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("spec.yaml");
    let spec = format!(
        "version: 1\nname: certified\nmode: data-source\noptions: {{ BASE: {{ type: input }}, CERT: {{ type: textarea }}, KEY: {{ type: password }}, PASSWORD: {{ type: password }}, CA: {{ type: textarea }} }}\nhttp: {{ base_url: \"{{{{ options.BASE }}}}\", retry: {{ attempts: 1 }}, tls: {{ {keys} }} }}\nsource: {{ request: /items }}\nkeep: all\n"
    );
    fs::write(&file, spec).unwrap();
    let sandbox = Sandbox::serve(&[]);
    let mut runner = Runner::of_spec(&file, &sandbox.url).env("BASE", &server.url);
    for (name, value) in options {
        runner = runner.env(name, value);
    }
    (runner.run(), sandbox.stop())
}

#[track_caller]
fn is_let_in(server: &TlsServer, me: &Identity, keys: &str, options: &[(&str, &str)]) {
    let (ended, held) = run(server, keys, options);
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 0, "{logs}{}", ended.stderr);
    assert_eq!(held.text("output.jsonl"), "{\"id\":1}\n");
    assert!(server.has_seen(me));
}

fn pkcs12(me: &Identity) -> Vec<u8> {
    let key = PrivateKey::from_der(&me.key.serialize_der()).unwrap();
    let certificate = Certificate::from_der(me.certificate.der()).unwrap();
    let chain = PrivateKeyChain::new("1", key, [certificate]);
    let mut store = KeyStore::new();
    store.add_entry("me", KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(PASSWORD).write().unwrap()
}

const KEYS: &str = "certificate: \"{{ options.CERT }}\", key: \"{{ options.KEY }}\", password: \"{{ options.PASSWORD }}\", ca: \"{{ options.CA }}\"";

#[test]
fn every_way_to_write_a_certificate() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, list());
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let ca = authority.pem.as_str();

    let me = authority.identity("me");
    let (certificate, key) = (me.certificate.pem(), me.key.serialize_pem());
    let pem = [("CERT", certificate.as_str()), ("KEY", &key), ("CA", ca)];
    is_let_in(&server, &me, KEYS, &pem);

    // A field of one line, both in one; files.
    let me = authority.identity("me");
    let both = format!("{}{}", me.certificate.pem(), me.key.serialize_pem());
    let flat = both.replace('\n', " ");
    is_let_in(&server, &me, KEYS, &[("CERT", &flat), ("CA", ca)]);
    fs::write(path("me.pem"), &both).unwrap();
    fs::write(path("ca.pem"), ca).unwrap();
    let files = [("CERT", path("me.pem")), ("CA", path("ca.pem"))];
    let files = files.each_ref().map(|(name, path)| (*name, path.as_str()));
    is_let_in(&server, &me, KEYS, &files);

    // A key with a password.
    let text = |name: &str| fs::read_to_string(project("tests/cases/tls").join(name)).unwrap();
    let me = authority.identity_of("me", KeyPair::from_pem(&text("key.pem")).unwrap());
    let (certificate, key) = (me.certificate.pem(), text("locked-key.pem"));
    let locked = [
        ("CERT", certificate.as_str()),
        ("KEY", &key),
        ("PASSWORD", PASSWORD),
        ("CA", ca),
    ];
    is_let_in(&server, &me, KEYS, &locked);
    for (password, why) in [
        ("", "it has a password, and `password` is empty"),
        ("wrong", "`password` is not its password"),
    ] {
        let mut wrong = locked;
        wrong[2].1 = password;
        let (ended, held) = run(&server, KEYS, &wrong);
        let logs = held.text("logs.jsonl");
        assert_eq!(ended.code, 1, "{logs}");
        assert!(logs.contains(why), "{logs}");
    }

    // PKCS#12, as a file and as text.
    let me = authority.identity("me");
    fs::write(path("me.p12"), pkcs12(&me)).unwrap();
    let file = path("me.p12");
    let packed = [("CERT", file.as_str()), ("PASSWORD", PASSWORD), ("CA", ca)];
    is_let_in(&server, &me, KEYS, &packed);
    let me = authority.identity("me");
    let text = STANDARD.encode(pkcs12(&me));
    let packed = [("CERT", text.as_str()), ("PASSWORD", PASSWORD), ("CA", ca)];
    is_let_in(&server, &me, KEYS, &packed);
}

#[test]
fn who_shows_nothing_or_the_wrong_is_not_let_in_and_told_why() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, list());
    let ca = authority.pem.as_str();
    let me = authority.identity("me");
    let other = Authority::new().identity("me");
    let (mine, my_key) = (me.certificate.pem(), me.key.serialize_pem());
    let (theirs, their_key) = (other.certificate.pem(), other.key.serialize_pem());
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("CA", ca)], "client's certificate"),
        (
            &[("CERT", &theirs), ("KEY", &their_key), ("CA", ca)],
            "client's certificate",
        ),
        (&[("CERT", &mine), ("KEY", &my_key)], "is not trusted"),
        (
            &[("CERT", &mine), ("KEY", &their_key), ("CA", ca)],
            "`key` is not the key of `certificate`",
        ),
        (
            &[("CERT", "/no/such.pem"), ("CA", ca)],
            "`certificate` is neither PEM, nor PKCS#12 in base64, nor a file, also beside the spec: there is no such file",
        ),
    ];
    for (options, why) in cases {
        let (ended, held) = run(&server, KEYS, options);
        let logs = held.text("logs.jsonl");
        assert_eq!(ended.code, 1, "{why}: {logs}");
        assert!(logs.contains(why), "{why}: {logs}");
        for line in my_key.lines().chain(their_key.lines()) {
            let is_shown = logs.contains(line) || ended.stderr.contains(line);
            assert!(line.starts_with("-----") || !is_shown, "{logs}");
        }
    }
}

/// Who is sent on to another host shows it no certificate.
#[test]
fn another_host_is_shown_nothing() {
    let authority = Authority::new();
    let other = TlsServer::start(&authority, list());
    let mut elsewhere = Message::answer(302, "{}");
    let location = format!("{}/items", other.url);
    elsewhere.headers.push(("location".to_owned(), location));
    let server = TlsServer::start(&authority, elsewhere);
    let me = authority.identity("me");
    let (certificate, key) = (me.certificate.pem(), me.key.serialize_pem());
    let options = [
        ("CERT", certificate.as_str()),
        ("KEY", &key),
        ("CA", &authority.pem),
    ];
    let (ended, held) = run(&server, KEYS, &options);
    assert_eq!(ended.code, 1, "{}", held.text("logs.jsonl"));
    assert!(server.has_seen(&me) && !other.has_seen(&me));
}
