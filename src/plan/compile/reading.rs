//! Requests with records, and how these are found in what is answered.

use std::sync::Arc;

use super::Compiler;
use super::request::Purpose;
use super::values::reads_body;
use crate::json_path::PathPlan;
use crate::plan::scopes::Scopes;
use crate::plan::source::{FetchPlan, ReadingPlan};
use crate::spec::format::Format;
use crate::spec::pages::Pages;
use crate::spec::places::Placed;
use crate::spec::request::Request;
use crate::spec::source::Step;
use crate::spec::values::Path;
use crate::template::scope::Scope;

/// How records are found in what is read.
#[derive(Clone, Copy)]
pub(super) struct Reads<'s> {
    pub records: Option<&'s Path>,
    pub format: Option<&'s Format>,
    pub pages: Option<&'s Pages>,
    /// Whether an answer without the place has no records.
    pub may_lack: bool,
}

impl<'s> Reads<'s> {
    pub fn of(step: &'s Step) -> Self {
        Self {
            records: step.records.as_ref(),
            format: step.format.as_ref(),
            pages: step.pages.as_ref(),
            may_lack: step.if_none.is_some(),
        }
    }
}

impl Compiler<'_> {
    /// A request with records.
    pub(super) fn fetch(
        &mut self,
        request: &Placed<Request>,
        reads: Reads<'_>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        is_paged: bool,
    ) -> FetchPlan {
        let how = (is_paged, Purpose::Records);
        self.fetch_for(request, reads, label, scopes, scope, how)
    }

    pub(super) fn fetch_for(
        &mut self,
        at: &Placed<Request>,
        reads: Reads<'_>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
        (is_paged, purpose): (bool, Purpose),
    ) -> FetchPlan {
        let (mut request, sent) =
            self.watched(|compiler| compiler.request(at, label, scopes, scope, purpose));
        let answered = Scopes::answered(scope);
        let pages = (is_paged || reads.pages.is_some())
            .then(|| self.pages(reads.pages, at, &answered, &sent))
            .flatten();
        let pages = pages.map(|(pages, read)| {
            request.holds_body |= read.holds_body;
            pages
        });
        let (reading, holds_body) = self.reading(reads, &answered);
        request.holds_body |= holds_body;
        let mut plan = FetchPlan {
            request,
            pages,
            reading,
        };
        // The list is counted, whatever is read of it.
        let goes_in = match &plan.reading.records {
            Some(PathPlan::Plain(path)) => path.into_elements().is_some(),
            Some(PathPlan::Query(_) | PathPlan::Template(_)) | None => false,
        };
        plan.request.holds_body |= plan.is_counted() && goes_in;
        plan
    }

    /// `records` and `format` of a step, a lookup or a job, and whether they need the whole body.
    pub(super) fn reading(
        &mut self,
        reads: Reads<'_>,
        answered: &Scope,
    ) -> (Arc<ReadingPlan>, bool) {
        let Reads {
            records,
            format,
            pages: _,
            may_lack,
        } = reads;
        let (reading, holds_body) = self.reading_of(records, format, may_lack, answered);
        (reading.into(), holds_body)
    }

    /// The same at other keys; `may_lack`: whether an answer without the place has no records.
    pub(super) fn reading_of(
        &mut self,
        records: Option<&Path>,
        format: Option<&Format>,
        may_lack: bool,
        answered: &Scope,
    ) -> (ReadingPlan, bool) {
        let records = records.map(|path| self.path(path, answered));
        let holds_body = match &records {
            Some((PathPlan::Query(_), _)) => true,
            Some((PathPlan::Template(_), uses)) => reads_body(uses),
            _ => false,
        };
        let format = self.format(format, answered);
        let reading = ReadingPlan {
            records: records.map(|(path, _)| path),
            key: "records",
            format,
            may_lack,
            may_be_empty: true,
        };
        (reading, holds_body)
    }
}
