//! `pages`: how a list is paged.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::by_shape;
use super::values::Path;
use super::{Condition, Template};

/// How a list is paged: one choice.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Pages {
    /// A choice with nothing to say.
    Word(PagesWord),
    /// One of the choices.
    Choice(Box<PagesChoice>),
}

by_shape!(Pages { Scalar => Word, Map => Choice });

/// Paging that needs nothing else.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagesWord {
    /// One request, whatever `http` says.
    None,
    /// Page numbers, until a page is empty.
    Page,
    /// Offsets, until a page is empty.
    Offset,
    /// The header `Link` with `rel="next"`.
    LinkHeader,
}

/// One way of paging.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct PagesChoice {
    /// Page numbers: the request uses `page.number`.
    ///
    /// ```yaml
    /// pages: { page: { size: 100 } }
    /// ```
    pub page: Option<Numbered>,
    /// Offsets: the request uses `page.offset`.
    ///
    /// ```yaml
    /// pages: { offset: { size: 100 } }
    /// ```
    pub offset: Option<Counted>,
    /// A value of the last answer: the request uses `page.cursor`.
    ///
    /// ```yaml
    /// pages: { cursor: { next: $.meta.next_cursor } }
    /// ```
    pub cursor: Option<Next>,
    /// The next page's address stands in the answer; it replaces URL and query.
    ///
    /// ```yaml
    /// pages: { next_url: { next: $.links.next } }
    /// ```
    pub next_url: Option<Next>,
    /// The next page's address stands in the header `Link`.
    ///
    /// ```yaml
    /// pages: { link_header: { rel: next } }
    /// ```
    pub link_header: Option<LinkHeader>,
}

/// Pages that are numbered.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Numbered {
    /// The first page's number; 1 where nothing is said.
    pub start: Option<u64>,
    /// Records a page. A page with fewer is the last once a page had as many; until then the next
    /// one is asked for, as the server may give fewer than it is asked for.
    pub size: Option<Template>,
    /// Whether this page is the last, instead of the rule about short pages.
    pub stop: Option<Condition>,
    /// How many records there are in all: pages are read until as many were.
    pub total: Option<Path>,
    /// How many pages there are in all: so many are read.
    ///
    /// ```yaml
    /// pages: { page: { pages: $.meta.last_page } }
    /// ```
    pub pages: Option<Path>,
    /// Pages at most; more are an error. 100,000 where nothing is said.
    #[schemars(range(min = 1))]
    pub max: Option<u64>,
}

/// Pages that are counted by their records.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Counted {
    /// The first offset; 0 where nothing is said.
    pub start: Option<u64>,
    /// Records a page. A page with fewer is the last once a page had as many; until then the next
    /// one is asked for, as the server may give fewer than it is asked for. The offset moves by what
    /// came.
    pub size: Option<Template>,
    /// Whether this page is the last, instead of the rule about short pages.
    pub stop: Option<Condition>,
    /// How many records there are in all: pages are read until as many were.
    pub total: Option<Path>,
    /// Pages at most; more are an error. 100,000 where nothing is said.
    #[schemars(range(min = 1))]
    pub max: Option<u64>,
}

/// Pages of which each leads to the next.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// Where the next page's value stands; no value ends.
    pub next: Path,
    /// Records a page, for the request: a next value goes on however many came.
    #[serde(default)]
    pub size: Option<Template>,
    /// Whether this page is the last, though a next value may stand in it.
    #[serde(default)]
    pub stop: Option<Condition>,
    /// How many records there are in all: a list that ends with fewer is warned of.
    #[serde(default)]
    pub total: Option<Path>,
    /// Pages at most; more are an error. 100,000 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max: Option<u64>,
}

/// Pages that the header `Link` leads to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkHeader {
    /// Which link; `next` where nothing is said.
    pub rel: Option<String>,
    /// Records a page, for the request: a link goes on however many came.
    pub size: Option<Template>,
    /// Whether this page is the last, though a link may lead on.
    pub stop: Option<Condition>,
    /// How many records there are in all: a list that ends with fewer is warned of.
    pub total: Option<Path>,
    /// Pages at most; more are an error. 100,000 where nothing is said.
    #[schemars(range(min = 1))]
    pub max: Option<u64>,
}
