//! Where an option, a step or a var is given, where it is read, and its new name everywhere.

use std::ops::Range;

use super::open_spec::OpenSpec;
use super::template_text::{TokenKind, templates, tokens};
use crate::plan::RESERVED;
use crate::spec::tree::Node;

/// A name that a spec gives.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    /// An entry of `options` or `vars`, by the map's name.
    Entry(&'static str, String),
    /// A step, a lookup or an answer.
    Named(String),
}

/// A text in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Bytes that are replaced.
    pub place: Range<usize>,
    /// What comes there.
    pub text: String,
}

/// Where the name at the byte `at` is given.
pub fn definition(spec: &OpenSpec, at: usize) -> Option<Range<usize>> {
    given_at(spec, spec_given(spec, at)?)
}

fn given_at(spec: &OpenSpec, given: Given) -> Option<Range<usize>> {
    match given {
        Given::Entry(map, name) => spec.entry(map, &name).map(|(place, _)| place),
        Given::Named(name) => {
            let names = spec.given_names().into_iter();
            names
                .filter(|(one, _)| *one == name)
                .map(|(_, place)| place)
                .next()
        }
    }
}

/// The name at the byte `at`, for a new one to be asked for; nothing where none stands there.
pub fn renamed_at(spec: &OpenSpec, at: usize) -> Option<Range<usize>> {
    let given = spec_given(spec, at)?;
    let places = places(spec, &given);
    places
        .into_iter()
        .find(|place| place.start <= at && at <= place.end)
}

/// All places of the name at the byte `at`: where it is given and where it is read.
pub fn references(spec: &OpenSpec, at: usize) -> Vec<Range<usize>> {
    let given = spec_given(spec, at);
    given.map(|given| places(spec, &given)).unwrap_or_default()
}

/// The edits that give the name at the byte `at` another.
pub fn rename(spec: &OpenSpec, at: usize, to: &str) -> Result<Vec<Edit>, String> {
    if spec.root().is_none() {
        return Err("the spec is no YAML yet: mend that first".to_owned());
    }
    let given = spec_given(spec, at)
        .ok_or_else(|| "only options, vars, steps and lookups have names of yours".to_owned())?;
    let is_word = |is_first: fn(char) -> bool, is_other: fn(char) -> bool| {
        let mut chars = to.chars();
        chars.next().is_some_and(is_first) && chars.all(is_other)
    };
    let is_taken = match &given {
        Given::Entry(map, _) => {
            let is_name = is_word(
                |c| c.is_ascii_alphabetic() || c == '_',
                |c| c.is_ascii_alphanumeric() || c == '_',
            );
            if !is_name {
                return Err(format!(
                    "`{to}` is no name: letters of ASCII, digits and `_`, a letter first"
                ));
            }
            spec.entry(map, to).is_some()
        }
        Given::Named(_) => {
            let is_name = is_word(
                |c| c.is_ascii_lowercase(),
                |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_',
            );
            if !is_name {
                return Err(format!(
                    "`{to}` is no name of a step: small letters, digits and `_`, a letter first"
                ));
            }
            RESERVED.contains(&to) || spec.given_names().iter().any(|(name, _)| name == to)
        }
    };
    if is_taken {
        return Err(format!("`{to}` is there already"));
    }
    let edit = |place| Edit {
        place,
        text: to.to_owned(),
    };
    Ok(places(spec, &given).into_iter().map(edit).collect())
}

/// The name of the spec's own that stands at a byte.
fn spec_given(spec: &OpenSpec, at: usize) -> Option<Given> {
    for map in ["options", "vars"] {
        let entries = spec.root().and_then(|root| root.get(map));
        for entry in entries.map(Node::entries).unwrap_or_default() {
            if entry.key_span.start <= at && at <= entry.key_span.end {
                return Some(Given::Entry(map, entry.key.clone()));
            }
        }
    }
    let names = spec.given_names();
    let is_here = |place: &Range<usize>| place.start <= at && at <= place.end;
    if let Some((name, _)) = names.iter().find(|(_, place)| is_here(place)) {
        return Some(Given::Named(name.clone()));
    }
    for map in ["options", "vars"] {
        let entries = spec.root()?.get(map);
        for entry in entries.map(Node::entries).unwrap_or_default() {
            let given = Given::Entry(map, entry.key.clone());
            if read_at(spec, &given).iter().any(is_here) {
                return Some(given);
            }
        }
    }
    let named = names.into_iter().map(|(name, _)| Given::Named(name));
    let mut named = named.filter(|given| read_at(spec, given).iter().any(is_here));
    named.next()
}

/// Where a name is given and read, in the order of the text.
fn places(spec: &OpenSpec, given: &Given) -> Vec<Range<usize>> {
    let mut places = read_at(spec, given);
    match given {
        Given::Entry(map, name) => places.extend(spec.entry(map, name).map(|(place, _)| place)),
        Given::Named(name) => {
            let names = spec.given_names().into_iter();
            places.extend(names.filter(|(one, _)| one == name).map(|(_, place)| place));
        }
    }
    places.sort_by_key(|place| place.start);
    places.dedup();
    // A key in quotes keeps them.
    places
        .into_iter()
        .map(|place| {
            let text = &spec.text[place.clone()];
            let inner = text.trim_matches(['"', '\'']);
            let start = place.start + text.find(inner).unwrap_or(0);
            start..start + inner.trim_end().len()
        })
        .collect()
}

/// Where templates read a name.
fn read_at(spec: &OpenSpec, given: &Given) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for template in templates(&spec.text) {
        let all = tokens(&spec.text, &template.inside);
        let text = |index: usize| all.get(index).map_or("", |token| spec.token(token));
        for index in 0..all.len() {
            let before = if index == 0 { "" } else { text(index - 1) };
            if all[index].kind != TokenKind::Word || matches!(before, "." | "|" | "is") {
                continue;
            }
            let word = text(index);
            match given {
                Given::Named(name) => {
                    let is_argument = text(index + 1) == "=" && matches!(before, "(" | ",");
                    if word == name && !is_argument && !is_local(&all, index, &text) {
                        found.push(all[index].range.clone());
                    }
                }
                Given::Entry(map, name) if word == *map => {
                    let Some(field) = all.get(index + 2) else {
                        continue;
                    };
                    let written = spec.token(field);
                    let is_read = match text(index + 1) {
                        "." => written == name,
                        "[" => {
                            let inner = written.trim_matches(['\\', '"', '\'']);
                            field.kind == TokenKind::Text && inner == name
                        }
                        _ => false,
                    };
                    if is_read {
                        let lead = written.find(name.as_str()).unwrap_or(0);
                        let start = field.range.start + lead;
                        found.push(start..start + name.len());
                    }
                }
                Given::Entry(..) => {}
            }
        }
    }
    found
}

/// Whether a word is a name that a loop or a `set` of the same template gives.
fn is_local<'t>(
    all: &[super::template_text::Token],
    index: usize,
    text: &impl Fn(usize) -> &'t str,
) -> bool {
    (0..all.len()).any(|at| matches!(text(at), "for" | "set") && text(at + 1) == text(index))
}
