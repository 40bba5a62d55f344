//! Filters, tests, functions and methods.

use minijinja::Value;
use minijinja::machinery::ast::{
    Call, CallArg, CallType, Expr, Filter, GetAttr, Spanned, Test, Var,
};

use super::arguments::{Called, unknown_filter_help};
use super::{Lowering, constant};
use crate::diagnostics::Code;
use crate::diagnostics::nearest::hint;
use crate::template::{filters, functions, methods, tests};

impl<'s> Lowering<'s, '_> {
    pub(super) fn filter(&mut self, filter: &Spanned<Filter<'s>>) -> Expr<'s> {
        let is_guard = matches!(filter.name, "default" | "d" | "or_null");
        self.guards += usize::from(is_guard);
        let expr = filter.expr.as_ref().map(|expr| self.expr(expr));
        self.guards -= usize::from(is_guard);
        let name = self.known_filter(filter.name);
        let args = self.args(&filter.args);
        if let Some(known) = filters::find(filter.name) {
            let called = Called {
                name: filter.name,
                place: self.place_of(filter.name),
                parameters: known.parameters,
                by_name: true,
            };
            self.check_arguments(&called, &filter.args);
        }
        Expr::Filter(Spanned::new(Filter { name, expr, args }, filter.span()))
    }

    pub(super) fn known_filter(&mut self, name: &'s str) -> &'s str {
        if !filters::names().any(|known| known == name) {
            let help = unknown_filter_help(name);
            self.problem(
                Code::UnknownFilter,
                self.place_of(name),
                format!("unknown filter `{name}`"),
                help,
            );
        }
        name
    }

    pub(super) fn test(&mut self, test: &Spanned<Test<'s>>) -> Expr<'s> {
        let place = self.place_of(test.name);
        if let Some(known) = tests::find(test.name) {
            let called = Called {
                name: test.name,
                place,
                parameters: known.parameters,
                by_name: false,
            };
            self.check_arguments(&called, &test.args);
        } else {
            let help = match test.name {
                "empty" | "blank" | "present" => "write not value, or value == ''".to_owned(),
                "null" | "nil" => "write is none".to_owned(),
                name => hint(name, tests::names()),
            };
            self.problem(
                Code::UnknownFilter,
                place,
                format!("unknown test `{}`", test.name),
                help,
            );
        }
        let is_guard = matches!(test.name, "defined" | "undefined" | "none");
        self.guards += usize::from(is_guard);
        let expr = self.expr(&test.expr);
        self.guards -= usize::from(is_guard);
        let lowered = Test {
            name: test.name,
            expr,
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

    /// `options.get('KEY')` reads a field.
    fn note_get(&mut self, owner: &Expr<'s>, args: &[CallArg<'s>]) {
        let (Expr::Var(var), [CallArg::Pos(key), ..]) = (owner, args) else {
            return;
        };
        let field = key.as_const();
        let field = field.as_ref().and_then(Value::as_str);
        if let (Some(field), false) = (field, self.is_local(var.id)) {
            self.note_read(var.id, Some(field), self.extent(key));
        }
    }

    pub(super) fn call(&mut self, call: &Spanned<Call<'s>>) -> Expr<'s> {
        let span = call.span();
        match call.identify_call() {
            CallType::Function(name) => {
                let place = self.place_of(name);
                if let Some(known) = functions::find(name) {
                    let called = Called {
                        name,
                        place,
                        parameters: known.parameters,
                        by_name: true,
                    };
                    self.check_arguments(&called, &call.args);
                } else {
                    let help = if filters::names().any(|known| known == name) {
                        format!("`{name}` is a filter: write value | {name}")
                    } else if let Some(ours) = elsewhere(name) {
                        format!("write value | {ours}")
                    } else {
                        hint(name, functions::names())
                    };
                    self.problem(
                        Code::UnknownFilter,
                        place,
                        format!("unknown function `{name}`"),
                        help,
                    );
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
                let place = self.place_of(name);
                if let Some(known) = methods::find(name) {
                    let called = Called {
                        name,
                        place,
                        parameters: known.parameters,
                        by_name: name == "format",
                    };
                    if !(called.by_name && call.args.iter().any(is_by_name)) {
                        self.check_arguments(&called, &call.args);
                    }
                } else {
                    let help = match elsewhere(name) {
                        Some(ours) => format!("write value | {ours}"),
                        None if filters::find(name).is_some() => {
                            format!("`{name}` is a filter: write value | {name}")
                        }
                        None => hint(name, methods::names()),
                    };
                    self.problem(
                        Code::UnknownFilter,
                        place,
                        format!("unknown method `{name}`"),
                        help,
                    );
                }
                if name == "get" {
                    self.note_get(owner, &call.args);
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
                    Code::TemplateSyntax,
                    self.extent(owner),
                    "this is no function".to_owned(),
                    "functions are called by their name: now()".to_owned(),
                );
                constant(Value::UNDEFINED, span)
            }
        }
    }
}

fn is_by_name(arg: &CallArg<'_>) -> bool {
    matches!(arg, CallArg::Kwarg(..))
}

/// The filter that does what a function or a method of other languages does.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "len" | "size" | "count" | "strlen" => "length",
        "str" | "String" | "toString" => "string",
        "parseInt" | "Integer" => "int",
        "float" | "Number" | "parseFloat" => "to_number",
        "toUpperCase" | "toUpper" | "upcase" | "strtoupper" => "upper",
        "toLowerCase" | "toLower" | "downcase" | "strtolower" => "lower",
        "substring" | "substr" | "slice" => "truncate(10, end='')",
        "includes" | "contains" => "regex_search('part')",
        "replaceAll" | "gsub" => "replace('a', 'b')",
        "trimStart" | "trimEnd" => "trim",
        "strftime" => "date('%Y-%m-%d')",
        "json_encode" | "stringify" => "json",
        _ => return None,
    })
}
