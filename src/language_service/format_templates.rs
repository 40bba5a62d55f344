//! Templates written as one writes them: a space within the braces, around bars and operators, behind
//! commas.

use minijinja::machinery::tokenize;
use minijinja::syntax::SyntaxConfig;

use super::open_spec::OpenSpec;
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

/// The edits that write all templates of a spec in one way. Those of several lines stay, and so does what
/// is written with escapes; no edit changes what a template means.
pub fn format_templates(spec: &OpenSpec) -> Vec<Edit> {
    let mut all = spec.seen().templates;
    all.sort_by_key(|(_, place)| place.start);
    all.dedup();
    let edits = all.into_iter().filter_map(|(text, place)| {
        let is_as_written = spec.text.get(place.clone()) == Some(text.as_str());
        let formatted = if is_as_written {
            in_one_way(&text)?
        } else {
            return None;
        };
        Some(Edit {
            place,
            text: formatted,
        })
    });
    edits.collect()
}

/// A template's text written in one way; nothing where it is already, or would mean something else.
fn in_one_way(text: &str) -> Option<String> {
    if text.contains('\n') || text.contains("{#") {
        return None;
    }
    let mut formatted = String::new();
    let mut from = 0;
    for template in templates(text) {
        if !template.is_closed {
            return None;
        }
        formatted.push_str(&text[from..template.inside.start]);
        let inside = &text[template.inside.clone()];
        // Braces inside may hold what looks like the end.
        if inside.contains(['{', '}']) {
            return None;
        }
        formatted.push_str(&self::formatted(inside).unwrap_or_else(|| inside.to_owned()));
        from = template.inside.end;
    }
    formatted.push_str(&text[from..]);
    let is_same = words(text)? == words(&formatted)?;
    (formatted != text && is_same).then_some(formatted)
}

/// What a template is made of, as its parser sees it: text around it, words, signs, texts, numbers.
fn words(text: &str) -> Option<Vec<String>> {
    let tokens = tokenize(text, false, SyntaxConfig::default());
    tokens
        .map(|token| token.ok().map(|(token, _)| format!("{token:?}")))
        .collect()
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
            ("{{ {'a':1} }}", "{{ {'a':1} }}"),
            ("{{ x[1:2] }}", "{{ x[1:2] }}"),
            ("{{ x in [1] }}", "{{ x in [1] }}"),
            ("{{ a-b }}", "{{ a - b }}"),
            ("{{ 'a  |b' ~x }}", "{{ 'a  |b' ~ x }}"),
            ("{{ x if y else -1 }}", "{{ x if y else -1 }}"),
            ("{{ x.y( 'a' ).z }}", "{{ x.y('a').z }}"),
            ("{{ (a or b)[0] }}", "{{ (a or b)[0] }}"),
            ("{{ x is not none }}", "{{ x is not none }}"),
            ("{{ }}", "{{ }}"),
            ("{{'x}}y'|upper}}", "{{'x}}y'|upper}}"),
            ("{{ 1e-5+1.5e+3 }}", "{{ 1e-5+1.5e+3 }}"),
            (
                "{% raw %}{{a|b}}{% endraw %}",
                "{% raw %}{{a|b}}{% endraw %}",
            ),
            ("{# {{a|b}} #}{{a|b}}", "{# {{a|b}} #}{{a|b}}"),
            ("{{ {'a':{'b':1}}.a.b+1 }}", "{{ {'a':{'b':1}}.a.b+1 }}"),
        ] {
            let text = in_one_way(written).unwrap_or_else(|| written.to_owned());
            assert_eq!(text, formatted);
        }
    }
}
