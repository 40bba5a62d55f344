//! Templates that can't be parsed: what was most likely meant, where it stands, and how it is written
//! here.

use std::ops::Range;

use super::Problem;
use crate::diagnostics::Code;
use crate::spec::odd_characters::{curly_quote, invisible};
use crate::template::template_start;

/// Signs of other languages, the longest first, and what stands for them.
const SIGNS: [(&str, &str); 13] = [
    ("===", "equal is =="),
    ("!==", "unequal is !="),
    ("&&", "write and"),
    ("||", "write or"),
    ("??", "write a or b, or a | default(b)"),
    ("?.", "a field of nothing is nothing: write a.b"),
    ("=>", "greater or equal is >="),
    ("<>", "unequal is !="),
    ("++", "text is joined by ~, numbers are added by +"),
    ("?", "write x if condition else y"),
    ("!", "write not"),
    ("=", "equal is =="),
    ("&", "write and, or ~ to join text"),
];

/// What is wrong with a template that the parser refused.
pub(super) fn problem(text: &str, error: &minijinja::Error) -> Problem {
    let (range, message, hint) = odd(text)
        .or_else(|| sign(text))
        .or_else(|| unclosed(text))
        .or_else(|| statement(text))
        .unwrap_or_else(|| {
            let range = error.range().unwrap_or(0..text.len());
            let range = range.start.min(text.len())..range.end.min(text.len());
            let detail = error.detail().unwrap_or("this can't be read");
            let hint = if detail.contains("unknown statement") {
                "statements are if, for, set, with and filter"
            } else {
                "a template is {{ value }}, filters go behind a `|`, text inside takes quotes"
            };
            (range, format!("template: {detail}"), hint.to_owned())
        });
    Problem {
        code: Code::TemplateSyntax,
        range,
        message,
        hint: Some(hint),
    }
}

type Told = (Range<usize>, String, String);

/// A quote or space that is none.
fn odd(text: &str) -> Option<Told> {
    code(text).find_map(|(at, c)| {
        let word = curly_quote(c).or_else(|| invisible(c))?;
        let help = "type it anew: text in a template has the quotes \" or '".to_owned();
        Some((at..at + c.len_utf8(), format!("{word} in a template"), help))
    })
}

/// A sign that means something elsewhere.
fn sign(text: &str) -> Option<Told> {
    let mut depth = 0_usize;
    let mut skip = 0;
    let is_set = text.trim_start().starts_with("{%");
    for (at, c) in code(text) {
        if at < skip {
            continue;
        }
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let rest = &text[at..];
        // These have parts that would be signs by themselves.
        if let Some(known) = ["!=", "==", "<=", ">="]
            .iter()
            .find(|known| rest.starts_with(**known) && !rest[2..].starts_with('='))
        {
            skip = at + known.len();
            continue;
        }
        let Some((sign, help)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            continue;
        };
        // Arguments have names, and `set` has its sign.
        if *sign == "=" && (depth > 0 || is_set) {
            continue;
        }
        let message = format!("`{sign}` is not part of templates");
        return Some((at..at + sign.len(), message, (*help).to_owned()));
    }
    None
}

/// `{{` or `{%` without its end.
fn unclosed(text: &str) -> Option<Told> {
    let mut at = 0;
    while let Some(found) = template_start(&text[at..]) {
        let start = at + found;
        let (opening, closing) = if text[start..].starts_with("{{") {
            ("{{", "}}")
        } else {
            ("{%", "%}")
        };
        let inner = start + 2;
        let end = text[inner..].find(closing);
        let next = template_start(&text[inner..]);
        match end {
            Some(end) if next.is_none_or(|next| end < next) => at = inner + end + 2,
            Some(_) | None => {
                let message = format!("`{opening}` is never closed");
                let help = format!("write `{closing}` behind the expression");
                return Some((start..start + 2, message, help));
            }
        }
    }
    None
}

/// `{% if %}` without its end, and words of other template languages.
fn statement(text: &str) -> Option<Told> {
    for (word, ours) in [
        ("elseif", "elif"),
        ("else if", "elif"),
        ("elsif", "elif"),
        ("fi ", "endif "),
    ] {
        for opening in ["{% ", "{%- ", "{%"] {
            if let Some(at) = text.find(&format!("{opening}{word}")) {
                let start = at + opening.len();
                let message = format!("`{}` is no statement", word.trim());
                return Some((
                    start..start + word.trim_end().len(),
                    message,
                    format!("write {}", ours.trim()),
                ));
            }
        }
    }
    let count = |word: &str| {
        let open = |opening: &str| text.matches(&format!("{opening}{word} ")).count();
        open("{% ") + open("{%- ") + open("{%")
    };
    for word in ["if", "for"] {
        let end = format!("end{word}");
        if count(word) > count(&end) {
            let start = text.find(&format!("{word} ")).unwrap_or_default();
            let message = format!("`{word}` has no end");
            let help = format!(
                "write {{% {end} %}} where it ends; in one expression: x if condition else y"
            );
            return Some((start..start + word.len(), message, help));
        }
    }
    None
}

/// What stands in braces, without the texts in quotes: each character with its place.
fn code(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut is_inside = false;
    text.char_indices().filter(move |(at, c)| {
        let rest = &text[*at..];
        match (quote, *c) {
            (Some(open), c) if c == open => {
                quote = None;
                false
            }
            (None, '"' | '\'') if is_inside => {
                quote = Some(*c);
                false
            }
            (None, _) if rest.starts_with("{{") || rest.starts_with("{%") => {
                is_inside = true;
                false
            }
            (None, _) if rest.starts_with("}}") || rest.starts_with("%}") => {
                is_inside = false;
                false
            }
            (Some(_), _) | (None, '{' | '%') => false,
            (None, _) => is_inside,
        }
    })
}
