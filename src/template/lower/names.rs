//! Names and fields: known, unknown, secret.

use std::ops::Range;

use minijinja::machinery::ast::{Expr, Spanned, Var};

use super::Lowering;
use crate::diagnostics::Code;
use crate::diagnostics::nearest::hint;
use crate::template::scope::{Field, Name};
use crate::template::{functions, methods};

impl<'s> Lowering<'s, '_> {
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.contains(&name)
    }

    pub(super) fn var(&mut self, var: &Spanned<Var<'s>>) -> Expr<'s> {
        let place = self.place_of(var.id);
        if !self.is_local(var.id) {
            match self.scope.get(var.id) {
                Some(Name::Fields(fields)) if fields.iter().any(|field| field.is_secret) => {
                    self.whole_of_secrets(var.id, &place);
                }
                Some(_) => {}
                None => self.unknown_name(var.id, place),
            }
            if var.id == "options" {
                self.uses.reads_all_options = true;
            }
            self.uses.names.insert(var.id.to_owned());
        }
        Expr::Var(Spanned::new(Var { id: var.id }, var.span()))
    }

    /// The expression in front of a `.name` or `[…]`: a name there is not read as a whole.
    pub(super) fn owner(&mut self, expr: &Expr<'s>) -> Expr<'s> {
        match expr {
            Expr::Var(var) if !self.is_local(var.id) && self.scope.get(var.id).is_some() => {
                self.uses.names.insert(var.id.to_owned());
                Expr::Var(Spanned::new(Var { id: var.id }, var.span()))
            }
            other => self.expr(other),
        }
    }

    pub(super) fn unknown_name(&mut self, name: &str, place: Range<usize>) {
        if functions::find(name).is_some() {
            let help = format!("call it: {name}()");
            self.problem(
                Code::UnknownName,
                place,
                format!("`{name}` is a function"),
                help,
            );
            return;
        }
        if let Some(help) = self.scope.hint(name) {
            self.problem(
                Code::UnknownName,
                place,
                format!("unknown name `{name}`"),
                help.to_owned(),
            );
            return;
        }
        if self.scope.comes_elsewhere(name) {
            let message = format!("`{name}` is not known yet here");
            let help = "a step sees those before it, a lookup those above it: move it up, or ask for it there";
            self.problem(Code::UnknownName, place, message, help.to_owned());
            return;
        }
        let locals = self.locals.iter().copied().filter(|local| *local != "loop");
        let help = hint(name, locals.chain(self.scope.names()));
        self.problem(
            Code::UnknownName,
            place,
            format!("unknown name `{name}`"),
            help,
        );
    }

    /// Something is read by its name in what this is, which may be a field of a name.
    fn note_inside(&mut self, expr: &Expr<'s>) {
        let (owner, field) = match expr {
            Expr::GetAttr(attr) => (&attr.expr, Some(attr.name.to_owned())),
            Expr::GetItem(item) => {
                let key = item.subscript_expr.as_const();
                (
                    &item.expr,
                    key.and_then(|key| key.as_str().map(str::to_owned)),
                )
            }
            _ => return,
        };
        if let (Expr::Var(var), Some(field)) = (owner, field) {
            if !self.is_local(var.id) && self.scope.get(var.id).is_some() {
                self.uses.inside.insert((var.id.to_owned(), field));
            }
        }
    }

    pub(super) fn whole_of_secrets(&mut self, name: &str, place: &Range<usize>) {
        self.uses.has_secret = true;
        if self.scope.is_shown {
            self.problem(
                Code::PasswordShown,
                place.clone(),
                format!("`{name}` as a whole holds a password, which is never shown"),
                format!("name what is meant: {name}.NAME"),
            );
        }
    }

    /// Checks `owner.name` where the spec says which fields `owner` has.
    pub(super) fn field(&mut self, owner: &Expr<'s>, name: &str, place: Range<usize>) {
        let Expr::Var(var) = owner else {
            return self.note_inside(owner);
        };
        if self.is_local(var.id) {
            return;
        }
        if var.id == "options" {
            self.uses.options.insert(name.to_owned());
        }
        if self.scope.get(var.id).is_some() {
            self.uses
                .fields
                .insert((var.id.to_owned(), name.to_owned()));
        }
        let Some(Name::Fields(fields)) = self.scope.get(var.id) else {
            return;
        };
        match fields.iter().find(|field| field.name == name) {
            Some(Field {
                is_secret: true, ..
            }) => {
                self.uses.has_secret = true;
                if self.scope.is_shown {
                    self.problem(
                        Code::PasswordShown,
                        place,
                        format!(
                            "`{}.{name}` is a password, and what stands here is shown",
                            var.id
                        ),
                        "a password goes into requests and conditions only".to_owned(),
                    );
                }
            }
            Some(_) => {}
            None if methods::find(name).is_some() => {}
            None => {
                let mut help = hint(name, fields.iter().map(|field| field.name.as_str()));
                if var.id == "vars" {
                    help.push_str("; a var sees those before it, all else sees all of them");
                }
                self.problem(
                    Code::UnknownField,
                    place,
                    format!("`{}` has no `{name}`", var.id),
                    help,
                );
            }
        }
    }
}
