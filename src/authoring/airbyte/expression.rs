//! Templates of a manifest become templates of a spec: the same Jinja over other names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// What names mean where a template stands.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What a field of a partition is here: `product.id`.
    pub partitions: BTreeMap<String, String>,
    /// What the bounds of a window are here.
    pub bounds: BTreeMap<String, String>,
    /// What the value of the next page is here: `page.cursor`.
    pub page: Option<&'static str>,
}

/// A value as a template writes it.
pub fn literal_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(format!("'{}'", text.replace('\'', "\\'"))),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The option of a way through the configuration: `credentials`, `token` is `CREDENTIALS_TOKEN`.
pub fn option_of(way: &[String]) -> String {
    super::super::option_lines::option_name(&way.join("_"))
}

/// A text, its templates rewritten; an error names what has no counterpart.
pub fn rewritten(text: &str, names: &Names) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        out.push_str(&rest[..start]);
        let (open, close) = match &rest[start..start + 2] {
            "{{" => ("{{", "}}"),
            _ => ("{%", "%}"),
        };
        let inner = &rest[start + 2..];
        let end = inner.find(close).ok_or("a template without an end")?;
        let (inner, after) = (&inner[..end], &inner[end + 2..]);
        let (inner, left) = match inner.strip_prefix('-') {
            Some(inner) => (inner, "-"),
            None => (inner, ""),
        };
        let (inner, right) = match inner.strip_suffix('-') {
            Some(inner) => (inner, "-"),
            None => (inner, ""),
        };
        let expression = expression(inner.trim(), names)?;
        // Writing into a string does not fail.
        let _ = write!(out, "{open}{left} {expression} {right}{close}");
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// What stands between the braces of a template that is nothing else.
pub fn inner(template: &str) -> Option<&str> {
    let inner = template.strip_prefix("{{")?.strip_suffix("}}")?;
    Some(inner.trim())
}

/// What stands between braces, rewritten.
pub fn expression(text: &str, names: &Names) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if matches!(first, '\'' | '"') {
            let end = end_of_text(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' {
            let end = end_of_name(rest);
            let (name, after) = (&rest[..end], &rest[end..]);
            let before = out.trim_end().chars().next_back();
            if before == Some('|') {
                out.push_str(filter(name));
                rest = after;
            } else if before == Some('.') {
                out.push_str(name);
                rest = after;
            } else {
                let (written, left) = value(name, after, names)?;
                out.push_str(&written);
                rest = left;
            }
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(out)
}

fn end_of_name(text: &str) -> usize {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    end.unwrap_or(text.len())
}

fn end_of_text(text: &str) -> usize {
    let quote = text.chars().next().unwrap_or_default();
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Filters that are called otherwise here.
fn filter(name: &str) -> &str {
    match name {
        "base64encode" => "base64",
        "base64decode" => "base64_decode",
        other => other,
    }
}

/// The names on a way: `.a`, `['b']`, `.get('c')`; what follows comes back.
fn way(mut rest: &str) -> (Vec<String>, Option<String>, &str) {
    let mut names = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(".get(") {
            let (inner, behind) = closed(after);
            let arguments = arguments(inner);
            if let Some(name) = arguments.first().and_then(|first| quoted(first)) {
                names.push(name);
                rest = behind;
                if let Some(default) = arguments.get(1) {
                    return (names, Some(default.clone()), rest);
                }
                continue;
            }
        }
        if let Some(after) = rest.strip_prefix('.') {
            let end = end_of_name(after);
            if end > 0 && !after[end..].starts_with('(') {
                names.push(after[..end].to_owned());
                rest = &after[end..];
                continue;
            }
        }
        if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(']').unwrap_or(after.len());
            if let Some(name) = quoted(&after[..end]) {
                names.push(name);
                rest = after.get(end + 1..).unwrap_or_default();
                continue;
            }
        }
        return (names, None, rest);
    }
}

fn quoted(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    let inner = inner.or_else(|| {
        text.strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
    });
    inner.map(str::to_owned)
}

/// What stands in the parentheses of a call that are open, and what follows.
fn closed(text: &str) -> (&str, &str) {
    let close = end_of_call(text);
    (&text[..close], text.get(close + 1..).unwrap_or_default())
}

/// Where the parentheses of a call close.
fn end_of_call(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in outside_of_texts(text) {
        match c {
            '(' | '[' => depth += 1,
            ')' if depth == 0 => return at,
            ')' | ']' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in outside_of_texts(text) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text[start..].trim().is_empty() {
        arguments.push(text[start..].trim().to_owned());
    }
    arguments
}

/// The characters that stand in no quotes, each with its place.
fn outside_of_texts(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        loop {
            let (at, rest) = (next, &text[next..]);
            let c = rest.chars().next()?;
            if !matches!(c, '\'' | '"') {
                next += c.len_utf8();
                return Some((at, c));
            }
            next += end_of_text(rest);
        }
    })
}

fn path(names: &[String]) -> String {
    let is_plain = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let parts = names.iter().map(|name| {
        if is_plain(name) {
            format!(".{name}")
        } else {
            format!("['{name}']")
        }
    });
    parts.collect()
}

/// A name with what follows it.
fn value<'t>(name: &str, after: &'t str, names: &Names) -> Result<(String, &'t str), String> {
    let trimmed = after.trim_start();
    if let (Some(inner), false) = (trimmed.strip_prefix('('), is_word(name)) {
        let (inner, rest) = closed(inner);
        let mut given = Vec::new();
        for argument in arguments(inner) {
            given.push(expression(&argument, names)?);
        }
        return Ok(formatted(call(name, &given)?, rest));
    }
    let (way, default, rest) = way(after);
    let (root, way) = match name {
        "config" if way.is_empty() => return Err("`config` as a whole".to_owned()),
        "config" => (format!("options.{}", option_of(&way)), Vec::new()),
        "response" => ("response.body".to_owned(), way),
        "headers" => ("response.headers".to_owned(), way),
        "last_record" => ("page.last".to_owned(), way),
        "last_page_size" => ("page.count".to_owned(), way),
        "stream_state" => ("since".to_owned(), Vec::new()),
        "next_page_token" => match names.page {
            Some(page) => (page.to_owned(), Vec::new()),
            None => return Err("`next_page_token` where nothing is paged".to_owned()),
        },
        "stream_partition" | "stream_slice" | "stream_interval" => {
            let Some((first, more)) = way.split_first() else {
                return Err(format!("`{name}` as a whole"));
            };
            let known = names.partitions.get(first).or(names.bounds.get(first));
            let known = known.ok_or_else(|| format!("`{name}.{first}`"))?;
            (known.clone(), more.to_vec())
        }
        "parameters" => return Err(format!("`parameters{}`", path(&way))),
        "components_values" | "stream_template" => return Err(format!("`{name}`")),
        other => (other.to_owned(), way),
    };
    let written = format!("{root}{}", path(&way));
    let written = match default {
        Some(default) => format!("({written} or {})", expression(&default, names)?),
        None => written,
    };
    Ok(formatted(written, rest))
}

/// `.strftime('…')` behind a value is a filter here.
fn formatted(written: String, rest: &str) -> (String, &str) {
    let Some(inner) = rest.strip_prefix(".strftime(") else {
        return (written, rest);
    };
    let (format, rest) = closed(inner);
    (format!("({written} | date({format}))"), rest)
}

/// Words of Jinja, behind which a parenthesis is no call.
fn is_word(name: &str) -> bool {
    [
        "and", "or", "not", "in", "is", "if", "else", "elif", "for", "set", "true", "false", "none",
    ]
    .contains(&name)
}

fn call(name: &str, given: &[String]) -> Result<String, String> {
    let one = |index: usize| given.get(index).map_or("none", String::as_str);
    Ok(match name {
        "now_utc" => "now()".to_owned(),
        "today_utc" | "today_with_timezone" => "(now() | date('%Y-%m-%d'))".to_owned(),
        "timestamp" => format!("({} | date('%s') | int)", one(0)),
        "str_to_datetime" => format!("date({})", one(0)),
        "format_datetime" => format!("({} | date({}))", one(0), one(1)),
        "duration" => format!("duration({})", one(0)),
        "max" | "min" => format!("([{}] | {name})", given.join(", ")),
        "day_delta" => {
            let days = one(0).trim();
            let format = given
                .get(1)
                .map_or("'%Y-%m-%dT%H:%M:%S.%f%z'", String::as_str);
            let (sign, days) = match days.strip_prefix('-') {
                Some(days) => ('-', days),
                None => ('+', days),
            };
            format!("((now() {sign} duration('{days}d')) | date({format}))")
        }
        other => return Err(format!("the function `{other}`")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names {
            partitions: [("shop_id".to_owned(), "shop.id".to_owned())].into(),
            bounds: [("start_time".to_owned(), "window.from".to_owned())].into(),
            page: Some("page.cursor"),
        }
    }

    #[test]
    fn names_are_those_of_a_spec() {
        for (theirs, ours) in [
            ("{{ config['api_key'] }}", "{{ options.API_KEY }}"),
            (
                "{{config.credentials.token}}",
                "{{ options.CREDENTIALS_TOKEN }}",
            ),
            ("{{ config.get('limit', 5) }}", "{{ (options.LIMIT or 5) }}"),
            ("a/{{ stream_partition.shop_id }}/b", "a/{{ shop.id }}/b"),
            (
                "{{ stream_slice['shop_id'] ~ 'config' }}",
                "{{ shop.id ~ 'config' }}",
            ),
            ("{{ stream_interval['start_time'] }}", "{{ window.from }}"),
            (
                "{{ next_page_token['next_page_token'] }}",
                "{{ page.cursor }}",
            ),
            (
                "{{ response.meta['next-page'] }}",
                "{{ response.body.meta['next-page'] }}",
            ),
            (
                "{{ headers['X-Next'] }}",
                "{{ response.headers['X-Next'] }}",
            ),
            (
                "{{ last_record['id'] and not response.get('more') }}",
                "{{ page.last.id and not response.body.more }}",
            ),
            (
                "{{ format_datetime(config['start'], '%Y-%m-%d') }}",
                "{{ (options.START | date('%Y-%m-%d')) }}",
            ),
            (
                "{{ day_delta(-3, format='%Y') }}",
                "{{ ((now() - duration('3d')) | date(format='%Y')) }}",
            ),
            (
                "{{ now_utc().strftime('%Y') }}",
                "{{ (now() | date('%Y')) }}",
            ),
            (
                "{{ record.name | base64encode }}",
                "{{ record.name | base64 }}",
            ),
            (
                "{%- if record.a in (1, 2) -%}x{% endif %}",
                "{%- if record.a in (1, 2) -%}x{% endif %}",
            ),
            ("plain", "plain"),
        ] {
            assert_eq!(rewritten(theirs, &names()).as_deref(), Ok(ours), "{theirs}");
        }
        for theirs in [
            "{{ stream_partition.other }}",
            "{{ camel_case_to_snake_case(record.a) }}",
            "{{ config }}",
        ] {
            assert!(rewritten(theirs, &names()).is_err(), "{theirs}");
        }
    }
}
