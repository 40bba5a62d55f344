//! Where a list of numbered pages, or of offsets, ends: what the answer says of more comes first, then
//! what a page looks like, and where that leaves a doubt the next page is asked for.

use super::page_sizes::PageSizes;

/// What comes after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another page.
    Page,
    /// Another page is asked for only to be sure that there is none.
    Probe(Doubt),
    /// No page.
    End,
}

/// Why the list may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The page had fewer records than were asked for.
    Short,
    /// `total` or `pages` is reached, at a page that looks as if there were more.
    Counted,
}

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct CountedPage {
    /// Its records.
    pub count: u64,
    /// How far into the list the pages so far go, in records.
    pub reached: u64,
    /// How many pages were read, this one too.
    pub pages: u64,
    /// `total` of this page.
    pub total: Option<u64>,
    /// `pages` of this page.
    pub last_page: Option<u64>,
    /// Whether it is the page before once more.
    pub is_same: bool,
    /// Whether `stop` says where the list ends, and did not say it.
    pub has_stop: bool,
}

/// What is said of a list, at warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The server gives fewer records a page than it is asked for.
    Capped(u64, u64),
    /// There are more records than `total` says.
    MoreThanTotal(u64),
    /// There are more pages than `pages` says.
    MoreThanPages(u64),
    /// The list ended before `total` was reached: so many of so many.
    Fewer(u64, u64),
    /// The list ended before `pages` was reached: so many of so many.
    FewerPages(u64, u64),
    /// Behind a short page the same one came again.
    Again(u64, u64),
}

/// How far a list is from its end.
#[derive(Debug, Default)]
pub struct ListEnd {
    /// Records that are asked for at a time.
    size: Option<u64>,
    /// The highest totals that were said: they may shrink, or be 0 in the middle.
    total: Option<u64>,
    last_page: Option<u64>,
    /// Whether there was more than they say.
    is_total_wrong: bool,
    /// The most records of a page of this list.
    largest: u64,
    /// The records of the page before.
    before: u64,
    /// Why the page at hand was asked for, if only to be sure.
    doubt: Option<Doubt>,
}

impl ListEnd {
    /// Before the first page of a list that is asked for in pages of `size`.
    pub fn new(size: Option<u64>) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// What comes after a page, and what is to be said.
    pub fn judge(
        &mut self,
        page: CountedPage,
        sizes: &PageSizes,
        step: &str,
    ) -> (Next, Vec<Remark>) {
        self.total = self.total.max(page.total);
        self.last_page = self.last_page.max(page.last_page);
        let doubt = self.doubt.take();
        let before = std::mem::replace(&mut self.before, page.count);
        if page.is_same {
            // Servers that know no page behind the last give that one again.
            let remark = match (doubt, self.size) {
                (Some(Doubt::Short), Some(size)) => Some(Remark::Again(page.count, size)),
                _ => None,
            };
            return (Next::End, Vec::from_iter(remark));
        }
        if page.count == 0 {
            if doubt == Some(Doubt::Short) {
                sizes.note_ended(step, before);
            }
            return (Next::End, Vec::from_iter(self.fewer(page)));
        }
        let mut remarks = Vec::new();
        if doubt == Some(Doubt::Counted) {
            self.is_total_wrong = true;
            remarks.push(match (self.total, self.last_page) {
                (Some(total), _) => Remark::MoreThanTotal(total),
                (None, last) => Remark::MoreThanPages(last.unwrap_or_default()),
            });
        }
        let short = self.size.filter(|size| before > 0 && before < *size);
        if let (Some(size), false) = (short, sizes.is_reached(step)) {
            sizes.note_capped(step);
            remarks.push(Remark::Capped(before, size));
        }
        let next = self.after_records(page, sizes, step);
        self.largest = self.largest.max(page.count);
        if let Next::Probe(doubt) = next {
            self.doubt = Some(doubt);
        }
        (next, remarks)
    }

    /// What comes after a page that has records.
    fn after_records(&self, page: CountedPage, sizes: &PageSizes, step: &str) -> Next {
        let is_full = self.size.is_some_and(|size| page.count >= size);
        if is_full {
            sizes.note_reached(step);
        }
        if page.has_stop {
            return Next::Page;
        }
        let is_surely_short = match self.size {
            Some(_) => !is_full && sizes.is_last(step, page.count),
            None => page.count < self.largest,
        };
        if let (Some(is_reached), false) = (self.is_counted_out(page), self.is_total_wrong) {
            // Both speak for the end: the count, and a page shorter than those before it.
            let is_short = is_surely_short || (page.pages > 1 && page.count < self.largest);
            return match (is_reached, is_short) {
                (false, _) => Next::Page,
                (true, true) => Next::End,
                (true, false) => Next::Probe(Doubt::Counted),
            };
        }
        match self.size {
            None => Next::Page,
            Some(_) if is_full => Next::Page,
            Some(_) if is_surely_short => Next::End,
            // A page later than the first is as short where the server caps all of them.
            Some(_) if page.pages > 1 => Next::Page,
            Some(_) => Next::Probe(Doubt::Short),
        }
    }

    /// Whether `total` or `pages` is reached; nothing where neither is said.
    fn is_counted_out(&self, page: CountedPage) -> Option<bool> {
        match (self.total, self.last_page) {
            (None, None) => None,
            (total, last) => Some(
                total.is_none_or(|total| page.reached >= total)
                    && last.is_none_or(|last| page.pages >= last),
            ),
        }
    }

    /// What is said where a list ended though there was to be more.
    fn fewer(&self, page: CountedPage) -> Option<Remark> {
        if let Some(total) = self.total.filter(|total| page.reached < *total) {
            return Some(Remark::Fewer(page.reached, total));
        }
        let last = self
            .last_page
            .filter(|last| page.pages <= *last && *last > 1)?;
        Some(Remark::FewerPages(page.pages - 1, last))
    }
}

impl Remark {
    /// One word for each kind: it is said once a step.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Capped(..) => "capped",
            Self::MoreThanTotal(_) => "total",
            Self::MoreThanPages(_) => "pages",
            Self::Fewer(..) => "fewer",
            Self::FewerPages(..) => "fewer pages",
            Self::Again(..) => "again",
        }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Capped(came, size) => write!(
                f,
                "the server gives {came} records a page, and {size} were asked for: a short page ends nothing here; say size: {came}"
            ),
            Self::MoreThanTotal(total) => write!(
                f,
                "`total` says {total}, and there are more records than that: it ends nothing here. Where it counts pages, write pages: {{ page: {{ pages: … }} }}"
            ),
            Self::MoreThanPages(last) => write!(
                f,
                "`pages` says {last}, and there are more pages than that: it ends nothing here. Where it counts records, it is `total`"
            ),
            Self::Fewer(reached, total) => write!(
                f,
                "the list ended with {reached} records, and `total` says {total}"
            ),
            Self::FewerPages(read, last) => write!(
                f,
                "the list ended after {read} pages, and `pages` says {last}"
            ),
            Self::Again(count, size) => write!(
                f,
                "the next page is the same {count} records again, and {size} were asked for: the list is taken to end there. Where the server takes no pages, say pages: none"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a list to its end: pages as `(records, total, last page)`.
    fn read(
        size: Option<u64>,
        pages: &[(u64, Option<u64>, Option<u64>)],
        sizes: &PageSizes,
    ) -> (usize, Vec<Remark>) {
        let mut end = ListEnd::new(size);
        let mut remarks = Vec::new();
        let mut reached = 0;
        for (index, (count, total, last_page)) in pages.iter().enumerate() {
            reached += count;
            let page = CountedPage {
                count: *count,
                reached,
                pages: index as u64 + 1,
                total: *total,
                last_page: *last_page,
                is_same: false,
                has_stop: false,
            };
            let (next, remark) = end.judge(page, sizes, "a");
            remarks.extend(remark);
            if next == Next::End {
                return (index + 1, remarks);
            }
        }
        panic!("the list did not end: {pages:?}");
    }

    fn alone(size: Option<u64>, counts: &[u64]) -> (usize, Vec<Remark>) {
        let pages: Vec<_> = counts.iter().map(|count| (*count, None, None)).collect();
        read(size, &pages, &PageSizes::default())
    }

    fn with_total(size: Option<u64>, pages: &[(u64, u64)]) -> (usize, Vec<Remark>) {
        let pages: Vec<_> = pages
            .iter()
            .map(|(count, total)| (*count, Some(*total), None))
            .collect();
        read(size, &pages, &PageSizes::default())
    }

    #[test]
    fn a_short_page_ends_once_the_size_was_reached() {
        assert_eq!(alone(Some(2), &[2, 1]), (2, vec![]));
        assert_eq!(alone(Some(2), &[2, 2, 0]), (3, vec![]));
        assert_eq!(
            alone(None, &[2, 1, 0]),
            (3, vec![]),
            "nothing says how long"
        );
    }

    #[test]
    fn a_first_page_that_is_short_is_looked_behind() {
        assert_eq!(alone(Some(250), &[3, 0]), (2, vec![]));
        assert_eq!(
            alone(Some(250), &[100, 100, 50, 0]),
            (4, vec![Remark::Capped(100, 250); 2])
        );
    }

    #[test]
    fn one_list_learns_from_another() {
        let sizes = PageSizes::default();
        assert_eq!(
            read(Some(9), &[(9, None, None), (1, None, None)], &sizes).0,
            2
        );
        assert_eq!(read(Some(9), &[(3, None, None)], &sizes).0, 1);
    }

    #[test]
    fn a_total_that_is_not_reached_goes_on() {
        assert_eq!(with_total(Some(2), &[(2, 3), (1, 3)]), (2, vec![]));
        assert_eq!(
            with_total(Some(250), &[(100, 250), (100, 250), (50, 250), (0, 250)]),
            (3, vec![Remark::Capped(100, 250); 2])
        );
        assert_eq!(
            with_total(Some(2), &[(2, 9), (2, 9), (0, 9)]),
            (3, vec![Remark::Fewer(4, 9)])
        );
    }

    #[test]
    fn a_total_at_a_full_page_is_looked_behind() {
        assert_eq!(with_total(Some(2), &[(2, 4), (2, 4), (0, 4)]), (3, vec![]));
        // A page's own count.
        assert_eq!(
            with_total(Some(100), &[(100, 100), (16, 16)]),
            (2, vec![Remark::MoreThanTotal(100)])
        );
        assert_eq!(
            with_total(None, &[(100, 100), (16, 16), (0, 0)]),
            (3, vec![Remark::MoreThanTotal(100)])
        );
        // One that counts pages.
        assert_eq!(
            with_total(Some(3), &[(3, 3), (3, 3), (1, 3)]),
            (3, vec![Remark::MoreThanTotal(3)])
        );
    }

    #[test]
    fn a_total_that_shrinks_ends_nothing() {
        assert_eq!(with_total(Some(2), &[(2, 5), (2, 0), (1, 5)]), (3, vec![]));
        assert_eq!(with_total(Some(2), &[(2, 5), (2, 4), (1, 3)]), (3, vec![]));
    }

    #[test]
    fn pages_are_counted() {
        let pages = |list: &[(u64, u64)]| {
            let pages: Vec<_> = list
                .iter()
                .map(|(count, last)| (*count, None, Some(*last)))
                .collect();
            read(None, &pages, &PageSizes::default())
        };
        assert_eq!(pages(&[(3, 3), (3, 3), (1, 3)]), (3, vec![]));
        assert_eq!(pages(&[(3, 2), (3, 2), (0, 2)]), (3, vec![]));
        assert_eq!(
            pages(&[(3, 3), (0, 3)]),
            (2, vec![Remark::FewerPages(1, 3)])
        );
        assert_eq!(
            pages(&[(3, 1), (3, 1), (1, 1), (0, 1)]),
            (4, vec![Remark::MoreThanPages(1)])
        );
    }

    #[test]
    fn the_last_page_again_ends() {
        let sizes = PageSizes::default();
        let mut end = ListEnd::new(Some(2));
        let page = |pages, is_same| CountedPage {
            count: 2,
            reached: 2 * pages,
            pages,
            total: Some(2),
            last_page: None,
            is_same,
            has_stop: false,
        };
        assert_eq!(
            end.judge(page(1, false), &sizes, "a"),
            (Next::Probe(Doubt::Counted), vec![])
        );
        assert_eq!(end.judge(page(2, true), &sizes, "a"), (Next::End, vec![]));
    }
}
