//! Comparisons and arithmetic become filters of ours; what can be seen to be wrong is refused.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, Compare, CompareOpKind, Expr, Spanned, UnaryOp, UnaryOpKind,
};

use super::{Lowering, filter_node};
use crate::diagnostics::Code;
use crate::template::operators::{NEGATE, binary_filter, compare_filter};
use crate::template::scope::Name;

impl<'s> Lowering<'s, '_> {
    pub(super) fn unary(&mut self, unary: &Spanned<UnaryOp<'s>>) -> Expr<'s> {
        if let UnaryOpKind::Neg = unary.op {
            self.negative(unary)
        } else {
            let op = UnaryOpKind::Not;
            let expr = self.decides(&unary.expr);
            Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, unary.span()))
        }
    }

    fn negative(&mut self, unary: &Spanned<UnaryOp<'s>>) -> Expr<'s> {
        let expr = self.expr(&unary.expr);
        if let Expr::Const(_) = &expr {
            let op = UnaryOpKind::Neg;
            return Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, unary.span()));
        }
        let source = self.source_of(&unary.expr);
        filter_node(NEGATE, expr, vec![source], unary.span())
    }

    pub(super) fn binary(&mut self, binary: &Spanned<BinOp<'s>>) -> Expr<'s> {
        let Some(filter) = binary_filter(binary.op) else {
            let is_guard = matches!(binary.op, BinOpKind::ScOr);
            self.guards += usize::from(is_guard);
            let left = self.expr(&binary.left);
            self.guards -= usize::from(is_guard);
            let lowered = BinOp {
                op: binary.op,
                left,
                right: self.expr(&binary.right),
            };
            return Expr::BinOp(Spanned::new(lowered, binary.span()));
        };
        if !matches!(binary.op, BinOpKind::Concat | BinOpKind::In) {
            self.text_beside_number(filter, &binary.left, &binary.right);
        }
        self.operator(filter, &binary.left, &binary.right, binary.span())
    }

    /// `a < b < c` is `a < b and b < c`.
    pub(super) fn compare(&mut self, compare: &Spanned<Compare<'s>>) -> Expr<'s> {
        let span = compare.span();
        let mut left = &compare.expr;
        let mut chain: Option<Expr<'s>> = None;
        for op in &compare.ops {
            let filter = compare_filter(op.op);
            if !matches!(op.op, CompareOpKind::In | CompareOpKind::NotIn) {
                self.text_beside_number(filter, left, &op.expr);
            }
            let link = self.operator(filter, left, &op.expr, span);
            chain = Some(match chain {
                None => link,
                Some(before) => Expr::BinOp(Spanned::new(
                    BinOp {
                        op: BinOpKind::ScAnd,
                        left: before,
                        right: link,
                    },
                    span,
                )),
            });
            left = &op.expr;
        }
        chain.unwrap_or_else(|| self.expr(&compare.expr))
    }

    /// An operator as a filter of ours, which also gets both sides as they were written.
    pub(super) fn operator(
        &mut self,
        filter: &'static str,
        left: &Expr<'s>,
        right: &Expr<'s>,
        span: Span,
    ) -> Expr<'s> {
        let sources = [self.source_of(left), self.source_of(right)];
        let (left, right) = (self.expr(left), self.expr(right));
        let [left_source, right_source] = sources;
        filter_node(filter, left, vec![right, left_source, right_source], span)
    }

    /// Refuses what can be seen to be wrong: a column beside a number.
    pub(super) fn text_beside_number(&mut self, filter: &str, left: &Expr<'s>, right: &Expr<'s>) {
        let (text, number) = if self.is_text(left) && is_number(right) {
            (left, right)
        } else if is_number(left) && self.is_text(right) {
            (right, left)
        } else {
            for (text, number) in [(left, right), (right, left)] {
                if is_number(number) {
                    let path = self.text[self.extent(text)].to_owned();
                    self.check_text_shape(text, format!("write {path} | to_number"));
                }
            }
            return;
        };
        let path = self.text[self.extent(text)].to_owned();
        let number_text = self.text[self.extent(number)].to_owned();
        let message = match filter {
            "__eq" | "__ne" => {
                format!("`{path}` is text and never equals the number {number_text}")
            }
            "__lt" | "__le" | "__gt" | "__ge" => {
                format!("`{path}` is text, which has no order beside the number {number_text}")
            }
            _ => format!("`{path}` is text, and this takes numbers"),
        };
        let help = match filter {
            "__eq" | "__ne" => format!("write '{number_text}', or {path} | to_number"),
            _ => format!("write {path} | to_number"),
        };
        let range = self.extent(text);
        self.problem(Code::TextBesideNumber, range, message, help);
    }

    pub(super) fn is_text(&self, expr: &Expr<'s>) -> bool {
        let (owner, field) = match expr {
            Expr::GetAttr(attr) => (&attr.expr, attr.name.to_owned()),
            Expr::GetItem(item) => match item.subscript_expr.as_const() {
                Some(key) => (&item.expr, key.to_string()),
                None => return false,
            },
            _ => return false,
        };
        let Expr::Var(var) = owner else { return false };
        if self.is_local(var.id) {
            return false;
        }
        match self.scope.get(var.id) {
            Some(Name::Row) => true,
            Some(Name::Fields(fields)) => fields
                .iter()
                .any(|known| known.name == field && known.is_text),
            _ => false,
        }
    }
}

fn is_number(expr: &Expr<'_>) -> bool {
    expr.as_const().is_some_and(|value| value.is_number())
}
