//! `page`: where the paging of a list stands, and what leads on.

use std::collections::HashSet;
use std::sync::Arc;

use reqwest::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::link_header::link;
use super::list_end::{CountedPage, Doubt, ListEnd, Next, Remark};
use super::page_sizes::PageSizes;
use crate::diagnostics::nearest::nearest;
use crate::formats::{self, PageFindings};
use crate::http::Answer;
use crate::json_path::{PathPlan, PathStep, PlainPath};
use crate::path;
use crate::plan::pages::{Count, PagesPlan, Way};
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
    /// The same of all pages so far.
    pages: HashSet<(u64, u64)>,
    /// Whether what a page's list has is counted: of records that stand anywhere nobody knows how many
    /// a page is to have.
    is_countable: bool,
    /// The hashes of the last page's records.
    before_each: Vec<u64>,
    /// Where a counted list ends.
    end: ListEnd,
    /// Why the page that is asked for next is asked for, if only to be sure that there is none.
    doubt: Option<Doubt>,
    /// What is to be said, each under a word by which it is said once.
    remarks: Vec<(&'static str, String)>,
}

/// A page that was read.
#[derive(Debug)]
pub struct PageRead {
    /// Its records.
    pub count: u64,
    /// How many elements its list has, where records are a selection of them, or are in them.
    pub listed: Option<u64>,
    /// Its last record.
    pub last: Value,
    /// A hash of its records, in order.
    pub hash: u64,
    /// The hashes of its first records, in order.
    pub each: Vec<u64>,
    /// What probes found.
    pub found: PageFindings,
}

impl<'p> Paging<'p> {
    /// Before the first page.
    pub fn new(
        plan: &'p PagesPlan,
        records: Option<&PathPlan>,
        frame: &Arc<Frame>,
    ) -> Result<Self, TemplateError> {
        let is_countable = records.is_none_or(path::is_countable);
        let size = match &plan.size {
            Some(size) => {
                let value = plain(&size.value(frame)?);
                let number = match value.as_str() {
                    Some(text) => text.trim().parse().ok(),
                    None => u64::try_from(value.clone()).ok(),
                };
                match number {
                    Some(0) | None if !is_nothing(&value) => {
                        return Err(TemplateError::new(format!(
                            "pages: the size `{}` is no number of records",
                            text_of(&value)
                        )));
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
            offset: match plan.kind.way() {
                Way::Counted(Count::Records { start }) => start,
                Way::Counted(Count::Pages) | Way::Value(_) | Way::Address(_) | Way::Link(_) => 0,
            },
            cursor: Value::UNDEFINED,
            address: None,
            count: 0,
            last: Value::UNDEFINED,
            seen: 0,
            asked: HashSet::new(),
            before: None,
            pages: HashSet::new(),
            is_countable,
            before_each: Vec::new(),
            end: ListEnd::new(size.filter(|_| is_countable)),
            doubt: None,
            remarks: Vec::new(),
        })
    }

    /// The paths that are followed while a page is read.
    pub fn probes(&self) -> Vec<&'p PlainPath> {
        let next = match self.plan.kind.way() {
            Way::Value(path) | Way::Address(path) => Some(path),
            Way::Counted(_) | Way::Link(_) => None,
        };
        let plain = |path: &'p PathPlan| match path {
            PathPlan::Plain(path) => Some(path),
            _ => None,
        };
        let counts = self.plan.total.iter().chain(&self.plan.pages);
        let paths = next.into_iter().chain(counts);
        paths.filter_map(plain).collect()
    }

    /// `page` in templates.
    pub fn to_value(&self) -> Value {
        let number = self.plan.kind.number(self.index);
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

    /// Why the page at hand was asked for, if only to be sure that there is none.
    pub fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// What is to be said of the list, each under a word by which it is said once.
    pub fn take_remarks(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.remarks)
    }

    /// Notes a page that was read; `frame` is what its request saw.
    pub fn advance(
        &mut self,
        read: PageRead,
        answer: &Arc<Answer>,
        frame: &Arc<Frame>,
        (sizes, step): (&PageSizes, &str),
    ) -> Result<Advance, TemplateError> {
        self.count = read.listed.unwrap_or(read.count + read.found.nothing);
        self.last = read.last;
        // Where the answer leads on, it is told by what it leads to.
        let is_counted = self.plan.kind.is_counted();
        let page = (read.hash, read.count);
        let was_before = self.before.replace(page) == Some(page);
        // Some begin anew behind the last page.
        let was_there = !self.pages.insert(page);
        let is_same = is_counted && read.count > 0 && was_there;
        if is_same && self.doubt.is_none() {
            return Err(self.repeated(if was_before {
                "has the same records as the one before"
            } else {
                "has the same records as one before it"
            }));
        }
        let known = if is_same {
            read.count
        } else {
            self.overlap(&read.each)
        };
        self.before_each = read.each;
        self.seen += self.count.saturating_sub(known);
        let seen = Frame::on(frame)
            .with("page", self.to_value())
            .with("response", answer.to_value());
        let seen = Arc::new(seen);
        let mut advance = Advance {
            next: Next::End,
            known: usize::try_from(known).unwrap_or(usize::MAX),
        };
        if let Some(stop) = &self.plan.stop {
            if !is_same && stop.holds(&seen)? {
                return Ok(advance);
            }
        }
        let mut probes = read.found.probes.into_iter();
        let mut follow = |path: &PathPlan| match path {
            PathPlan::Plain(_) => Ok(probes.next().unwrap_or_default()),
            path => path::first(path, (answer.text(), || answer.body()), &seen),
        };
        let next = match self.plan.kind.way() {
            Way::Value(path) | Way::Address(path) => follow(path)?,
            Way::Link(rel) => link(answer, rel).map_or(Value::UNDEFINED, Value::from),
            Way::Counted(_) => Value::UNDEFINED,
        };
        let mut counted = |path: &Option<PathPlan>, what: &str| match path {
            Some(path) => number(&follow(path)?, what),
            None => Ok(None),
        };
        let total = counted(&self.plan.total, "total")?;
        let last_page = counted(&self.plan.pages, "pages")?;
        advance.next = if is_counted {
            let page = CountedPage {
                count: self.count,
                reached: match self.plan.kind.way() {
                    Way::Counted(Count::Records { start }) => self.offset + self.count - start,
                    Way::Counted(Count::Pages) | Way::Value(_) | Way::Address(_) | Way::Link(_) => {
                        self.seen
                    }
                },
                pages: self.index + 1,
                total,
                last_page,
                is_same,
                has_stop: self.plan.stop.is_some(),
            };
            let (next, remarks) = self.end.judge(page, sizes, step);
            let said = remarks.into_iter().map(|one| (one.kind(), one.to_string()));
            self.remarks.extend(said);
            next
        } else {
            self.led(next, total, answer)?
        };
        self.doubt = match advance.next {
            Next::Probe(doubt) => Some(doubt),
            Next::Page | Next::End => None,
        };
        if advance.next == Next::End {
            return Ok(advance);
        }
        self.index += 1;
        self.offset += match self.size {
            Some(size) if !self.is_countable => size,
            _ => self.count,
        };
        if self.index >= self.plan.max {
            return Err(TemplateError::new(format!(
                "pages: more than {} pages were to be asked for; raise `max` if that is meant",
                self.plan.max
            )));
        }
        Ok(advance)
    }

    /// Where the answer itself leads on: there are more pages as long as it does.
    fn led(
        &mut self,
        next: Value,
        total: Option<u64>,
        answer: &Answer,
    ) -> Result<Next, TemplateError> {
        let is_over = total.is_some_and(|total| self.count == 0 && self.seen >= total);
        let leads_on = !is_over
            && match self.plan.kind.way() {
                Way::Value(_) => self.go_to_cursor(next)?,
                Way::Address(_) | Way::Link(_) => self.go_to(&next, answer)?,
                // It leads nowhere: it is counted.
                Way::Counted(_) => false,
            };
        if leads_on {
            return Ok(Next::Page);
        }
        if let Some(total) = total.filter(|total| self.seen < *total) {
            let remark = Remark::Fewer(self.seen, total);
            self.remarks.push((remark.kind(), remark.to_string()));
        }
        Ok(Next::End)
    }

    /// How many of a page's first records are the last ones of the page before. Offsets move by what
    /// came: where the server leaves records out after it has counted them, both pages see the same.
    fn overlap(&mut self, each: &[u64]) -> u64 {
        let before = &self.before_each;
        let is_offset = matches!(self.plan.kind.way(), Way::Counted(Count::Records { .. }));
        let was_short = self.size.is_some_and(|size| (before.len() as u64) < size);
        if !is_offset || !was_short {
            return 0;
        }
        let most = before.len().min(each.len());
        let known = (1..=most)
            .rev()
            .find(|count| before[before.len() - count..] == each[..*count]);
        let known = known.unwrap_or_default() as u64;
        if known > 0 {
            let text = format!(
                "page {} begins with {known} records of the page before it, which were left out: the server's offsets count records that it does not give",
                self.index + 1
            );
            self.remarks.push(("overlap", text));
        }
        known
    }

    /// What is said where the first page leads to no other, and a name that is nearly the one of `next`
    /// has a value.
    pub fn nearly_next(&self, answer: &Answer) -> Option<String> {
        let (Way::Value(PathPlan::Plain(path)) | Way::Address(PathPlan::Plain(path))) =
            self.plan.kind.way()
        else {
            return None;
        };
        let (PathStep::Key(wanted), parents) = path.steps.split_last()? else {
            return None;
        };
        let mut nodes = Vec::new();
        formats::collect(&answer.body(), parents, &mut nodes);
        let node = nodes.into_iter().next()?;
        let keys = formats::keys_of(&node);
        if keys.iter().any(|key| **key == **wanted) {
            return None;
        }
        let has_value = |key: &&String| {
            let value = node.get_attr(key).unwrap_or_default();
            !is_nothing(&value) && value.len() != Some(0)
        };
        let filled = keys.iter().filter(has_value).map(String::as_str);
        let near = nearest(wanted, filled)?;
        Some(format!(
            "the list ends with its first page, as there is no `{}`; did you mean `{near}`?",
            path.text
        ))
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
        let url = answer.url.join(&text).map_err(|error| {
            TemplateError::new(format!(
                "pages: the next page's address `{text}` is no URL: {error}"
            ))
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

    /// The list would not end.
    pub fn repeated(&self, what: &str) -> TemplateError {
        TemplateError::new(format!(
            "pages: page {} {what}: the list would be read for ever. Does the API take the page's value under another name?",
            self.index + 1
        ))
    }
}

/// What comes after a page, and what of it is known.
#[derive(Debug)]
pub struct Advance {
    /// What comes next.
    pub next: Next,
    /// So many of its first records were in the page before.
    pub known: usize,
}

/// A number of records or pages that an answer names.
fn number(value: &Value, what: &str) -> Result<Option<u64>, TemplateError> {
    let number = plain(value);
    let text = number.as_str().map(str::trim);
    let read: Option<i128> = match text {
        Some(text) => text.parse().ok(),
        None => i128::try_from(number.clone()).ok(),
    };
    let is_nothing = is_nothing(&number) || text == Some("");
    match read {
        // Some count -1 where they don't count.
        Some(read) => Ok(u64::try_from(read).ok()),
        None if !is_nothing => Err(TemplateError::new(format!(
            "pages: `{what}` is `{}`, which is no number",
            text_of(&number)
        ))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
