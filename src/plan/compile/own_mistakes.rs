//! One mistake is told once: what follows from another mistake is left out.

use std::ops::Range;

use crate::diagnostics::{Code, Diagnostic};
use crate::plan::scopes::RESERVED;
use crate::spec::Document;
use crate::spec::odd_characters::invisible;
use crate::spec::tree::Node;

/// Those of the mistakes found in compiling that are wrong by themselves.
pub(super) fn of(document: &Document, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let odd_keys = odd_keys(document);
    let broken: Vec<Range<usize>> = found
        .iter()
        .filter(|mistake| mistake.code != Code::Refused)
        .map(|mistake| mistake.span.clone())
        .collect();
    found.retain(|mistake| match mistake.code {
        Code::UnknownName | Code::UnknownField => {
            let place = mistake.span.clone();
            let named = document.source.get(place).unwrap_or_default();
            !was_refused(document, named) && !odd_keys.iter().any(|key| key == named)
        }
        Code::Refused => {
            let words = mistake.message.split('`').skip(1).step_by(2);
            let keys = mistake.hint.iter().flat_map(|hint| hint.split(' '));
            let keys = keys.filter_map(|word| word.strip_suffix(':'));
            let mut words = words.flat_map(|words| words.split('.')).chain(keys);
            let follows = words.any(|word| is_refused_here(document, word, mistake));
            // What a broken template would have said is not known, nor what a refused key of the same map
            // was to be.
            let is_broken = broken.iter().any(|place| holds(&mistake.span, place));
            let is_incomplete = document.refused.iter().any(|one| {
                let own = one.around.as_ref();
                own.is_some_and(|own| own.start == mistake.span.start)
            });
            !follows && !is_broken && !is_incomplete
        }
        _ => true,
    });
    found
}

/// Whether what gives a name was refused.
fn was_refused(document: &Document, name: &str) -> bool {
    let is_of_language = RESERVED.contains(&name);
    document.refused.iter().any(|one| {
        if is_of_language {
            // No part of a spec gives these but the key they come with.
            Some(one.word.as_str()) == comes_with(name)
        } else {
            one.word == name
        }
    })
}

/// Whether a word of a message was refused where the message is about.
fn is_refused_here(document: &Document, word: &str, mistake: &Diagnostic) -> bool {
    let of_key = comes_with(word);
    document.refused.iter().any(|one| {
        let is_meant = one.word == word || Some(one.word.as_str()) == of_key;
        let mut around = one.around.iter();
        is_meant && around.all(|around| around.contains(&mistake.span.start))
    })
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The key without which a name of the language is not seen.
fn comes_with(name: &str) -> Option<&'static str> {
    Some(match name {
        "batch" | "items" | "rows" => "batch",
        "page" => "pages",
        "since" => "incremental",
        "item" => "item",
        "result" => "results",
        "submit" | "poll" => "job",
        "part" => "split",
        "token" => "session",
        _ => return None,
    })
}

/// Keys with letters that are not seen, as they look.
fn odd_keys(document: &Document) -> Vec<String> {
    let options = document.root.get("options").into_iter();
    let keys = options.flat_map(Node::entries);
    let keys = keys.map(|entry| entry.key.as_str());
    keys.filter(|key| key.chars().any(|c| invisible(c).is_some()))
        .map(|key| key.chars().filter(|c| invisible(*c).is_none()).collect())
        .collect()
}
