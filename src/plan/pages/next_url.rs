//! The next page's address stands in the answer.

use super::{Keys, PagesRead, Way};
use crate::json_path::PathPlan;
use crate::plan::compile::Compiler;
use crate::spec::pages::Next;
use crate::template::scope::Scope;

/// Pages of which each has the address of the next.
#[derive(Debug)]
pub struct NextUrlPlan(PathPlan);

impl NextUrlPlan {
    pub(super) fn compile<'s>(
        spec: &'s Next,
        answered: &Scope,
        read: &mut PagesRead,
        compiler: &mut Compiler<'_>,
    ) -> (Self, Keys<'s>) {
        let next = compiler.page_path(&spec.next, answered, read);
        (Self(next), Keys::of(spec))
    }

    pub(super) fn way(&self) -> Way<'_> {
        Way::Address(&self.0)
    }
}
