//! `page`: where the paging of a list stands, and what leads on.

use std::collections::HashSet;
use std::sync::Arc;

use reqwest::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::formats::Found;
use super::path;
use crate::http::Answer;
use crate::plan::path::{PathPlan, PlainPath};
use crate::plan::source::{PagesKind, PagesPlan};
use crate::template::{Frame, TemplateError, Value, is_nothing, plain, text_of};

/// Where the paging of one list stands.
pub struct Paging<'p> {
    plan: &'p PagesPlan,
    size: Option<u64>,
    index: u64,
    offset: u64,
    cursor: Value,
    /// The next page's address, where an answer gave it.
    pub address: Option<Url>,
    count: u64,
    last: Value,
    /// Records of all pages so far.
    seen: u64,
    /// Hashes of cursors and addresses that were asked for.
    asked: HashSet<u64>,
    /// A hash of the records of the page before, and how many it had.
    before: Option<(u64, u64)>,
}

/// A page that was read.
#[derive(Debug)]
pub struct PageRead {
    /// Its records.
    pub count: u64,
    /// Its last record.
    pub last: Value,
    /// A hash of its records, in order.
    pub hash: u64,
    /// What probes found.
    pub found: Found,
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Another page.
    Page,
    /// No page.
    End,
}

impl<'p> Paging<'p> {
    /// Before the first page.
    pub fn new(plan: &'p PagesPlan, frame: &Arc<Frame>) -> Result<Self, TemplateError> {
        let size = match &plan.size {
            Some(size) => {
                let value = plain(&size.value(frame)?);
                let number = match value.as_str() {
                    Some(text) => text.trim().parse().ok(),
                    None => u64::try_from(value.clone()).ok(),
                };
                match number {
                    Some(0) | None if !is_nothing(&value) => {
                        return Err(TemplateError {
                            message: format!(
                                "pages: the size `{}` is no number of records",
                                text_of(&value)
                            ),
                        });
                    }
                    number => number,
                }
            }
            None => None,
        };
        Ok(Self {
            plan,
            size,
            index: 0,
            offset: match plan.kind {
                PagesKind::Offset(start) => start,
                _ => 0,
            },
            cursor: Value::UNDEFINED,
            address: None,
            count: 0,
            last: Value::UNDEFINED,
            seen: 0,
            asked: HashSet::new(),
            before: None,
        })
    }

    /// The paths that are followed while a page is read.
    pub fn probes(&self) -> Vec<&'p PlainPath> {
        let next = match &self.plan.kind {
            PagesKind::Cursor(path) | PagesKind::NextUrl(path) => Some(path),
            _ => None,
        };
        let plain = |path: &'p PathPlan| match path {
            PathPlan::Plain(path) => Some(path),
            _ => None,
        };
        let paths = next.into_iter().chain(&self.plan.total);
        paths.filter_map(plain).collect()
    }

    /// `page` in templates.
    pub fn to_value(&self) -> Value {
        let number = match self.plan.kind {
            PagesKind::Page(start) => start + self.index,
            _ => self.index + 1,
        };
        let nothing = Value::UNDEFINED;
        Value::from_pairs([
            ("number", Value::from(number)),
            ("index", Value::from(self.index)),
            ("offset", Value::from(self.offset)),
            ("size", self.size.map_or(nothing, Value::from)),
            ("cursor", self.cursor.clone()),
            ("first", Value::from(self.index == 0)),
            ("count", Value::from(self.count)),
            ("last", self.last.clone()),
        ])
    }

    /// Notes a page that was read; `frame` is what its request saw.
    pub fn advance(
        &mut self,
        read: PageRead,
        answer: &Arc<Answer>,
        frame: &Arc<Frame>,
    ) -> Result<Next, TemplateError> {
        self.count = read.count;
        self.seen += read.count;
        self.last = read.last;
        // Where the answer leads on, it is told by what it leads to.
        let is_counted = matches!(self.plan.kind, PagesKind::Page(_) | PagesKind::Offset(_));
        let is_same = is_counted && read.count > 0 && self.before == Some((read.hash, read.count));
        self.before = Some((read.hash, read.count));
        if is_same {
            return Err(self.repeated("has the same records as the one before"));
        }
        let seen = Frame::on(frame)
            .with("page", self.to_value())
            .with("response", answer.to_value());
        let seen = Arc::new(seen);
        if let Some(stop) = &self.plan.stop {
            if stop.holds(&seen)? {
                return Ok(Next::End);
            }
        }
        let mut probes = read.found.probes.into_iter();
        let mut follow = |path: &PathPlan| match path {
            PathPlan::Plain(_) => Ok(probes.next().unwrap_or_default()),
            path => path::first(path, answer, &seen),
        };
        let next = match &self.plan.kind {
            PagesKind::Cursor(path) | PagesKind::NextUrl(path) => follow(path)?,
            PagesKind::LinkHeader(rel) => link(answer, rel).map_or(Value::UNDEFINED, Value::from),
            PagesKind::Page(_) | PagesKind::Offset(_) => Value::UNDEFINED,
        };
        let total = match &self.plan.total {
            Some(path) => Some(follow(path)?),
            None => None,
        };
        if self.is_last(total.as_ref())? {
            return Ok(Next::End);
        }
        let leads_on = match &self.plan.kind {
            PagesKind::Page(_) | PagesKind::Offset(_) => true,
            PagesKind::Cursor(_) => self.go_to_cursor(next)?,
            PagesKind::NextUrl(_) | PagesKind::LinkHeader(_) => self.go_to(&next, answer)?,
        };
        if !leads_on {
            return Ok(Next::End);
        }
        self.index += 1;
        self.offset += self.size.unwrap_or(self.count);
        if self.index >= self.plan.max {
            return Err(TemplateError {
                message: format!(
                    "pages: there are more than {} pages; raise `max` if that is meant",
                    self.plan.max
                ),
            });
        }
        Ok(Next::Page)
    }

    /// How far into the list the pages so far go.
    fn reached(&self) -> u64 {
        match (&self.plan.kind, self.size) {
            (PagesKind::Offset(start), Some(size)) => self.seen.max(self.offset + size - start),
            _ => self.seen,
        }
    }

    /// Whether this was the last page by its length, or by the total.
    fn is_last(&self, total: Option<&Value>) -> Result<bool, TemplateError> {
        if let Some(total) = total {
            let number = plain(total);
            let total = match number.as_str() {
                Some(text) => text.trim().parse().ok(),
                None => u64::try_from(number.clone()).ok(),
            };
            return match total {
                Some(total) => Ok(self.reached() >= total || self.count == 0),
                None if is_nothing(&number) => Ok(self.count == 0),
                None => Err(TemplateError {
                    message: format!("pages: the total `{}` is no number", text_of(&number)),
                }),
            };
        }
        let is_counted = matches!(self.plan.kind, PagesKind::Page(_) | PagesKind::Offset(_));
        if self.plan.stop.is_some() {
            // Behind an empty page there are only more of them.
            return Ok(is_counted && self.count == 0);
        }
        let leads_itself = matches!(
            self.plan.kind,
            PagesKind::NextUrl(_) | PagesKind::LinkHeader(_)
        );
        if leads_itself {
            return Ok(false);
        }
        Ok(match self.size {
            Some(size) => self.count < size,
            None => is_counted && self.count == 0,
        })
    }

    fn go_to_cursor(&mut self, next: Value) -> Result<bool, TemplateError> {
        let text = text_of(&next).into_owned();
        if is_nothing(&next)
            || text.is_empty()
            || next.kind() == minijinja::value::ValueKind::Bool && !next.is_true()
        {
            return Ok(false);
        }
        if !self.asked.insert(xxh3_64(text.as_bytes())) {
            if self.count > 0 {
                return Err(self.repeated("leads to a page that was read before"));
            }
            return Ok(false);
        }
        self.cursor = next;
        Ok(true)
    }

    fn go_to(&mut self, next: &Value, answer: &Answer) -> Result<bool, TemplateError> {
        let text = text_of(next).into_owned();
        if is_nothing(next) || text.is_empty() {
            return Ok(false);
        }
        let url = answer.url.join(&text).map_err(|error| TemplateError {
            message: format!("pages: the next page's address `{text}` is no URL: {error}"),
        })?;
        let is_new = self.asked.insert(xxh3_64(url.as_str().as_bytes()));
        let is_itself = url == answer.url;
        if (!is_new || is_itself) && self.count > 0 {
            return Err(self.repeated("leads to a page that was read before"));
        }
        if !is_new {
            return Ok(false);
        }
        self.address = Some(url);
        Ok(true)
    }

    fn repeated(&self, what: &str) -> TemplateError {
        TemplateError {
            message: format!(
                "pages: page {} {what}: the list would be read for ever. Does the API take the page's value under another name?",
                self.index + 1
            ),
        }
    }
}

/// The address of a link in the header `Link` (RFC 8288).
fn link(answer: &Answer, rel: &str) -> Option<String> {
    for value in answer.headers.get_all("link") {
        let Ok(text) = value.to_str() else { continue };
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once('<') {
            let (target, parameters) = behind.split_once('>')?;
            // Another link begins behind a comma.
            let mut commas = parameters.match_indices(',').map(|(at, _)| at);
            let end = commas.find(|at| parameters[at + 1..].trim_start().starts_with('<'));
            let own = &parameters[..end.unwrap_or(parameters.len())];
            let is_wanted = own.split(';').any(|parameter| {
                let Some((name, value)) = parameter.split_once('=') else {
                    return false;
                };
                let value = value.trim().trim_end_matches(',').trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .split_whitespace()
                        .any(|word| word.eq_ignore_ascii_case(rel))
            });
            if is_wanted {
                return Some(target.trim().to_owned());
            }
            rest = parameters;
        }
    }
    None
}
