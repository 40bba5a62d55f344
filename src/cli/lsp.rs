//! `runner lsp`: answers an editor by the Language Server Protocol, over standard input and output.

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "sandbox")]
use std::time::SystemTime;

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
    CompletionItem, CompletionItemKind, CompletionOptions, CompletionParams, CompletionTextEdit,
    Diagnostic, DiagnosticSeverity, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentFormattingParams, Documentation,
    GotoDefinitionParams, GotoDefinitionResponse, HoverContents, HoverParams,
    HoverProviderCapability, InsertTextFormat, InsertTextMode, Location, MarkupContent, MarkupKind,
    NumberOrString, OneOf, Position, PrepareRenameResponse, PublishDiagnosticsParams, Range,
    ReferenceParams, RenameOptions, RenameParams, ServerCapabilities, TextDocumentPositionParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextEdit, Uri, WorkspaceEdit,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, to_value};

use super::spec_files::{is_spec, is_test_file, may_be_spec};
use crate::diagnostics::{Severity, SpecErrors};
use crate::exit::Exit;
use crate::language_service::{
    self as service, Edit, Lines, OpenSpec, Suggestion, SuggestionKind, format_templates,
};
use crate::template::shapes::Shapes;

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

/// A text in the editor.
struct Open {
    uri: Uri,
    /// Nothing where it is none of a file.
    path: Option<PathBuf>,
    text: String,
    lines: Lines,
    tape: TapeSeen,
    has_snippets: bool,
}

/// What the tape beside a spec told when it was last read.
#[derive(Default)]
struct TapeSeen {
    #[cfg(feature = "sandbox")]
    changed: Option<SystemTime>,
    /// The names of the spec's steps then.
    #[cfg(feature = "sandbox")]
    steps: Vec<String>,
    shapes: Arc<Shapes>,
    #[cfg(feature = "sandbox")]
    gap: Option<String>,
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

/// The file of an address such as `file:///home/me/shop.yaml`.
fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = reqwest::Url::parse(uri.as_str()).ok()?;
    url.to_file_path().ok()
}

impl Open {
    fn name(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Path::new("spec.yaml"));
        path.display().to_string()
    }

    /// Whether it is a spec, or may become one: all other YAML is somebody else's.
    fn is_asked_about(&self) -> bool {
        !self.is_test() && may_be_spec(&self.text)
    }

    fn is_test(&self) -> bool {
        is_test_file(&self.name())
    }

    fn spec(&self) -> OpenSpec {
        OpenSpec::new(&self.name(), &self.text, Arc::clone(&self.tape.shapes))
    }

    /// What is wrong in it, after a look at the tape.
    fn told(&mut self) -> PublishDiagnosticsParams {
        let report = self.report();
        let entries = report.iter().flat_map(SpecErrors::entries);
        let diagnostics = entries.map(|(entry, severity)| {
            let message = match &entry.hint {
                Some(hint) => format!("{}\n{hint}", entry.message),
                None => entry.message.clone(),
            };
            Diagnostic {
                range: self.range(&entry.span),
                severity: Some(match severity {
                    Severity::Error => DiagnosticSeverity::ERROR,
                    Severity::Warning => DiagnosticSeverity::WARNING,
                    Severity::Hint => DiagnosticSeverity::HINT,
                }),
                code: Some(NumberOrString::String(entry.code.word().to_owned())),
                source: Some("runner".to_owned()),
                message,
                ..Diagnostic::default()
            }
        });
        PublishDiagnosticsParams::new(self.uri.clone(), diagnostics.collect(), None)
    }

    /// What `check` says; nothing of a text that is neither a spec nor a test of one.
    fn report(&mut self) -> Option<SpecErrors> {
        #[cfg(feature = "sandbox")]
        if self.is_test() {
            let path = PathBuf::from(self.name());
            let read = crate::testing::TestFile::of_text(&path, self.text.clone());
            return read.err().map(crate::diagnostics::FileError::into_report);
        }
        if !is_spec(&self.text) {
            return None;
        }
        #[cfg(feature = "sandbox")]
        self.look_at_tape();
        let report = self.spec().report();
        #[cfg(feature = "sandbox")]
        let report = self.with_gap(report);
        Some(report)
    }

    /// A report with why the tape may not tell all.
    #[cfg(feature = "sandbox")]
    fn with_gap(&self, mut report: SpecErrors) -> SpecErrors {
        use crate::diagnostics::{Code, Diagnostic};

        if let Some(gap) = &self.tape.gap {
            let told = Diagnostic::new(Code::TapeUnread, 0..0, gap.clone());
            report.warnings.insert(0, told);
        }
        report
    }

    /// Reads the tape beside the spec again where it has changed and the spec can be run.
    #[cfg(feature = "sandbox")]
    fn look_at_tape(&mut self) {
        use super::tape_shapes::shapes_of;
        use crate::tape::Tape;

        let Some(path) = &self.path else { return };
        let changed = std::fs::metadata(Tape::beside(path)).and_then(|file| file.modified());
        let changed = changed.ok();
        if changed.is_none() && self.tape.changed.is_none() {
            return;
        }
        let Ok(loaded) = crate::plan::load(&self.name(), &self.text) else {
            return;
        };
        if changed == self.tape.changed && loaded.steps == self.tape.steps {
            return;
        }
        let told = shapes_of(&Arc::new(loaded.plan), path, &loaded.steps).unwrap_or_default();
        self.tape = TapeSeen {
            changed,
            steps: loaded.steps,
            shapes: Arc::new(told.shapes),
            gap: told.gap,
        };
    }

    fn byte(&self, position: Position) -> usize {
        let position = service::Position {
            line: position.line,
            character: position.character,
        };
        self.lines.byte(&self.text, position)
    }

    fn range(&self, place: &std::ops::Range<usize>) -> Range {
        let (start, end) = self.lines.range(&self.text, place);
        let of = |position: service::Position| Position::new(position.line, position.character);
        Range::new(of(start), of(end))
    }

    fn edits(&self, edits: Vec<Edit>) -> Vec<TextEdit> {
        let edit = |edit: Edit| TextEdit::new(self.range(&edit.place), edit.text);
        edits.into_iter().map(edit).collect()
    }

    fn complete(&self, position: Position) -> Value {
        let found = service::complete(&self.spec(), self.byte(position));
        let items = found.into_iter().enumerate();
        json!(
            items
                .map(|(index, one)| self.item(index, one))
                .collect::<Vec<_>>()
        )
    }

    fn item(&self, index: usize, one: Suggestion) -> CompletionItem {
        CompletionItem {
            label: one.label,
            kind: Some(match one.kind {
                SuggestionKind::Key => CompletionItemKind::PROPERTY,
                SuggestionKind::Word => CompletionItemKind::ENUM_MEMBER,
                SuggestionKind::Name => CompletionItemKind::VARIABLE,
                SuggestionKind::Field => CompletionItemKind::FIELD,
                SuggestionKind::Filter => CompletionItemKind::FUNCTION,
                SuggestionKind::Function => CompletionItemKind::METHOD,
            }),
            detail: Some(one.detail).filter(|detail| !detail.is_empty()),
            documentation: (!one.about.is_empty())
                .then(|| Documentation::MarkupContent(markdown(one.about))),
            // Names that are near come first, as they are listed.
            sort_text: Some(format!("{index:04}")),
            insert_text_format: Some(if self.has_snippets {
                InsertTextFormat::SNIPPET
            } else {
                InsertTextFormat::PLAIN_TEXT
            }),
            insert_text_mode: Some(InsertTextMode::AS_IS),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
                self.range(&one.replaces),
                if self.has_snippets {
                    one.insert
                } else {
                    without_places(&one.insert)
                },
            ))),
            ..CompletionItem::default()
        }
    }

    fn hover(&self, position: Position) -> Value {
        let found = service::hover(&self.spec(), self.byte(position));
        json!(found.map(|found| lsp_types::Hover {
            range: Some(self.range(&found.place)),
            contents: HoverContents::Markup(markdown(found.about)),
        }))
    }

    fn location(&self, place: &std::ops::Range<usize>) -> Location {
        Location::new(self.uri.clone(), self.range(place))
    }

    fn definition(&self, position: Position) -> Value {
        let found = service::definition(&self.spec(), self.byte(position));
        json!(found.map(|place| GotoDefinitionResponse::Scalar(self.location(&place))))
    }

    fn references(&self, position: Position) -> Value {
        let found = service::references(&self.spec(), self.byte(position));
        json!(
            found
                .iter()
                .map(|place| self.location(place))
                .collect::<Vec<_>>()
        )
    }

    fn prepare_rename(&self, position: Position) -> Value {
        let found = service::renamed_at(&self.spec(), self.byte(position));
        json!(found.map(|place| PrepareRenameResponse::Range(self.range(&place))))
    }

    fn rename(&self, position: Position, to: &str) -> Result<Value, String> {
        let edits = service::rename(&self.spec(), self.byte(position), to)?;
        let edits = self.edits(edits);
        // A map keyed by addresses is JSON as well; its type is not, for the linter.
        let changes = json!({ self.uri.as_str(): edits });
        let edit: WorkspaceEdit = serde_json::from_value(json!({ "changes": changes }))
            .map_err(|error| error.to_string())?;
        to_value(edit).map_err(|error| error.to_string())
    }
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

/// A snippet without its places to fill in, for editors that know none.
fn without_places(snippet: &str) -> String {
    let mut text = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        let (before, behind) = rest.split_at(at);
        let behind = &behind[1..];
        if let Some(kept) = before.strip_suffix('\\') {
            text.push_str(kept);
            text.push('$');
            rest = behind;
            continue;
        }
        text.push_str(before);
        rest = match behind.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map_or("", |(_, behind)| behind),
            None => behind.trim_start_matches(|c: char| c.is_ascii_digit()),
        };
    }
    text + rest
}
