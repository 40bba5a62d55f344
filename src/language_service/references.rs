//! Where an option, a step or a var is given, where it is read, and its new name everywhere.

use std::ops::Range;

use super::open_spec::OpenSpec;
use crate::plan::RESERVED;
use crate::spec::tree::Node;
use crate::template::functions;
use crate::template::scope::Seen;

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
    let given = spec_given(spec, &spec.seen(), at)?;
    given_at(spec, given)
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
    let seen = spec.seen();
    let given = spec_given(spec, &seen, at)?;
    let places = places(spec, &seen, &given);
    places
        .into_iter()
        .find(|place| place.start <= at && at <= place.end)
}

/// All places of the name at the byte `at`: where it is given and where it is read.
pub fn references(spec: &OpenSpec, at: usize) -> Vec<Range<usize>> {
    let seen = spec.seen();
    let given = spec_given(spec, &seen, at);
    given
        .map(|given| places(spec, &seen, &given))
        .unwrap_or_default()
}

/// The option whose name stands at the byte `at`.
pub fn option_at(spec: &OpenSpec, at: usize) -> Option<String> {
    match spec_given(spec, &spec.seen(), at)? {
        Given::Entry("options", name) => Some(name),
        Given::Entry(..) | Given::Named(_) => None,
    }
}

/// The edits that give the name at the byte `at` another. What would change what the spec means is refused.
pub fn rename(spec: &OpenSpec, at: usize, to: &str) -> Result<Vec<Edit>, String> {
    if spec.root().is_none() {
        return Err("the spec is no YAML yet: mend that first".to_owned());
    }
    let seen = spec.seen();
    let given = spec_given(spec, &seen, at)
        .ok_or_else(|| "only options, vars, steps and lookups have names of yours".to_owned())?;
    let mut chars = to.chars();
    let is_name = match &given {
        Given::Entry(..) => {
            chars
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        }
        Given::Named(_) => {
            chars.next().is_some_and(|c| c.is_ascii_lowercase())
                && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        }
    };
    if !is_name {
        return Err(match &given {
            Given::Entry(..) => {
                format!("`{to}` is no name: letters of ASCII, digits and `_`, a letter first")
            }
            Given::Named(_) => format!(
                "`{to}` is no name of a step: small letters, digits and `_`, a letter first"
            ),
        });
    }
    let is_taken = match &given {
        Given::Entry(map, _) => spec.entry(map, to).is_some(),
        Given::Named(_) => {
            let is_word = RESERVED.contains(&to) || WORDS.contains(&to);
            let is_known = functions::find(to).is_some();
            is_word || is_known || spec.given_names().iter().any(|(name, _)| name == to)
        }
    };
    if is_taken {
        return Err(format!("`{to}` is there already"));
    }
    let edit = |place| Edit {
        place,
        text: to.to_owned(),
    };
    let edits: Vec<Edit> = places(spec, &seen, &given).into_iter().map(edit).collect();
    let mut text = spec.text.to_string();
    for edit in edits.iter().rev() {
        text.replace_range(edit.place.clone(), &edit.text);
    }
    let renamed = spec.with_text(&text);
    let given_anew = match &given {
        Given::Entry(map, _) => Given::Entry(map, to.to_owned()),
        Given::Named(_) => Given::Named(to.to_owned()),
    };
    let mistakes = |spec: &OpenSpec| spec.report().errors;
    let (before, after) = (mistakes(spec), mistakes(&renamed));
    if let (true, Some(first)) = (after.len() > before.len(), after.first()) {
        return Err(format!("`{to}` can't be the name: {}", first.message));
    }
    let seen_anew = renamed.seen();
    let is_same = read_at(spec, &seen, &given).len()
        == read_at(&renamed, &seen_anew, &given_anew).len()
        && read_at(&renamed, &seen_anew, &given).is_empty();
    if is_same {
        Ok(edits)
    } else {
        Err(format!("`{to}` means something else in a template already"))
    }
}

/// Words of templates: no name can be one.
const WORDS: [&str; 14] = [
    "and", "or", "not", "in", "is", "if", "else", "for", "set", "none", "true", "false", "loop",
    "self",
];

/// The name of the spec's own that stands at a byte.
fn spec_given(spec: &OpenSpec, seen: &Seen, at: usize) -> Option<Given> {
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
            if read_at(spec, seen, &given).iter().any(is_here) {
                return Some(given);
            }
        }
    }
    let named = names.into_iter().map(|(name, _)| Given::Named(name));
    let mut named = named.filter(|given| read_at(spec, seen, given).iter().any(is_here));
    named.next()
}

/// Where a name is given and read, in the order of the text.
fn places(spec: &OpenSpec, seen: &Seen, given: &Given) -> Vec<Range<usize>> {
    let mut places = read_at(spec, seen, given);
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
    let bare = places.into_iter().map(|place| {
        let place = inside_quotes(&spec.text, place);
        place.start..place.start + spec.text[place.clone()].trim_end().len()
    });
    bare.collect()
}

/// Where templates read a name.
fn read_at(spec: &OpenSpec, seen: &Seen, given: &Given) -> Vec<Range<usize>> {
    let reads = seen.reads.iter();
    let own = reads.filter(|read| match given {
        Given::Named(name) => read.field.is_none() && read.name == *name,
        Given::Entry(map, name) => read.name == *map && read.field.as_ref() == Some(name),
    });
    let mut places: Vec<Range<usize>> = own
        .map(|read| inside_quotes(&spec.text, read.place.clone()))
        .collect();
    places.sort_by_key(|place| place.start);
    places.dedup();
    places
}

/// A name without the quotes around it: `options['KEY']`.
fn inside_quotes(text: &str, place: Range<usize>) -> Range<usize> {
    let written = &text[place.clone()];
    let inner = written.trim_matches(['\\', '"', '\'']);
    let start = place.start + written.find(inner).unwrap_or(0);
    start..start + inner.len()
}
