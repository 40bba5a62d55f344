//! `{% … %}`: what a template may say besides `{{ … }}`.

use crate::diagnostics::Code;
use minijinja::Value;
use minijinja::machinery::Span;
use minijinja::machinery::ast::{
    EmitExpr, EmitRaw, Expr, FilterBlock, ForLoop, GetAttr, IfCond, List, Set, SetBlock, Spanned,
    Stmt, Template, Tuple, Var, WithBlock,
};

use super::places::range_of;
use super::{Lowering, constant};

impl<'s> Lowering<'s, '_> {
    pub(super) fn template(&mut self, template: &Spanned<Template<'s>>) -> Stmt<'s> {
        let children = self.body(&template.children);
        Stmt::Template(Spanned::new(Template { children }, template.span()))
    }

    pub(super) fn body(&mut self, statements: &[Stmt<'s>]) -> Vec<Stmt<'s>> {
        statements
            .iter()
            .filter_map(|statement| self.statement(statement))
            .collect()
    }

    /// Statements whose names end with them.
    pub(super) fn block(&mut self, statements: &[Stmt<'s>]) -> Vec<Stmt<'s>> {
        let outer = self.locals.len();
        let body = self.body(statements);
        self.locals.truncate(outer);
        body
    }

    pub(super) fn statement(&mut self, statement: &Stmt<'s>) -> Option<Stmt<'s>> {
        Some(match statement {
            Stmt::Template(template) => self.template(template),
            Stmt::EmitExpr(emit) => {
                let expr = self.expr(&emit.expr);
                Stmt::EmitExpr(Spanned::new(EmitExpr { expr }, emit.span()))
            }
            Stmt::EmitRaw(raw) => Stmt::EmitRaw(Spanned::new(EmitRaw { raw: raw.raw }, raw.span())),
            Stmt::ForLoop(each) => self.for_loop(each),
            Stmt::IfCond(cond) => {
                let expr = self.decides(&cond.expr);
                let true_body = self.body(&cond.true_body);
                let false_body = self.body(&cond.false_body);
                let cond_span = cond.span();
                Stmt::IfCond(Spanned::new(
                    IfCond {
                        expr,
                        true_body,
                        false_body,
                    },
                    cond_span,
                ))
            }
            Stmt::WithBlock(with) => {
                let outer = self.locals.len();
                let mut assignments = Vec::new();
                for (target, value) in &with.assignments {
                    let value = self.expr(value);
                    assignments.push((self.target(target), value));
                }
                let body = self.body(&with.body);
                self.locals.truncate(outer);
                Stmt::WithBlock(Spanned::new(WithBlock { assignments, body }, with.span()))
            }
            Stmt::Set(set) => {
                let expr = self.expr(&set.expr);
                let target = self.target(&set.target);
                Stmt::Set(Spanned::new(Set { target, expr }, set.span()))
            }
            Stmt::SetBlock(set) => {
                let body = self.block(&set.body);
                let filter = set.filter.as_ref().map(|filter| self.expr(filter));
                let target = self.target(&set.target);
                Stmt::SetBlock(Spanned::new(
                    SetBlock {
                        target,
                        filter,
                        body,
                    },
                    set.span(),
                ))
            }
            Stmt::FilterBlock(block) => {
                let filter = self.expr(&block.filter);
                let body = self.block(&block.body);
                Stmt::FilterBlock(Spanned::new(
                    FilterBlock {
                        filter,
                        filter_span: block.filter_span,
                        body,
                    },
                    block.span(),
                ))
            }
            Stmt::AutoEscape(other) => return self.refused_statement(other.span()),
            Stmt::Do(other) => return self.refused_statement(other.span()),
        })
    }

    pub(super) fn refused_statement(&mut self, span: Span) -> Option<Stmt<'s>> {
        self.problem(
            Code::TemplateSyntax,
            range_of(span),
            "this statement is not part of the language".to_owned(),
            "statements are if, for, set, with and filter".to_owned(),
        );
        None
    }

    pub(super) fn for_loop(&mut self, each: &Spanned<ForLoop<'s>>) -> Stmt<'s> {
        let iter = self.expr(&each.iter);
        let outer = self.locals.len();
        let element = self.element_shape(&each.iter);
        let target = self.target(&each.target);
        let has_shape = match (&each.target, element) {
            (Expr::Var(_), Some(element)) => {
                self.loops.push((outer, element));
                true
            }
            _ => false,
        };
        self.locals.push("loop");
        let filter_expr = each.filter_expr.as_ref().map(|filter| self.decides(filter));
        let body = self.body(&each.body);
        self.locals.truncate(outer);
        if has_shape {
            self.loops.pop();
        }
        let else_body = self.block(&each.else_body);
        let lowered = ForLoop {
            target,
            iter,
            filter_expr,
            recursive: each.recursive,
            body,
            else_body,
        };
        Stmt::ForLoop(Spanned::new(lowered, each.span()))
    }

    /// A name, or names, that the template sets.
    pub(super) fn target(&mut self, target: &Expr<'s>) -> Expr<'s> {
        match target {
            Expr::Var(var) => {
                self.locals.push(var.id);
                Expr::Var(Spanned::new(Var { id: var.id }, var.span()))
            }
            Expr::List(list) => {
                let items = list.items.iter().map(|item| self.target(item)).collect();
                Expr::List(Spanned::new(List { items }, list.span()))
            }
            Expr::Tuple(tuple) => {
                let items = tuple.items.iter().map(|item| self.target(item)).collect();
                Expr::Tuple(Spanned::new(Tuple { items }, tuple.span()))
            }
            // A value of a `namespace`, which outlives a loop.
            Expr::GetAttr(attr) if matches!(&attr.expr, Expr::Var(var) if self.is_local(var.id)) => {
                let lowered = GetAttr {
                    expr: self.expr(&attr.expr),
                    name: attr.name,
                };
                Expr::GetAttr(Spanned::new(lowered, attr.span()))
            }
            other => {
                self.problem(
                    Code::TemplateSyntax,
                    self.extent(other),
                    "only a name can be set".to_owned(),
                    "write {% set name = value %}; to change a value inside a loop: {% set ns = namespace(x=0) %} before it, and {% set ns.x = ns.x + 1 %} in it".to_owned(),
                );
                constant(Value::UNDEFINED, other.span())
            }
        }
    }
}
