//! Requests that a folder of a case can't say: signed tokens, TLS that fails, the clock, signals.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::cli::{Ended, Runner};
use crate::support::mock::Mock;
use crate::support::sandbox::{Sandbox, stop};

/// A connector with a mock of its API.
struct Connector {
    folder: TempDir,
    mock: Mock,
}

impl Connector {
    /// `spec` is what follows the head; `BASE` is the mock's address, `KEY` a password.
    fn new(spec: &str, mock: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let head = "version: 1\nname: try\nmode: data-source\n\
                    options: { BASE: { type: input }, KEY: { type: password } }\n";
        fs::write(folder.path().join("spec.yaml"), format!("{head}{spec}")).unwrap();
        let mock = Mock::start(Path::new("."), mock);
        Self { folder, mock }
    }

    fn runner(&self, api: &str) -> Runner {
        Runner::of_spec(&self.folder.path().join("spec.yaml"), api).env("BASE", &self.mock.url)
    }

    /// Runs it; what was written, and how it ended.
    fn run(&self, with: impl FnOnce(Runner) -> Runner) -> (Vec<String>, Ended, String) {
        let sandbox = Sandbox::serve(&[]);
        let ended = with(self.runner(&sandbox.url)).run();
        let held = sandbox.stop();
        (held.lines("output.jsonl"), ended, held.text("logs.jsonl"))
    }
}

fn jwt(algorithm: &str, extra: &str, key: &str, mock: &str) -> (Connector, Ended) {
    let spec = format!(
        "http:\n  base_url: \"{{{{ options.BASE }}}}\"\n  auth: {{ jwt: {{ algorithm: {algorithm}, key: \"{{{{ options.KEY }}}}\", claims: {{ iss: runner, n: 1 }}, headers: {{ kid: k-1 }}, lasts: 10m{extra} }} }}\n\
         source: {{ request: /a }}\ncolumns: {{ id: \"{{{{ record.id }}}}\" }}\n"
    );
    let connector = Connector::new(&spec, mock);
    let (rows, ended, _) = connector.run(|runner| runner.env("KEY", key));
    assert_eq!(rows, [r#"{"id":1}"#], "{ended:?}");
    (connector, ended)
}

/// What a token says, its signature checked.
fn claims(
    token: &str,
    key: &jsonwebtoken::DecodingKey,
    algorithm: jsonwebtoken::Algorithm,
) -> serde_json::Value {
    let mut validation = jsonwebtoken::Validation::new(algorithm);
    validation.set_issuer(&["runner"]);
    let decoded = jsonwebtoken::decode::<serde_json::Value>(token, key, &validation).unwrap();
    assert_eq!(decoded.header.kid.as_deref(), Some("k-1"));
    let claims = decoded.claims;
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!((life, claims["n"].as_u64()), (600, Some(1)));
    claims
}

#[test]
fn tokens_are_signed_with_a_secret() {
    let answer = "- { request: GET <mock>/a, answer: { id: 1 } }";
    let (connector, _) = jwt("HS256", "", "a secret to sign with", answer);
    let seen = connector.mock.requests().join("");
    let token = seen.split("Bearer ").nth(1).unwrap().trim_end_matches(']');
    let key = jsonwebtoken::DecodingKey::from_secret(b"a secret to sign with");
    claims(token, &key, jsonwebtoken::Algorithm::HS256);
}

#[test]
fn tokens_are_signed_with_a_key_and_exchanged() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let answers = "- { request: POST <mock>/token, body: \"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\", answer: { access_token: exchanged-token-1 } }\n\
                   - { request: GET <mock>/a, header: \"authorization: Bearer exchanged-token-1\", answer: { id: 1 } }";
    // A form of one line can't hold a key otherwise.
    let key = pair.serialize_pem().replace('\n', "\\n");
    let token_url = ", token_url: \"{{ options.BASE }}/token\"";
    let (connector, _) = jwt("ES256", token_url, &key, answers);
    let seen = connector.mock.requests().join("");
    let token = seen.split("assertion=").nth(1).unwrap();
    let token = token.split("GET ").next().unwrap();
    let key = jsonwebtoken::DecodingKey::from_ec_pem(pair.public_key_pem().as_bytes()).unwrap();
    claims(token, &key, jsonwebtoken::Algorithm::ES256);
}

const PLAIN: &str = "http: { retry: { attempts: 2, wait: 1ms } }\nsource: { name: product, request: { url: \"{{ options.KEY }}\" } }\n";

/// TLS, DNS and proxies that fail are said in plain words.
#[test]
fn connections_that_fail_are_explained() {
    let connector = Connector::new(PLAIN, "[]");
    let failure = |url: &str, variables: &[(&str, &str)]| {
        let (_, ended, logs) = connector.run(|runner| {
            let runner = runner.env("KEY", url);
            variables
                .iter()
                .fold(runner, |runner, (name, value)| runner.env(name, value))
        });
        assert_eq!(ended.code, 1, "{ended:?}");
        logs
    };
    let proxy = connector.mock.url.clone();
    let logs = failure("https://shop.example.com/a", &[("HTTPS_PROXY", &proxy)]);
    assert!(
        logs.contains("issued by somebody who is not trusted"),
        "{logs}"
    );
    let logs = failure("https://no-such-host.invalid/a", &[]);
    assert!(
        logs.contains("is not known: is it spelled right?"),
        "{logs}"
    );
    let port = proxy.rsplit(':').next().unwrap();
    let logs = failure(&format!("https://127.0.0.1:{port}/a"), &[]);
    assert!(
        logs.contains("is it http:// instead of https://?"),
        "{logs}"
    );
    let logs = failure(
        "https://shop.example.com/a",
        &[("HTTPS_PROXY", "http://127.0.0.1:1")],
    );
    assert!(
        logs.contains("connection was refused") || logs.contains("proxy"),
        "{logs}"
    );
}

/// Sends are spaced evenly; a limit that is used up, and `pause`, are waited for.
#[test]
fn rate_limits_are_kept() {
    let run = |limit: &str, headers: &str| {
        let spec = format!(
            "http: {{ base_url: \"{{{{ options.BASE }}}}\", concurrency: 1, rate_limit: {limit} }}\n\
             source:\n  - {{ name: n, for_each: [1, 2, 3, 4] }}\n  - {{ request: \"/{{{{ n }}}}\" }}\n\
             columns: {{ id: \"{{{{ record.id }}}}\" }}\n"
        );
        let answers: Vec<String> = (1..=4)
            .map(|n| format!("- {{ request: GET <mock>/{n}, headers: {headers}, answer: {{ id: {n}, wait: 0.2 }} }}"))
            .collect();
        let connector = Connector::new(&spec, &answers.join("\n"));
        let began = Instant::now();
        let (rows, ended, _) = connector.run(|runner| runner);
        assert_eq!(rows.len(), 4, "{ended:?}");
        began.elapsed()
    };
    // Three spaces between four requests. That none is sent too early is what counts: later they may be.
    assert!(run("[10/s, 300/min]", "{}") >= Duration::from_millis(600));
    assert!(
        run("{ rate: 100/s, pause: \"{{ response.body.wait }}\" }", "{}")
            >= Duration::from_millis(200)
    );
    let used_up = "{ x-left: \"0\", x-reset: \"0.2\" }";
    assert!(run("{ remaining: X-Left, reset: X-Reset }", used_up) >= Duration::from_millis(200));
}

/// A run that is stopped while a job is under way tells the other side.
#[test]
fn a_job_is_cancelled_when_the_run_is_stopped() {
    let spec = "http: { base_url: \"{{ options.BASE }}\" }\n\
                source:\n  job:\n    submit: { path: /jobs, json: {} }\n    poll: { request: /jobs/1, every: 50ms }\n    until: \"{{ poll.body.done }}\"\n    cancel: { method: DELETE, path: \"/jobs/{{ submit.body.id }}\" }\n";
    let mock = "- { request: POST <mock>/jobs, answer: { id: 1 } }\n\
                - { request: GET <mock>/jobs/1, repeat: true, answer: { done: false } }\n\
                - { request: DELETE <mock>/jobs/1 }";
    let connector = Connector::new(spec, mock);
    let sandbox = Sandbox::serve(&[]);
    let mut child = connector.runner(&sandbox.url).spawn();
    let began = Instant::now();
    while connector.mock.requests().len() < 3 {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "the job is not polled"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    stop(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(
        connector.mock.differences().is_empty(),
        "{:?}",
        connector.mock.requests()
    );
}

#[test]
fn requests_name_runner_and_the_spec() {
    let spec = "source: { request: { url: \"{{ options.BASE }}/a\", headers: { X-Seen: \"{{ run.mode }}\" } } }\n";
    let mock = format!(
        "- {{ request: GET <mock>/a, header: \"user-agent: runner/{} (try)\", answer: [{{ id: 1 }}] }}",
        env!("CARGO_PKG_VERSION")
    );
    let connector = Connector::new(spec, &mock);
    let (_, ended, _) = connector.run(|runner| runner);
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn a_source_whose_rows_all_fail_is_ended_long_before_its_end() {
    let spec = "on_error: skip\nmax_errors: 25\nsource: { name: n, for_each: \"{{ range(20000) }}\" }\n\
                columns: { id: \"{{ n - 'x' }}\" }\n";
    let connector = Connector::new(spec, "[]");
    let (rows, ended, logs) = connector.run(|runner| runner);
    assert_eq!((rows.len(), ended.code), (0, 1), "{ended:?}");
    let last = logs.lines().last().unwrap();
    let failed = last.split_once("\"message\":\"").unwrap().1;
    let failed: u64 = failed.split(' ').next().unwrap().parse().unwrap();
    assert!((26..2000).contains(&failed), "{last}");
    assert!(last.contains("max_errors is 25"), "{last}");
}
