//! Names and fields: known, unknown, secret.

use std::ops::Range;

use minijinja::machinery::ast::{Expr, Spanned, Var};

use super::Lowering;
use crate::diagnostics::Code;
use crate::diagnostics::nearest::hint;
use crate::template::scope::{Field, Name, Read};
use crate::template::{functions, methods};

/// Names that the language gives at other places: who writes one does not mean a field.
const OF_LANGUAGE: [&str; 20] = [
    "row", "record", "outcome", "item", "items", "batch", "page", "response", "since", "submit",
    "poll", "change", "keys", "key", "token", "result", "part", "rows", "error", "run",
];

/// A name with a dash, which is read as a subtraction.
enum Dash {
    /// Its first half was told already.
    Told,
    /// Where it stands, what is wrong and what to do.
    Untold(Range<usize>, String, String),
}

impl<'s> Lowering<'s, '_> {
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.contains(&name)
    }

    /// Notes what is read, where an editor wants to know.
    pub(super) fn note_read(&mut self, name: &str, field: Option<&str>, place: Range<usize>) {
        if self.scope.is_watched() {
            self.uses.reads.push(Read {
                name: name.to_owned(),
                field: field.map(str::to_owned),
                place,
            });
        }
    }

    pub(super) fn var(&mut self, var: &Spanned<Var<'s>>) -> Expr<'s> {
        let place = self.place_of(var.id);
        if !self.is_local(var.id) {
            self.note_read(var.id, None, place.clone());
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
                self.note_read(var.id, None, self.place_of(var.id));
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
        if let Some(told) = self.with_dash(name, &place) {
            if let Dash::Untold(place, message, help) = told {
                self.problem(Code::UnknownName, place, message, help);
            }
            return;
        }
        if matches!(
            name,
            "null" | "nil" | "undefined" | "NULL" | "Null" | "nothing"
        ) {
            let message = format!("unknown name `{name}`");
            self.problem(
                Code::UnknownName,
                place,
                message,
                "nothing is written none".to_owned(),
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
        let mut help = hint(name, locals.chain(self.scope.names()));
        // A field alone is what most mean who write no known name.
        let owner = ["row", "record"]
            .into_iter()
            .find(|owner| self.scope.get(owner).is_some());
        let is_field = !help.starts_with("did you mean") && !OF_LANGUAGE.contains(&name);
        if let (Some(owner), true) = (owner, is_field) {
            help = format!("a field is written {owner}.{name}; {help}");
        }
        self.problem(
            Code::UnknownName,
            place,
            format!("unknown name `{name}`"),
            help,
        );
    }

    /// A name behind a dash without spaces is the rest of a name with a dash: `row.first-name`.
    fn with_dash(&self, name: &str, place: &Range<usize>) -> Option<Dash> {
        let before = self.text[..place.start].strip_suffix('-')?;
        let is_of_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let start = before.rfind(|c| !is_of_path(c)).map_or(0, |at| at + 1);
        let (owner, field) = before[start..].split_once('.')?;
        if field.is_empty() || self.scope.get(owner).is_none() {
            return None;
        }
        if matches!(self.scope.get(owner), Some(Name::Fields(_)))
            && !self.scope.has_field(owner, field)
        {
            return Some(Dash::Told);
        }
        let whole = format!("{field}-{name}");
        Some(Dash::Untold(
            start..place.end,
            format!("`{owner}.{whole}` is `{owner}.{field}` minus `{name}`"),
            format!("a name with a dash is written {owner}['{whole}']"),
        ))
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
        self.note_read(var.id, Some(name), place.clone());
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
                if var.id == "options" && !help.starts_with("did you mean") {
                    let behind = self.text.get(place.end..).unwrap_or_default();
                    let is_of_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
                    let rest = &behind[..behind.find(|c| !is_of_name(c)).unwrap_or(behind.len())];
                    help = if rest.starts_with('-') {
                        format!(
                            "options are written with _: options.{}{}",
                            name,
                            rest.replace('-', "_")
                        )
                    } else {
                        let known = help
                            .strip_prefix("nothing is allowed here")
                            .map_or_else(|| format!("; {help}"), str::to_owned);
                        format!("declare it: options: {{ {name}: {{ type: input }} }}{known}")
                    };
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
