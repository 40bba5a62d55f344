use super::*;
use crate::plan::source::{FetchPlan, StepKind};
use crate::plan::{Plan, load};

/// A source with these pages.
fn plan(pages: &str) -> Plan {
    let text = format!(
        "version: 1\nname: a\nmode: data-source\nsource:\n  request:\n    url: https://api.example.com/list\n    query: {{ n: \"{{{{ page.number }}}}\", c: \"{{{{ page.cursor }}}}\" }}\n  pages: {pages}\n  records: $.items\nkeep: all\n"
    );
    match load("a.yaml", &text) {
        Ok(loaded) => loaded.plan,
        Err(errors) => panic!("{errors:?}"),
    }
}

fn fetch(plan: &Plan) -> &FetchPlan {
    match &plan.source[0].kind {
        StepKind::Request(fetch) => fetch,
        other => panic!("{other:?}"),
    }
}

/// A list that is paged.
struct List<'p> {
    paging: Paging<'p>,
    sizes: PageSizes,
    pages: u64,
}

impl<'p> List<'p> {
    fn new(plan: &'p Plan) -> Self {
        let pages = fetch(plan).pages.as_ref().unwrap();
        Self {
            paging: Paging::new(pages, None, &Arc::default()).unwrap(),
            sizes: PageSizes::default(),
            pages: 0,
        }
    }

    /// Reads a page of so many records, each another than all before; what comes after it.
    fn page(&mut self, count: u64, body: &str) -> Result<Next, String> {
        self.pages += 1;
        let first = self.pages * 1000;
        self.page_of((first..first + count).collect(), body)
    }

    /// The same with records by their hashes.
    fn page_of(&mut self, each: Vec<u64>, body: &str) -> Result<Next, String> {
        let answer = Arc::new(Answer::of_text(200, "application/json", body));
        let probes = self.paging.probes();
        let found = probes.iter().map(|path| {
            let mut nodes = Vec::new();
            formats::collect(&answer.body(), &path.steps, &mut nodes);
            nodes.into_iter().next().unwrap_or_default()
        });
        let read = PageRead {
            count: each.len() as u64,
            listed: None,
            last: Value::UNDEFINED,
            hash: each.iter().fold(7, |hash, one| hash * 31 + one),
            found: PageFindings {
                probes: found.collect(),
                ..PageFindings::default()
            },
            each,
        };
        let frame = Arc::default();
        let advanced = self
            .paging
            .advance(read, &answer, &frame, (&self.sizes, "a"));
        advanced
            .map(|advance| advance.next)
            .map_err(|error| error.to_string())
    }

    fn sees(&self, name: &str) -> String {
        text_of(&self.paging.to_value().get_attr(name).unwrap()).into_owned()
    }
}

#[test]
fn numbers_go_on_until_as_many_came_as_there_are() {
    let plan = plan("{ page: { start: 0, size: 2, total: $.total } }");
    let mut list = List::new(&plan);
    assert_eq!(list.sees("number"), "0");
    assert_eq!(list.page(2, r#"{"total":3}"#), Ok(Next::Page));
    assert_eq!(list.sees("number"), "1");
    assert_eq!(list.page(1, r#"{"total":3}"#), Ok(Next::End));
}

#[test]
fn offsets_move_by_what_came() {
    let plan = plan("{ offset: { start: 10, size: 3 } }");
    let mut list = List::new(&plan);
    assert_eq!(list.sees("offset"), "10");
    assert_eq!(list.page(3, "{}"), Ok(Next::Page));
    assert_eq!(list.sees("offset"), "13");
    // Once a page was full, a shorter one is the last.
    assert_eq!(list.page(2, "{}"), Ok(Next::End));
}

#[test]
fn counted_pages_that_come_again_are_no_list() {
    let plan = plan("page");
    let mut list = List::new(&plan);
    assert_eq!(list.page_of(vec![1, 2], "{}"), Ok(Next::Page));
    let again = list.page_of(vec![1, 2], "{}").unwrap_err();
    assert!(
        again.contains("has the same records as the one before"),
        "{again}"
    );
}

#[test]
fn a_cursor_leads_on_until_it_is_nothing() {
    for end in [
        r#"{"next":null}"#,
        r#"{"next":""}"#,
        r#"{"next":false}"#,
        "{}",
    ] {
        let plan = plan("{ cursor: { next: $.next } }");
        let mut list = List::new(&plan);
        assert_eq!(list.page(1, r#"{"next":"b"}"#), Ok(Next::Page));
        assert_eq!(list.sees("cursor"), "b");
        assert_eq!(list.page(1, end), Ok(Next::End), "{end}");
    }
}

#[test]
fn a_cursor_that_leads_back_would_never_end() {
    let plan = plan("{ cursor: { next: $.next } }");
    let mut list = List::new(&plan);
    assert_eq!(list.page(1, r#"{"next":"b"}"#), Ok(Next::Page));
    let back = list.page(1, r#"{"next":"b"}"#).unwrap_err();
    assert!(
        back.contains("leads to a page that was read before"),
        "{back}"
    );
}

#[test]
fn an_address_may_be_relative() {
    let plan = plan("{ next_url: { next: $.next } }");
    let mut list = List::new(&plan);
    assert_eq!(list.page(1, r#"{"next":"?page=2"}"#), Ok(Next::Page));
    let address = list.paging.address.as_ref().unwrap();
    assert_eq!(address.as_str(), "https://api.example.com/list?page=2");
}

#[test]
fn more_pages_than_allowed_are_an_error() {
    let plan = plan("{ cursor: { next: $.next, max: 2 } }");
    let mut list = List::new(&plan);
    assert_eq!(list.page(1, r#"{"next":"b"}"#), Ok(Next::Page));
    let more = list.page(1, r#"{"next":"c"}"#).unwrap_err();
    assert!(more.contains("more than 2 pages"), "{more}");
}
