//! `runner lsp`: answers an editor by the Language Server Protocol, over standard input and output.

use std::collections::HashMap;
use std::error::Error;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    Completion, Formatting, GotoDefinition, HoverRequest, PrepareRenameRequest, References, Rename,
    Request as _,
};
use lsp_types::{
    CompletionOptions, CompletionParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentFormattingParams,
    GotoDefinitionParams, HoverParams, HoverProviderCapability, OneOf, Position,
    PublishDiagnosticsParams, ReferenceParams, RenameOptions, RenameParams, ServerCapabilities,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, to_value};

use super::lsp_text::{Open, path_of};
use crate::exit::Exit;
use crate::language_service::{Lines, format_templates};

/// Serves until the editor says that it is enough.
pub fn lsp() -> Exit {
    let (connection, threads) = Connection::stdio();
    let served = serve(&connection);
    drop(connection);
    match served.and_then(|()| Ok(threads.join()?)) {
        Ok(()) => Exit::Done,
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Failed
        }
    }
}

fn serve(connection: &Connection) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (id, client) = connection.initialize_start()?;
    let snippets = &client["capabilities"]["textDocument"]["completion"]["completionItem"];
    let information = json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "runner", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, information)?;
    let mut server = Server {
        has_snippets: snippets["snippetSupport"] == true,
        ..Server::default()
    };
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(());
                }
                connection.sender.send(server.answer(request).into())?;
            }
            Message::Notification(notification) => server.note(notification),
            Message::Response(_) => {}
        }
        // Who types quickly is told of what stands there in the end.
        if connection.receiver.is_empty() {
            for told in server.told() {
                let params = to_value(told)?;
                let method = PublishDiagnostics::METHOD.to_owned();
                let notification = Notification { method, params };
                connection.sender.send(notification.into())?;
            }
        }
    }
    Ok(())
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "|", " ", "{", "'"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    }
}

/// What is open, and what the tapes beside it tell.
#[derive(Default)]
struct Server {
    open: HashMap<String, Open>,
    /// Texts of which something is to be told; of closed ones that nothing is wrong.
    untold: Vec<Uri>,
    /// Whether the editor knows snippets.
    has_snippets: bool,
}

impl Server {
    /// What is told about texts that were opened, changed, saved or closed.
    fn told(&mut self) -> Vec<PublishDiagnosticsParams> {
        let untold = std::mem::take(&mut self.untold);
        let told = untold
            .into_iter()
            .map(|uri| match self.open.get_mut(uri.as_str()) {
                Some(open) => open.told(),
                None => PublishDiagnosticsParams::new(uri, Vec::new(), None),
            });
        told.collect()
    }

    /// Takes what a notification says.
    fn note(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let uri = match method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(opened) = read::<DidOpenTextDocumentParams>(params) else {
                    return;
                };
                let document = opened.text_document;
                self.take(document.uri.clone(), document.text);
                document.uri
            }
            DidChangeTextDocument::METHOD => {
                let Some(changed) = read::<DidChangeTextDocumentParams>(params) else {
                    return;
                };
                let uri = changed.text_document.uri;
                // Texts come whole; the last one counts.
                if let Some(change) = changed.content_changes.into_iter().next_back() {
                    self.take(uri.clone(), change.text);
                }
                uri
            }
            DidSaveTextDocument::METHOD => match read::<DidSaveTextDocumentParams>(params) {
                Some(saved) => saved.text_document.uri,
                None => return,
            },
            DidCloseTextDocument::METHOD => {
                let Some(closed) = read::<DidCloseTextDocumentParams>(params) else {
                    return;
                };
                let uri = closed.text_document.uri;
                self.open.remove(uri.as_str());
                uri
            }
            _ => return,
        };
        if !self.untold.contains(&uri) {
            self.untold.push(uri);
        }
    }

    fn take(&mut self, uri: Uri, text: String) {
        let lines = Lines::of(&text);
        let path = path_of(&uri);
        let tape = self.open.remove(uri.as_str()).map(|open| open.tape);
        let open = Open {
            uri: uri.clone(),
            path,
            text,
            lines,
            tape: tape.unwrap_or_default(),
            has_snippets: self.has_snippets,
        };
        self.open.insert(uri.as_str().to_owned(), open);
    }

    fn answer(&mut self, request: Request) -> Response {
        let id = request.id;
        let params = request.params;
        let found = match request.method.as_str() {
            Completion::METHOD => {
                let place = |params: &CompletionParams| params.text_document_position.clone();
                self.at(params, place, Open::complete)
            }
            HoverRequest::METHOD => {
                let place = |params: &HoverParams| params.text_document_position_params.clone();
                self.at(params, place, Open::hover)
            }
            GotoDefinition::METHOD => {
                let place =
                    |params: &GotoDefinitionParams| params.text_document_position_params.clone();
                self.at(params, place, Open::definition)
            }
            References::METHOD => {
                let place = |params: &ReferenceParams| params.text_document_position.clone();
                self.at(params, place, Open::references)
            }
            PrepareRenameRequest::METHOD => self.at(
                params,
                TextDocumentPositionParams::clone,
                Open::prepare_rename,
            ),
            Rename::METHOD => match self.rename(params) {
                Ok(edit) => edit,
                Err(message) => {
                    return Response::new_err(id, ErrorCode::RequestFailed as i32, message);
                }
            },
            Formatting::METHOD => self.formatted(params),
            other => {
                let message = format!("{other} is not known");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        Response::new_ok(id, found)
    }

    fn rename(&self, params: Value) -> Result<Value, String> {
        let Some(params) = read::<RenameParams>(params) else {
            return Ok(Value::Null);
        };
        let place = params.text_document_position;
        let open = self.open.get(place.text_document.uri.as_str());
        let open = open.filter(|open| open.is_asked_about());
        open.map_or(Ok(Value::Null), |open| {
            open.rename(place.position, &params.new_name)
        })
    }

    fn formatted(&self, params: Value) -> Value {
        let params = read::<DocumentFormattingParams>(params);
        let open = params.and_then(|params| self.open.get(params.text_document.uri.as_str()));
        open.map_or(Value::Null, |open| {
            if open.is_asked_about() {
                json!(open.edits(format_templates(&open.spec())))
            } else {
                json!([])
            }
        })
    }

    /// Asks the open text of a request about a place.
    fn at<P: DeserializeOwned>(
        &self,
        params: Value,
        place: impl Fn(&P) -> TextDocumentPositionParams,
        ask: impl Fn(&Open, Position) -> Value,
    ) -> Value {
        let Some(params) = read::<P>(params) else {
            return Value::Null;
        };
        let place = place(&params);
        let open = self.open.get(place.text_document.uri.as_str());
        let open = open.filter(|open| open.is_asked_about());
        open.map_or(Value::Null, |open| ask(open, place.position))
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Option<P> {
    serde_json::from_value(params).ok()
}
