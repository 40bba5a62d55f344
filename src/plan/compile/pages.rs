//! How lists are paged.

use super::Compiler;
use super::values::reads_body;
use crate::plan::path::PathPlan;
use crate::plan::source::{MOST_PAGES, PagesKind, PagesPlan};
use crate::spec::pages::{Next, Pages, PagesChoice, PagesWord};
use crate::spec::places::HasPlace;
use crate::spec::values::Path;
use crate::spec::{self, Condition};
use crate::template::Uses;
use crate::template::scope::Scope;

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

/// What leads from one page to the next.
#[derive(Clone, Copy)]
enum Leads<'s> {
    Page(u64),
    Offset(u64),
    Cursor(&'s Path),
    NextUrl(&'s Path),
    LinkHeader(&'s str),
}

impl Leads<'_> {
    /// The choice, and the fields of `page` of which its requests use one.
    fn used(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Page(_) => ("page", &["number", "index", "offset"]),
            Self::Offset(_) => ("offset", &["offset", "number", "index"]),
            Self::Cursor(_) => ("cursor", &["cursor", "last"]),
            Self::NextUrl(_) => ("next_url", &[]),
            Self::LinkHeader(_) => ("link_header", &[]),
        }
    }
}

fn choice(pages: &Pages) -> Option<(Leads<'_>, Keys<'_>)> {
    let choice = match pages {
        Pages::Word(PagesWord::None) => return None,
        Pages::Word(PagesWord::Page) => return Some((Leads::Page(1), Keys::default())),
        Pages::Word(PagesWord::Offset) => return Some((Leads::Offset(0), Keys::default())),
        Pages::Word(PagesWord::LinkHeader) => {
            return Some((Leads::LinkHeader("next"), Keys::default()));
        }
        Pages::Choice(choice) => choice,
    };
    let PagesChoice {
        page,
        offset,
        cursor,
        next_url,
        link_header,
    } = &**choice;
    let page = page.as_ref().map(|page| {
        let keys = Keys {
            size: page.size.as_ref(),
            stop: page.stop.as_ref(),
            total: page.total.as_ref(),
            pages: page.pages.as_ref(),
            max: page.max,
        };
        (Leads::Page(page.start.unwrap_or(1)), keys)
    });
    let offset = offset.as_ref().map(|offset| {
        let keys = Keys {
            size: offset.size.as_ref(),
            stop: offset.stop.as_ref(),
            total: offset.total.as_ref(),
            pages: None,
            max: offset.max,
        };
        (Leads::Offset(offset.start.unwrap_or(0)), keys)
    });
    let cursor = cursor
        .as_ref()
        .map(|next| (Leads::Cursor(&next.next), Keys::of(next)));
    let next_url = next_url
        .as_ref()
        .map(|next| (Leads::NextUrl(&next.next), Keys::of(next)));
    let link = link_header.as_ref().map(|link| {
        let keys = Keys {
            size: link.size.as_ref(),
            stop: link.stop.as_ref(),
            total: link.total.as_ref(),
            pages: None,
            max: link.max,
        };
        (
            Leads::LinkHeader(link.rel.as_deref().unwrap_or("next")),
            keys,
        )
    });
    page.or(offset).or(cursor).or(next_url).or(link)
}

impl Compiler<'_> {
    /// `pages` of a step, else of `http`. `sent` is what the request's templates read.
    pub(super) fn pages(
        &mut self,
        own: Option<&Pages>,
        request: &impl HasPlace,
        answered: &Scope,
        sent: &Uses,
    ) -> Option<(PagesPlan, PagesRead)> {
        let http = self.spec().http.as_ref();
        let pages = own.or_else(|| http.and_then(|http| http.pages.as_ref()));
        let Some((leads, keys)) = pages.and_then(choice) else {
            self.refuse_unpaged(request, sent);
            return None;
        };
        let mut read = PagesRead::default();
        let kind = match leads {
            Leads::Page(start) => PagesKind::Page(start),
            Leads::Offset(start) => PagesKind::Offset(start),
            Leads::Cursor(next) => PagesKind::Cursor(self.page_path(next, answered, &mut read)),
            Leads::NextUrl(next) => PagesKind::NextUrl(self.page_path(next, answered, &mut read)),
            Leads::LinkHeader(rel) => PagesKind::LinkHeader(rel.to_owned()),
        };
        let (word, used) = leads.used();
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
            size: self.optional(keys.size.map(|size| &**size), answered),
            stop,
            total,
            pages,
            max: keys.max.unwrap_or(MOST_PAGES),
        };
        Some((plan, read))
    }

    /// `page` in a request that is sent once would be nothing.
    pub(super) fn refuse_unpaged(&mut self, request: &impl HasPlace, sent: &Uses) {
        if sent.has("page") {
            self.error(
                request,
                "the request uses `page`, and nothing pages it: it is sent once, and `page` is nothing",
                "say how the list is paged, like pages: { page: { size: 100 } }, or send no page",
            );
        }
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
