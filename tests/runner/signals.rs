//! SIGTERM and SIGINT: what is being written is finished, what was done is said.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::Kind;
use crate::support::sandbox::{Sandbox, stop};

const SPEC: &str = "version: 1\nname: copy\nmode: data-service\nbatch_size: 2\n";
const INPUT: &str = "id\n1\n2\n3\n4\n5\n6\n7\n8\n9\n";

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_signal_finishes_the_write_in_flight() {
    for (signal, name, code) in [(Signal::TERM, "SIGTERM", 143), (Signal::INT, "SIGINT", 130)] {
        let folder = TempDir::new().unwrap();
        let sandbox = Sandbox::serve(&[("input", file(&folder, "input.csv", INPUT))]);
        let child: Arc<Mutex<Option<Child>>> = Arc::default();
        let (started, is_started) = channel::<()>();
        let is_started = Mutex::new(is_started);
        let signalled = Arc::clone(&child);
        let proxy = Proxy::start(&sandbox.url, move |request| {
            if (request.kind, request.nth) == (Kind::Output, 2) {
                is_started.lock().unwrap().recv().unwrap();
                stop(signalled.lock().unwrap().as_ref().unwrap(), signal);
                // The signal is there well before the write is done.
                thread::sleep(Duration::from_millis(200));
            }
            Do::Pass
        });
        let spec = file(&folder, "spec.yaml", SPEC);
        *child.lock().unwrap() = Some(Runner::of_spec(&spec, &proxy.url()).spawn());
        started.send(()).unwrap();
        // Taken only once the signal was sent.
        let requests = loop {
            let requests = proxy.requests();
            if requests.iter().any(|request| request.kind == Kind::Log) {
                break requests;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let ended = child
            .lock()
            .unwrap()
            .take()
            .unwrap()
            .wait_with_output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
        let writes = requests
            .iter()
            .filter(|request| request.kind == Kind::Output);
        assert_eq!(writes.count(), 2);
        let held = sandbox.stop();
        let rows = ["1", "2", "3", "4"].map(|id| format!("{{\"id\":\"{id}\"}}"));
        assert_eq!(held.lines("output.jsonl"), rows);
        let log = held.text("logs.jsonl");
        let begin = format!("{{\"level\":\"error\",\"message\":\"Stopped by {name}: ");
        assert!(log.starts_with(&begin), "{log}");
        assert!(log.contains(" rows read, 4 written"), "{log}");
    }
}

#[test]
fn a_signal_ends_the_wait_for_an_api_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let spec = file(&folder, "spec.yaml", SPEC);
    // Nobody listens at this port.
    let child = Runner::of_spec(&spec, "http://127.0.0.1:9").spawn();
    thread::sleep(Duration::from_millis(500));
    stop(&child, Signal::TERM);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143), "{ended:?}");
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert!(
        stderr.contains("Stopped by SIGTERM: 0 rows read, 0 written"),
        "{stderr}"
    );
}

/// A file that is made when the signal comes is neither waited for nor delivered, whatever it takes.
#[test]
fn a_signal_ends_the_making_of_a_file() {
    for name in ["out.xlsx", "out.csv.gz"] {
        let folder = TempDir::new().unwrap();
        let temporary = folder.path().join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        let cells = "value ".repeat(20);
        let mut text = "id,a,b\n".to_owned();
        for id in 0..30_000 {
            writeln!(text, "{id},{cells}{id},{cells}").unwrap();
        }
        let input = file(&folder, "input.csv", &text);
        let path = folder.path().join(name);
        let spec = format!(
            "version: 1\nname: big\nmode: export\ntarget: {{ file: {{ url: \"{}\" }} }}\n",
            path.display()
        );
        let sandbox = Sandbox::serve(&[("input", input)]);
        let proxy = Proxy::start(&sandbox.url, |_| Do::Pass);
        let spec = file(&folder, "spec.yaml", &spec);
        let child = Runner::of_spec(&spec, &proxy.url())
            .env("TMPDIR", temporary.to_str().unwrap())
            .spawn();
        // All rows were read once they are counted; then the file is made.
        while !proxy
            .requests()
            .iter()
            .any(|request| request.kind == Kind::Count)
        {
            thread::sleep(Duration::from_millis(5));
        }
        stop(&child, Signal::TERM);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(143), "{ended:?}");
        assert!(!path.exists(), "{name} was delivered");
        let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let log = sandbox.stop().text("logs.jsonl");
        assert!(log.contains("30000 rows read, 0 ok"), "{log}");
        assert!(log.contains("30000 not sent"), "{log}");
    }
}
