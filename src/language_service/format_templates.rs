//! Templates written as one writes them: a space within the braces, around bars and operators, behind
//! commas.

use super::references::Edit;
use super::template_text::{Token, TokenKind, templates, tokens};

/// Words that are no names: a bracket behind them is none of a call.
const WORDS: [&str; 12] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "for",
    "set",
    "recursive",
    "with",
];

/// The edits that write all templates of a text in one way. Those of several lines stay.
pub fn format_templates(text: &str) -> Vec<Edit> {
    let all = templates(text).into_iter();
    let ended = all.filter(|one| one.is_closed && !text[one.inside.clone()].contains('\n'));
    let edits = ended.filter_map(|template| {
        let inside = &text[template.inside.clone()];
        let formatted = formatted(inside)?;
        (formatted != inside).then_some(Edit {
            place: template.inside,
            text: formatted,
        })
    });
    edits.collect()
}

/// What stands between the braces, formatted; nothing where there is nothing.
fn formatted(inside: &str) -> Option<String> {
    // `{{-` and `-}}` take off the space around a template.
    let (lead, rest) = match inside.strip_prefix(['-', '+']) {
        Some(rest) => (&inside[..1], rest),
        None => ("", inside),
    };
    let (rest, trail) = match rest.strip_suffix(['-', '+']) {
        Some(rest) => (rest, &inside[inside.len() - 1..]),
        None => (rest, ""),
    };
    let all = tokens(rest, &(0..rest.len()));
    if all.is_empty() {
        return None;
    }
    let mut text = format!("{lead} ");
    let mut open: Vec<&str> = Vec::new();
    for (index, token) in all.iter().enumerate() {
        let word = &rest[token.range.clone()];
        if let Some(before) = index.checked_sub(1).map(|index| &all[index]) {
            let back = index
                .checked_sub(2)
                .map(|index| &rest[all[index].range.clone()]);
            if has_space(rest, (back, before, token), &open) {
                text.push(' ');
            }
        }
        match word {
            "(" | "[" | "{" => open.push(word),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
        text.push_str(word);
    }
    text.push(' ');
    text.push_str(trail);
    Some(text)
}

/// Whether a space stands between two tokens.
fn has_space(
    text: &str,
    (back, before, token): (Option<&str>, &Token, &Token),
    open: &[&str],
) -> bool {
    let left = &text[before.range.clone()];
    let right = &text[token.range.clone()];
    let is_value = match before.kind {
        TokenKind::Word => !WORDS.contains(&left),
        TokenKind::Number | TokenKind::Text => true,
        TokenKind::Sign => matches!(left, ")" | "]" | "}"),
    };
    let is_inside = |bracket: &str| open.last() == Some(&bracket);
    // A sign in front of a number, and not between two values.
    let is_sign = matches!(left, "-" | "+")
        && back.is_none_or(|back| {
            WORDS.contains(&back)
                || !back.ends_with(|c: char| {
                    c.is_alphanumeric() || matches!(c, ')' | ']' | '}' | '\'' | '"' | '_')
                })
        });
    match (left, right) {
        ("." | "(" | "[" | "{", _) | (_, "." | ")" | "]" | "}" | ",") => false,
        ("=", _) | (_, "=") if is_inside("(") => false,
        (_, "(" | "[") => !is_value,
        (":", _) => !is_inside("["),
        (_, ":") => false,
        _ => !is_sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_written_in_one_way() {
        for (written, formatted) in [
            ("{{row.a|upper}}", "{{ row.a | upper }}"),
            (
                "{{ row.a  |  replace( 'a','b' ) }}",
                "{{ row.a | replace('a', 'b') }}",
            ),
            ("{{a==1 and not b}}", "{{ a == 1 and not b }}"),
            ("{{ -1+ x[ -1 ] }}", "{{ -1 + x[-1] }}"),
            ("{{ f(a = 1,b=[1,2]) }}", "{{ f(a=1, b=[1, 2]) }}"),
            ("{%if x%}y{%- endif -%}", "{% if x %}y{%- endif -%}"),
            ("{% set x=1 %}", "{% set x = 1 %}"),
            ("{{ {'a':1} }}", "{{ {'a': 1} }}"),
            ("{{ x[1:2] }}", "{{ x[1:2] }}"),
            ("{{ x in [1] }}", "{{ x in [1] }}"),
            ("{{ a-b }}", "{{ a - b }}"),
            ("{{ 'a  |b' ~x }}", "{{ 'a  |b' ~ x }}"),
            ("{{ x if y else -1 }}", "{{ x if y else -1 }}"),
            ("{{ x.y( 'a' ).z }}", "{{ x.y('a').z }}"),
            ("{{ (a or b)[0] }}", "{{ (a or b)[0] }}"),
            ("{{ x is not none }}", "{{ x is not none }}"),
            ("{{ }}", "{{ }}"),
        ] {
            let mut text = written.to_owned();
            for edit in format_templates(written).into_iter().rev() {
                text.replace_range(edit.place, &edit.text);
            }
            assert_eq!(text, formatted);
        }
    }
}
