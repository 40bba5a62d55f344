//! How a list is paged, as far as a request and its answer show it.

use super::answer::{Found, Paging};
use super::curl::CurlRequest;
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
    },
    Offset {
        parameter: String,
        size: (String, String),
    },
    Cursor {
        parameter: String,
        next: String,
    },
    NextUrl(String),
    LinkHeader,
}

impl Pages {
    pub fn of(request: &CurlRequest, found: Option<&Found>) -> Self {
        let parameter = |names: &[&str]| {
            let mut query = request.query.iter();
            query
                .find(|(key, _)| names.contains(&key.as_str()))
                .cloned()
        };
        let is_size =
            |(_, value): &(String, String)| value.parse::<u64>().is_ok_and(|size| size > 0);
        let size = parameter(&SIZES).filter(is_size);
        let number = parameter(&NUMBERS).and_then(|(parameter, start)| {
            let start = start.parse::<u64>().ok()?.to_string();
            Some((parameter, start))
        });
        let numbered = |(parameter, start), size| Self::Number {
            parameter,
            size,
            start,
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
                let key = next.rsplit('.').next().unwrap_or("cursor").to_owned();
                let own = key.trim_start_matches("next_").to_owned();
                let parameter = named.map_or(own, |(key, _)| key);
                return Self::Cursor {
                    parameter,
                    next: next.clone(),
                };
            }
            Some(Paging::Unseen) | None => {}
        }
        if let Some(number) = number {
            return numbered(number, size);
        }
        if let (Some((parameter, _)), Some(size)) = (parameter(&OFFSETS), size) {
            return Self::Offset { parameter, size };
        }
        // Whether a list is whole, one answer does not show.
        Self::Unknown
    }

    /// The template of a parameter that pages.
    pub fn value_of(&self, key: &str) -> Option<&'static str> {
        let is = |parameter: &str| parameter == key;
        match self {
            Self::Number { parameter, .. } if is(parameter) => Some("\"{{ page.number }}\""),
            Self::Number {
                size: Some((size, _)),
                ..
            } if is(size) => Some("\"{{ page.size }}\""),
            Self::Offset { parameter, .. } if is(parameter) => Some("\"{{ page.offset }}\""),
            Self::Offset {
                size: (size, _), ..
            } if is(size) => Some("\"{{ page.size }}\""),
            Self::Cursor { parameter, .. } if is(parameter) => {
                Some("\"{{ page.cursor }}\"   # nothing on the first page: then it is not sent")
            }
            _ => None,
        }
    }

    /// A parameter that the command did not have.
    pub fn added(&self, request: &CurlRequest) -> Option<(String, String)> {
        match self {
            Self::Cursor { parameter, .. }
                if !request.query.iter().any(|(key, _)| key == parameter) =>
            {
                let value = "\"{{ page.cursor }}\"   # is it called so? nothing on the first page: then it is not sent";
                Some((parameter.clone(), value.to_owned()))
            }
            _ => None,
        }
    }

    pub fn line(&self) -> String {
        match self {
            Self::Unknown => {
                "none              # the answer does not show how it is paged: runner explain pages"
                    .to_owned()
            }
            Self::Number { size, start, .. } => {
                let size = size
                    .as_ref()
                    .map_or_else(String::new, |(_, size)| format!(" size: {size},"));
                format!("{{ page: {{{size} start: {start} }} }}")
            }
            Self::Offset {
                size: (_, size), ..
            } => format!("{{ offset: {{ size: {size} }} }}"),
            Self::Cursor { next, .. } => format!("{{ cursor: {{ next: {} }} }}", yaml(next)),
            Self::NextUrl(next) => format!("{{ next_url: {{ next: {} }} }}", yaml(next)),
            Self::LinkHeader => "link_header".to_owned(),
        }
    }
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
