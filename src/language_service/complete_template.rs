//! What may be written at a cursor in a template: names, fields, filters, tests, words of arguments.

use std::ops::Range;

use super::complete::{Suggestion, SuggestionKind};
use super::open_spec::OpenSpec;
use super::template_text::{Token, TokenKind};
use super::words::{self, WordDoc};
use crate::template::scope::{Name, Scope};
use crate::template::signature::{Given, Takes};
use crate::template::{filters, functions, methods, tests};

/// Words with which a statement begins.
const STATEMENTS: [&str; 8] = [
    "if", "elif", "else", "endif", "for", "endfor", "set", "endset",
];
/// Words of expressions.
const OPERATORS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// What may be written behind these tokens.
pub(super) fn in_template(
    spec: &OpenSpec,
    all: &[Token],
    at: usize,
    is_statement: bool,
) -> Vec<Suggestion> {
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
