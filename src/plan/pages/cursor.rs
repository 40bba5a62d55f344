//! A value of the last answer: the request uses `page.cursor`.

use super::{Keys, PagesRead, Way};
use crate::json_path::PathPlan;
use crate::plan::compile::Compiler;
use crate::spec::pages::Next;
use crate::template::scope::Scope;

/// Pages of which each names the next.
#[derive(Debug)]
pub struct CursorPlan(PathPlan);

impl CursorPlan {
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
        Way::Value(&self.0)
    }
}
