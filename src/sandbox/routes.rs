//! Paths of the Container API.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use http_body_util::BodyExt as _;
use serde_json::json;

use super::answer::SandboxAnswer;
use super::exchange::Exchange;
use super::inputs::{Inputs, ReadQuery};
use super::logs::Logs;
use super::output::Output;
use crate::row::{PADDING, Spare};

/// All that the sandbox holds. Calls are short, so one lock does.
#[derive(Debug)]
pub struct Held {
    pub inputs: Inputs,
    pub output: Output,
    pub feedback: Output,
    pub logs: Logs,
    pub exchange: Exchange,
    /// Buffers of bodies.
    pub spare: Spare,
}

/// No more than this is set aside for a body whose length was only announced.
const LONGEST: usize = 64 << 20;

pub type Shared = Arc<Mutex<Held>>;

/// Works with what is held; a call that panicked left it whole enough to go on.
pub fn with<T>(shared: &Shared, work: impl FnOnce(&mut Held) -> T) -> T {
    work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

fn either(answer: Result<SandboxAnswer, SandboxAnswer>) -> SandboxAnswer {
    answer.unwrap_or_else(|refusal| refusal)
}

/// The API's paths over what is held.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .route(
            "/ping",
            get(async || SandboxAnswer::message(StatusCode::OK, "pong")),
        )
        .route("/input/{kind}/next", get(next))
        .route("/input/{kind}/next_batch", get(next_batch))
        .route("/input/{kind}/restart", get(restart))
        .route("/items/{kind}/count", get(count))
        .route("/output/{file}", post(output))
        .route("/output/{file}/close", post(close))
        .route("/logs/{level}", post(log))
        .route("/csa-classifications", get(classifications))
        .route("/storage/internal", post(storage))
        .route("/store/to-transport", post(transport))
        .route("/buckets/exchange/upload/{*remote}", put(upload))
        .route("/buckets/exchange/download/{*remote}", get(download))
        .route("/buckets/delete/{*remote}", delete(remove))
        .route("/processes/pending", get(pending))
        .route("/processes/log", post(process_log))
        .route("/processes/{id}", get(process))
        .fallback(async || SandboxAnswer::not_found("Not found."))
        .method_not_allowed_fallback(async || {
            SandboxAnswer::message(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
        })
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

type Holder = State<Shared>;

async fn next(
    State(held): Holder,
    Path(kind): Path<String>,
    Query(query): Query<ReadQuery>,
) -> SandboxAnswer {
    with(&held, |held| either(held.inputs.next(&kind, &query)))
}

async fn next_batch(
    State(held): Holder,
    Path(kind): Path<String>,
    Query(query): Query<ReadQuery>,
) -> SandboxAnswer {
    with(&held, |held| either(held.inputs.next_batch(&kind, &query)))
}

async fn restart(State(held): Holder, Path(kind): Path<String>) -> SandboxAnswer {
    with(&held, |held| either(held.inputs.restart(&kind)))
}

async fn count(State(held): Holder, Path(kind): Path<String>) -> SandboxAnswer {
    with(&held, |held| either(held.inputs.count(&kind)))
}

async fn output(State(held): Holder, Path(file): Path<String>, body: Body) -> SandboxAnswer {
    let Ok(body) = whole(body, with(&held, |held| held.spare.clone())).await else {
        return SandboxAnswer::bad("The request body broke off.", None);
    };
    with(&held, |held| match file.as_str() {
        "output" => held.output.append(body),
        "feedback" => held.feedback.append(body),
        _ => SandboxAnswer::not_found(&format!("Output file {file} does not exist.")),
    })
}

/// A body in one buffer: its parts are free again as they come.
async fn whole(mut body: Body, spare: Spare) -> Result<Vec<u8>, axum::Error> {
    let length = body.size_hint().exact().unwrap_or(0);
    let mut bytes = spare.bytes(usize::try_from(length).unwrap_or(0).min(LONGEST) + PADDING);
    while let Some(frame) = body.frame().await {
        if let Ok(part) = frame?.into_data() {
            bytes.extend_from_slice(&part);
        }
    }
    Ok(bytes)
}

async fn close(State(held): Holder, Path(file): Path<String>) -> SandboxAnswer {
    let written = with(&held, |held| match file.as_str() {
        "output" => Some(held.output.write_csv()),
        "feedback" => Some(held.feedback.write_csv()),
        _ => None,
    });
    match written {
        Some(Ok(())) => SandboxAnswer::empty(),
        Some(Err(error)) => {
            SandboxAnswer::message(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
        None => SandboxAnswer::not_found(&format!("Output file {file} does not exist.")),
    }
}

async fn log(State(held): Holder, Path(level): Path<String>, body: Bytes) -> SandboxAnswer {
    with(&held, |held| held.logs.append(&level, &body))
}

async fn classifications() -> SandboxAnswer {
    SandboxAnswer::json(StatusCode::OK, &json!({ "data": [] }))
}

async fn storage(State(held): Holder, body: Bytes) -> SandboxAnswer {
    with(&held, |held| held.exchange.store("storage", &body))
}

async fn transport(State(held): Holder, body: Bytes) -> SandboxAnswer {
    with(&held, |held| held.exchange.store("transport", &body))
}

async fn upload(State(held): Holder, Path(remote): Path<String>, body: Bytes) -> SandboxAnswer {
    with(&held, |held| held.exchange.upload(&remote, &body))
}

async fn download(State(held): Holder, Path(remote): Path<String>) -> SandboxAnswer {
    with(&held, |held| held.exchange.download(&remote))
}

async fn remove(State(held): Holder, Path(remote): Path<String>) -> SandboxAnswer {
    with(&held, |held| held.exchange.delete(&remote))
}

async fn pending(State(held): Holder) -> SandboxAnswer {
    with(&held, |held| held.exchange.pending())
}

async fn process(State(held): Holder, Path(id): Path<String>) -> SandboxAnswer {
    with(&held, |held| held.exchange.process(&id))
}

async fn process_log() -> SandboxAnswer {
    SandboxAnswer::message(StatusCode::OK, "Logged successfully.")
}
