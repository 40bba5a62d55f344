//! What is said of the thing under a pointer.

use std::ops::Range;

use super::complete_template::{about_name, on_tape};
use super::cursor::{Part, Step, cursor};
use super::keys::doc_of;
use super::open_spec::{OpenSpec, line_of};
use super::schema_at::schemas_at;
use super::template_text::template_at;
use super::words::of_word;

/// What is said of a thing, as Markdown, and where the thing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// The text.
    pub about: String,
    /// Bytes of the thing.
    pub place: Range<usize>,
}

/// What is said of the thing at the byte `at`.
pub fn hover(spec: &OpenSpec, at: usize) -> Option<Hover> {
    if template_at(&spec.text, at).is_some() {
        return of_template(spec, at);
    }
    let place = word_around(&spec.text, at)?;
    let found = cursor(&spec.text, place.end);
    let word = &spec.text[place.clone()];
    let about = match found.part {
        Part::Key => {
            let owner = found.path.iter().rev().find_map(|step| match step {
                Step::Key(key) => Some(key.clone()),
                Step::Item => None,
            });
            let owner = owner.unwrap_or_else(|| "the spec".to_owned());
            let schemas = schemas_at(&found.path);
            let property = schemas
                .iter()
                .find_map(|schema| schema["properties"].get(word))?;
            doc_of(word, vec![owner], property).markdown()
        }
        Part::Value => schemas_at(&found.path).into_iter().find_map(|schema| {
            let words = schema["enum"].as_array()?;
            let index = words.iter().position(|one| one == word)?;
            let meaning = schema["enumDescriptions"][index]
                .as_str()
                .unwrap_or_default();
            Some(format!("`{word}`: {meaning}"))
        })?,
    };
    Some(Hover { about, place })
}

fn of_template(spec: &OpenSpec, at: usize) -> Option<Hover> {
    let (tokens, index) = spec.word_at(at)?;
    let place = tokens[index].range.clone();
    let word = spec.token(&tokens[index]);
    let sign = |index: Option<usize>| {
        index
            .and_then(|index| tokens.get(index))
            .map(|token| spec.token(token))
    };
    let before = sign(index.checked_sub(1));
    let is_called = sign(Some(index + 1)) == Some("(");
    let of_kind = |kind: &str| {
        let doc = of_word(word).into_iter().find(|doc| doc.kind == kind)?;
        Some(doc.markdown())
    };
    let about = match before {
        Some("|") => of_kind("filter"),
        Some("is") => of_kind("test"),
        Some("not") if sign(index.checked_sub(2)) == Some("is") => of_kind("test"),
        Some(".") if is_called => of_kind("method"),
        Some(".") => field(spec, &spec.chain_to(&tokens, index), at),
        _ if is_called => of_kind("function"),
        _ => {
            let chain = [word.to_owned()];
            field(spec, &chain, at).or_else(|| of_kind("function"))
        }
    }?;
    Some(Hover { about, place })
}

/// What is known of a name or a field.
fn field(spec: &OpenSpec, chain: &[String], at: usize) -> Option<String> {
    if let [root, name] = chain {
        let about = about_name(spec, root, name);
        if !about.is_empty() {
            return Some(about);
        }
    }
    let scope = spec.scope_at(at)?;
    let locals = spec.locals(at);
    let path = chain.join(".");
    if let Some(shape) = OpenSpec::shape_of(&scope, &locals, chain) {
        return Some(format!("`{path}`\n\n{}", on_tape(shape)));
    }
    let is_seen = chain.len() == 1 && scope.get(&chain[0]).is_some();
    is_seen.then(|| format!("`{path}`"))
}

/// The word around a place, of keys and of what they take.
fn word_around(text: &str, at: usize) -> Option<Range<usize>> {
    let line = line_of(text, at);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let at = at.clamp(line.start, line.end);
    let before = text[line.start..at].trim_end_matches(is_part);
    let behind = text[at..line.end].trim_start_matches(is_part);
    let place = line.start + before.len()..line.end - behind.len();
    (!place.is_empty()).then_some(place)
}
