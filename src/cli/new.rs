//! `runner new`: a spec to start from.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LINK};

use super::arguments::NewArguments;
use super::new_feed::{is_feed, of_feed};
use super::prompts::{self, completed};
use super::run::in_runtime;
use crate::authoring::{
    Found, Given, OpenApi, OpenApiError, Operation, Request, Wanted, draft, export, found_in,
    name_of, outline,
};
use crate::diagnostics::in_words;
use crate::exit::Exit;
use crate::http::Fault;
use crate::plan::load;
use crate::spec::Mode;

/// How long an answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Writes a spec; it is never written over one that is there.
pub fn new(arguments: NewArguments) -> Exit {
    let (arguments, name) = match completed(arguments) {
        Ok(completed) => completed,
        Err(error) => {
            eprintln!("error: {error}");
            return Exit::Wrong;
        }
    };
    let name = name_of(&name);
    let file = arguments
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
    let text = match text_of(&name, &arguments) {
        Ok(text) => text,
        Err((exit, message)) => {
            eprintln!("error: {message}");
            return exit;
        }
    };
    // What is written here and refused by the check is a bug, and better told than written.
    if let Err(report) = load(&file.display().to_string(), &text) {
        eprintln!("{report}\na bug in runner: what it would write has mistakes; please report it");
        return Exit::Failed;
    }
    let written = OpenOptions::new().write(true).create_new(true).open(&file);
    match written.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => {
            say!("{}", file.display());
            Exit::Done
        }
        Err(error) => {
            let hint = match error.kind() {
                std::io::ErrorKind::AlreadyExists => ": take another name, or --out FILE",
                _ => "",
            };
            eprintln!("error: {}: {}{hint}", file.display(), in_words(&error));
            Exit::Failed
        }
    }
}

fn text_of(name: &str, arguments: &NewArguments) -> Result<String, (Exit, String)> {
    let operation = arguments.operation.as_deref();
    if let Some(to) = &arguments.to {
        return to_api(name, to, operation);
    }
    match &arguments.from {
        None => Ok(outline(
            name,
            arguments.mode.map_or(Mode::DataSource, Into::into),
        )),
        Some(from) if from.trim_start().starts_with("curl") => of_curl(name, from, arguments.r#try),
        Some(from) => {
            if let Some(described) = described(from) {
                let api = described?;
                return of_api(name, &api, operation, from);
            }
            if is_feed(from) {
                return of_feed(name, from, arguments.r#try);
            }
            Err((
                Exit::Wrong,
                format!(
                    "--from takes a curl command, an API's description by OpenAPI (a file), or a feed: a .csv, .tsv, .json, .jsonl, .xml, .xlsx or .ods file, packed or not; `{from}` is none of them"
                ),
            ))
        }
    }
}

/// An API's description, where a file of YAML or JSON is one; any other JSON is a feed.
fn described(file: &str) -> Option<Result<OpenApi, (Exit, String)>> {
    let lower = file.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    let is_yaml = ends(&[".yaml", ".yml"]);
    if file.contains("://") || !(is_yaml || ends(&[".json"])) {
        return None;
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return Some(Err((Exit::Wrong, format!("{file}: {}", in_words(&error))))),
    };
    match OpenApi::read(&text) {
        Ok(api) => Some(Ok(api)),
        // Any other JSON is a feed.
        Err(OpenApiError::Other) if !is_yaml => None,
        Err(error) => Some(Err((Exit::Wrong, format!("{file}: {error}")))),
    }
}

fn of_api(
    name: &str,
    api: &OpenApi,
    operation: Option<&str>,
    file: &str,
) -> Result<String, (Exit, String)> {
    let operation = operation_of(api, Wanted::List, operation, file)?;
    let example = api.example(&operation).unwrap_or_default();
    let found = found_in(&example, None);
    Ok(draft(name, &api.request(&operation), Some(&found)))
}

fn to_api(name: &str, file: &str, operation: Option<&str>) -> Result<String, (Exit, String)> {
    let wrong = |message: String| (Exit::Wrong, format!("{file}: {message}"));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(in_words(&error)))?;
    let api = OpenApi::read(&text).map_err(|error| wrong(error.to_string()))?;
    let operation = operation_of(&api, Wanted::Item, operation, file)?;
    let Some(place) = api.item(&operation) else {
        return Err(wrong("the operation takes no item".to_owned()));
    };
    Ok(export(name, &api.request(&operation), &operation, &place))
}

/// The operation that is named, the only one, or the one that is chosen on a terminal.
fn operation_of(
    api: &OpenApi,
    wanted: Wanted,
    named: Option<&str>,
    file: &str,
) -> Result<Operation, (Exit, String)> {
    let chosen = api.operation(wanted, named).or_else(|error| {
        let OpenApiError::Several { why, operations } = &error else {
            return Err(error);
        };
        match prompts::operation(why, operations) {
            Some(chosen) => api.operation(wanted, Some(&chosen)),
            None => Err(error),
        }
    });
    chosen.map_err(|error| (Exit::Wrong, format!("{file}: {error}")))
}

fn of_curl(name: &str, command: &str, is_tried: bool) -> Result<String, (Exit, String)> {
    let request = Request::read(command).map_err(|error| (Exit::Wrong, error.to_string()))?;
    if !is_tried {
        return Ok(draft(name, &request, None));
    }
    let mut asked = None;
    in_runtime(async {
        // What a server says may hold what it was sent.
        asked = Some(
            ask(&request)
                .await
                .map_err(|message| request.redactor().redact(&message)),
        );
        Exit::Done
    });
    let found = asked.unwrap_or_else(|| Err("the runtime can't start".to_owned()));
    let found = found.map_err(|message| (Exit::Failed, message))?;
    match &found.records {
        Some(records) => eprintln!("{} records at {records}", found.count),
        None => eprintln!("no list of records is in the answer: name it under `records`"),
    }
    Ok(draft(name, &request, Some(&found)))
}

/// Asks once, as the command would, and looks through the answer.
async fn ask(request: &Request) -> Result<Found, String> {
    // The address is shown without what the command had behind it.
    let failed = |error: reqwest::Error| {
        let url = Url::parse(&request.url).ok();
        let host = url.and_then(|url| url.host_str().map(str::to_owned));
        format!(
            "{}: {}",
            request.url,
            Fault::of(&error, &host.unwrap_or_default())
        )
    };
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::http::tls(true))
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(failed)?;
    let method = request
        .method()
        .parse()
        .map_err(|_| format!("`{}` is no method", request.method()))?;
    let mut url = Url::parse(&request.url).map_err(|error| format!("{}: {error}", request.url))?;
    let mut query = request.query.clone();
    if let Given::Query(name, value) = &request.given {
        query.push((name.clone(), value.clone()));
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(&query);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let mut sent = client.request(method, url).headers(headers);
    sent = match &request.given {
        Given::None | Given::Query(..) => sent,
        Given::Bearer(token) => sent.bearer_auth(token),
        Given::Basic(name, password) => sent.basic_auth(name, Some(password)),
        Given::Header(name, value) => sent.header(name, value),
        Given::Cookie(name, value) => sent.header("cookie", format!("{name}={value}")),
    };
    if let Some(body) = &request.body {
        sent = sent.body(body.clone());
    }
    let answer = sent.send().await.map_err(failed)?;
    let status = answer.status();
    let link = answer
        .headers()
        .get(LINK)
        .and_then(|link| link.to_str().ok())
        .map(str::to_owned);
    let text = answer.text().await.map_err(failed)?;
    if !status.is_success() {
        let beginning: String = text.chars().take(300).collect();
        return Err(format!(
            "{} was answered {status}: {beginning}",
            request.url
        ));
    }
    match serde_json::from_str(&text) {
        Ok(body) => Ok(found_in(&body, link.as_deref())),
        Err(_) => Err(format!(
            "{} did not answer with JSON; leave --try out, and name the format in the spec",
            request.url
        )),
    }
}
