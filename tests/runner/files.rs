//! Files on servers: S3, FTP and SFTP, each a real one.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::file_servers::{FileServer, PASSWORD, USER};
use crate::support::odd_ftp::{Odd, OddFtp};
use crate::support::sandbox::Sandbox;

/// Three feeds, the second of which is the newest, and something else.
fn feeds() -> TempDir {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let feed = |name: &str, bytes: &[u8], age: u64| {
        let path = out.join(name);
        fs::write(&path, bytes).unwrap();
        let changed = SystemTime::now() - Duration::from_secs(age);
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(changed)
            .unwrap();
    };
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"id;name\n4;four\n").unwrap();
    feed("feed-1.csv", b"id,name\n1,one\n2,two\n", 3000);
    feed("feed-2.csv", b"id,name\n3,three\n", 10);
    feed("feed-3.csv.gz", &packed.finish().unwrap(), 2000);
    feed("readme.txt", b"id\nno\n", 0);
    folder
}

/// Reads files; what was written, and how it ended.
fn read(url: &str, pick: &str, login: &str) -> (Vec<String>, Ended) {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    let text = format!(
        "version: 1\nname: files\nmode: data-source\noptions: {{ PASSWORD: {{ type: password }} }}\n\
         source: {{ name: f, file: {{ url: \"{url}\", pick: {pick}, login: {login} }} }}\n\
         columns: {{ id: \"{{{{ f.id }}}}\", name: \"{{{{ f.name }}}}\" }}\n"
    );
    fs::write(&spec, text).unwrap();
    let sandbox = Sandbox::serve(&[]);
    let ended = Runner::of_spec(&spec, &sandbox.url)
        .env("PASSWORD", PASSWORD)
        .run();
    let rows = sandbox.stop().lines("output.jsonl");
    (rows, ended)
}

const ALL: [&str; 4] = [
    r#"{"id":"1","name":"one"}"#,
    r#"{"id":"2","name":"two"}"#,
    r#"{"id":"3","name":"three"}"#,
    r#"{"id":"4","name":"four"}"#,
];

/// All files that match, the newest of them, one by its name, and none.
fn reads_everything(base: &str, login: &str) {
    let (rows, _) = read(&format!("{base}/feed-*.csv*"), "all", login);
    assert_eq!(rows, ALL);
    let (rows, _) = read(&format!("{base}/*.csv*"), "newest", login);
    assert_eq!(rows, ALL[2..3]);
    let (rows, _) = read(&format!("{base}/feed-3.csv.gz"), "all", login);
    assert_eq!(rows, ALL[3..]);
    let (rows, ended) = read(&format!("{base}/nothing-*.csv"), "all", login);
    assert_eq!((rows.len(), ended.code), (0, 1), "{ended:?}");
    let (rows, ended) = read(&format!("{base}/nothing.csv"), "all", login);
    assert_eq!((rows.len(), ended.code), (0, 1), "{ended:?}");
}

#[test]
fn s3() {
    let folder = feeds();
    let server = FileServer::s3(folder.path());
    let login = |key: &str| {
        format!(
            "{{ access_key: {USER}, secret_key: \"{key}\", endpoint: \"http://127.0.0.1:{}\" }}",
            server.port
        )
    };
    reads_everything("s3://out", &login("{{ options.PASSWORD }}"));
    let (rows, ended) = read("s3://out/feed-1.csv", "all", &login("another"));
    assert_eq!((rows.len(), ended.code), (0, 1), "{ended:?}");
}

/// The example, as it stands.
#[test]
fn the_example_for_s3_reads_the_newest_file() {
    let folder = TempDir::new().unwrap();
    let feeds = folder.path().join("shop").join("feeds");
    fs::create_dir_all(&feeds).unwrap();
    for (name, text) in [
        ("products-1.csv.gz", "sku;price\nold;1\n"),
        ("products-2.csv.gz", "sku;price\nA-1;\"1.234,50\"\n"),
    ] {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        fs::write(feeds.join(name), packed.finish().unwrap()).unwrap();
        let file = File::options().append(true).open(feeds.join(name)).unwrap();
        let age = if name.contains('1') { 3000 } else { 10 };
        file.set_modified(SystemTime::now() - Duration::from_secs(age))
            .unwrap();
    }
    let rows = rows_of_example(folder.path(), "examples/s3-csv.yaml");
    assert_eq!(rows, [r#"{"price":"1234.50","sku":"A-1"}"#]);
}

#[test]
fn the_example_of_parquet_reads_all_files() {
    let folder = TempDir::new().unwrap();
    let unload = folder.path().join("shop/unload/products");
    fs::create_dir_all(&unload).unwrap();
    let file = crate::support::project("tests/cases/ok/formats-parquet/unloaded.parquet");
    for name in ["0001.parquet", "0002.parquet"] {
        fs::copy(&file, unload.join(name)).unwrap();
    }
    let rows = rows_of_example(folder.path(), "examples/parquet-from-s3.yaml");
    let one = [
        r#"{"price":"1234.50","updated_at":"2024-01-31","sku":"A-1"}"#,
        r#"{"price":"","updated_at":"2024-02-01","sku":"A-2"}"#,
    ];
    assert_eq!(rows, [one, one].concat());
}

/// What an example writes that reads the bucket `shop` in a folder.
fn rows_of_example(folder: &Path, example: &str) -> Vec<String> {
    let server = FileServer::s3(folder);
    let sandbox = Sandbox::serve(&[]);
    let spec = crate::support::project(example);
    let ended = Runner::of_spec(&spec, &sandbox.url)
        .env("BUCKET", "shop")
        .env("ENDPOINT", &format!("http://127.0.0.1:{}", server.port))
        .env("ACCESS_KEY", USER)
        .env("SECRET_KEY", PASSWORD)
        .run();
    let held = sandbox.stop();
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    held.lines("output.jsonl")
}

#[test]
fn ftp() {
    let folder = feeds();
    let server = FileServer::ftp(folder.path());
    let login = format!("{{ username: {USER}, password: \"{{{{ options.PASSWORD }}}}\" }}");
    reads_everything(&format!("ftp://127.0.0.1:{}/out", server.port), &login);
}

#[test]
fn sftp() {
    let folder = feeds();
    let (private, public) = key();
    let server = FileServer::sftp(folder.path(), Some(public));
    let base = format!("sftp://127.0.0.1:{}/out", server.port);
    let login = format!("{{ username: {USER}, password: \"{{{{ options.PASSWORD }}}}\" }}");
    reads_everything(&base, &login);
    let by_key = format!(
        "{{ username: {USER}, key: \"{}\" }}",
        private.replace('\n', "\\n")
    );
    let (rows, _) = read(&format!("{base}/feed-2.csv"), "all", &by_key);
    assert_eq!(rows, ALL[2..3]);
    let wrong = format!("{{ username: {USER}, password: another }}");
    let (rows, ended) = read(&format!("{base}/feed-2.csv"), "all", &wrong);
    assert_eq!((rows.len(), ended.code), (0, 1), "{ended:?}");
}

/// Reads one file with more keys at the top of the spec; rows, how it ended, logs.
fn read_with(
    more: &str,
    url: &str,
    login: &str,
    env: &[(&str, &str)],
) -> (Vec<String>, Ended, String) {
    let folder = TempDir::new().unwrap();
    let spec = folder.path().join("spec.yaml");
    let text = format!(
        "version: 1\nname: files\nmode: data-source\n{more}\n\
         source: {{ file: {{ url: \"{url}\", login: {login} }} }}\nkeep: all\n"
    );
    fs::write(&spec, text).unwrap();
    let sandbox = Sandbox::serve(&[]);
    let mut runner = Runner::of_spec(&spec, &sandbox.url);
    for (name, value) in env {
        runner = runner.env(name, value);
    }
    let ended = runner.run();
    let held = sandbox.stop();
    (held.lines("output.jsonl"), ended, held.text("logs.jsonl"))
}

#[test]
fn ftp_servers_with_oddities_are_read_whole_or_not_at_all() {
    let quick = "http: { retry: { wait: 1ms } }";
    for (odd, gets) in [
        (Odd::Not, 1),
        (Odd::Elsewhere, 1),
        (Odd::BreaksOnce, 2),
        (Odd::LiesOnce, 2),
    ] {
        let server = OddFtp::start(odd);
        let url = format!(
            "ftp://shop%40acme:p%40ss%3A1@127.0.0.1:{}/feed.csv",
            server.port
        );
        let (rows, ended, logs) = read_with(quick, &url, "{}", &[]);
        assert_eq!(ended.code, 0, "{odd:?}: {logs}");
        assert_eq!(rows, ALL[..2], "{odd:?}");
        let commands = server.commands();
        let count = commands
            .iter()
            .filter(|line| line.starts_with("RETR"))
            .count();
        assert_eq!(count, gets, "{odd:?}: {commands:?}");
        assert!(
            commands.contains(&"USER shop@acme".to_owned()),
            "{commands:?}"
        );
        assert!(commands.contains(&"PASS p@ss:1".to_owned()), "{commands:?}");
        assert!(!logs.contains("p@ss") && !logs.contains("p%40ss"), "{logs}");
    }
    let server = OddFtp::start(Odd::Hangs);
    let url = format!("ftp://127.0.0.1:{}/feed.csv", server.port);
    let impatient = "http: { timeout: 100ms, retry: { attempts: 2, wait: 1ms } }";
    let (rows, ended, logs) = read_with(impatient, &url, "{}", &[]);
    assert_eq!((rows.len(), ended.code), (0, 1), "{logs}");
    assert!(logs.contains("nothing came for 0.1 s"), "{logs}");
    let commands = server.commands();
    let count = commands
        .iter()
        .filter(|line| line.starts_with("RETR"))
        .count();
    assert_eq!(count, 2, "{commands:?}");
}

#[test]
fn ftps_is_encrypted_and_its_certificate_checked() {
    let feeds = feeds();
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(file("certificate.pem"), made.cert.pem()).unwrap();
    fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let server = FileServer::ftps(feeds.path(), &file("certificate.pem"), &file("key.pem"));
    let url = format!("ftps://localhost:{}/out/feed-2.csv", server.port);
    let login = format!("{{ username: {USER}, password: x }}");
    let trusted = file("certificate.pem");
    let trusted = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
    let (rows, ended, logs) = read_with("", &url, &login, &trusted);
    assert_eq!(ended.code, 0, "{logs}");
    assert_eq!(rows, [r#"{"id":"3","name":"three"}"#]);
    let (rows, ended, logs) = read_with("", &url, &login, &[]);
    assert_eq!((rows.len(), ended.code), (0, 1), "{logs}");
    // The server lets nobody in who speaks plainly.
    let (rows, ended, logs) = read_with("", &url.replace("ftps:", "ftp:"), &login, &trusted);
    assert_eq!((rows.len(), ended.code), (0, 1), "{logs}");
}

#[test]
fn the_key_of_an_sftp_server_is_checked_or_told() {
    let folder = feeds();
    let server = FileServer::sftp(folder.path(), None);
    let url = format!("sftp://127.0.0.1:{}/out/feed-2.csv", server.port);
    let read = |key: &str| {
        let login = format!("{{ username: {USER}, password: \"{PASSWORD}\"{key} }}");
        read_with("", &url, &login, &[])
    };
    let (rows, _, logs) = read("");
    assert_eq!(rows, [r#"{"id":"3","name":"three"}"#], "{logs}");
    let fingerprint = logs
        .split('"')
        .flat_map(|part| part.split(['\\', ' ', ',']));
    let fingerprint = fingerprint
        .into_iter()
        .find(|word| word.starts_with("SHA256:"));
    let fingerprint = fingerprint.expect("the fingerprint is said").to_owned();
    assert!(logs.contains("which nothing checks"), "{logs}");
    let (rows, _, logs) = read(&format!(", host_key: \"{fingerprint}\""));
    assert_eq!((rows.len(), logs.as_str()), (1, ""));
    let (_, other) = key();
    for wrong in [
        ", host_key: \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"".to_owned(),
        format!(", host_key: \"{}\"", other.to_openssh().unwrap()),
        ", known_hosts: /nowhere/known_hosts".to_owned(),
    ] {
        let (rows, ended, logs) = read(&wrong);
        assert_eq!((rows.len(), ended.code), (0, 1), "{wrong}");
        assert!(logs.contains("may be another server"), "{logs}");
    }
}

/// A key pair for SSH: the private one as text.
fn key() -> (String, russh::keys::PublicKey) {
    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, PrivateKey};
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let text = key.to_openssh(LineEnding::LF).unwrap().to_string();
    (text, key.public_key().clone())
}
