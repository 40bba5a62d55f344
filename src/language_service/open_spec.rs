//! A spec as it stands in an editor, complete or not: what is asked of it.

use std::ops::Range;
use std::sync::Arc;

use super::template_text::{Token, TokenKind, template_at, tokens, tokens_before};
use crate::diagnostics::SpecErrors;
use crate::plan::{load_beside, seen_of};
use crate::spec::compose::compose;
use crate::spec::tree::Node;
use crate::template::scope::{Scope, Seen};
use crate::template::shapes::{Shape, Shapes};

/// A spec in an editor.
#[derive(Debug)]
pub struct OpenSpec {
    /// The file, as messages name it.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
    shapes: Arc<Shapes>,
    /// The YAML tree, of the text as it is or, while a line of it is being written, of the others.
    root: Option<Node>,
}

impl OpenSpec {
    /// A spec with this text; `shapes` is what is on the tape beside it.
    pub fn new(file: &str, text: &str, shapes: Arc<Shapes>) -> Self {
        Self {
            file: file.to_owned(),
            text: Arc::from(text),
            shapes,
            root: compose(text, &mut Vec::new()),
        }
    }

    /// The same spec with another text.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self::new(&self.file, text, Arc::clone(&self.shapes))
    }

    /// All that `check` says.
    pub fn report(&self) -> SpecErrors {
        match load_beside(&self.file, &self.text, Arc::clone(&self.shapes)) {
            Ok(loaded) => loaded.warnings,
            Err(report) => report,
        }
    }

    /// The tree, as far as the text is YAML; else that of the text without the line of `at`.
    pub(super) fn root_around(&self, at: usize) -> Option<Node> {
        self.root
            .clone()
            .or_else(|| compose(&self.without_line(at), &mut Vec::new()))
    }

    /// The tree of the text as it is.
    pub(super) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// The text with the line of `at` blank; places stay.
    fn without_line(&self, at: usize) -> String {
        let line = line_of(&self.text, at);
        let mut text = self.text.to_string();
        let blank = " ".repeat(line.len());
        text.replace_range(line, &blank);
        text
    }

    /// The names that a template at `at` sees. Where the text is no YAML yet, that of its line is closed
    /// in the ways that are likely.
    pub(super) fn scope_at(&self, at: usize) -> Option<Scope> {
        let scope_of = |text: &str| {
            let seen = seen_of(&self.file, text, Arc::clone(&self.shapes), Some(at))?;
            seen.scope
        };
        scope_of(&self.text).or_else(|| {
            let line = line_of(&self.text, at);
            ["\"", "}}\"", "}}\" }", "\" }", "}}\" } }", "'"]
                .iter()
                .find_map(|end| {
                    let mut text = self.text.to_string();
                    text.replace_range(at..line.end, end);
                    scope_of(&text)
                })
        })
    }

    /// The word of a template at `at`, with the tokens of its template.
    pub(super) fn word_at(&self, at: usize) -> Option<(Vec<Token>, usize)> {
        let template = template_at(&self.text, at)?;
        let tokens = tokens(&self.text, &template.inside);
        let index = tokens.iter().position(|token| {
            token.kind == TokenKind::Word && token.range.start <= at && at <= token.range.end
        })?;
        Some((tokens, index))
    }

    /// The text of a token.
    pub(super) fn token(&self, token: &Token) -> &str {
        &self.text[token.range.clone()]
    }

    /// The names that loops and `set` give before a place of a template, with where their values come
    /// from.
    pub(super) fn locals(&self, at: usize) -> Vec<(String, Vec<String>)> {
        let tokens = tokens_before(&self.text, at);
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let word = |offset: usize| tokens.get(index + offset);
            let name = word(1).filter(|name| name.kind == TokenKind::Word);
            let Some(name) = name.map(|name| self.token(name).to_owned()) else {
                continue;
            };
            match self.token(token) {
                "for" if word(2).is_some_and(|word| self.token(word) == "in") => {
                    found.push((name, self.chain_from(&tokens, index + 3)));
                }
                "set" => found.push((name, Vec::new())),
                _ => {}
            }
        }
        found
    }

    /// The path that begins at a token: `record.brand.name`.
    fn chain_from(&self, tokens: &[Token], from: usize) -> Vec<String> {
        let mut chain = Vec::new();
        let mut index = from;
        while let Some(name) = tokens.get(index).filter(|one| one.kind == TokenKind::Word) {
            chain.push(self.token(name).to_owned());
            let is_dot = tokens
                .get(index + 1)
                .is_some_and(|dot| self.token(dot) == ".");
            if !is_dot {
                break;
            }
            index += 2;
        }
        chain
    }

    /// The path whose last part is the token at `index`.
    pub(super) fn chain_to(&self, tokens: &[Token], index: usize) -> Vec<String> {
        let mut first = index;
        while first >= 2
            && self.token(&tokens[first - 1]) == "."
            && tokens[first - 2].kind == TokenKind::Word
        {
            first -= 2;
        }
        let names = tokens[first..=index].iter().step_by(2);
        names.map(|name| self.token(name).to_owned()).collect()
    }

    /// What a path held on the tape; `locals` are names of loops.
    pub(super) fn shape_of<'s>(
        scope: &'s Scope,
        locals: &[(String, Vec<String>)],
        chain: &[String],
    ) -> Option<&'s Shape> {
        let (root, fields) = chain.split_first()?;
        let mut here = match locals.iter().rfind(|(name, _)| name == root) {
            Some((_, owner)) if owner.first() == Some(root) => return None,
            Some((_, owner)) => Self::shape_of(scope, locals, owner)?.element()?,
            None => scope.shape(root)?,
        };
        for field in fields {
            here = here.field(field)?;
        }
        Some(here)
    }

    /// The spec without what is made of records: what it reads, and nothing that a mistake in a column
    /// spoils. Places stay.
    pub fn only_reading(&self) -> String {
        let mut text = self.text.to_string();
        let entries = self.root.as_ref().map(Node::entries).unwrap_or_default();
        let starts: Vec<usize> = entries.iter().map(|entry| entry.key_span.start).collect();
        for (index, entry) in entries.iter().enumerate() {
            if READING.contains(&entry.key.as_str()) {
                continue;
            }
            let end = starts.get(index + 1).copied().unwrap_or(text.len());
            let start = entry.key_span.start;
            let blank: String = text[start..end]
                .bytes()
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
                .collect();
            text.replace_range(start..end, &blank);
        }
        text.push_str("\nkeep: all\n");
        text
    }

    /// What is compiled of the spec.
    pub(super) fn seen(&self) -> Seen {
        seen_of(&self.file, &self.text, Arc::clone(&self.shapes), None).unwrap_or_default()
    }

    /// The names that steps, lookups and answers are given, with their places.
    pub(super) fn given_names(&self) -> Vec<(String, Range<usize>)> {
        let mut names = Vec::new();
        for part in ["source", "lookups", "target"] {
            if let Some(part) = self.root.as_ref().and_then(|root| root.get(part)) {
                gather(part, &mut names);
            }
        }
        names
    }

    /// The entry of `options` or `vars` with this name: its key's place and its value.
    pub(super) fn entry(&self, map: &str, name: &str) -> Option<(Range<usize>, &Node)> {
        let entries = self.root.as_ref()?.get(map)?.entries();
        let entry = entries.iter().find(|entry| entry.key == name)?;
        Some((entry.key_span.clone(), &entry.value))
    }
}

/// Keys of the top that say what is read.
const READING: [&str; 10] = [
    "version",
    "name",
    "mode",
    "options",
    "http",
    "source",
    "lookups",
    "incremental",
    "state",
    "input",
];

/// Keys under which further steps stand.
const WITH_STEPS: [&str; 11] = [
    "first_of",
    "all_of",
    "steps",
    "before",
    "after",
    "job",
    "submit",
    "new",
    "modified",
    "deleted",
    "unchanged",
];

/// The names of a step, a lookup or a list of them, and of the steps inside.
fn gather(node: &Node, names: &mut Vec<(String, Range<usize>)>) {
    node.items().iter().for_each(|item| gather(item, names));
    if let Some(name) = node.get("name") {
        let text = name.as_text().map(str::to_owned);
        names.extend(text.map(|text| (text, name.span.clone())));
    }
    for key in WITH_STEPS {
        if let Some(inner) = node.get(key) {
            gather(inner, names);
        }
    }
}

/// The bytes of the line that a place is on, without its end.
pub(super) fn line_of(text: &str, at: usize) -> Range<usize> {
    let at = at.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let length = text[at..].find(['\n', '\r']).unwrap_or(text.len() - at);
    start..at + length
}
