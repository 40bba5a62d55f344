//! The walk over a parsed template: names, filters, tests, functions and methods are checked, each
//! with its place; comparisons, arithmetic, `~`, method calls and slices become filters of ours.
//!
//! minijinja's own operators say that `'9' > 10` is true and that `nothing < 5` holds, and it finds
//! unknown filters only when they run.

mod arguments;
mod calls;
mod expressions;
mod names;
mod operators;
mod places;
mod shapes;
mod statements;
mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::Value;
use minijinja::machinery::ast::{CallArg, Const, Expr, Filter, Spanned, Stmt};
use minijinja::machinery::{Span, parse};
use minijinja::syntax::SyntaxConfig;

use super::scope::{Read, Scope};
use super::shapes::Shape;
use crate::diagnostics::{Code, Diagnostic};

/// A mistake in a template: bytes of its text, what, and how to mend it.
pub struct Problem {
    pub code: Code,
    pub range: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
}

/// What a template reads.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// Names of the scope.
    pub names: BTreeSet<String>,
    /// Fields of names, as `(name, field)`.
    pub fields: BTreeSet<(String, String)>,
    /// Those of these fields in which something is read by its name.
    pub inside: BTreeSet<(String, String)>,
    /// Options by name; all of them where `reads_all_options`.
    pub options: BTreeSet<String>,
    /// Whether an option is chosen by a value.
    pub reads_all_options: bool,
    /// Whether a secret goes into the result.
    pub has_secret: bool,
    /// What is allowed and may not be meant, for those who ask for hints.
    pub hints: Vec<Diagnostic>,
    /// What the template at hand reads, for editors; places are those of its text.
    pub reads: Vec<Read>,
}

impl Uses {
    /// Whether a template reads this field of this name, or the name as a whole.
    pub fn reads(&self, name: &str, field: &str) -> bool {
        let fields = || self.fields.iter().filter(|(owner, _)| owner == name);
        self.names.contains(name)
            && (fields().next().is_none() || fields().any(|(_, known)| known == field))
    }

    /// Whether a template reads something by its name in this field of this name.
    pub fn reads_inside(&self, name: &str, field: &str) -> bool {
        let mut inside = self.inside.iter();
        inside.any(|(owner, known)| owner == name && known == field)
    }

    /// Whether a template reads this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Adds what other templates read.
    pub fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        self.fields.extend(other.fields);
        self.inside.extend(other.inside);
        self.options.extend(other.options);
        self.reads_all_options |= other.reads_all_options;
        self.has_secret |= other.has_secret;
        self.hints.extend(other.hints);
    }
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

/// Parses and lowers a template; in a condition its truth is what counts.
pub fn lower<'s>(
    text: &'s str,
    scope: &Scope,
    (uses, problems, hints): (&mut Uses, &mut Vec<Problem>, &mut Vec<Problem>),
    is_condition: bool,
) -> Lowered<'s> {
    let syntax = SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default();
    let before = problems.len();
    let tree = match parse(text, "template", syntax) {
        Ok(tree) => tree,
        Err(error) => {
            problems.push(syntax::problem(text, &error));
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
        hints,
        locals: Vec::new(),
        loops: Vec::new(),
        guards: 0,
    };
    let body = match &tree {
        Stmt::Template(template) => match lone_expression(&template.children) {
            Some(expression) if is_condition => Body::Expression(lowering.decides(expression)),
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

struct Lowering<'s, 'c> {
    text: &'s str,
    scope: &'c Scope,
    uses: &'c mut Uses,
    problems: &'c mut Vec<Problem>,
    /// What is allowed and may not be meant.
    hints: &'c mut Vec<Problem>,
    /// Names that the template itself sets, innermost last.
    locals: Vec<&'s str>,
    /// Around how much that says what happens where something is nothing: `default`, `or`, `is defined`.
    guards: usize,
    /// What the elements of loops were on the tape; each with the place of its name in `locals`.
    loops: Vec<(usize, Shape)>,
}

impl Lowering<'_, '_> {
    fn problem(&mut self, code: Code, range: Range<usize>, message: String, hint: String) {
        self.problems.push(Problem {
            code,
            range,
            message,
            hint: Some(hint),
        });
    }
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
