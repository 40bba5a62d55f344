//! Text that looks like a template and is none: `{ row.x }`, `${x}`, `row.title`.

use std::ops::Range;

use super::scope::Scope;
use super::text::template_start;

/// Names whose fields are hardly ever written as mere text.
const SPEAKING: [&str; 5] = ["row", "record", "options", "vars", "outcome"];

/// The part of a text that looks like a template, and how it would be one.
pub fn lookalike(text: &str, scope: &Scope) -> Option<(Range<usize>, String)> {
    whole(text, scope).or_else(|| inside(text, scope))
}

/// The same in a text that has templates too.
pub fn beside_templates(text: &str, scope: &Scope) -> Option<(Range<usize>, String)> {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = template_start(rest) {
        let closing = if rest[start..].starts_with("{{") {
            "}}"
        } else {
            "%}"
        };
        let end = rest[start..]
            .find(closing)
            .map_or(rest.len(), |end| start + end + 2);
        masked.push_str(&rest[..start]);
        // Bytes keep their places; what stands for a template is no letter.
        masked.extend(std::iter::repeat_n('\u{1}', end - start));
        rest = &rest[end..];
    }
    masked.push_str(rest);
    inside(&masked, scope)
}

/// `row.title | upper` and nothing else.
fn whole(text: &str, scope: &Scope) -> Option<(Range<usize>, String)> {
    let path = text.split('|').next()?.trim();
    let (name, field) = path.split_once('.')?;
    let is_field = !field.is_empty() && field.chars().all(is_of_path);
    if !SPEAKING.contains(&name) || scope.get(name).is_none() || !is_field {
        return None;
    }
    Some((
        0..text.len(),
        format!("write \"{{{{ {} }}}}\"", text.trim()),
    ))
}

/// A part in braces or brackets of another kind.
fn inside(text: &str, scope: &Scope) -> Option<(Range<usize>, String)> {
    const PAIRS: [(&str, &str); 8] = [
        ("{ {", "} }"),
        ("${", "}"),
        ("#{", "}"),
        ("%{", "}"),
        ("<%=", "%>"),
        ("<%", "%>"),
        ("[[", "]]"),
        ("{", "}"),
    ];
    PAIRS.iter().find_map(|(opening, closing)| {
        let start = text.find(opening)?;
        // A block of code.
        let before = text[..start].trim_end();
        if *opening == "{" && (before.ends_with([')', '>', ';']) || before.ends_with("else")) {
            return None;
        }
        let inner = start + opening.len();
        let end = inner + text[inner..].find(closing)?;
        let expression = text[inner..end].trim();
        let name_end = expression
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(expression.len());
        let name = &expression[..name_end];
        let rest = expression[name_end..].trim_start();
        let is_path = rest.is_empty() || rest.starts_with(['.', '[', '|']);
        let is_address = text.starts_with('/') || text.starts_with("http");
        let speaks = scope.get(name).is_some()
            || (*opening == "${" && rest.is_empty() && has_option(scope, name))
            || (*opening == "{" && is_address && rest.is_empty());
        if name.is_empty() || !name.starts_with(|c: char| c.is_alphabetic()) || !is_path || !speaks
        {
            return None;
        }
        let written = if scope.get(name).is_some() {
            expression.to_owned()
        } else if scope.has_field("options", &name.to_lowercase()) {
            format!("options.{}", name.to_lowercase())
        } else if scope.has_field("options", name) || *opening == "${" {
            format!("options.{name}")
        } else {
            format!("record.{name}")
        };
        Some((
            start..end + closing.len(),
            format!("write {{{{ {written} }}}}"),
        ))
    })
}

/// Whether an option is called so, in capitals or small letters.
fn has_option(scope: &Scope, name: &str) -> bool {
    let cased = [name.to_owned(), name.to_lowercase(), name.to_uppercase()];
    cased.iter().any(|name| scope.has_field("options", name))
}

fn is_of_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '\'')
}
