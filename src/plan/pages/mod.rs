//! How lists are paged: a file for each kind, with what the plan knows of it, how it is compiled, and
//! by which way it leads from one page to the next. `source::pages` goes that way.

mod cursor;
mod link_header;
mod next_url;
mod offset;
mod page;

pub use cursor::CursorPlan;
pub use link_header::LinkHeaderPlan;
pub use next_url::NextUrlPlan;
pub use offset::OffsetPlan;
pub use page::PagePlan;

use super::compile::{Compiler, reads_body};
use crate::json_path::PathPlan;
use crate::spec::pages::{Next, Pages, PagesChoice, PagesWord};
use crate::spec::places::HasPlace;
use crate::spec::values::Path;
use crate::spec::{self, Condition};
use crate::template::scope::Scope;
use crate::template::{Template, Uses};

/// Pages at most, where nothing is said.
const MOST_PAGES: u64 = 100_000;

/// What of the answer paging reads.
#[derive(Debug, Default)]
pub struct PagesRead {
    /// Whether it needs all of the body at once.
    pub holds_body: bool,
}

/// What is said of pages, whatever leads from one to the next.
#[derive(Clone, Copy, Default)]
struct Keys<'s> {
    size: Option<&'s spec::Template>,
    stop: Option<&'s Condition>,
    total: Option<&'s Path>,
    pages: Option<&'s Path>,
    max: Option<u64>,
}

impl<'s> Keys<'s> {
    fn of(next: &'s Next) -> Self {
        Self {
            size: next.size.as_ref(),
            stop: next.stop.as_ref(),
            total: next.total.as_ref(),
            pages: None,
            max: next.max,
        }
    }
}

/// How a list is paged.
#[derive(Debug)]
pub struct PagesPlan {
    /// What leads to the next page.
    pub kind: PagesKind,
    /// Records a page.
    pub size: Option<Template>,
    /// Whether a page is the last.
    pub stop: Option<Template>,
    /// How many records there are in all.
    pub total: Option<PathPlan>,
    /// How many pages there are in all.
    pub pages: Option<PathPlan>,
    /// Pages at most.
    pub max: u64,
}

/// What leads to the next page.
#[derive(Debug)]
pub enum PagesKind {
    /// The next number.
    Page(PagePlan),
    /// The next offset.
    Offset(OffsetPlan),
    /// A value of the answer.
    Cursor(CursorPlan),
    /// An address in the answer.
    NextUrl(NextUrlPlan),
    /// The header `Link`.
    LinkHeader(LinkHeaderPlan),
}

/// The ways in which one page leads to the next.
#[derive(Debug, Clone, Copy)]
pub enum Way<'p> {
    /// By counting; the list ends by how much is on a page.
    Counted(Count),
    /// By a value of the answer, which the next request uses.
    Value(&'p PathPlan),
    /// By an address in the answer.
    Address(&'p PathPlan),
    /// By an address in the header `Link` with this `rel`.
    Link(&'p str),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Pages.
    Pages,
    /// Records, from this number on.
    Records {
        /// The first offset.
        start: u64,
    },
}

impl PagesKind {
    /// Its word in a spec, and the fields of `page` of which its requests use one.
    fn used(&self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Page(_) => ("page", &["number", "index", "offset"]),
            Self::Offset(_) => ("offset", &["offset", "number", "index"]),
            Self::Cursor(_) => ("cursor", &["cursor", "last"]),
            Self::NextUrl(_) => ("next_url", &[]),
            Self::LinkHeader(_) => ("link_header", &[]),
        }
    }

    /// How it leads on.
    pub fn way(&self) -> Way<'_> {
        match self {
            Self::Page(_) => PagePlan::way(),
            Self::Offset(plan) => plan.way(),
            Self::Cursor(plan) => plan.way(),
            Self::NextUrl(plan) => plan.way(),
            Self::LinkHeader(plan) => plan.way(),
        }
    }

    /// `page.number` of the page at an index, from 0.
    pub fn number(&self, index: u64) -> u64 {
        match self {
            Self::Page(plan) => plan.number(index),
            Self::Offset(_) | Self::Cursor(_) | Self::NextUrl(_) | Self::LinkHeader(_) => index + 1,
        }
    }

    /// Whether pages are told by their numbers, and end by how much is on them.
    pub fn is_counted(&self) -> bool {
        matches!(self.way(), Way::Counted(_))
    }
}

/// A kind of what was compiled.
fn of<T>((plan, keys): (T, Keys<'_>), kind: impl FnOnce(T) -> PagesKind) -> (PagesKind, Keys<'_>) {
    (kind(plan), keys)
}

impl Compiler<'_> {
    /// `pages` of a step, else of `http`. `sent` is what the request's templates read.
    pub(in crate::plan) fn pages(
        &mut self,
        own: Option<&Pages>,
        request: &impl HasPlace,
        answered: &Scope,
        sent: &Uses,
    ) -> Option<(PagesPlan, PagesRead)> {
        let http = self.spec().http.as_ref();
        let pages = own.or_else(|| http.and_then(|http| http.pages.as_ref()));
        let mut read = PagesRead::default();
        let kind = pages.and_then(|pages| self.pages_kind(pages, answered, &mut read));
        let Some((kind, keys)) = kind else {
            self.refuse_unpaged(request, sent);
            return None;
        };
        let (word, used) = kind.used();
        let is_used = used.is_empty() || used.iter().any(|field| sent.reads("page", field));
        if !is_used {
            let wanted = used[0];
            let other = if own.is_some() {
                ""
            } else {
                "; a request without pages says `pages: none`"
            };
            self.error(
                request,
                format!("the list is paged by `{word}`, and the request does not use `page.{wanted}`: every page would be the first"),
                format!("send it as the API wants it, like query: {{ {wanted}: \"{{{{ page.{wanted} }}}}\" }}{other}"),
            );
        }
        let (stop, uses) =
            self.watched(|compiler| keys.stop.map(|stop| compiler.condition(stop, answered)));
        read.holds_body |= reads_body(&uses);
        let mut path =
            |path: Option<&Path>| path.map(|path| self.page_path(path, answered, &mut read));
        let total = path(keys.total);
        let pages = path(keys.pages);
        let plan = PagesPlan {
            kind,
            size: keys
                .size
                .map(|size| self.count(size, answered, ("size", 1))),
            stop,
            total,
            pages,
            max: keys.max.unwrap_or(MOST_PAGES),
        };
        Some((plan, read))
    }

    /// What leads on, and what is said of pages besides; nothing where a request is sent once.
    fn pages_kind<'s>(
        &mut self,
        pages: &'s Pages,
        answered: &Scope,
        read: &mut PagesRead,
    ) -> Option<(PagesKind, Keys<'s>)> {
        let choice = match pages {
            Pages::Word(word) => {
                return match word {
                    PagesWord::None => None,
                    PagesWord::Page => Some(of(PagePlan::compile(None), PagesKind::Page)),
                    PagesWord::Offset => Some(of(OffsetPlan::compile(None), PagesKind::Offset)),
                    PagesWord::LinkHeader => {
                        Some(of(LinkHeaderPlan::compile(None), PagesKind::LinkHeader))
                    }
                };
            }
            Pages::Choice(choice) => &**choice,
        };
        let PagesChoice {
            page,
            offset,
            cursor,
            next_url,
            link_header,
        } = choice;
        if page.is_some() {
            return Some(of(PagePlan::compile(page.as_ref()), PagesKind::Page));
        }
        if offset.is_some() {
            return Some(of(OffsetPlan::compile(offset.as_ref()), PagesKind::Offset));
        }
        if let Some(next) = cursor {
            let compiled = self.next_path(next, answered, read);
            return Some(of(compiled, |next| PagesKind::Cursor(CursorPlan(next))));
        }
        if let Some(next) = next_url {
            let compiled = self.next_path(next, answered, read);
            return Some(of(compiled, |next| PagesKind::NextUrl(NextUrlPlan(next))));
        }
        let link = link_header.as_ref()?;
        let compiled = LinkHeaderPlan::compile(Some(link));
        Some(of(compiled, PagesKind::LinkHeader))
    }

    /// `page` in a request that is sent once would be nothing.
    pub(in crate::plan) fn refuse_unpaged(&mut self, request: &impl HasPlace, sent: &Uses) {
        if sent.has("page") {
            self.error(
                request,
                "the request uses `page`, and nothing pages it: it is sent once, and `page` is nothing",
                "say how the list is paged, like pages: { page: { size: 100 } }, or send no page",
            );
        }
    }

    /// Where the next page's value stands, and what is said besides.
    fn next_path<'s>(
        &mut self,
        spec: &'s Next,
        answered: &Scope,
        read: &mut PagesRead,
    ) -> (PathPlan, Keys<'s>) {
        let next = self.page_path(&spec.next, answered, read);
        (next, Keys::of(spec))
    }

    fn page_path(&mut self, node: &Path, scope: &Scope, read: &mut PagesRead) -> PathPlan {
        let (path, uses) = self.path(node, scope);
        read.holds_body |= match &path {
            PathPlan::Plain(_) => false,
            PathPlan::Query(_) => true,
            PathPlan::Template(_) => reads_body(&uses),
        };
        path
    }
}
