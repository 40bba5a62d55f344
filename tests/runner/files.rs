//! Files on servers: S3, FTP and SFTP, each a real one.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::file_servers::{FileServer, PASSWORD, USER};
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
    let server = FileServer::s3(folder.path());
    let sandbox = Sandbox::serve(&[]);
    let ended = Runner::of_spec(
        &crate::support::project("examples/s3-csv.yaml"),
        &sandbox.url,
    )
    .env("BUCKET", "shop")
    .env("ENDPOINT", &format!("http://127.0.0.1:{}", server.port))
    .env("ACCESS_KEY", USER)
    .env("SECRET_KEY", PASSWORD)
    .run();
    let held = sandbox.stop();
    assert_eq!(ended.code, 0, "{}", held.text("logs.jsonl"));
    let rows = held.lines("output.jsonl");
    assert_eq!(rows, [r#"{"price":"1234.50","sku":"A-1"}"#]);
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

/// A key pair for SSH: the private one as text.
fn key() -> (String, russh::keys::PublicKey) {
    use russh::keys::ssh_key::LineEnding;
    use russh::keys::{Algorithm, PrivateKey};
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let text = key.to_openssh(LineEnding::LF).unwrap().to_string();
    (text, key.public_key().clone())
}
