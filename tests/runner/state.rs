//! What is kept from run to run, in a file or in the platform's bucket.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::http::Message;
use crate::support::mock::Mock;
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::{Kind, Request};
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

const HEAD: &str = "version: 1\nname: try\nmode: data-source\n\
    options: { BASE: { type: input }, TOKEN: { type: password } }\n";
const CHANGED: &str = "incremental: { value: \"{{ record.at }}\" }\n\
    source: { rows: [{ at: 7, since: \"{{ since }}\" }] }\n\
    columns: { since: \"{{ record.since }}\" }\n";
const BUCKET: &str = "state: { bucket: of/try.json }\n";

/// Runs a spec against a Container API; what it asked and how it ended.
fn run(
    api: &Sandbox,
    spec: &str,
    base: &str,
    more: &[&str],
    rule: impl Fn(&Request) -> Do + Send + Sync + 'static,
) -> (Vec<Request>, Ended) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("spec.yaml");
    fs::write(&file, format!("{HEAD}{spec}")).unwrap();
    let proxy = Proxy::start(&api.url, rule);
    let shared = api.out().join("exchange");
    let ended = Runner::of_spec(&file, &proxy.url())
        .arg("--shared")
        .arg(shared)
        .args(more.iter().copied())
        .env("BASE", base)
        .env("TOKEN", "first-token")
        .run();
    (proxy.requests(), ended)
}

fn pass(_: &Request) -> Do {
    Do::Pass
}

fn rows(requests: &[Request]) -> Vec<String> {
    let writes = requests
        .iter()
        .filter(|request| request.kind == Kind::Output);
    writes.flat_map(Request::rows).collect()
}

fn logs(requests: &[Request]) -> String {
    let logs = requests.iter().filter(|request| request.kind == Kind::Log);
    logs.map(|log| log.as_log() + "\n").collect()
}

/// Requests to the bucket, and writes, in order.
fn order(requests: &[Request]) -> Vec<String> {
    requests
        .iter()
        .filter(|request| request.kind == Kind::Output || request.path.starts_with("/buckets"))
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

fn stored(api: &Sandbox) -> serde_json::Value {
    let text = fs::read(api.out().join("bucket/of/try.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_bucket_remembers_from_run_to_run() {
    let api = Sandbox::serve(&[]);
    let spec = format!("{BUCKET}{CHANGED}");
    let (requests, ended) = run(&api, &spec, "", &[], pass);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        order(&requests),
        [
            "GET /buckets/exchange/download/of/try.json",
            "POST /output/output",
            "PUT /buckets/exchange/upload/of/try.json"
        ]
    );
    assert!(logs(&requests).contains("the bucket has no of/try.json yet"));
    assert_eq!(rows(&requests), [r#"{"since":""}"#]);
    let (requests, ended) = run(&api, &spec, "", &[], pass);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(rows(&requests), [r#"{"since":7}"#]);
    assert!(!logs(&requests).contains("bucket"), "{}", logs(&requests));
    assert_eq!(stored(&api)["since"], 7);
    let left = fs::read_dir(api.out().join("exchange/of")).unwrap().count();
    assert_eq!(left, 0, "files are left in the shared directory");
}

/// The flag says otherwise than the spec.
#[test]
fn the_flag_names_another_place() {
    let api = Sandbox::serve(&[]);
    let (requests, ended) = run(&api, CHANGED, "", &["--state", "bucket:of/try.json"], pass);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(stored(&api)["since"], 7, "{requests:?}");
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state.json");
    let file = ["--state", file.to_str().unwrap()];
    let spec = format!("{BUCKET}{CHANGED}");
    let (requests, ended) = run(&api, &spec, "", &file, pass);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(rows(&requests), [r#"{"since":""}"#]);
    assert_eq!(order(&requests), ["POST /output/output"]);
}

#[test]
fn a_bucket_that_fails_ends_the_run_before_anything_is_read() {
    let spec = format!("{BUCKET}source: {{ request: {{ url: \"{{{{ options.BASE }}}}/a\" }} }}\n");
    for (status, body, said) in [
        (
            400,
            r#"{"message":"No bucket is linked.","errors":[]}"#,
            "No bucket is linked.",
        ),
        (403, r#"{"message":"Not allowed."}"#, "Not allowed."),
        (202, "{}", "the answer names no process"),
    ] {
        let api = Sandbox::serve(&[]);
        // It is asked nothing, so nothing is written down.
        let mock = Mock::start(Path::new("."), "[]");
        let (requests, ended) = run(&api, &spec, &mock.url, &[], move |request| {
            if request.path.starts_with("/buckets") {
                Do::Answer(status, body.to_owned())
            } else {
                Do::Pass
            }
        });
        assert_eq!(ended.code, 1, "{ended:?}");
        let logs = logs(&requests);
        assert!(
            logs.contains("the state in bucket:of/try.json can't be read"),
            "{logs}"
        );
        assert!(logs.contains(said), "{logs}");
        assert!(mock.requests().is_empty(), "{:?}", mock.requests());
    }
}

#[test]
fn a_bucket_that_takes_nothing_fails_the_run() {
    let api = Sandbox::serve(&[]);
    let spec = format!("{BUCKET}{CHANGED}");
    let (requests, ended) = run(&api, &spec, "", &[], |request| {
        if request.method == "PUT" {
            Do::Answer(
                400,
                r#"{"message":"The bucket is full.","errors":[]}"#.to_owned(),
            )
        } else {
            Do::Pass
        }
    });
    assert_eq!(ended.code, 1, "{ended:?}");
    let logs = logs(&requests);
    assert!(
        logs.contains("the state can't be written to bucket:of/try.json"),
        "{logs}"
    );
    assert!(logs.contains("The bucket is full."), "{logs}");
    let stores = requests.iter().filter(|request| request.method == "PUT");
    assert_eq!(stores.count(), 1);
}

/// The token before it is used up, whatever became of the run; what was read is not kept.
#[test]
fn a_token_that_was_given_in_a_failed_run_is_kept() {
    let spec = format!(
        "{BUCKET}http:\n  base_url: \"{{{{ options.BASE }}}}\"\n  \
         auth: {{ oauth2: {{ grant: refresh_token, token_url: \"{{{{ options.BASE }}}}/token\", refresh_token: \"{{{{ options.TOKEN }}}}\", rotates: true }} }}\n\
         incremental: {{ value: \"{{{{ record.id }}}}\" }}\nsource: {{ request: /a }}\n\
         fail_when: [{{ when: \"{{{{ run.rows_written }}}}\", message: No }}]\n"
    );
    let api = Sandbox::serve(&[]);
    let mock = Mock::start(
        Path::new("."),
        "- { request: POST <mock>/token, body: refresh_token=first-token, answer: { access_token: a, refresh_token: second-token } }\n\
         - { request: GET <mock>/a, answer: [{ id: 1 }] }\n",
    );
    let (requests, ended) = run(&api, &spec, &mock.url, &[], pass);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(logs(&requests).contains("No"), "{}", logs(&requests));
    let state = stored(&api);
    assert_eq!(state.get("since"), None, "{state}");
    assert!(state.to_string().contains("second-token"), "{state}");
    let mock = Mock::start(
        Path::new("."),
        "- { request: POST <mock>/token, body: refresh_token=second-token, answer: { access_token: a } }\n\
         - { request: GET <mock>/a, answer: [{ id: 1 }] }\n",
    );
    run(&api, &spec, &mock.url, &[], pass);
    assert!(mock.differences().is_empty(), "{:?}", mock.differences());
}

/// The state of another connector is not taken for this one's.
#[test]
fn a_state_belongs_to_its_connector() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state.json");
    for (text, said) in [
        (
            r#"{"name":"somebody-else","since":1}"#,
            "is that of `somebody-else`",
        ),
        ("not JSON", "it was not written by runner"),
    ] {
        fs::write(&state, text).unwrap();
        let api = Sandbox::serve(&[]);
        let flag = ["--state", state.to_str().unwrap()];
        let (requests, ended) = run(&api, CHANGED, "", &flag, pass);
        assert_eq!(ended.code, 1, "{ended:?}");
        let logs = logs(&requests);
        assert!(logs.contains(said), "{logs}");
        assert_eq!(fs::read_to_string(&state).unwrap(), text);
    }
}

/// An API of brands: those with a letter are known, `fails` fails for good.
fn brands(request: &Message) -> Message {
    let path = request.first_line.split(' ').nth(1).unwrap_or_default();
    if path == "/all" {
        return Message::answer(200, r#"[{"id":"a","rate":1.50},{"id":"b","rate":2}]"#);
    }
    let keys = path
        .split('=')
        .nth(1)
        .unwrap_or_default()
        .replace("%2C", ",");
    if keys.contains("fails") {
        return Message::answer(404, "{}");
    }
    let known = keys.split(',').filter(|key| !key.starts_with('1'));
    let known = known.map(|key| format!(r#"{{"id":"{key}","rate":1.50}}"#));
    Message::answer(200, &format!("[{}]", known.collect::<Vec<_>>().join(",")))
}

fn asked(server: &Server) -> Vec<String> {
    let requests = server.requests().into_iter();
    let mut asked: Vec<String> = requests.map(|request| request.first_line).collect();
    // Some are sent beside each other.
    asked.sort();
    asked
}

/// What a lookup found is remembered for as long as its `cache` says; what it did not find, what failed, and
/// what another spec or other options would ask for is asked for.
#[test]
fn lookups_are_remembered_from_run_to_run() {
    let api = Sandbox::serve(&[]);
    let spec = |keys: &str, more: &str| {
        format!(
            "{BUCKET}http: {{ base_url: \"{{{{ options.BASE }}}}\", retry: {{ attempts: 1 }} }}\n\
            source: {{ rows: [{{ id: a }}, {{ id: b }}, {{ id: \"1\" }}] }}\n\
            lookups:\n\
            - {{ name: brand, for: \"{{{{ record.id }}}}\", batch: 2, cache: 7d, on_error: skip, request: {{ path: /some, query: {{ ids: \"{{{{ {keys} }}}}\" }} }}, key: \"{{{{ record.id }}}}\" }}\n\
            - {{ name: rates, cache: 1h, request: /all, key: \"{{{{ record.id }}}}\" }}\n\
            columns: {{ rate: \"{{{{ brand.rate }}}}\", of: \"{{{{ rates[record.id].rate }}}}\" }}\n{more}"
        )
    };
    let plain = spec("keys | join(',')", "");
    let server = Server::start(brands);
    let once = |spec: &str| {
        server.forget();
        let (requests, ended) = run(&api, spec, &server.url, &[], pass);
        assert_eq!(ended.code, 0, "{}", logs(&requests));
        let rows = rows(&requests);
        let all = [
            r#"{"rate":1.50,"of":1.50}"#,
            r#"{"rate":1.50,"of":2}"#,
            r#"{"rate":"","of":""}"#,
        ];
        assert_eq!(rows, all);
        asked(&server)
    };
    let all = [
        "GET /all HTTP/1.1",
        "GET /some?ids=1 HTTP/1.1",
        "GET /some?ids=a%2Cb HTTP/1.1",
    ];
    assert_eq!(once(&plain), all);
    assert_eq!(
        once(&plain),
        [all[1]],
        "what was not found is asked for again"
    );
    let stored = stored(&api);
    assert_eq!(
        stored["lookups"]["brand"]["found"]["a"]["records"][0]["id"],
        "a"
    );
    assert!(!stored.to_string().contains("first-token"));
    // Two hours later the table is too old, the brands are not.
    let file = api.out().join("bucket/of/try.json");
    let read = stored["lookups"]["rates"]["read"].as_i64().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let older = text.replace(
        &format!("\"read\": {read}"),
        &format!("\"read\": {}", read - 7200),
    );
    assert_ne!(older, text);
    fs::write(&file, older).unwrap();
    assert_eq!(once(&plain), all[..2]);
    // Another spec asks anew, and so do other options.
    assert_eq!(once(&spec("keys | join(',')", "description: other\n")), all);
    assert_eq!(once(&plain), all);
    let other = Server::start(brands);
    let (_, ended) = run(&api, &plain, &other.url, &[], pass);
    assert_eq!(ended.code, 0);
    assert_eq!(asked(&other), all);
    // What failed is not known; a run that fails keeps what it found.
    let failing = spec(
        "'fails' if '1' in keys else keys | join(',')",
        "fail_when: [{ when: true, message: no }]\n",
    );
    for expected in [&[all[0], all[2]][..], &[]] {
        server.forget();
        let (_, ended) = run(&api, &failing, &server.url, &[], pass);
        assert_eq!(ended.code, 1);
        let fails = "GET /some?ids=fails HTTP/1.1";
        let mut asked = asked(&server);
        assert_eq!(asked.pop().as_deref(), Some(fails));
        assert_eq!(asked, expected);
    }
}

/// Without a place nothing is remembered, which is said; a table of the spec has nothing to remember.
#[test]
fn a_cache_without_a_place_says_so() {
    let api = Sandbox::serve(&[]);
    let server = Server::start(brands);
    let spec = "http: { base_url: \"{{ options.BASE }}\" }\nsource: { rows: [{ id: a }] }\n\
        lookups: [{ name: rates, cache: 1h, request: /all, key: \"{{ record.id }}\" }]\n\
        columns: { of: \"{{ rates.a.rate }}\" }\n";
    let (requests, ended) = run(&api, spec, &server.url, &[], pass);
    assert_eq!(ended.code, 0);
    assert!(
        logs(&requests).contains("`cache` remembers nothing"),
        "{}",
        logs(&requests)
    );
}
