//! Characters that look like others, or like nothing: curly quotes around a value, no-break spaces,
//! letters of no width. They come along when text is copied from a page.

use std::ops::Range;

use super::tree::{Node, NodeValue};
use crate::diagnostics::{Code, Diagnostic};

/// Warns of odd characters in keys, and around values.
pub fn warn(node: &Node, warnings: &mut Vec<Diagnostic>) {
    match &node.value {
        NodeValue::Map(entries) => {
            for entry in entries {
                let odd = entry.key.chars().find_map(invisible);
                if let Some(word) = odd.or_else(|| curly(&entry.key)) {
                    tell(warnings, &entry.key_span, "key", word);
                }
                warn(&entry.value, warnings);
            }
        }
        NodeValue::List(items) => items.iter().for_each(|item| warn(item, warnings)),
        NodeValue::Scalar(scalar) => {
            let ends = [scalar.text.chars().next(), scalar.text.chars().last()];
            let odd = ends.into_iter().flatten().find_map(invisible);
            if let Some(word) = odd.or_else(|| curly(&scalar.text)) {
                tell(warnings, &node.span, "value", word);
            }
        }
        NodeValue::Refused => {}
    }
}

fn tell(warnings: &mut Vec<Diagnostic>, place: &Range<usize>, what: &str, odd: &str) {
    let message = format!("{odd} is part of this {what}");
    warnings.push(Diagnostic::new(Code::OddCharacter, place.clone(), message).hint(mend(odd)));
}

/// What a character is called that is not seen, or seen as a space.
pub fn invisible(c: char) -> Option<&'static str> {
    match c {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => Some("a no-break space"),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {
            Some("a letter of no width")
        }
        _ => None,
    }
}

/// How an odd character is mended, by what it is called.
pub fn mend(odd: &str) -> &'static str {
    match odd {
        "a no-break space" => "type a plain space in its place",
        "a letter of no width" => "it can't be seen: type what is around it anew",
        _ => "type the quotes \" or ' in its place",
    }
}

/// What a character is called that looks like a quote.
pub fn curly_quote(c: char) -> Option<&'static str> {
    matches!(c, '“' | '”' | '„' | '‘' | '’' | '‚').then_some("a curly quote")
}

/// Whether a text stands in curly quotes.
fn curly(text: &str) -> Option<&'static str> {
    let mut chars = text.chars();
    let (first, last) = (chars.next()?, chars.next_back()?);
    curly_quote(first).and(curly_quote(last))
}
