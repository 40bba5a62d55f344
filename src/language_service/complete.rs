//! What may be written at a cursor.

use std::ops::Range;

use serde_json::Value;

use super::cursor::{Cursor, Part, Step, cursor};
use super::keys::doc_of;
use super::open_spec::{OpenSpec, line_of};
use super::schema_at::schemas_at;
use super::template_text::{Token, TokenKind, template_at, tokens};
use super::words::{self, WordDoc};
use crate::spec::schema::allows;
use crate::spec::tree::{Node, NodeValue};
use crate::template::scope::{Name, Scope};
use crate::template::signature::{Given, Takes};
use crate::template::{filters, functions, methods, tests};

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What it is called in the list.
    pub label: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// A few words about it.
    pub detail: String,
    /// All about it, as Markdown.
    pub about: String,
    /// What is written, with `$1` for places to fill in.
    pub insert: String,
    /// Bytes that it takes the place of.
    pub replaces: Range<usize>,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A key of the language.
    Key,
    /// A word that a key or an argument takes.
    Word,
    /// A name that templates see.
    Name,
    /// A field of one.
    Field,
    /// A filter, a test.
    Filter,
    /// A function or a method.
    Function,
}

/// Words with which a statement begins.
const STATEMENTS: [&str; 8] = [
    "if", "elif", "else", "endif", "for", "endfor", "set", "endset",
];
/// Words of expressions.
const OPERATORS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// What may be written at the byte `at`.
pub fn complete(spec: &OpenSpec, at: usize) -> Vec<Suggestion> {
    if is_in_comment(&spec.text, at) {
        return Vec::new();
    }
    let mut found = offered(spec, at);
    for one in &mut found {
        let is_rest = |c: char| {
            c.is_alphanumeric() || c == '_' || (c == '-' && one.kind == SuggestionKind::Key)
        };
        // What stands behind the cursor of the same word is replaced too.
        let rest = &spec.text[at..];
        let end = at + rest.find(|c| !is_rest(c)).unwrap_or(rest.len());
        one.replaces.end = end;
        let written = &spec.text[one.replaces.clone()];
        if written.starts_with(['"', '\'']) {
            one.replaces.start += 1;
        }
        if one.kind == SuggestionKind::Key {
            if spec.text[end..].starts_with(':') {
                one.insert = one.label.clone();
            }
            if spec.text[..one.replaces.start].ends_with('-') {
                one.insert.insert(0, ' ');
            }
        }
    }
    found
}

/// Whether a place stands in a comment of YAML.
fn is_in_comment(text: &str, at: usize) -> bool {
    let line = line_of(text, at);
    let mut quote = None;
    let mut before = ' ';
    for c in text[line.start..at].chars() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return true,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    false
}

fn offered(spec: &OpenSpec, at: usize) -> Vec<Suggestion> {
    if let Some(template) = template_at(&spec.text, at) {
        let all = tokens(&spec.text, &(template.inside.start..at));
        return in_template(spec, &all, at, template.is_statement);
    }
    let cursor = cursor(&spec.text, at);
    match cursor.part {
        Part::Key => keys(spec, &cursor, at),
        Part::Value => values(&cursor),
    }
}

fn keys(spec: &OpenSpec, cursor: &Cursor, at: usize) -> Vec<Suggestion> {
    let root = spec.root_around(at);
    let mode = root
        .as_ref()
        .and_then(|root| root.get("mode")?.as_text().map(str::to_owned));
    let there = root
        .map(|root| keys_there(&root, &cursor.path, at))
        .unwrap_or_default();
    let owner = cursor.path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Item => None,
    });
    let mut found: Vec<Suggestion> = Vec::new();
    for schema in schemas_at(&cursor.path) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_of_mode = mode.as_deref().is_none_or(|mode| allows(property, mode));
            let is_new = !there.contains(key) && !found.iter().any(|one| one.label == *key);
            if !is_of_mode || !is_new {
                continue;
            }
            let doc = doc_of(key, vec![owner.unwrap_or("the spec").to_owned()], property);
            let indent = indent_of(spec, cursor);
            found.push(Suggestion {
                label: key.clone(),
                kind: SuggestionKind::Key,
                detail: doc.about.lines().next().unwrap_or_default().to_owned(),
                about: doc.markdown(),
                insert: format!("{key}:{}", value_of(cursor, key, &indent)),
                replaces: cursor.written.clone(),
            });
        }
    }
    found
}

/// The indentation of what stands under a key at the cursor.
fn indent_of(spec: &OpenSpec, cursor: &Cursor) -> String {
    let text = &spec.text[..cursor.written.start];
    let start = text.rfind('\n').map_or(0, |end| end + 1);
    " ".repeat(text[start..].chars().count() + 2)
}

/// What is written behind a new key.
fn value_of(cursor: &Cursor, key: &str, indent: &str) -> String {
    let mut path = cursor.path.clone();
    path.push(Step::Key(key.to_owned()));
    let schemas = schemas_at(&path);
    let has = |kind: &str| schemas.iter().any(|schema| schema["type"] == kind);
    let refers = |name: &str| {
        let reference = format!("#/$defs/{name}");
        schemas
            .iter()
            .any(|schema| schema["$ref"] == reference.as_str())
    };
    if refers("Template") || refers("Condition") {
        return " \"{{ $1 }}\"".to_owned();
    }
    let is_plain = has("string") || has("integer") || has("number") || has("boolean");
    match (is_plain, has("object"), has("array"), cursor.is_in_flow) {
        (false, true, _, true) => " { $1 }".to_owned(),
        (false, false, true, true) => " [$1]".to_owned(),
        (false, true, false, false) => format!("\n{indent}$1"),
        (false, false, true, false) => format!("\n{indent}- $1"),
        _ => " $1".to_owned(),
    }
}

/// The keys of the map at a path that are there already.
fn keys_there(root: &Node, path: &[Step], at: usize) -> Vec<String> {
    let mut here = root;
    for step in path {
        let next = match (step, &here.value) {
            (Step::Key(key), _) => here.get(key),
            (Step::Item, NodeValue::List(items)) => {
                items.iter().rfind(|item| item.span.start <= at)
            }
            (Step::Item, _) => None,
        };
        match next {
            Some(next) => here = next,
            None => return Vec::new(),
        }
    }
    let others = here.entries().iter();
    let others = others.filter(|entry| at < entry.key_span.start || entry.key_span.end < at);
    others.map(|entry| entry.key.clone()).collect()
}

fn values(cursor: &Cursor) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut add = |word: &str, about: &str| {
        if found.iter().any(|one| one.label == word) {
            return;
        }
        found.push(Suggestion {
            label: word.to_owned(),
            kind: SuggestionKind::Word,
            detail: about.lines().next().unwrap_or_default().to_owned(),
            about: about.to_owned(),
            insert: word.to_owned(),
            replaces: cursor.written.clone(),
        });
    };
    for schema in schemas_at(&cursor.path) {
        let words = schema["enum"].as_array().into_iter().flatten();
        for (index, word) in words.enumerate() {
            let about = schema["enumDescriptions"][index]
                .as_str()
                .unwrap_or_default();
            match word {
                Value::String(word) => add(word, about),
                other => add(&other.to_string(), about),
            }
        }
        if schema["type"] == "boolean" {
            add("true", "");
            add("false", "");
        }
        if let Some(word) = schema.get("const") {
            add(&word.to_string(), "");
        }
    }
    found
}

fn in_template(spec: &OpenSpec, all: &[Token], at: usize, is_statement: bool) -> Vec<Suggestion> {
    // `{%-` takes off the space before a statement.
    let all = match all.split_first() {
        Some((first, rest)) if matches!(spec.token(first), "-" | "+") => rest,
        _ => all,
    };
    let (word, before) = match all.split_last() {
        Some((last, before)) if last.kind == TokenKind::Word && last.range.end == at => {
            (last.range.clone(), before)
        }
        Some((last, before)) if last.kind == TokenKind::Text && last.range.end >= at => {
            let quote = spec
                .token(last)
                .chars()
                .take_while(|c| matches!(c, '\\' | '"' | '\''))
                .count();
            let within = last.range.start + quote.clamp(1, 2)..at;
            if before.last().is_some_and(|last| spec.token(last) == "[") {
                return fields(spec, before, at, &within, true);
            }
            return argument_words(spec, before, within);
        }
        _ => (at..at, all),
    };
    let sign = |back: usize| {
        let index = before.len().checked_sub(back)?;
        Some(spec.token(&before[index]))
    };
    match (sign(2), sign(1)) {
        (_, Some("|")) => words_of(filters::names(), "filter", &word),
        (_, Some("is")) | (Some("is"), Some("not")) => words_of(tests::names(), "test", &word),
        (_, Some(".")) => fields(spec, before, at, &word, false),
        (_, None) if is_statement => plain(&STATEMENTS, &word),
        _ => names(spec, at, &word),
    }
}

fn plain(words: &[&str], replaces: &Range<usize>) -> Vec<Suggestion> {
    let suggestion = |word: &&str| Suggestion {
        label: (*word).to_owned(),
        kind: SuggestionKind::Word,
        detail: String::new(),
        about: String::new(),
        insert: format!("{word} "),
        replaces: replaces.clone(),
    };
    words.iter().map(suggestion).collect()
}

fn words_of(
    names: impl Iterator<Item = &'static str>,
    kind: &str,
    replaces: &Range<usize>,
) -> Vec<Suggestion> {
    let docs = names
        .flat_map(words::of_word)
        .filter(|doc| doc.kind == kind);
    docs.map(|doc| called(&doc, replaces)).collect()
}

/// A filter, test, function or method with its arguments.
fn called(doc: &WordDoc, replaces: &Range<usize>) -> Suggestion {
    let needed = doc
        .parameters
        .iter()
        .filter(|one| matches!(one.given, Given::Always | Given::Often));
    let arguments: Vec<String> = needed
        .enumerate()
        .map(|(index, one)| match one.takes {
            Takes::Text
            | Takes::Word(_)
            | Takes::Pattern
            | Takes::DateFormat
            | Takes::DateReading
            | Takes::Zone
            | Takes::Example
            | Takes::Sign
            | Takes::Duration
            | Takes::FilterName
            | Takes::TestName => {
                format!("'${{{}:{}}}'", index + 1, one.name)
            }
            Takes::Any | Takes::Count | Takes::Positive | Takes::Whole | Takes::Flag => {
                format!("${{{}:{}}}", index + 1, one.name)
            }
        })
        .collect();
    let has_brackets = matches!(doc.kind, "function" | "method");
    let arguments = match (arguments.is_empty(), has_brackets) {
        (true, false) => String::new(),
        (true, true) if doc.parameters.is_empty() => "()".to_owned(),
        (true, true) => "($1)".to_owned(),
        (false, _) => format!("({})", arguments.join(", ")),
    };
    Suggestion {
        label: doc.name.to_owned(),
        kind: match doc.kind {
            "function" | "method" => SuggestionKind::Function,
            _ => SuggestionKind::Filter,
        },
        detail: doc.written.clone(),
        about: doc.markdown(),
        insert: format!("{}{arguments}", doc.name),
        replaces: replaces.clone(),
    }
}

/// The words that an argument in quotes takes.
fn argument_words(spec: &OpenSpec, before: &[Token], replaces: Range<usize>) -> Vec<Suggestion> {
    let mut depth = 0;
    let mut place = 0;
    let mut name = None;
    for (index, token) in before.iter().enumerate().rev() {
        match spec.token(token) {
            ")" | "]" => depth += 1,
            "(" if depth == 0 => {
                let before = index.checked_sub(1).map(|index| &before[index]);
                name = before.map(|token| spec.token(token).to_owned());
                break;
            }
            "(" | "[" => depth -= 1,
            "," if depth == 0 => place += 1,
            _ => {}
        }
    }
    let docs = name.map(|name| words::of_word(&name)).unwrap_or_default();
    let parameter = docs.iter().find_map(|doc| doc.parameters.get(place));
    let words: Vec<&str> = match parameter.map(|parameter| parameter.takes) {
        Some(Takes::Word(words)) => words.to_vec(),
        Some(Takes::FilterName) => filters::names().collect(),
        Some(Takes::TestName) => tests::names().collect(),
        _ => Vec::new(),
    };
    let suggestion = |word: &str| Suggestion {
        label: word.to_owned(),
        kind: SuggestionKind::Word,
        detail: String::new(),
        about: String::new(),
        insert: word.to_owned(),
        replaces: replaces.clone(),
    };
    words.into_iter().map(suggestion).collect()
}

/// What may stand behind `owner.`, or in `owner['…']`.
fn fields(
    spec: &OpenSpec,
    before: &[Token],
    at: usize,
    word: &Range<usize>,
    is_in_brackets: bool,
) -> Vec<Suggestion> {
    let Some(owner) = before.len().checked_sub(2) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut is_known = false;
    if before[owner].kind == TokenKind::Word {
        let chain = spec.chain_to(before, owner);
        if let Some(scope) = spec.scope_at(at) {
            if let (Some(Name::Fields(fields)), [root]) = (scope.get(&chain[0]), chain.as_slice()) {
                is_known = true;
                for field in fields {
                    let about = about_name(spec, root, &field.name);
                    found.push(name(&field.name, SuggestionKind::Field, about, word));
                }
            }
            let locals = spec.locals(at);
            let shape = OpenSpec::shape_of(&scope, &locals, &chain);
            let names = shape.into_iter().flat_map(|shape| {
                let fields = shape.names().into_iter().flatten();
                fields.filter_map(move |name| Some((name, shape.field(name)?)))
            });
            for (field, shape) in names {
                is_known = true;
                if found.iter().all(|one: &Suggestion| one.label != field) {
                    let about = on_tape(shape);
                    found.push(name(field, SuggestionKind::Field, about, word));
                }
            }
        }
    }
    if is_in_brackets {
        return found;
    }
    for one in &mut found {
        // What is no name stands in brackets, and the dot goes.
        let is_name = one
            .label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !one.label.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            one.insert = format!("['{}']", one.label.replace('$', "\\$"));
            one.replaces.start = before.last().map_or(word.start, |dot| dot.range.start);
        }
    }
    if !is_known {
        found.extend(words_of(methods::names(), "method", word));
    }
    found
}

fn name(label: &str, kind: SuggestionKind, about: String, replaces: &Range<usize>) -> Suggestion {
    Suggestion {
        label: label.to_owned(),
        kind,
        detail: about.lines().next().unwrap_or_default().to_owned(),
        about,
        insert: label.to_owned(),
        replaces: replaces.clone(),
    }
}

/// What a value was on the tape, in a sentence.
pub(super) fn on_tape(shape: &crate::template::shapes::Shape) -> String {
    let samples = shape.samples();
    if samples.is_empty() {
        return format!("On the tape: {}", shape.kind());
    }
    format!("On the tape: {}, {}", shape.kind(), samples.join(", "))
}

/// What is said of an option or a var.
pub(super) fn about_name(spec: &OpenSpec, root: &str, field: &str) -> String {
    let Some((_, value)) = spec.entry(root, field) else {
        return String::new();
    };
    let text = spec.text.get(value.span.clone()).unwrap_or_default();
    let text = text.trim_end();
    format!("`{root}.{field}`\n\n```yaml\n{field}: {text}\n```")
}

fn names(spec: &OpenSpec, at: usize, word: &Range<usize>) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    for (local, _) in spec.locals(at) {
        found.push(name(&local, SuggestionKind::Name, String::new(), word));
    }
    let scope = spec.scope_at(at).unwrap_or_else(|| {
        let known = |scope: Scope, name: &str| scope.with(name, Name::Any);
        ["options", "run"].into_iter().fold(Scope::default(), known)
    });
    for seen in scope.names() {
        let about = scope.shape(seen).map(on_tape).unwrap_or_default();
        found.push(name(seen, SuggestionKind::Name, about, word));
    }
    found.extend(words_of(functions::names(), "function", word));
    found.extend(plain(&OPERATORS, word));
    found
}
