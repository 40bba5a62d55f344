//! Fields that no value on a tape has, and text there beside numbers: told as warnings, as another day's
//! values may be others.

use std::ops::Range;

use minijinja::machinery::ast::Expr;

use super::{Lowering, Problem};
use crate::diagnostics::Code;
use crate::diagnostics::nearest::nearest;
use crate::template::methods;
use crate::template::scope::Name;
use crate::template::shapes::Shape;

/// Names that are listed of those that there are.
const LISTED: usize = 12;

impl<'s> Lowering<'s, '_> {
    /// Warns of a field that no value on the tape has.
    pub(super) fn check_shape(&mut self, owner: &Expr<'s>, name: &str, place: Range<usize>) {
        // Who provides for nothing knows that it may not be there.
        if self.guards > 0 {
            return;
        }
        // Of these the spec says which fields there are.
        let is_of_spec = |name| matches!(self.scope.get(name), Some(Name::Fields(_)));
        if matches!(owner, Expr::Var(var) if is_of_spec(var.id)) {
            return;
        }
        let Some(shape) = self.shape_of(owner) else {
            return;
        };
        let Some(names) = shape.names() else {
            return;
        };
        if shape.field(name).is_some() || methods::find(name).is_some() {
            return;
        }
        let names: Vec<&str> = names.collect();
        let near = nearest(name, names.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let more = if names.len() > LISTED { ", …" } else { "" };
        let listed = names[..names.len().min(LISTED)].join(", ");
        let path = self.text[self.extent(owner)].to_owned();
        self.hints.push(Problem {
            code: Code::NotOnTape,
            range: place,
            message: format!("no `{path}` on the tape has `{name}`"),
            hint: Some(format!("{near}it has {listed}{more}")),
        });
    }

    /// Warns of text on the tape beside a number.
    pub(super) fn check_text_shape(&mut self, text: &Expr<'s>, help: String) {
        if !self.shape_of(text).is_some_and(Shape::is_text) {
            return;
        }
        let range = self.extent(text);
        let path = self.text[range.clone()].to_owned();
        self.hints.push(Problem {
            code: Code::NotOnTape,
            range,
            message: format!("`{path}` is text on the tape, and stands beside a number here"),
            hint: Some(help),
        });
    }

    /// What the elements of a list were on the tape.
    pub(super) fn element_shape(&self, list: &Expr<'s>) -> Option<Shape> {
        self.shape_of(list)?.element().cloned()
    }

    /// What an expression was on the tape, where it is a path.
    fn shape_of(&self, expr: &Expr<'s>) -> Option<&Shape> {
        match expr {
            Expr::Var(var) => {
                if let Some(index) = self.locals.iter().rposition(|local| *local == var.id) {
                    let mut loops = self.loops.iter().rev();
                    return loops.find(|(at, _)| *at == index).map(|(_, shape)| shape);
                }
                self.scope.get(var.id)?;
                self.scope.shape(var.id)
            }
            Expr::GetAttr(attr) => self.shape_of(&attr.expr)?.field(attr.name),
            Expr::GetItem(item) => {
                let owner = self.shape_of(&item.expr)?;
                let key = item.subscript_expr.as_const()?;
                match key.as_str() {
                    Some(name) => owner.field(name),
                    None => owner.element(),
                }
            }
            Expr::Filter(filter) if matches!(filter.name, "first" | "last") => {
                self.shape_of(filter.expr.as_ref()?)?.element()
            }
            Expr::Const(_)
            | Expr::Slice(_)
            | Expr::UnaryOp(_)
            | Expr::BinOp(_)
            | Expr::Compare(_)
            | Expr::IfExpr(_)
            | Expr::Filter(_)
            | Expr::Test(_)
            | Expr::Call(_)
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Map(_) => None,
        }
    }
}
