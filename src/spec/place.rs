//! Places inside scalars: from a byte range of the decoded text to bytes of the source.

use std::ops::Range;

/// Finds `range` of `text` (a scalar as decoded) in `source`, where the scalar stands at `span`.
/// Folding, indentation, quotes and escapes lie between the two: both are walked together, white
/// space is passed over, escapes count as what they stand for. Where the two differ in a way this
/// walk does not know, the whole scalar is the answer.
pub fn place_in(
    source: &str,
    span: &Range<usize>,
    text: &str,
    range: Range<usize>,
) -> Range<usize> {
    let quoted = source.as_bytes().get(span.start).copied();
    let end = span.end.min(source.len());
    let mut at = span.start;
    let mut start_at = None;
    let mut last_end = span.start;
    if matches!(quoted, Some(b'"' | b'\'')) && !text.starts_with(['"', '\'']) {
        at += 1;
    } else if matches!(quoted, Some(b'|' | b'>')) && !text.starts_with(['|', '>']) {
        at = source[at..end].find('\n').map_or(end, |line| at + line + 1);
    }
    for (index, wanted) in text.char_indices() {
        if index >= range.end && start_at.is_some() {
            break;
        }
        if wanted.is_whitespace() {
            continue;
        }
        let Some((begin, next)) = find_char(source, at, end, wanted, quoted) else {
            return span.clone();
        };
        if index >= range.start && start_at.is_none() {
            start_at = Some(begin);
        }
        last_end = next;
        at = next;
    }
    match start_at {
        Some(start) => start..last_end.max(start),
        None => last_end..last_end,
    }
}

/// The place of the next character that is no white space; it must stand for `wanted`.
fn find_char(
    source: &str,
    mut at: usize,
    end: usize,
    wanted: char,
    quoted: Option<u8>,
) -> Option<(usize, usize)> {
    loop {
        let rest = source.get(at..end)?;
        let found = rest.chars().next()?;
        if found.is_whitespace() {
            at += found.len_utf8();
        } else if found == '\\' && quoted == Some(b'"') {
            let (decoded, length) = escape(rest)?;
            match decoded {
                Some(decoded) if decoded == wanted => return Some((at, at + length)),
                Some(decoded) if !decoded.is_whitespace() => return None,
                _ => at += length,
            }
        } else if found == '\'' && quoted == Some(b'\'') && rest.starts_with("''") {
            return (wanted == '\'').then_some((at, at + 2));
        } else {
            return (found == wanted).then_some((at, at + found.len_utf8()));
        }
    }
}

/// What a backslash escape of a double-quoted scalar stands for (nothing: a joined line), and its
/// length in bytes.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let kind = text[1..].chars().next()?;
    let hex = |digits: usize| {
        let value = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((Some(char::from_u32(value)?), 2 + digits))
    };
    match kind {
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        'n' | 't' | 'r' | ' ' | 'N' | '_' | 'L' | 'P' => Some((Some(' '), 2)),
        '\n' | '\r' => Some((None, 1 + kind.len_utf8())),
        other => Some((Some(other), 1 + other.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::compose::compose;

    fn placed(yaml: &str, word: &str) -> String {
        let mut diagnostics = Vec::new();
        let node = compose(yaml, &mut diagnostics).unwrap();
        let value = &node.entries()[0].value;
        let text = &value.scalar().unwrap().text;
        let start = text.find(word).unwrap();
        let place = place_in(yaml, &value.span, text, start..start + word.len());
        yaml[place].to_owned()
    }

    #[test]
    fn a_word_is_found_in_every_kind_of_scalar() {
        for yaml in [
            "a: one two three",
            "a: 'one ''x'' two three'",
            "a: \"one \\\"x\\\" \\u00e4 two three\"",
            "a: \"one \\\n  two three\"",
            "a: >-\n  one\n  two\n  three\n",
            "a: |\n  one\n  two\n  three\n",
            "a: |2\r\n    one\r\n  two\r\n  three\r\n",
            "{ a: &x one two three }",
            "a: &x \"one two three\"\n",
            "a: &x >-\n    one\n\n    two three\n",
        ] {
            assert_eq!(placed(yaml, "two"), "two", "{yaml}");
            assert_eq!(placed(yaml, "three"), "three", "{yaml}");
        }
    }
}
