//! A text that is open in an editor: what is told about it, and what is asked of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "sandbox")]
use std::time::SystemTime;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Diagnostic, DiagnosticSeverity,
    Documentation, GotoDefinitionResponse, HoverContents, InsertTextFormat, InsertTextMode,
    Location, MarkupContent, MarkupKind, NumberOrString, Position, PrepareRenameResponse,
    PublishDiagnosticsParams, Range, TextEdit, Uri, WorkspaceEdit,
};
use serde_json::{Value, json, to_value};

use super::spec_files::{is_spec, is_test_file, may_be_spec};
use crate::diagnostics::{Severity, SpecErrors};
use crate::language_service::{self as service, Edit, Lines, OpenSpec, Suggestion, SuggestionKind};
use crate::spec::compose::compose;
use crate::spec::tree::Node;
use crate::template::shapes::Shapes;

/// A text in the editor.
pub struct Open {
    pub uri: Uri,
    /// Nothing where it is none of a file.
    pub path: Option<PathBuf>,
    pub text: String,
    pub lines: Lines,
    pub tape: TapeSeen,
    pub has_snippets: bool,
}

/// What the tape beside a spec told when it was last read.
#[derive(Default)]
pub struct TapeSeen {
    #[cfg(feature = "sandbox")]
    changed: Option<SystemTime>,
    /// The names of the spec's steps then.
    #[cfg(feature = "sandbox")]
    steps: Vec<String>,
    shapes: Arc<Shapes>,
    #[cfg(feature = "sandbox")]
    gap: Option<String>,
}

/// The file of an address such as `file:///home/me/shop.yaml`.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let url = reqwest::Url::parse(uri.as_str()).ok()?;
    url.to_file_path().ok()
}

impl Open {
    fn name(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Path::new("spec.yaml"));
        path.display().to_string()
    }

    /// Whether it is a spec, or may become one: all other YAML is somebody else's.
    pub fn is_asked_about(&self) -> bool {
        !self.is_test() && may_be_spec(&self.text)
    }

    fn is_test(&self) -> bool {
        is_test_file(&self.name())
    }

    pub fn spec(&self) -> OpenSpec {
        OpenSpec::new(&self.name(), &self.text, Arc::clone(&self.tape.shapes))
    }

    /// What is wrong in it, after a look at the tape.
    pub fn told(&mut self) -> PublishDiagnosticsParams {
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
        let report = super::tape_shapes::with_gap(report, self.tape.gap.as_deref());
        Some(report)
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
        // What is being written is wrong at most moments, and where records come from seldom is.
        let loaded = crate::plan::load(&self.name(), &self.text)
            .or_else(|_| crate::plan::load(&self.name(), &self.spec().only_reading()));
        let Ok(loaded) = loaded else {
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

    pub fn edits(&self, edits: Vec<Edit>) -> Vec<TextEdit> {
        let edit = |edit: Edit| TextEdit::new(self.range(&edit.place), edit.text);
        edits.into_iter().map(edit).collect()
    }

    pub fn complete(&self, position: Position) -> Value {
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

    pub fn hover(&self, position: Position) -> Value {
        let found = service::hover(&self.spec(), self.byte(position));
        json!(found.map(|found| lsp_types::Hover {
            range: Some(self.range(&found.place)),
            contents: HoverContents::Markup(markdown(found.about)),
        }))
    }

    fn location(&self, place: &std::ops::Range<usize>) -> Location {
        Location::new(self.uri.clone(), self.range(place))
    }

    pub fn definition(&self, position: Position) -> Value {
        let found = service::definition(&self.spec(), self.byte(position));
        json!(found.map(|place| GotoDefinitionResponse::Scalar(self.location(&place))))
    }

    pub fn references(&self, position: Position) -> Value {
        let found = service::references(&self.spec(), self.byte(position));
        json!(
            found
                .iter()
                .map(|place| self.location(place))
                .collect::<Vec<_>>()
        )
    }

    pub fn prepare_rename(&self, position: Position) -> Value {
        let found = service::renamed_at(&self.spec(), self.byte(position));
        json!(found.map(|place| PrepareRenameResponse::Range(self.range(&place))))
    }

    /// The new name of an option in the test file beside the spec: its address and the edits.
    fn renamed_in_test(&self, option: &str, to: &str) -> Option<(String, Vec<TextEdit>)> {
        let file = self.path.as_ref()?.with_extension("test.yaml");
        let text = std::fs::read_to_string(&file).ok()?;
        let tree = compose(&text, &mut Vec::new())?;
        let lines = Lines::of(&text);
        let of = |position: service::Position| Position::new(position.line, position.character);
        let cases = tree.get("cases")?.items().iter();
        let options = cases.filter_map(|case| case.get("options"));
        let own = options
            .flat_map(Node::entries)
            .filter(|entry| entry.key == option);
        let edits: Vec<TextEdit> = own
            .map(|entry| {
                let (start, end) = lines.range(&text, &entry.key_span);
                TextEdit::new(Range::new(of(start), of(end)), to.to_owned())
            })
            .collect();
        let uri = reqwest::Url::from_file_path(&file).ok()?;
        (!edits.is_empty()).then(|| (uri.to_string(), edits))
    }

    pub fn rename(&self, position: Position, to: &str) -> Result<Value, String> {
        let (spec, at) = (self.spec(), self.byte(position));
        let edits = self.edits(service::rename(&spec, at, to)?);
        // A map keyed by addresses is JSON as well; its type is not, for the linter.
        let mut changes = json!({ self.uri.as_str(): edits });
        if let Some((uri, edits)) =
            service::option_at(&spec, at).and_then(|option| self.renamed_in_test(&option, to))
        {
            changes[uri] = json!(edits);
        }
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
