//! Expressions, each kind in turn.

use minijinja::Value;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, Expr, GetAttr, GetItem, IfExpr, List, Map, Slice, Spanned, Tuple,
};

use super::{Lowering, Problem, constant, filter_node};
use crate::diagnostics::Code;
use crate::template::operators::{ITEM, TRUTH};
use crate::template::scope::Name;

impl<'s> Lowering<'s, '_> {
    pub(super) fn expr(&mut self, expr: &Expr<'s>) -> Expr<'s> {
        match expr {
            Expr::Var(var) => self.var(var),
            Expr::Const(value) => {
                let value_ = if value.value.is_none() {
                    Value::UNDEFINED
                } else {
                    value.value.clone()
                };
                constant(value_, value.span())
            }
            Expr::Slice(slice) => self.slice(slice),
            Expr::UnaryOp(unary) => self.unary(unary),
            Expr::BinOp(binary) => self.binary(binary),
            Expr::Compare(compare) => self.compare(compare),
            Expr::IfExpr(cond) => {
                let lowered = IfExpr {
                    test_expr: self.decides(&cond.test_expr),
                    true_expr: self.expr(&cond.true_expr),
                    false_expr: cond.false_expr.as_ref().map(|other| self.expr(other)),
                };
                Expr::IfExpr(Spanned::new(lowered, cond.span()))
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => self.test(test),
            Expr::GetAttr(attr) => {
                self.field(&attr.expr, attr.name, self.place_of(attr.name));
                self.check_shape(&attr.expr, attr.name, self.place_of(attr.name));
                let expr = self.owner(&attr.expr);
                let name = attr.name;
                Expr::GetAttr(Spanned::new(GetAttr { expr, name }, attr.span()))
            }
            Expr::GetItem(item) => self.item(item),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = list.items.iter().map(|item| self.expr(item)).collect();
                Expr::List(Spanned::new(List { items }, list.span()))
            }
            Expr::Tuple(tuple) => {
                let items = tuple.items.iter().map(|item| self.expr(item)).collect();
                Expr::Tuple(Spanned::new(Tuple { items }, tuple.span()))
            }
            Expr::Map(map) => {
                let keys = map.keys.iter().map(|key| self.expr(key)).collect();
                let values = map.values.iter().map(|value| self.expr(value)).collect();
                Expr::Map(Spanned::new(Map { keys, values }, map.span()))
            }
        }
    }

    /// An expression whose truth decides: in a condition text is not true by being there.
    pub(super) fn decides(&mut self, expr: &Expr<'s>) -> Expr<'s> {
        match expr {
            Expr::BinOp(binary) if matches!(binary.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                let lowered = BinOp {
                    op: binary.op,
                    left: self.decides(&binary.left),
                    right: self.decides(&binary.right),
                };
                Expr::BinOp(Spanned::new(lowered, binary.span()))
            }
            Expr::BinOp(binary) if !matches!(binary.op, BinOpKind::Concat | BinOpKind::Add) => {
                self.expr(expr)
            }
            Expr::Const(constant) if constant.value.as_str().is_none() => self.expr(expr),
            Expr::UnaryOp(_)
            | Expr::Compare(_)
            | Expr::Test(_)
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Map(_) => self.expr(expr),
            Expr::Const(_)
            | Expr::BinOp(_)
            | Expr::Var(_)
            | Expr::Slice(_)
            | Expr::IfExpr(_)
            | Expr::Filter(_)
            | Expr::GetAttr(_)
            | Expr::GetItem(_)
            | Expr::Call(_) => {
                if self.is_text(expr) {
                    let range = self.extent(expr);
                    let path = self.text[range.clone()].to_owned();
                    self.hints.push(Problem {
                        code: Code::TextDecides,
                        range,
                        message: format!("the text of `{path}` decides: it is false if it is empty, false, 0, no or off, and true whatever else it is"),
                        hint: Some(format!("that is fine where it is meant; else compare it: {path} == 'true', or write {path} | bool, which takes no other words")),
                    });
                }
                let lowered = self.expr(expr);
                filter_node(TRUTH, lowered, Vec::new(), expr.span())
            }
        }
    }

    pub(super) fn item(&mut self, item: &Spanned<GetItem<'s>>) -> Expr<'s> {
        let subscript = self.expr(&item.subscript_expr);
        if let Expr::Const(key) = &subscript {
            if let Some(name) = key.value.as_str() {
                let name = name.to_owned();
                self.field(&item.expr, &name, self.extent(&item.subscript_expr));
                self.check_shape(&item.expr, &name, self.extent(&item.subscript_expr));
            }
            let lowered = GetItem {
                expr: self.owner(&item.expr),
                subscript_expr: subscript,
            };
            return Expr::GetItem(Spanned::new(lowered, item.span()));
        }
        let is_row = matches!(&item.expr, Expr::Var(var)
            if !self.is_local(var.id) && matches!(self.scope.get(var.id), Some(Name::Row)));
        let expr = if is_row {
            self.owner(&item.expr)
        } else {
            self.expr(&item.expr)
        };
        filter_node(ITEM, expr, vec![subscript], item.span())
    }

    pub(super) fn slice(&mut self, slice: &Spanned<Slice<'s>>) -> Expr<'s> {
        let span = slice.span();
        let mut part = |part: &Option<Expr<'s>>| match part {
            Some(part) => self.expr(part),
            None => constant(Value::UNDEFINED, span),
        };
        let (start, stop, step) = (part(&slice.start), part(&slice.stop), part(&slice.step));
        let expr = self.expr(&slice.expr);
        filter_node("__slice", expr, vec![start, stop, step], span)
    }
}
