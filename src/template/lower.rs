//! The walk over a parsed template: names, filters, tests, functions and methods are checked, each
//! with its place; comparisons, arithmetic, `~`, method calls and slices become filters of ours.
//!
//! minijinja's own operators say that `'9' > 10` is true and that `nothing < 5` holds, and it finds
//! unknown filters only when they run.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::ast::{
    BinOp, BinOpKind, Call, CallArg, CallType, Compare, CompareOpKind, Const, EmitExpr, EmitRaw,
    Expr, Filter, FilterBlock, ForLoop, GetAttr, GetItem, IfCond, IfExpr, List, Map, Set, SetBlock,
    Slice, Spanned, Stmt, Template, Test, Tuple, UnaryOp, UnaryOpKind, Var, WithBlock,
};
use minijinja::machinery::{Span, parse};
use minijinja::syntax::SyntaxConfig;

use super::operators::{arithmetic_filter, compare_filter};
use super::scope::{Field, Name, Scope};
use super::{filters, functions, methods, tests};
use crate::check::nearest::hint;

/// A mistake in a template: bytes of its text, what, and how to mend it.
pub struct Problem {
    pub range: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
}

/// What a template reads.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// Names of the scope.
    pub names: BTreeSet<String>,
    /// Options by name; all of them where `reads_all_options`.
    pub options: BTreeSet<String>,
    /// Whether an option is chosen by a value.
    pub reads_all_options: bool,
    /// Whether a secret goes into the result.
    pub has_secret: bool,
}

/// A template's tree as it is compiled.
pub enum Body<'s> {
    /// One `{{ }}`.
    Expression(Expr<'s>),
    /// Text with templates in it.
    Statement(Stmt<'s>),
    /// Something in it was refused.
    Refused,
}

/// The tree of a template.
pub struct Lowered<'s> {
    pub body: Body<'s>,
}

/// Parses and lowers a template.
pub fn lower<'s>(
    text: &'s str,
    scope: &Scope,
    uses: &mut Uses,
    problems: &mut Vec<Problem>,
) -> Lowered<'s> {
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default();
    let before = problems.len();
    let tree = match parse(text, "template", syntax) {
        Ok(tree) => tree,
        Err(error) => {
            problems.push(syntax_problem(text, &error));
            return Lowered {
                body: Body::Refused,
            };
        }
    };
    let mut lowering = Lowering {
        text,
        scope,
        uses,
        problems,
        locals: Vec::new(),
    };
    let body = match &tree {
        Stmt::Template(template) => match lone_expression(&template.children) {
            Some(expression) => Body::Expression(lowering.expr(expression)),
            None => Body::Statement(lowering.template(template)),
        },
        _ => Body::Refused,
    };
    let body = if problems.len() > before {
        Body::Refused
    } else {
        body
    };
    Lowered { body }
}

/// One `{{ }}` and nothing else, line ends behind it aside.
fn lone_expression<'a, 's>(children: &'a [Stmt<'s>]) -> Option<&'a Expr<'s>> {
    match children {
        [Stmt::EmitExpr(emit)] => Some(&emit.expr),
        [Stmt::EmitExpr(emit), Stmt::EmitRaw(raw)]
            if raw.raw.bytes().all(|byte| matches!(byte, b'\n' | b'\r')) =>
        {
            Some(&emit.expr)
        }
        _ => None,
    }
}

fn syntax_problem(text: &str, error: &minijinja::Error) -> Problem {
    let range = error.range().unwrap_or(0..text.len());
    let range = range.start.min(text.len())..range.end.min(text.len());
    let detail = error.detail().unwrap_or("this can't be read");
    let hint = if detail.contains("unknown statement") {
        "statements are if, for, set, with and filter"
    } else {
        "a template is {{ value }}, filters go behind a `|`, text inside takes quotes"
    };
    Problem {
        range,
        message: format!("template: {detail}"),
        hint: Some(hint.to_owned()),
    }
}

struct Lowering<'s, 'c> {
    text: &'s str,
    scope: &'c Scope,
    uses: &'c mut Uses,
    problems: &'c mut Vec<Problem>,
    /// Names that the template itself sets, innermost last.
    locals: Vec<&'s str>,
}

impl<'s> Lowering<'s, '_> {
    fn problem(&mut self, range: Range<usize>, message: String, hint: String) {
        self.problems.push(Problem {
            range,
            message,
            hint: Some(hint),
        });
    }

    /// The bytes of a name: a slice of the text, so that its address tells its place.
    fn place_of(&self, name: &str) -> Range<usize> {
        let start = (name.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if start <= self.text.len() && start + name.len() <= self.text.len() {
            start..start + name.len()
        } else {
            0..self.text.len()
        }
    }

    fn template(&mut self, template: &Spanned<Template<'s>>) -> Stmt<'s> {
        let children = self.body(&template.children);
        Stmt::Template(Spanned::new(Template { children }, template.span()))
    }

    fn body(&mut self, statements: &[Stmt<'s>]) -> Vec<Stmt<'s>> {
        statements
            .iter()
            .filter_map(|statement| self.statement(statement))
            .collect()
    }

    /// Statements whose names end with them.
    fn block(&mut self, statements: &[Stmt<'s>]) -> Vec<Stmt<'s>> {
        let outer = self.locals.len();
        let body = self.body(statements);
        self.locals.truncate(outer);
        body
    }

    fn statement(&mut self, statement: &Stmt<'s>) -> Option<Stmt<'s>> {
        Some(match statement {
            Stmt::Template(template) => self.template(template),
            Stmt::EmitExpr(emit) => {
                let expr = self.expr(&emit.expr);
                Stmt::EmitExpr(Spanned::new(EmitExpr { expr }, emit.span()))
            }
            Stmt::EmitRaw(raw) => Stmt::EmitRaw(Spanned::new(EmitRaw { raw: raw.raw }, raw.span())),
            Stmt::ForLoop(each) => self.for_loop(each),
            Stmt::IfCond(cond) => {
                let expr = self.expr(&cond.expr);
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

    fn refused_statement(&mut self, span: Span) -> Option<Stmt<'s>> {
        self.problem(
            range_of(span),
            "this statement is not part of the language".to_owned(),
            "statements are if, for, set, with and filter".to_owned(),
        );
        None
    }

    fn for_loop(&mut self, each: &Spanned<ForLoop<'s>>) -> Stmt<'s> {
        let iter = self.expr(&each.iter);
        let outer = self.locals.len();
        let target = self.target(&each.target);
        self.locals.push("loop");
        let filter_expr = each.filter_expr.as_ref().map(|filter| self.expr(filter));
        let body = self.body(&each.body);
        self.locals.truncate(outer);
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
    fn target(&mut self, target: &Expr<'s>) -> Expr<'s> {
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
            other => {
                self.problem(
                    self.extent(other),
                    "only a name can be set".to_owned(),
                    "write {% set name = value %}".to_owned(),
                );
                constant(Value::UNDEFINED, other.span())
            }
        }
    }

    fn expr(&mut self, expr: &Expr<'s>) -> Expr<'s> {
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
                    test_expr: self.expr(&cond.test_expr),
                    true_expr: self.expr(&cond.true_expr),
                    false_expr: cond.false_expr.as_ref().map(|other| self.expr(other)),
                };
                Expr::IfExpr(Spanned::new(lowered, cond.span()))
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => self.test(test),
            Expr::GetAttr(attr) => {
                self.field(&attr.expr, attr.name, self.place_of(attr.name));
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

    fn is_local(&self, name: &str) -> bool {
        self.locals.contains(&name)
    }

    fn var(&mut self, var: &Spanned<Var<'s>>) -> Expr<'s> {
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
    fn owner(&mut self, expr: &Expr<'s>) -> Expr<'s> {
        match expr {
            Expr::Var(var) if !self.is_local(var.id) && self.scope.get(var.id).is_some() => {
                self.uses.names.insert(var.id.to_owned());
                Expr::Var(Spanned::new(Var { id: var.id }, var.span()))
            }
            other => self.expr(other),
        }
    }

    fn unknown_name(&mut self, name: &str, place: Range<usize>) {
        if functions::NAMES.contains(&name) {
            let help = format!("call it: {name}()");
            self.problem(place, format!("`{name}` is a function"), help);
            return;
        }
        let help = hint(name, self.scope.names());
        self.problem(place, format!("unknown name `{name}`"), help);
    }

    fn whole_of_secrets(&mut self, name: &str, place: &Range<usize>) {
        self.uses.has_secret = true;
        if self.scope.is_shown {
            self.problem(
                place.clone(),
                format!("`{name}` as a whole holds a password, which is never shown"),
                format!("name what is meant: {name}.NAME"),
            );
        }
    }

    /// Checks `owner.name` where the spec says which fields `owner` has.
    fn field(&mut self, owner: &Expr<'s>, name: &str, place: Range<usize>) {
        let Expr::Var(var) = owner else { return };
        if self.is_local(var.id) {
            return;
        }
        if var.id == "options" {
            self.uses.options.insert(name.to_owned());
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
            None if methods::NAMES.contains(&name) => {}
            None => {
                let help = hint(name, fields.iter().map(|field| field.name.as_str()));
                self.problem(place, format!("`{}` has no `{name}`", var.id), help);
            }
        }
    }

    fn item(&mut self, item: &Spanned<GetItem<'s>>) -> Expr<'s> {
        let subscript = self.expr(&item.subscript_expr);
        if let Expr::Const(key) = &subscript {
            if let Some(name) = key.value.as_str() {
                let name = name.to_owned();
                self.field(&item.expr, &name, self.extent(&item.subscript_expr));
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
        filter_node("__item", expr, vec![subscript], item.span())
    }

    fn slice(&mut self, slice: &Spanned<Slice<'s>>) -> Expr<'s> {
        let span = slice.span();
        let mut part = |part: &Option<Expr<'s>>| match part {
            Some(part) => self.expr(part),
            None => constant(Value::UNDEFINED, span),
        };
        let (start, stop, step) = (part(&slice.start), part(&slice.stop), part(&slice.step));
        let expr = self.expr(&slice.expr);
        filter_node("__slice", expr, vec![start, stop, step], span)
    }

    fn unary(&mut self, unary: &Spanned<UnaryOp<'s>>) -> Expr<'s> {
        let expr = self.expr(&unary.expr);
        match unary.op {
            UnaryOpKind::Not => {
                let op = UnaryOpKind::Not;
                Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, unary.span()))
            }
            UnaryOpKind::Neg => {
                if let Expr::Const(_) = &expr {
                    let op = UnaryOpKind::Neg;
                    return Expr::UnaryOp(Spanned::new(UnaryOp { op, expr }, unary.span()));
                }
                let source = self.source_of(&unary.expr);
                filter_node("__neg", expr, vec![source], unary.span())
            }
        }
    }

    fn binary(&mut self, binary: &Spanned<BinOp<'s>>) -> Expr<'s> {
        let Some(filter) = arithmetic_filter(binary.op) else {
            let lowered = BinOp {
                op: binary.op,
                left: self.expr(&binary.left),
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
    fn compare(&mut self, compare: &Spanned<Compare<'s>>) -> Expr<'s> {
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
    fn operator(
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
    fn text_beside_number(&mut self, filter: &str, left: &Expr<'s>, right: &Expr<'s>) {
        let (text, number) = if self.is_text(left) && is_number(right) {
            (left, right)
        } else if is_number(left) && self.is_text(right) {
            (right, left)
        } else {
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
        self.problem(range, message, help);
    }

    fn is_text(&self, expr: &Expr<'s>) -> bool {
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

    fn filter(&mut self, filter: &Spanned<Filter<'s>>) -> Expr<'s> {
        let expr = filter.expr.as_ref().map(|expr| self.expr(expr));
        let name = self.known_filter(filter.name);
        let args = self.args(&filter.args);
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

    fn known_filter(&mut self, name: &'s str) -> &'s str {
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

    fn test(&mut self, test: &Spanned<Test<'s>>) -> Expr<'s> {
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

    fn args(&mut self, args: &[CallArg<'s>]) -> Vec<CallArg<'s>> {
        args.iter()
            .map(|arg| match arg {
                CallArg::Pos(value) => CallArg::Pos(self.expr(value)),
                CallArg::Kwarg(name, value) => CallArg::Kwarg(name, self.expr(value)),
                CallArg::PosSplat(value) => CallArg::PosSplat(self.expr(value)),
                CallArg::KwargSplat(value) => CallArg::KwargSplat(self.expr(value)),
            })
            .collect()
    }

    fn call(&mut self, call: &Spanned<Call<'s>>) -> Expr<'s> {
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

    fn source_of(&self, expr: &Expr<'s>) -> Expr<'s> {
        let text = &self.text[self.extent(expr)];
        constant(Value::from(text), expr.span())
    }

    fn extent_of(&self, span: Span) -> Range<usize> {
        let range = range_of(span);
        range.start.min(self.text.len())..range.end.min(self.text.len())
    }

    /// The bytes of an expression. An operator's own span starts a token early, so it is taken from
    /// its sides.
    fn extent(&self, expr: &Expr<'s>) -> Range<usize> {
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

fn positional<'a, 's>(arg: &'a CallArg<'s>) -> Option<&'a Expr<'s>> {
    match arg {
        CallArg::Pos(value) => Some(value),
        _ => None,
    }
}

fn is_number(expr: &Expr<'_>) -> bool {
    expr.as_const().is_some_and(|value| value.is_number())
}

fn range_of(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

fn constant<'s>(value: Value, span: Span) -> Expr<'s> {
    Expr::Const(Spanned::new(Const { value }, span))
}

fn filter_node<'s>(
    name: &'static str,
    expr: Expr<'s>,
    args: Vec<Expr<'s>>,
    span: Span,
) -> Expr<'s> {
    let lowered = Filter {
        name,
        expr: Some(expr),
        args: args.into_iter().map(CallArg::Pos).collect(),
    };
    Expr::Filter(Spanned::new(lowered, span))
}
