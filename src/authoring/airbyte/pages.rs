//! Paginators become `pages`, and what they put into requests.

use serde_json::{Value, json};

use super::block::Block;
use super::expression::{Names, inner, rewritten};
use super::manifest::{get, kind, list, text};

/// How a list is paged, and what its request carries for it.
#[derive(Debug, Default)]
pub struct Paging {
    /// `pages`; nothing where it is one page.
    pub pages: Option<Value>,
    /// Where values go: the option, and the template that gives the value.
    pub carried: Vec<(Value, String)>,
    /// What the value of the next page is called.
    pub page: Option<&'static str>,
}

/// What a paginator is here; an error is why it is nothing.
pub fn paging(paginator: Option<&Value>, names: &Names) -> Result<Paging, String> {
    let Some(paginator) = paginator else {
        return Ok(Paging::default());
    };
    match kind(paginator) {
        "NoPagination" => return Ok(Paging::default()),
        "DefaultPaginator" | "" => {}
        other => return Err(format!("`{other}` has no counterpart")),
    }
    let strategy = get(paginator, "pagination_strategy").ok_or("a paginator without a strategy")?;
    let mut keys = Block::new();
    if let Some(size) = text(strategy, "page_size") {
        let size = rewritten(&size, names)?;
        let number = size.parse::<u64>();
        keys.insert(
            "size".to_owned(),
            number.map_or_else(|_| json!(size), |size| json!(size)),
        );
    }
    let is_on_first = get(strategy, "inject_on_first_request").is_some_and(|flag| flag == true);
    let token = get(paginator, "page_token_option");
    let is_path = token.is_some_and(|token| kind(token) == "RequestPath");
    let (choice, page) = match kind(strategy) {
        "PageIncrement" => {
            let start = text(strategy, "start_from_page").unwrap_or_else(|| "0".to_owned());
            if start != "1" {
                let start: u64 = start
                    .parse()
                    .map_err(|_| "a first page that is no number")?;
                keys.insert("start".to_owned(), json!(start));
            }
            ("page", "page.number")
        }
        "OffsetIncrement" => ("offset", "page.offset"),
        "CursorPagination" => {
            let next = text(strategy, "cursor_value").ok_or("a cursor without a value")?;
            let next = rewritten(&next, names)?;
            if is_link(&next) {
                if !is_path {
                    return Err(
                        "the address of a `Link` header that is sent as a parameter".to_owned()
                    );
                }
                let pages = Some(json!("link_header"));
                return Ok(Paging {
                    pages,
                    ..Paging::default()
                });
            }
            keys.insert("next".to_owned(), json!(path_of(&next).unwrap_or(next)));
            if let Some(stop) = text(strategy, "stop_condition") {
                keys.insert("stop".to_owned(), json!(rewritten(&stop, names)?));
            }
            if is_path {
                keys.remove("size");
                ("next_url", "page.cursor")
            } else {
                ("cursor", "page.cursor")
            }
        }
        other => return Err(format!("`{other}` has no counterpart")),
    };
    let mut carried = Vec::new();
    if let (Some(token), false) = (token, is_path) {
        let value = match (choice, is_on_first) {
            ("cursor", _) | (_, true) => format!("{{{{ {page} }}}}"),
            // The first page is asked for without it.
            _ => format!("{{{{ {page} if not page.first }}}}"),
        };
        carried.push((token.clone(), value));
    }
    if let Some(size) = get(paginator, "page_size_option") {
        let value = if keys.contains_key("size") {
            "{{ page.size }}".to_owned()
        } else {
            text(strategy, "page_size").ok_or("a size that is sent and not said")?
        };
        carried.push((size.clone(), value));
    }
    if choice != "next_url" && token.is_none() {
        return Err("a value of the next page that is sent nowhere".to_owned());
    }
    Ok(Paging {
        pages: Some(json!({ choice: keys })),
        carried,
        page: Some(page),
    })
}

/// Whether a template takes the next address of a `Link` header.
fn is_link(template: &str) -> bool {
    let lower = template.to_lowercase().replace('"', "'").replace(' ', "");
    [
        "response.headers['link']['next']['url']",
        "response.headers.link.next.url",
    ]
    .iter()
    .any(|link| lower.contains(link))
}

/// The path of a template that is one way through the answer.
fn path_of(template: &str) -> Option<String> {
    let way = inner(template)?.strip_prefix("response.body.")?;
    let is_plain = way
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    is_plain.then(|| format!("$.{way}"))
}

/// Puts a value where an option of a request says.
pub fn inject(option: &Value, value: &str, request: &mut Block) -> Result<(), String> {
    let place = match text(option, "inject_into").as_deref() {
        Some("request_parameter") => "query",
        Some("header") => "headers",
        Some("body_json") => "json",
        Some("body_data") => "form",
        other => return Err(format!("a value in `{}`", other.unwrap_or_default())),
    };
    let way: Vec<String> = if let Some(name) = text(option, "field_name") {
        vec![name]
    } else {
        let parts = list(option, "field_path").iter();
        let parts = parts.filter_map(|part| part.as_str().map(str::to_owned));
        parts.collect()
    };
    let Some((last, before)) = way.split_last() else {
        return Err("a value without the name of its field".to_owned());
    };
    let entry = request.entry(place).or_insert_with(|| json!({}));
    let mut map = entry.as_object_mut().ok_or("a body that is no map")?;
    for part in before {
        let inner = map.entry(part.clone()).or_insert_with(|| json!({}));
        map = inner
            .as_object_mut()
            .ok_or("a place in a body that is no map")?;
    }
    map.insert(last.clone(), json!(value));
    Ok(())
}
