//! Templates that can't be parsed: what was most likely meant, where it stands, and how it is written
//! here.

use std::ops::Range;

use super::Problem;
use crate::diagnostics::Code;
use crate::spec::odd_characters::{curly_quote, invisible, mend};
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
        .or_else(|| foreign(text, error))
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
        let help = mend(word).to_owned();
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

/// Ways of other template languages, by what stands around the place that can't be read.
fn foreign(text: &str, error: &minijinja::Error) -> Option<Told> {
    let range = error.range()?;
    let at = range.start.min(text.len());
    let start = text[..at].rfind("{{").map_or(0, |open| open + 2);
    let before = text.get(start..at)?.trim_end();
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    let told =
        |range: Range<usize>, message: &str, help: String| Some((range, message.to_owned(), help));
    let word = before.trim();
    if matches!(
        word,
        "if" | "for" | "set" | "elif" | "end" | "endif" | "endfor" | "else"
    ) {
        let from = start + text[start..at].find(word)?;
        return told(
            from..from + word.len(),
            &format!("`{word}` is a statement, and those stand in {{% %}}"),
            format!("write {{% {word} … %}}; in one expression: x if condition else y"),
        );
    }
    let is_filter = before.rsplit('|').next().is_some_and(|last| {
        before.contains('|') && last.trim().chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    match first {
        ':' if is_filter => {
            let name = before.rsplit('|').next().unwrap_or_default().trim();
            let argument = rest[1..]
                .split(['|', '}'])
                .next()
                .unwrap_or_default()
                .trim();
            told(
                at..at + 1,
                "arguments of a filter stand in round brackets",
                format!("write {name}({argument})"),
            )
        }
        '.' if before.contains('|') => told(
            at..at + 1,
            "behind a filter comes another filter, and no `.`",
            "write value | trim | upper, or (value | trim).upper()".to_owned(),
        ),
        '$' => told(
            at..at + 1,
            "names have no $ here",
            "leave the $ out".to_owned(),
        ),
        '>' if before.ends_with('-') => told(
            at..at + 1,
            "`->` is not part of templates",
            "a field is written a.b".to_owned(),
        ),
        '@' | '#' => told(
            at..at + 1,
            &format!("`{first}` is not part of a name"),
            format!("a field with such a sign is written record['{first}name']"),
        ),
        c if c.is_alphabetic() && !c.is_ascii() => {
            let letters = |c: char| c.is_alphanumeric() || c == '_';
            let name = text[..at].rfind(|c| !letters(c)).map_or(0, |end| end + 1);
            let end = at + rest.find(|c| !letters(c)).unwrap_or(rest.len());
            let owner = text[..name].trim_end_matches('.');
            let owner = owner
                .rsplit(|c: char| !letters(c))
                .next()
                .unwrap_or_default();
            let owner = if owner.is_empty() { "record" } else { owner };
            told(
                name..end,
                &format!("`{}` has a letter beyond a to z", &text[name..end]),
                format!("such a field is written {owner}['{}']", &text[name..end]),
            )
        }
        '}' if before.ends_with('|') => told(
            at..at + 1,
            "the name of a filter is missing behind the |",
            "write it, or leave the | out".to_owned(),
        ),
        _ => None,
    }
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
