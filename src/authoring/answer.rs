//! What an answer shows: the list of records, how it is paged, the id, and the fields that most records
//! have.

use serde_json::{Map, Value};

/// What was found in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Where the records are: `$.data[*]`.
    pub records: Option<String>,
    /// How many there are.
    pub count: usize,
    /// How the list is paged.
    pub pages: Paging,
    /// What says where the list ends, if the answer says that there is more.
    pub end: Vec<End>,
    /// Fields that most records have; of one inside another both names.
    pub columns: Vec<FieldPath>,
    /// Which of them tells records apart.
    pub id: Option<FieldPath>,
}

/// The names that lead to a field of a record.
pub type FieldPath = Vec<String>;

/// Where a list ends, as an answer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The number of pages stands at this path.
    Pages(String),
    /// The number of records stands at this path.
    Total(String),
    /// At this path it is true as long as there is more.
    More(String),
}

/// How a list is paged, as far as an answer shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Paging {
    /// It does not show it.
    #[default]
    Unseen,
    /// The next page's address stands at this path.
    NextUrl(String),
    /// The next page's value stands at this path.
    Cursor(String),
    /// In the header `Link`.
    LinkHeader,
    /// There is more, and nothing leads there: pages are asked for by number, or by how many records
    /// come before. `by` is the key that the answer has for that, where it has one; `start` its value.
    More {
        /// `page`, `offset`; nothing where the answer has no such key.
        by: Option<String>,
        /// Its value in the answer.
        start: u64,
    },
}

/// Keys that say, where they are true, that there is more.
const HAS_MORE: [&str; 8] = [
    "has_more",
    "hasMore",
    "more",
    "has_next",
    "hasNext",
    "has_next_page",
    "hasNextPage",
    "more_items_in_collection",
];
/// Keys under which the number of pages stands.
const PAGE_COUNTS: [&str; 10] = [
    "total_pages",
    "totalPages",
    "page_count",
    "pageCount",
    "last_page",
    "lastPage",
    "num_pages",
    "numPages",
    "pages",
    "nbPages",
];
/// Keys under which the number of this page stands, or of the records before it.
const PLACES: [&str; 9] = [
    "page",
    "current_page",
    "currentPage",
    "page_number",
    "pageNumber",
    "offset",
    "skip",
    "start",
    "from",
];

/// Keys under which the next page stands.
const NEXT: [&str; 18] = [
    "@odata.nextLink",
    "nextLink",
    "NextToken",
    "scrollId",
    "next",
    "next_url",
    "nextUrl",
    "next_page",
    "nextPage",
    "next_page_url",
    "next_cursor",
    "nextCursor",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "nextToken",
    "cursor",
    "endCursor",
];
/// Keys under which the number of all records stands.
const TOTAL: [&str; 8] = [
    "total",
    "total_count",
    "totalCount",
    "total_results",
    "totalResults",
    "count",
    "totalItems",
    "total_items",
];
/// Keys by which records are told apart, the likeliest first.
const IDS: [&str; 8] = [
    "id",
    "sku",
    "uuid",
    "code",
    "product_id",
    "productId",
    "identifier",
    "key",
];
/// Keys of elements under which the record itself stands.
const WRAPPERS: [&str; 2] = ["node", "_source"];
/// Columns that are proposed at most.
const MOST_COLUMNS: usize = 200;
/// How deep lists are looked for.
const DEEPEST: usize = 5;

/// Looks through an answer; `link` is its header `Link`.
pub fn found_in(body: &Value, link: Option<&str>) -> Found {
    let mut found = Found::default();
    let mut lists = Vec::new();
    lists_in(body, "$", 0, &mut lists);
    // Of several that are alike the first; links and errors are no records.
    let records = lists.into_iter().rev().max_by_key(|(path, list)| {
        (
            likeness(path) > 0,
            list.len().min(2),
            likeness(path),
            std::cmp::Reverse(path.matches('.').count()),
            list.len(),
        )
    });
    found.pages = paging(body, link);
    let Some((path, list)) = records else {
        return found;
    };
    found.end = ends(body, list.len());
    if found.pages == Paging::Unseen && !found.end.is_empty() {
        found.pages = more(body);
    }
    found.count = list.len();
    let mut records: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
    // The records of a connection of GraphQL, and of Elasticsearch, are inside something of its own.
    let wrapped = WRAPPERS.iter().find_map(|wrapper| {
        let inner: Option<Vec<_>> = list
            .iter()
            .map(|one| one.get(wrapper)?.as_object())
            .collect();
        Some((wrapper, inner?))
    });
    found.records = Some(match wrapped {
        Some((wrapper, inner)) => {
            records = inner;
            format!("{path}[*].{wrapper}")
        }
        None => format!("{path}[*]"),
    });
    found.columns = columns(&records);
    found.id = id_of(&records, &found.columns);
    found
}

/// What records show that were read already.
pub fn found_of(records: &[Value]) -> Found {
    let records: Vec<&Map<String, Value>> = records.iter().filter_map(Value::as_object).collect();
    let columns = columns(&records);
    Found {
        count: records.len(),
        id: id_of(&records, &columns),
        columns,
        ..Found::default()
    }
}

/// How much a list is called as records are.
fn likeness(path: &str) -> u8 {
    let name = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    match name.as_str() {
        "data" | "items" | "results" | "records" | "products" | "nodes" | "edges" | "value"
        | "hits" => 2,
        "errors" | "warnings" | "messages" | "facets" | "filters" | "links" | "_links" | "link"
        | "meta" | "aggregations" => 0,
        _ => 1,
    }
}

/// All lists of maps, with their paths.
fn lists_in<'v>(
    value: &'v Value,
    path: &str,
    depth: usize,
    lists: &mut Vec<(String, &'v Vec<Value>)>,
) {
    match value {
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_object) => {
            lists.push((path.to_owned(), list));
        }
        Value::Object(map) if depth < DEEPEST => {
            for (key, value) in map {
                lists_in(value, &step(path, key), depth + 1, lists);
            }
        }
        _ => {}
    }
}

fn step(path: &str, key: &str) -> String {
    let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !key.starts_with(|c: char| c.is_ascii_digit());
    if is_plain {
        format!("{path}.{key}")
    } else {
        format!(
            "{path}['{}']",
            key.replace('\\', "\\\\").replace('\'', "\\'")
        )
    }
}

/// The path of the first of these keys whose value is meant; lists are not looked into.
fn key_in(
    value: &Value,
    path: &str,
    keys: &[&str],
    depth: usize,
    is_meant: &dyn Fn(&Value) -> bool,
) -> Option<String> {
    let map = value.as_object()?;
    let here = keys.iter().find(|key| map.get(**key).is_some_and(is_meant));
    if let Some(key) = here {
        return Some(step(path, key));
    }
    if depth >= 3 {
        return None;
    }
    map.iter()
        .find_map(|(key, value)| key_in(value, &step(path, key), keys, depth + 1, is_meant))
}

fn paging(body: &Value, link: Option<&str>) -> Paging {
    if link.is_some_and(|link| link.contains("rel=\"next\"") || link.contains("rel=next")) {
        return Paging::LinkHeader;
    }
    let is_url = |value: &Value| {
        let text = value.as_str().or_else(|| value.get("href")?.as_str());
        text.is_some_and(|text| text.starts_with("http") || text.starts_with('/'))
    };
    if let Some(path) = key_in(body, "$", &NEXT, 0, &is_url) {
        let pointer = path.trim_start_matches('$').replace('.', "/");
        let has_href = body
            .pointer(&pointer)
            .is_some_and(|value| value.get("href").is_some());
        return Paging::NextUrl(if has_href {
            format!("{path}.href")
        } else {
            path
        });
    }
    let is_value =
        |value: &Value| value.as_str().is_some_and(|text| !text.is_empty()) || value.is_u64();
    match key_in(body, "$", &NEXT, 0, &is_value) {
        Some(path) => Paging::Cursor(path),
        None => next_of_links(body).map_or(Paging::Unseen, Paging::NextUrl),
    }
}

/// The address in `links: [{ rel: next, href: … }]`.
fn next_of_links(body: &Value) -> Option<String> {
    let is_next = |link: &Value| {
        link["rel"] == "next" && link["href"].as_str().is_some_and(|href| !href.is_empty())
    };
    let holds = |value: &Value| {
        let links = value.as_array();
        links.is_some_and(|links| links.iter().any(is_next))
    };
    let path = key_in(body, "$", &["links", "_links", "link"], 0, &holds)?;
    Some(format!("{path}[?(@.rel == 'next')].href"))
}

/// What an answer of so many records says of its end, where there is more.
fn ends(body: &Value, count: usize) -> Vec<End> {
    let path =
        |keys: &[&str], is_meant: &dyn Fn(&Value) -> bool| key_in(body, "$", keys, 0, is_meant);
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let pages = path(&PAGE_COUNTS, &|value| {
        value.as_u64().is_some_and(|pages| pages > 1)
    });
    let total = path(&TOTAL, &|value| {
        value.as_u64().is_some_and(|total| total > count)
    });
    let more = path(&HAS_MORE, &|value| value == &Value::Bool(true));
    let all = [
        pages.map(End::Pages),
        total.map(End::Total),
        more.map(End::More),
    ];
    all.into_iter().flatten().collect()
}

/// How more is asked for, as far as the answer has words for it.
fn more(body: &Value) -> Paging {
    let path = key_in(body, "$", &PLACES, 0, &|value| value.is_u64());
    let value = path.as_ref().and_then(|path| {
        let pointer = path.trim_start_matches('$').replace('.', "/");
        body.pointer(&pointer)?.as_u64()
    });
    let by = path.and_then(|path| Some(path.rsplit('.').next()?.to_owned()));
    let start = match &by {
        Some(_) => value.unwrap_or(1),
        None => 1,
    };
    Paging::More {
        by: by.map(|by| match by.as_str() {
            "current_page" | "currentPage" => "page".to_owned(),
            _ => by,
        }),
        start,
    }
}

/// Fields that at least half of the records have, also inside maps of theirs; those most have come first,
/// in the order of the records.
fn columns(records: &[&Map<String, Value>]) -> Vec<FieldPath> {
    let mut fields: Vec<(FieldPath, usize)> = Vec::new();
    let mut note = |path: &[&String]| {
        let known = fields
            .iter_mut()
            .find(|(known, _)| known.iter().eq(path.iter().copied()));
        match known {
            Some((_, times)) => *times += 1,
            None => fields.push((path.iter().map(|name| (*name).clone()).collect(), 1)),
        }
    };
    for record in records {
        for (key, value) in *record {
            match value {
                Value::Object(inner) => {
                    let is_flat = |inner: &Value| !inner.is_object() && !inner.is_array();
                    let inner = inner.iter().filter(|(_, inner)| is_flat(inner));
                    inner.for_each(|(inner_key, _)| note(&[key, inner_key]));
                }
                Value::Array(_) => {}
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => note(&[key]),
            }
        }
    }
    fields.retain(|(_, times)| times * 2 >= records.len());
    fields
        .into_iter()
        .map(|(path, _)| path)
        .take(MOST_COLUMNS)
        .collect()
}

/// Whether a key can be read as `record.KEY`.
pub(super) fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(
            key,
            "items"
                | "keys"
                | "values"
                | "get"
                | "count"
                | "in"
                | "is"
                | "not"
                | "and"
                | "or"
                | "if"
                | "else"
        )
}

/// A field that has another value in each record.
fn id_of(records: &[&Map<String, Value>], columns: &[FieldPath]) -> Option<FieldPath> {
    let tells_apart = |name: &str| {
        let mut seen: Vec<String> = records
            .iter()
            .filter_map(|record| Some(record.get(name)?.to_string()))
            .collect();
        let all = seen.len();
        seen.sort();
        seen.dedup();
        all == records.len() && seen.len() == all
    };
    let flat = || {
        columns.iter().filter_map(|path| match path.as_slice() {
            [name] => Some(name),
            _ => None,
        })
    };
    let called = |id: &'static str| {
        flat().find(move |name| name.trim_start_matches('@').eq_ignore_ascii_case(id))
    };
    let likely = IDS.into_iter().filter_map(called);
    let ends = |name: &&String| name.to_lowercase().ends_with("id");
    let found = likely
        .chain(flat().filter(ends))
        .find(|name| tells_apart(name));
    found.map(|name| vec![name.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_pages_and_fields_are_found() {
        let body = json!({ "meta": { "total": 12, "next_cursor": "abc" }, "filters": [{ "a": 1 }],
            "data": { "products": [
                { "sku": "A", "title": "x", "price": { "amount": 1, "currency": "EUR" }, "tags": ["a"] },
                { "sku": "B", "title": "x", "price": { "amount": 2, "currency": "EUR" }, "odd": 1 },
                { "sku": "C", "title": "y", "price": { "amount": 2, "currency": "EUR" } },
            ] } });
        let found = found_in(&body, None);
        assert_eq!(found.records.as_deref(), Some("$.data.products[*]"));
        assert_eq!(found.count, 3);
        assert_eq!(found.end, [End::Total("$.meta.total".to_owned())]);
        assert_eq!(found.pages, Paging::Cursor("$.meta.next_cursor".to_owned()));
        let columns: Vec<String> = found.columns.iter().map(|path| path.join(".")).collect();
        assert_eq!(columns, ["sku", "title", "price.amount", "price.currency"]);
        assert_eq!(found.id, Some(vec!["sku".to_owned()]));
    }

    #[test]
    fn addresses_and_headers_lead_on() {
        let url = json!({ "items": [{ "id": 1 }, { "id": 2 }], "_links": { "next": { "href": "https://a.example/x?p=2" } } });
        assert_eq!(
            found_in(&url, None).pages,
            Paging::NextUrl("$._links.next.href".to_owned())
        );
        let list = json!([{ "id": 1 }, { "id": 1 }]);
        let found = found_in(&list, Some("<https://a.example/x?p=2>; rel=\"next\""));
        assert_eq!(
            (found.records.as_deref(), found.pages),
            (Some("$[*]"), Paging::LinkHeader)
        );
        assert_eq!(found.id, None);
        assert_eq!(found_in(&json!({ "error": "no" }), None).records, None);
    }
}
