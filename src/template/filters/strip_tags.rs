//! `strip_tags`: HTML to text.

use minijinja::Value;

use crate::template::native::{Doubt, Plain};
use crate::template::text_of;

/// Tags that do not end a word: everything else becomes a space.
const INLINE: [&str; 32] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// HTML to text: entities decoded, block tags to spaces, white space folded, trimmed. Comments,
/// scripts and styles are left out.
pub fn strip_tags(value: &Value) -> String {
    text(&text_of(value))
}

/// The plain form.
pub fn native<'r>(value: Plain<'r>, _: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    Ok(Plain::owned(text(value.as_text()?)))
}

fn text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some((tag, length)) = tag(rest) else {
            text.push('<');
            rest = &rest[1..];
            continue;
        };
        if !INLINE.contains(&tag.trim_start_matches('/')) {
            text.push(' ');
        }
        rest = &rest[length..];
        if tag == "script" || tag == "style" {
            let end = rest.to_ascii_lowercase().find(&format!("</{tag}"));
            rest = end.map_or("", |end| &rest[end..]);
        }
    }
    text.push_str(rest);
    let decoded = htmlize::unescape(text.as_str());
    let words: Vec<&str> = decoded.split_whitespace().collect();
    words.join(" ")
}

/// The name of the tag (or comment) that `html` begins with, and its length in bytes.
fn tag(html: &str) -> Option<(String, usize)> {
    if let Some(comment) = html.strip_prefix("<!--") {
        let end = comment.find("-->").map_or(html.len(), |end| end + 7);
        return Some(("b".to_owned(), end));
    }
    let inside = html[1..].trim_start_matches('/');
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let name: String = inside
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => {
                // Only the opening tag of a script hides what follows it.
                let closing = html[1..].starts_with('/');
                let name = if closing { format!("/{name}") } else { name }.to_ascii_lowercase();
                return Some((name, at + 1));
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}
