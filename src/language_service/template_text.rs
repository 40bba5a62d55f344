//! Templates as they stand in a text: where they begin and end, and their words. Read from the text and
//! not from what YAML makes of it, as text that is being written is seldom YAML.

use std::ops::Range;

use super::cursor::key_of;

/// A template: what stands between `{{` and `}}`, or `{%` and `%}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Bytes between the braces.
    pub inside: Range<usize>,
    /// Whether it ends.
    pub is_closed: bool,
    /// Whether it is a statement.
    pub is_statement: bool,
}

/// A word or a sign of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Bytes of the text.
    pub range: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or a word of the language.
    Word,
    /// A number.
    Number,
    /// Text in quotes.
    Text,
    /// An operator, a bracket, a comma.
    Sign,
}

/// All templates of a text.
pub fn templates(text: &str) -> Vec<Template> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(['{']).map(|at| at + from) {
        let is_statement = text[at..].starts_with("{%");
        if !is_statement && !text[at..].starts_with("{{") {
            from = at + 1;
            continue;
        }
        let start = at + 2;
        let end = if is_statement { "%}" } else { "}}" };
        // A template that nobody has ended yet ends with its line.
        let behind = &text[start..];
        let line = behind.find('\n').unwrap_or(behind.len());
        let next = behind[..].find(end);
        // Another one that begins before it ends.
        let within = &behind[..next.unwrap_or(line)];
        let again = within.find("{{").or_else(|| within.find("{%"));
        let (length, is_closed) = match (next, again) {
            (Some(next), Some(again)) if again < next && line < next => (line.min(again), false),
            (Some(next), _) => (next, true),
            (None, _) => (line, false),
        };
        found.push(Template {
            inside: start..start + length,
            is_closed,
            is_statement,
        });
        from = start + length;
    }
    found
}

/// The template at a place.
pub fn template_at(text: &str, at: usize) -> Option<Template> {
    let mut all = templates(text).into_iter();
    all.find(|one| one.inside.start <= at && at <= one.inside.end)
}

/// The tokens of all templates of the same value that stand before a place, as far as it.
pub fn tokens_before(text: &str, at: usize) -> Vec<Token> {
    let mut found = Vec::new();
    let mut end = 0;
    for template in templates(text) {
        if template.inside.start > at {
            break;
        }
        // A key in between begins another value.
        let between = &text[end..template.inside.start];
        let mut lines = between.split('\n').skip(1);
        if lines.any(|line| key_of(line.trim_start().trim_start_matches("- ")).is_some()) {
            found.clear();
        }
        end = template.inside.end;
        found.extend(tokens(text, &(template.inside.start..end.min(at))));
    }
    found
}

const SIGNS: [&str; 8] = ["==", "!=", "<=", ">=", "//", "**", "{%", "%}"];

/// The tokens of a part of a text.
pub fn tokens(text: &str, part: &Range<usize>) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = part.start;
    while at < part.end {
        let rest = &text[at..part.end];
        let Some(c) = rest.chars().next() else { break };
        let (kind, length) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c.is_alphabetic() || c == '_' {
            (
                TokenKind::Word,
                length_of(rest, |c| c.is_alphanumeric() || c == '_'),
            )
        } else if c.is_ascii_digit() {
            (
                TokenKind::Number,
                length_of(rest, |c| {
                    c.is_ascii_alphanumeric() || matches!(c, '.' | '_')
                }),
            )
        } else if let Some(length) = text_length(rest) {
            (TokenKind::Text, length)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            (
                TokenKind::Sign,
                sign.map_or(c.len_utf8(), |sign| sign.len()),
            )
        };
        found.push(Token {
            kind,
            range: at..at + length,
        });
        at += length;
    }
    found
}

fn length_of(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// The length of a text in quotes; inside of double quotes of YAML they are written `\"`.
fn text_length(text: &str) -> Option<usize> {
    let (quote, begins) = match text.as_bytes() {
        [b'\\', b'"', ..] => ("\\\"", 2),
        [b'"', ..] => ("\"", 1),
        [b'\'', b'\'', ..] => return Some(2),
        [b'\'', ..] => ("'", 1),
        _ => return None,
    };
    let mut at = begins;
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        let c = rest.chars().next();
        match c {
            None => return Some(text.len()),
            Some('\\') => at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            Some(c) => at += c.len_utf8(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_their_words_are_found() {
        let text = r#"a: "x {{ row.a | replace('}', \"b\") }} {% if not 1.5 %}"
b: {{ row.
c: "{{ x }}""#;
        let found: Vec<&str> = templates(text)
            .iter()
            .map(|one| &text[one.inside.clone()])
            .collect();
        assert_eq!(
            found,
            [
                " row.a | replace('}', \\\"b\\\") ",
                " if not 1.5 ",
                " row.",
                " x "
            ]
        );
        let first = &templates(text)[0];
        let words: Vec<&str> = tokens(text, &first.inside)
            .into_iter()
            .map(|token| &text[token.range])
            .collect();
        assert_eq!(
            words,
            [
                "row",
                ".",
                "a",
                "|",
                "replace",
                "(",
                "'}'",
                ",",
                "\\\"b\\\"",
                ")"
            ]
        );
    }
}
