//! Passwords: never in a log, an error, a help text or what the sandbox prints.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::proxy::{Do, Proxy};
use crate::support::requests::Kind;
use crate::support::sandbox::Sandbox;

/// Quotes and a backslash are written otherwise in JSON.
const PASSWORD: &str = r#"s3"c\ret"#;

/// The password reaches messages through a row that holds it too: nothing else can be shown.
const SPEC: &str = r#"
version: 1
name: secrets
mode: data-service
options:
  TOKEN: { type: password, required: true }
  PUP_AUTH_REFRESH_TOKEN: { type: password }
where: "{{ options.TOKEN }}"
columns:
  number: "{{ row.title | to_number }}"
log:
  - { at: row, message: "saw {{ row.title }}", context: { titles: ["{{ row.title }}"], pin: "{{ row.pin | to_number }}" } }
  - { at: failure, message: "failed: {{ error.message }}" }
"#;

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn input(folder: &TempDir) -> PathBuf {
    let quoted = PASSWORD.replace('"', "\"\"");
    file(
        folder,
        "input.csv",
        &format!("id,title,pin\n1,\"{quoted}\",4711\n"),
    )
}

#[test]
fn a_password_is_shown_nowhere() {
    let folder = TempDir::new().unwrap();
    let sandbox = Sandbox::serve(&[("input", input(&folder))]);
    let proxy = Proxy::start(&sandbox.url, |request| match (request.kind, request.nth) {
        // One log is refused, and goes to standard error.
        (Kind::Log, 1) => Do::Answer(400, r#"{"message":"No"}"#.to_owned()),
        _ => Do::Pass,
    });
    let spec = file(&folder, "spec.yaml", SPEC);
    let ended = Runner::of_spec(&spec, &proxy.url())
        .arg("--verbose")
        .env("TOKEN", PASSWORD)
        .arg("--pup-auth-refresh_token=4711")
        .run()
        .expect(1);
    let held = sandbox.stop();
    let logs = held.text("logs.jsonl");
    for shown in [&ended.stderr, &ended.stdout, &logs] {
        for secret in [PASSWORD, r#"s3\"c\\ret"#, "4711"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let said = r#"column `number`: "[hidden]" is no number"#;
    let undelivered = format!(r#"failed: row 1 (id: "1"): {said}"#);
    assert!(ended.stderr.contains(&undelivered), "{}", ended.stderr);
    assert!(logs.contains(&said.replace('"', "\\\"")), "{logs}");
}

#[test]
fn a_row_that_holds_a_password_leaves_as_it_came() {
    let folder = TempDir::new().unwrap();
    let spec = SPEC.replace("row.title | to_number", "row.id | to_number");
    let ended = Runner::new()
        .args(["sandbox", "--out"])
        .arg(folder.path().join("out"))
        .arg("--spec")
        .arg(file(&folder, "spec.yaml", &spec))
        .arg("--input")
        .arg(input(&folder))
        .env("TOKEN", PASSWORD)
        .env("PUP_AUTH_REFRESH_TOKEN", "4711")
        .run()
        .expect(0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let expected = r#"{"id":"1","title":"s3\"c\\ret","pin":"4711","number":1}"#;
    assert_eq!(read("output.jsonl"), format!("{expected}\n"));
    let expected = concat!(
        r#"{"level":"info","message":"saw [hidden]","#,
        r#""context":{"titles":["[hidden]"],"pin":"[hidden]"}}"#,
        "\n"
    );
    assert_eq!(read("logs.jsonl"), expected);
    assert!(ended.stdout.contains("saw [hidden]"), "{}", ended.stdout);
}

/// What is wrong with a value is said without the value.
#[test]
fn flags_are_refused_without_their_values() {
    let folder = TempDir::new().unwrap();
    let ended = Runner::new()
        .arg("--spec")
        .arg(file(&folder, "spec.yaml", SPEC))
        .args(["--tokne=hunter2", "--token=hunter3"])
        .run()
        .expect(2);
    assert!(ended.stderr.contains("--tokne"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter"), "{}", ended.stderr);
}

/// Every kind of auth, each with a secret that the API sends back in an error, as it is, URL-encoded
/// and in base64.
#[test]
#[allow(
    clippy::too_many_lines,
    reason = "a table of cases and one walk over it"
)]
fn a_secret_that_an_api_sends_back_is_shown_nowhere() {
    use base64::Engine as _;
    const SECRET: &str = "top/secret+value 42";
    const FETCHED: &str = "fetched/token+value 42";
    let url_encoded = |text: &str| {
        text.replace('/', "%2F")
            .replace('+', "%2B")
            .replace(' ', "%20")
    };
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let forms = |text: &str| {
        [
            text.to_owned(),
            url_encoded(text),
            url_encoded(text).replace("%20", "+"),
            url_encoded(text).to_lowercase(),
            base64(text),
            text.replace('/', "\\/"),
            base64(&format!("user:{text}")),
        ]
    };
    let token_url = "token_url: \"{{ options.BASE }}/token\"";
    let key = "\"{{ options.KEY }}\"";
    let auths = [
        format!("{{ bearer: {key} }}"),
        format!("{{ basic: {{ username: user, password: {key} }} }}"),
        format!("{{ api_key: {{ header: {{ X-Key: {key} }} }} }}"),
        format!("{{ api_key: {{ query: {{ key: {key} }} }} }}"),
        "{ api_key: { cookie: { key: \"{{ options.KEY | urlencode }}\" } } }".to_owned(),
        format!(
            "{{ oauth2: {{ grant: client_credentials, {token_url}, client_id: user, client_secret: {key} }} }}"
        ),
        format!(
            "{{ oauth2: {{ grant: password, {token_url}, username: user, password: {key}, body: json }} }}"
        ),
        format!(
            "{{ oauth2: {{ grant: refresh_token, {token_url}, refresh_token: {key}, send: query, client_id: user, client_secret: {key} }} }}"
        ),
        format!(
            "{{ session: {{ login: {{ path: /token, json: {{ password: {key} }} }}, token: $.access_token, header: {{ X-Session: \"{{{{ token }}}}\" }} }} }}"
        ),
        format!("{{ jwt: {{ algorithm: HS256, key: {key}, {token_url} }} }}"),
        format!("{{ choose: {{ by: a, cases: {{ a: {{ bearer: {key} }} }} }} }}"),
    ];
    for (number, auth) in auths.iter().enumerate() {
        let is_fetched = auth.contains("token_url") || auth.contains("session");
        let known: &[&str] = if is_fetched {
            &[SECRET, FETCHED]
        } else {
            &[SECRET]
        };
        let echo: Vec<String> = known.iter().flat_map(|text| forms(text)).collect();
        // The token's own request fails in every second round.
        let fails_at_token = number % 2 == 1;
        let echo = if fails_at_token && is_fetched {
            forms(SECRET).to_vec()
        } else {
            echo
        };
        let answer = serde_json::to_string(&echo.join(" | ")).unwrap();
        let token = if fails_at_token {
            format!(
                "- {{ request: POST <mock>/token, repeat: true, status: 400, answer: {answer} }}\n"
            )
        } else {
            format!(
                "- {{ request: POST <mock>/token, repeat: true, answer: {{ access_token: \"{FETCHED}\" }} }}\n"
            )
        };
        let places = [
            "a",
            "a?key=top%2Fsecret%2Bvalue%2042",
            "token?client_id=user&client_secret=top%2Fsecret%2Bvalue%2042",
        ];
        let rest: Vec<String> = places
            .iter()
            .map(|place| {
                let method = if place.starts_with("token") { "POST" } else { "GET" };
                let status = if place.starts_with("token") { 200 } else { 422 };
                let answer = if status == 200 { format!("{{ access_token: \"{FETCHED}\" }}") } else { answer.clone() };
                format!("- {{ request: \"{method} <mock>/{place}\", repeat: true, status: {status}, answer: {answer} }}\n")
            })
            .collect();
        let mock =
            crate::support::mock::Mock::start(std::path::Path::new("."), &(token + &rest.concat()));
        let folder = TempDir::new().unwrap();
        let spec = file(
            &folder,
            "spec.yaml",
            &format!(
                "version: 1\nname: try\nmode: data-source\noptions: {{ BASE: {{ type: input }}, KEY: {{ type: password }} }}\n\
                 http: {{ base_url: \"{{{{ options.BASE }}}}\", auth: {auth}, retry: 1 }}\nsource: {{ request: /a }}\n\
                 log: [{{ at: failure, message: \"{{{{ error.message }}}}\" }}]\n"
            ),
        );
        let sandbox = Sandbox::serve(&[]);
        let ended = Runner::of_spec(&spec, &sandbox.url)
            .arg("--verbose")
            .env("BASE", &mock.url)
            .env("KEY", SECRET)
            .run();
        let held = sandbox.stop();
        let previewed = Runner::new()
            .args(["preview", "--requests", "--record", "--spec"])
            .arg(&spec)
            .env("BASE", &mock.url)
            .env("KEY", SECRET)
            .run();
        assert_eq!(
            (ended.code, previewed.code),
            (1, 1),
            "{auth}: {ended:?} {previewed:?}"
        );
        let logs = held.text("logs.jsonl");
        assert!(
            logs.contains("[hidden] | [hidden]"),
            "{auth}: nothing came back: {logs}"
        );
        let shown = [
            logs,
            ended.stdout,
            ended.stderr,
            previewed.stdout,
            previewed.stderr,
        ]
        .concat();
        for secret in &echo {
            assert!(
                !shown.contains(secret.as_str()),
                "{auth}: {secret} is in {shown}"
            );
        }
    }
}
