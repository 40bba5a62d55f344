//! Requesters become requests: address, parameters, headers, body; and what their answers mean.

use serde_json::{Value, json};

use super::block::{Block, todo};
use super::expression::{Names, rewritten};
use super::manifest::{get, kind, list, text};

/// Whether a request has an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// It has.
    Yes,
    /// It is behind `base_url`.
    No,
}

/// A value at any depth, its templates rewritten.
pub fn value_of(value: &Value, names: &Names) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => Value::from(rewritten(text, names)?),
        Value::Array(items) => {
            let items = items.iter().map(|item| value_of(item, names));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let entries = map.iter().filter(|(key, _)| *key != "$parameters");
            let entries = entries.map(|(key, value)| Ok((key.clone(), value_of(value, names)?)));
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// What stands before the path of a requester.
pub fn base_of(requester: &Value, names: &Names) -> Result<String, String> {
    let (base, _) = halves(requester, names)?;
    Ok(base)
}

/// The address of a requester in two; what of its one address is the path, where it has no other.
fn halves(requester: &Value, names: &Names) -> Result<(String, Option<String>), String> {
    let base = text(requester, "url_base").or_else(|| text(requester, "url"));
    let base = rewritten(&base.unwrap_or_default(), names)?;
    let path = text(requester, "path").unwrap_or_default();
    if path.starts_with("http://") || path.starts_with("https://") {
        return Ok((String::new(), None));
    }
    let host = base.find("://").map_or(0, |at| at + 3);
    match base[host..].find('/') {
        // One address: what stands behind its host is the path.
        Some(at) if path.is_empty() && !base[..host + at].contains("{{") => Ok((
            base[..host + at].to_owned(),
            Some(base[host + at..].to_owned()),
        )),
        _ => Ok((base.trim_end_matches('/').to_owned(), None)),
    }
}

/// Base and path of a requester: old ones have both, new ones a whole address.
fn address(requester: &Value, names: &Names) -> Result<(String, String), String> {
    let (base, inner) = halves(requester, names)?;
    let path = text(requester, "path").unwrap_or_default();
    let path = rewritten(&path, names)?;
    Ok(match inner {
        Some(inner) => (base, inner),
        None if base.is_empty() => (base, path),
        None => (base, format!("/{}", path.trim_start_matches('/'))),
    })
}

/// A request; what has no counterpart is noted in `notes`.
pub fn request(
    requester: &Value,
    names: &Names,
    notes: &mut Block,
    whole: Whole,
) -> Result<Block, String> {
    if !["HttpRequester", ""].contains(&kind(requester)) {
        return Err(format!("`{}` has no counterpart", kind(requester)));
    }
    let mut request = Block::new();
    let (base, path) = address(requester, names)?;
    if whole == Whole::Yes || base.is_empty() {
        let path = if path == "/" { "" } else { &path };
        request.insert("url".to_owned(), json!(format!("{base}{path}")));
    } else {
        request.insert("path".to_owned(), json!(path));
    }
    if let Some(method) = text(requester, "http_method").filter(|method| method != "GET") {
        request.insert("method".to_owned(), json!(method));
    }
    let mut add = |theirs: &str, ours: &str, notes: &mut Block| {
        let Some(value) = get(requester, theirs) else {
            return;
        };
        match (value, value_of(value, names)) {
            (Value::Object(map), Ok(Value::Object(written))) if !map.is_empty() => {
                // Keys that are templates have no counterpart.
                if let Some(key) = written.keys().find(|key| key.contains("{{")) {
                    todo(notes, &format!("the name `{key}` is a template"), value);
                }
                request.insert(ours.to_owned(), Value::Object(written));
            }
            (Value::Object(_), Ok(_)) => {}
            (Value::String(_), Ok(Value::String(text))) if ours == "form" || ours == "json" => {
                request.insert("text".to_owned(), json!(text));
            }
            (_, Ok(_)) => todo(notes, &format!("`{theirs}` is no map"), value),
            (_, Err(why)) => todo(notes, &format!("`{theirs}` has {why}"), value),
        }
    };
    add("request_parameters", "query", notes);
    add("request_headers", "headers", notes);
    add("request_body_json", "json", notes);
    add("request_body_data", "form", notes);
    if let Some(body) = get(requester, "request_body") {
        let inner = get(body, "value").unwrap_or(body);
        let ours = match kind(body) {
            "RequestBodyJsonObject" => Some("json"),
            "RequestBodyUrlEncodedForm" => Some("form"),
            "RequestBodyPlainText" => Some("text"),
            _ => None,
        };
        match (ours, value_of(inner, names)) {
            (Some(ours), Ok(value)) => {
                request.insert(ours.to_owned(), value);
            }
            (None, _) => todo(notes, &format!("`{}` has no counterpart", kind(body)), body),
            (_, Err(why)) => todo(notes, &format!("the body has {why}"), body),
        }
    }
    Ok(request)
}

/// Rules and retries of an error handler.
pub fn handled(handler: &Value, names: &Names, http: &mut Block, notes: &mut Block) {
    let mut rules = Vec::new();
    let mut retry = Block::new();
    collect(handler, names, &mut rules, &mut retry, notes);
    if !retry.is_empty() {
        http.insert("retry".to_owned(), Value::Object(retry));
    }
    if !rules.is_empty() {
        http.insert("on_response".to_owned(), Value::Array(rules));
    }
}

fn collect(
    handler: &Value,
    names: &Names,
    rules: &mut Vec<Value>,
    retry: &mut Block,
    notes: &mut Block,
) {
    match kind(handler) {
        "CompositeErrorHandler" => {
            for inner in list(handler, "error_handlers") {
                collect(inner, names, rules, retry, notes);
            }
        }
        "DefaultErrorHandler" | "" => {
            for filter in list(handler, "response_filters") {
                match rules_of(filter, names) {
                    Ok(more) => rules.extend(more),
                    Err(why) => todo(notes, &format!("a rule has {why}"), filter),
                }
            }
            if let Some(Value::Number(most)) = get(handler, "max_retries") {
                if let Some(most) = most.as_u64() {
                    retry.insert("attempts".to_owned(), json!(most + 1));
                }
            }
            for strategy in list(handler, "backoff_strategies") {
                backoff(strategy, retry, notes);
            }
        }
        other => todo(notes, &format!("`{other}` has no counterpart"), handler),
    }
}

fn backoff(strategy: &Value, retry: &mut Block, notes: &mut Block) {
    let seconds = |key: &str| text(strategy, key).filter(|text| text.parse::<f64>().is_ok());
    match kind(strategy) {
        "ConstantBackoffStrategy" => match seconds("backoff_time_in_seconds") {
            Some(seconds) => {
                let wait = json!(format!("{seconds}s"));
                retry.insert("wait".to_owned(), wait.clone());
                retry.insert("max_wait".to_owned(), wait);
            }
            None => todo(notes, "a wait that is no number", strategy),
        },
        "ExponentialBackoffStrategy" => {
            let factor = seconds("factor").unwrap_or_else(|| "5".to_owned());
            retry.insert("wait".to_owned(), json!(format!("{factor}s")));
        }
        "WaitTimeFromHeader" | "WaitUntilTimeFromHeader" => {
            let header = text(strategy, "header").unwrap_or_default();
            if get(strategy, "regex").is_some() {
                todo(notes, "the wait is a part of a header's value", strategy);
            } else if !header.eq_ignore_ascii_case("retry-after") {
                retry.insert("wait_header".to_owned(), json!(header));
            }
        }
        other => todo(notes, &format!("`{other}` has no counterpart"), strategy),
    }
}

/// The rules of a filter: any of its conditions is enough there, all of a rule's here.
fn rules_of(filter: &Value, names: &Names) -> Result<Vec<Value>, String> {
    let action = text(filter, "action").unwrap_or_default();
    let then = match action.as_str() {
        "SUCCESS" => "ok",
        "FAIL" => "fail",
        "RETRY" | "RATE_LIMITED" => "retry",
        "IGNORE" => "skip",
        "REFRESH_TOKEN_THEN_RETRY" => "refresh_auth",
        "" if get(filter, "failure_type")
            .or(get(filter, "error_message"))
            .is_some() =>
        {
            "fail"
        }
        "" => return Err("no action".to_owned()),
        other => return Err(format!("the action `{other}`")),
    };
    let mut conditions = Vec::new();
    if let Some(codes) = get(filter, "http_codes")
        .filter(|codes| codes.as_array().is_some_and(|codes| !codes.is_empty()))
    {
        conditions.push(("status", codes.clone()));
    }
    if let Some(words) = text(filter, "error_message_contains") {
        conditions.push(("body", json!(words)));
    }
    if let Some(predicate) = text(filter, "predicate") {
        conditions.push(("when", json!(rewritten(&predicate, names)?)));
    }
    if conditions.is_empty() {
        return Err("no condition".to_owned());
    }
    let message = text(filter, "error_message");
    let message = message
        .map(|message| rewritten(&message, names))
        .transpose()?;
    Ok(conditions
        .into_iter()
        .map(|(key, condition)| {
            let mut rule = Block::new();
            rule.insert(key.to_owned(), condition);
            rule.insert("then".to_owned(), json!(then));
            if let Some(message) = &message {
                rule.insert("message".to_owned(), json!(message));
            }
            Value::Object(rule)
        })
        .collect())
}

/// Rates of an API's budget; an error is why they have no counterpart.
pub fn rates(budget: &Value) -> Result<Vec<Value>, String> {
    let mut rates = Vec::new();
    for policy in list(budget, "policies") {
        let pairs: Vec<(Option<String>, Option<String>)> = match kind(policy) {
            "FixedWindowCallRatePolicy" => {
                vec![(text(policy, "call_limit"), text(policy, "period"))]
            }
            "MovingWindowCallRatePolicy" => list(policy, "rates")
                .iter()
                .map(|rate| (text(rate, "limit"), text(rate, "interval")))
                .collect(),
            "UnlimitedCallRatePolicy" => continue,
            other => return Err(format!("`{other}` has no counterpart")),
        };
        for (limit, period) in pairs {
            let unit = match period.as_deref() {
                Some("PT1S") => "s",
                Some("PT1M" | "PT60S") => "min",
                Some("PT1H" | "PT60M") => "h",
                other => return Err(format!("a rate by `{}`", other.unwrap_or_default())),
            };
            let limit = limit.filter(|limit| limit.parse::<u64>().is_ok());
            let limit = limit.ok_or("a limit that is no number")?;
            rates.push(json!(format!("{limit}/{unit}")));
        }
    }
    Ok(rates)
}
