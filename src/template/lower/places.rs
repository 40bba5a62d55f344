//! Where things stand in a template's text.

use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::Expr;

use super::{Lowering, constant};

impl<'s> Lowering<'s, '_> {
    /// The bytes of a name: a slice of the text, so that its address tells its place.
    pub(super) fn place_of(&self, name: &str) -> Range<usize> {
        let start = (name.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if start <= self.text.len() && start + name.len() <= self.text.len() {
            start..start + name.len()
        } else {
            0..self.text.len()
        }
    }

    pub(super) fn source_of(&self, expr: &Expr<'s>) -> Expr<'s> {
        let text = &self.text[self.extent(expr)];
        constant(Value::from(text), expr.span())
    }

    pub(super) fn extent_of(&self, span: Span) -> Range<usize> {
        let range = range_of(span);
        range.start.min(self.text.len())..range.end.min(self.text.len())
    }

    /// The bytes of an expression. An operator's own span starts a token early, so it is taken from
    /// its sides.
    pub(super) fn extent(&self, expr: &Expr<'s>) -> Range<usize> {
        match expr {
            Expr::BinOp(binary) => self.extent(&binary.left).start..self.extent(&binary.right).end,
            Expr::Compare(compare) => {
                let start = self.extent(&compare.expr).start;
                let last = compare.ops.last().map(|op| self.extent(&op.expr).end);
                start..last.unwrap_or(start)
            }
            Expr::Var(var) => self.place_of(var.id),
            Expr::GetAttr(attr) => self.extent(&attr.expr).start..self.place_of(attr.name).end,
            Expr::GetItem(item) => self.extent(&item.expr).start..self.extent_of(item.span()).end,
            Expr::Filter(filter) => {
                let end = self.extent_of(filter.span()).end;
                let start = filter.expr.as_ref().map(|expr| self.extent(expr).start);
                start.unwrap_or_else(|| self.extent_of(filter.span()).start)..end
            }
            other => {
                let range = self.extent_of(other.span());
                range.start..range.end.max(range.start)
            }
        }
    }
}

/// The bytes of a span.
pub(super) fn range_of(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}
