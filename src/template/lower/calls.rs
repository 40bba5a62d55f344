//! Filters, tests, functions and methods.

use minijinja::Value;
use minijinja::machinery::ast::{
    Call, CallArg, CallType, Expr, Filter, GetAttr, Spanned, Test, Var,
};

use super::{Lowering, constant};
use crate::diagnostics::nearest::hint;
use crate::template::{filters, functions, methods, tests};

impl<'s> Lowering<'s, '_> {
    pub(super) fn filter(&mut self, filter: &Spanned<Filter<'s>>) -> Expr<'s> {
        let expr = filter.expr.as_ref().map(|expr| self.expr(expr));
        let name = self.known_filter(filter.name);
        let args = self.args(&filter.args);
        self.check_pattern(filter);
        self.check_argument_names(filter);
        // `map('upper')` and `select('odd')` name filters and tests too.
        if let Some(Expr::Const(first)) = filter.args.first().and_then(positional) {
            if let Some(named) = first.value.as_str() {
                let place = self.extent_of(first.span());
                match filter.name {
                    "map" if !filters::names().any(|known| known == named) => {
                        let help = hint(named, filters::names());
                        self.problem(place, format!("unknown filter `{named}`"), help);
                    }
                    "select" | "reject" if !tests::names().any(|known| known == named) => {
                        let help = hint(named, tests::names());
                        self.problem(place, format!("unknown test `{named}`"), help);
                    }
                    _ => {}
                }
            }
        }
        Expr::Filter(Spanned::new(Filter { name, expr, args }, filter.span()))
    }

    /// A regular expression that is written out is checked when the spec loads.
    fn check_pattern(&mut self, filter: &Spanned<Filter<'s>>) {
        if !matches!(filter.name, "regex_search" | "regex_replace") {
            return;
        }
        let pattern = filter
            .args
            .iter()
            .enumerate()
            .find_map(|(at, arg)| match arg {
                CallArg::Pos(value) if at == 0 => Some(value),
                CallArg::Kwarg("pattern", value) => Some(value),
                _ => None,
            });
        let Some(Expr::Const(pattern)) = pattern else {
            return;
        };
        let Some(reason) = pattern.value.as_str().and_then(filters::regex::mistake) else {
            return;
        };
        let place = self.extent_of(pattern.span());
        let help = "a character that has a meaning, such as ( or *, needs a \\ before it, or [(]";
        let message = format!("no regular expression: {reason}");
        self.problem(place, message, help.to_owned());
    }

    fn check_argument_names(&mut self, filter: &Spanned<Filter<'s>>) {
        let Some(known) = filters::find(filter.name).filter(|known| !known.parameters.is_empty())
        else {
            return;
        };
        for arg in &filter.args {
            let CallArg::Kwarg(name, _) = arg else {
                continue;
            };
            if !known.parameters.contains(name) {
                let help = hint(name, known.parameters.iter().copied());
                self.problem(self.place_of(name), known.unknown_argument(name), help);
            }
        }
    }

    pub(super) fn known_filter(&mut self, name: &'s str) -> &'s str {
        if !filters::names().any(|known| known == name) {
            let help = hint(name, filters::names());
            self.problem(
                self.place_of(name),
                format!("unknown filter `{name}`"),
                help,
            );
        }
        name
    }

    pub(super) fn test(&mut self, test: &Spanned<Test<'s>>) -> Expr<'s> {
        if !tests::names().any(|known| known == test.name) {
            let help = hint(test.name, tests::names());
            let place = self.place_of(test.name);
            self.problem(place, format!("unknown test `{}`", test.name), help);
        }
        let lowered = Test {
            name: test.name,
            expr: self.expr(&test.expr),
            args: self.args(&test.args),
        };
        Expr::Test(Spanned::new(lowered, test.span()))
    }

    pub(super) fn args(&mut self, args: &[CallArg<'s>]) -> Vec<CallArg<'s>> {
        args.iter()
            .map(|arg| match arg {
                CallArg::Pos(value) => CallArg::Pos(self.expr(value)),
                CallArg::Kwarg(name, value) => CallArg::Kwarg(name, self.expr(value)),
                CallArg::PosSplat(value) => CallArg::PosSplat(self.expr(value)),
                CallArg::KwargSplat(value) => CallArg::KwargSplat(self.expr(value)),
            })
            .collect()
    }

    pub(super) fn call(&mut self, call: &Spanned<Call<'s>>) -> Expr<'s> {
        let span = call.span();
        match call.identify_call() {
            CallType::Function(name) => {
                if !functions::NAMES.contains(&name) {
                    let place = self.place_of(name);
                    let help = if filters::names().any(|known| known == name) {
                        format!("`{name}` is a filter: write value | {name}")
                    } else {
                        hint(name, functions::NAMES.iter().copied())
                    };
                    self.problem(place, format!("unknown function `{name}`"), help);
                }
                let lowered = Call {
                    expr: Expr::Var(Spanned::new(Var { id: name }, call.expr.span())),
                    args: self.args(&call.args),
                };
                Expr::Call(Spanned::new(lowered, span))
            }
            CallType::Method(owner, name) if matches!(owner, Expr::Var(var) if var.id == "loop" && self.is_local("loop")) =>
            {
                let expr = GetAttr {
                    expr: self.expr(owner),
                    name,
                };
                let lowered = Call {
                    expr: Expr::GetAttr(Spanned::new(expr, call.expr.span())),
                    args: self.args(&call.args),
                };
                Expr::Call(Spanned::new(lowered, span))
            }
            CallType::Method(owner, name) => {
                if !methods::NAMES.contains(&name) {
                    let help = hint(name, methods::NAMES.iter().copied());
                    self.problem(
                        self.place_of(name),
                        format!("unknown method `{name}`"),
                        help,
                    );
                }
                let owner = self.expr(owner);
                let mut args = vec![CallArg::Pos(constant(Value::from(name), span))];
                args.extend(self.args(&call.args));
                let lowered = Filter {
                    name: "__method",
                    expr: Some(owner),
                    args,
                };
                Expr::Filter(Spanned::new(lowered, span))
            }
            CallType::Object(owner) => {
                self.problem(
                    self.extent(owner),
                    "this is no function".to_owned(),
                    "functions are called by their name: now()".to_owned(),
                );
                constant(Value::UNDEFINED, span)
            }
        }
    }
}

fn positional<'a, 's>(arg: &'a CallArg<'s>) -> Option<&'a Expr<'s>> {
    match arg {
        CallArg::Pos(value) => Some(value),
        _ => None,
    }
}
