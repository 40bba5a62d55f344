//! How a list is paged, as far as a request and its answer show it.

use serde_json::Value;

use super::answer::{End, Found, Paging, is_name};
use super::body::is_form;
use super::request::Request;
use super::yaml;

/// Parameters that say how many records a page has.
const SIZES: [&str; 9] = [
    "limit",
    "per_page",
    "page_size",
    "pagesize",
    "pageSize",
    "size",
    "perPage",
    "first",
    "max_results",
];
/// Parameters that number pages.
const NUMBERS: [&str; 5] = ["page", "page_number", "pageNumber", "p", "page[number]"];
/// Parameters that say how many records come before.
const OFFSETS: [&str; 4] = ["offset", "skip", "start", "from"];
/// Parameters that take the value of the next page.
const CURSORS: [&str; 10] = [
    "cursor",
    "after",
    "page_token",
    "pageToken",
    "next_token",
    "nextToken",
    "starting_after",
    "continuation",
    "page_info",
    "next_cursor",
];

/// How the list is paged, and which parameters say so.
pub(super) enum Pages {
    Unknown,
    Number {
        parameter: String,
        size: Option<(String, String)>,
        start: String,
        end: Option<End>,
    },
    Offset {
        parameter: String,
        size: (String, String),
        end: Option<End>,
    },
    Cursor {
        parameter: String,
        next: String,
        end: Option<End>,
    },
    NextUrl(String),
    LinkHeader,
}

impl Pages {
    pub fn of(request: &Request, found: Option<&Found>) -> Self {
        let parameters = parameters(request);
        let parameter = |names: &[&str]| {
            let mut all = parameters.iter();
            all.find(|(key, _)| names.contains(&key.as_str())).cloned()
        };
        let is_size =
            |(_, value): &(String, String)| value.parse::<u64>().is_ok_and(|size| size > 0);
        let size = parameter(&SIZES).filter(is_size);
        let number = parameter(&NUMBERS).and_then(|(parameter, start)| {
            let start = start.parse::<u64>().ok()?.to_string();
            Some((parameter, start))
        });
        let ends = found.map(|found| found.end.as_slice()).unwrap_or_default();
        let numbered = |(parameter, start), size| Self::Number {
            parameter,
            size,
            start,
            end: ends.first().cloned(),
        };
        let offset_end = || {
            let mut ends = ends.iter();
            ends.find(|end| !matches!(end, End::Pages(_))).cloned()
        };
        let shown = found.map(|found| &found.pages);
        match shown {
            Some(Paging::NextUrl(path)) => return Self::NextUrl(path.clone()),
            Some(Paging::LinkHeader) => return Self::LinkHeader,
            Some(Paging::Cursor(next)) => {
                let named = parameter(&CURSORS);
                if let (None, Some(number)) = (&named, number) {
                    return numbered(number, size);
                }
                let key = next.rsplit('.').next().unwrap_or("cursor");
                let parameter = named.map_or_else(|| without_next(key), |(key, _)| key);
                // A value may stand there though there is no more.
                let mut ends = ends.iter();
                let end = ends.find(|end| matches!(end, End::More(_))).cloned();
                return Self::Cursor {
                    parameter,
                    next: next.clone(),
                    end,
                };
            }
            Some(Paging::Unseen | Paging::More { .. }) | None => {}
        }
        if let Some(number) = number {
            return numbered(number, size);
        }
        let offset = parameter(&OFFSETS).map(|(parameter, _)| parameter);
        if let (Some(parameter), Some(size)) = (&offset, &size) {
            return Self::Offset {
                parameter: parameter.clone(),
                size: size.clone(),
                end: offset_end(),
            };
        }
        if let (Some(Paging::More { by, start }), Some(found)) = (shown, found) {
            let by = offset.or_else(|| by.clone()).unwrap_or("page".to_owned());
            if !OFFSETS.contains(&by.as_str()) {
                return numbered((by, start.to_string()), size);
            }
            return Self::Offset {
                parameter: by,
                size: size.unwrap_or_else(|| (String::new(), found.count.to_string())),
                end: offset_end(),
            };
        }
        // Whether a list is whole, one answer does not show.
        Self::Unknown
    }

    /// The template of a parameter that pages.
    fn template_of(&self, key: &str) -> Option<&'static str> {
        let is = |parameter: &str| parameter == key;
        match self {
            Self::Number { parameter, .. } if is(parameter) => Some("{{ page.number }}"),
            Self::Offset { parameter, .. } if is(parameter) => Some("{{ page.offset }}"),
            Self::Cursor { parameter, .. } if is(parameter) => Some("{{ page.cursor }}"),
            Self::Number {
                size: Some((size, _)),
                ..
            }
            | Self::Offset {
                size: (size, _), ..
            } if is(size) => Some("{{ page.size }}"),
            Self::Unknown
            | Self::Number { .. }
            | Self::Offset { .. }
            | Self::Cursor { .. }
            | Self::NextUrl(_)
            | Self::LinkHeader => None,
        }
    }

    /// The value of a parameter that pages, with what people should know of it.
    pub fn value_of(&self, key: &str) -> Option<String> {
        let template = self.template_of(key)?;
        let comment = match self {
            Self::Cursor { .. } => "   # nothing on the first page: then it is not sent",
            _ => "",
        };
        Some(format!("\"{template}\"{comment}"))
    }

    /// A parameter that pages and that the command did not have: its name and its template.
    pub fn added(&self, request: &Request) -> Option<(&str, &'static str)> {
        let parameter = match self {
            Self::Number { parameter, .. }
            | Self::Offset { parameter, .. }
            | Self::Cursor { parameter, .. } => parameter,
            Self::Unknown | Self::NextUrl(_) | Self::LinkHeader => return None,
        };
        let is_there = parameters(request).iter().any(|(key, _)| key == parameter);
        let template = self.template_of(parameter)?;
        (!is_there).then_some((parameter.as_str(), template))
    }

    /// Writes the templates of parameters that page into a body of JSON.
    pub fn fill(&self, body: &mut Value) {
        match body {
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    match self.template_of(key) {
                        Some(template) if !value.is_object() && !value.is_array() => {
                            *value = template.into();
                        }
                        _ => self.fill(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }

    pub fn line(&self) -> String {
        match self {
            Self::Unknown => {
                "none              # the answer does not show how it is paged: runner explain pages"
                    .to_owned()
            }
            Self::Number {
                size, start, end, ..
            } => {
                let size = size
                    .as_ref()
                    .map_or_else(String::new, |(_, size)| format!(" size: {size},"));
                format!(
                    "{{ page: {{{size} start: {start}{} }} }}",
                    end_of(end.as_ref())
                )
            }
            Self::Offset {
                size: (_, size),
                end,
                ..
            } => format!("{{ offset: {{ size: {size}{} }} }}", end_of(end.as_ref())),
            Self::Cursor { next, end, .. } => {
                let end = end_of(end.as_ref());
                format!("{{ cursor: {{ next: {}{end} }} }}", yaml(next))
            }
            Self::NextUrl(next) => format!("{{ next_url: {{ next: {} }} }}", yaml(next)),
            Self::LinkHeader => "link_header".to_owned(),
        }
    }
}

/// What a parameter is called whose next value stands under this key: `nextPageToken` is sent as
/// `pageToken`.
fn without_next(key: &str) -> String {
    if let Some(rest) = key.strip_prefix("next_") {
        return rest.to_owned();
    }
    let mut rest = key.strip_prefix("next").unwrap_or_default().chars();
    match rest.next() {
        Some(first) if first.is_uppercase() => first.to_lowercase().chain(rest).collect(),
        _ => key.to_owned(),
    }
}

/// The key that says where a list ends, behind others.
fn end_of(end: Option<&End>) -> String {
    match end {
        None => String::new(),
        Some(End::Pages(path)) => format!(", pages: {}", yaml(path)),
        Some(End::Total(path)) => format!(", total: {}", yaml(path)),
        Some(End::More(path)) => {
            let path = path.trim_start_matches("$.");
            if path.split('.').all(is_name) {
                format!(", stop: \"{{{{ not response.body.{path} }}}}\"")
            } else {
                String::new()
            }
        }
    }
}

/// What a request says by names: its query, and the fields of its body that are no lists and no maps.
fn parameters(request: &Request) -> Vec<(String, String)> {
    fn gather(value: &Value, all: &mut Vec<(String, String)>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::Object(_) => gather(value, all),
                Value::String(text) => all.push((key.clone(), text.clone())),
                Value::Number(number) => all.push((key.clone(), number.to_string())),
                Value::Null => all.push((key.clone(), String::new())),
                Value::Bool(_) | Value::Array(_) => {}
            }
        }
    }
    let mut all = request.query.clone();
    let Some(body) = &request.body else {
        return all;
    };
    match serde_json::from_str(body) {
        Ok(json) => gather(&json, &mut all),
        Err(_) if is_form(body) => {
            all.extend(form_urlencoded::parse(body.as_bytes()).into_owned());
        }
        Err(_) => {}
    }
    all
}

/// Whether a parameter is one that pages.
pub(super) fn pages_by(name: &str) -> bool {
    let all = [&SIZES[..], &NUMBERS, &OFFSETS, &CURSORS];
    all.iter().any(|names| names.contains(&name))
}

/// What a parameter that pages is on the first page.
pub(super) fn first_of(name: &str) -> Option<String> {
    let first = if SIZES.contains(&name) {
        "100"
    } else if NUMBERS.contains(&name) {
        "1"
    } else if OFFSETS.contains(&name) {
        "0"
    } else {
        return None;
    };
    Some(first.to_owned())
}
