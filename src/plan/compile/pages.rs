//! How lists are paged.

use super::Compiler;
use super::values::{reads_body, whole};
use crate::plan::path::PathPlan;
use crate::plan::source::{MOST_PAGES, PagesKind, PagesPlan};
use crate::spec::tree::Node;
use crate::template::Uses;
use crate::template::scope::Scope;

/// What of the answer paging reads.
#[derive(Debug, Default)]
pub struct PagesRead {
    /// Whether it needs all of the body at once.
    pub holds_body: bool,
}

impl Compiler<'_> {
    /// `pages` of a step, else of `http`. `sent` is what the request's templates read.
    pub(super) fn pages(
        &mut self,
        own: Option<&Node>,
        request: &Node,
        answered: &Scope,
        sent: &Uses,
    ) -> Option<(PagesPlan, PagesRead)> {
        let http = self.root().get("http").and_then(|http| http.get("pages"));
        let is_own = own.is_some();
        let Some(node) = own.or(http) else {
            self.refuse_unpaged(request, sent);
            return None;
        };
        let (word, keys) = match node.entries().first() {
            Some(choice) => (choice.key.as_str(), Some(&choice.value)),
            None => (node.as_text()?, None),
        };
        if word == "none" {
            self.refuse_unpaged(request, sent);
            return None;
        }
        let mut read = PagesRead::default();
        let key = |name: &str| keys.and_then(|keys| keys.get(name));
        let start = whole(key("start"));
        let kind = match word {
            "page" => PagesKind::Page(start.unwrap_or(1)),
            "offset" => PagesKind::Offset(start.unwrap_or(0)),
            "cursor" | "next_url" => {
                let path = self.page_path(key("next")?, answered, &mut read);
                if word == "cursor" {
                    PagesKind::Cursor(path)
                } else {
                    PagesKind::NextUrl(path)
                }
            }
            _ => {
                let rel = key("rel").and_then(Node::as_text).unwrap_or("next");
                PagesKind::LinkHeader(rel.to_owned())
            }
        };
        let used: &[&str] = match kind {
            PagesKind::Page(_) => &["number", "index", "offset"],
            PagesKind::Offset(_) => &["offset", "number", "index"],
            PagesKind::Cursor(_) => &["cursor", "last"],
            _ => &[],
        };
        let is_used = used.is_empty() || used.iter().any(|field| sent.reads("page", field));
        if !is_used {
            let wanted = used[0];
            let other = if is_own {
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
            self.watched(|compiler| key("stop").map(|node| compiler.condition(node, answered)));
        read.holds_body |= reads_body(&uses);
        let total = key("total").map(|node| self.page_path(node, answered, &mut read));
        let pages = key("pages").map(|node| self.page_path(node, answered, &mut read));
        let plan = PagesPlan {
            kind,
            size: self.optional(key("size"), answered),
            stop,
            total,
            pages,
            max: whole(key("max")).unwrap_or(MOST_PAGES),
        };
        Some((plan, read))
    }

    /// `page` in a request that is sent once would be nothing.
    pub(super) fn refuse_unpaged(&mut self, request: &Node, sent: &Uses) {
        if sent.has("page") {
            self.error(
                request,
                "the request uses `page`, and nothing pages it: it is sent once, and `page` is nothing",
                "say how the list is paged, like pages: { page: { size: 100 } }, or send no page",
            );
        }
    }

    fn page_path(&mut self, node: &Node, scope: &Scope, read: &mut PagesRead) -> PathPlan {
        let (path, uses) = self.path(node, scope);
        read.holds_body |= match &path {
            PathPlan::Plain(_) => false,
            PathPlan::Query(_) => true,
            PathPlan::Template(_) => reads_body(&uses),
        };
        path
    }
}
