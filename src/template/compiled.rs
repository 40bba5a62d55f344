//! A compiled template: text, or code that gives a native value.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::{CodeGenerator, Instructions, eval, make_string_output};
use minijinja::value::Value;
use minijinja::{AutoEscape, ErrorKind};

use super::engine::{SEGMENT, environment, segment};
use super::frame::Frame;
use super::lookalike::{beside_templates, lookalike};
use super::lower::{Body, Lowered, Problem, Uses, lower};
use super::native::Tree;
use super::number::NumberText;
use super::scope::Scope;
use super::text::template_start;
use super::truth;
use crate::diagnostics::{self, Diagnostic};
use crate::spec::place::place_in;
use crate::spec::tree::{Entry, Node, NodeValue, Scalar, ScalarKind};

/// A template, ready to run.
#[derive(Debug)]
pub struct Template {
    kind: Kind,
    /// The same without the engine, where all of it is plain.
    native: Option<Tree>,
}

#[derive(Debug)]
enum Kind {
    /// Text without braces, a number, a boolean: always the same.
    Constant(Value),
    /// One `{{ }}`: keeps the type of its value.
    Expression(Code),
    /// Text with templates in it.
    Text(Code),
    /// A list or map with templates inside.
    List(Vec<Template>),
    /// The same, by key.
    Map(Vec<(Arc<str>, Template)>),
}

/// The warning of a part of a text that looks like a template.
fn no_template(
    node: &Node,
    source: &str,
    text: &str,
    found: Option<(Range<usize>, String)>,
) -> Option<Diagnostic> {
    let (range, help) = found?;
    let place = place_in(source, &node.span, text, range);
    let message = "this looks like a template, and goes out as it stands";
    Some(Diagnostic::new(diagnostics::Code::NoTemplate, place, message).hint(help))
}

/// `{ row.x }` without quotes is a map to YAML.
fn braces(node: &Node, entries: &[Entry], scope: &Scope) -> Option<Diagnostic> {
    let [entry] = entries else { return None };
    let is_empty = entry
        .value
        .scalar()
        .is_some_and(|scalar| scalar.kind == ScalarKind::Null);
    let name = entry.key.split(['.', '[', ' ', '|']).next()?;
    if !is_empty || name == entry.key || scope.get(name).is_none() {
        return None;
    }
    let message = "this looks like a template, and is a map with one key";
    let help = format!("write \"{{{{ {} }}}}\"", entry.key);
    Some(Diagnostic::new(diagnostics::Code::NoTemplate, node.span.clone(), message).hint(help))
}

/// Why a template gave no value.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}{}", place.as_deref().unwrap_or_default())]
pub struct TemplateError {
    /// What went wrong, in a sentence.
    pub message: String,
    /// Where in the spec, and the template: ` (spec.yaml:12: {{ row.price }})`.
    place: Option<Arc<str>>,
}

impl TemplateError {
    /// An error of no template in particular.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
        }
    }

    /// The same, of a part of something.
    #[must_use]
    pub fn within(mut self, owner: &str) -> Self {
        self.message = format!("{owner}: {}", self.message);
        self
    }
}

/// Of a template that errors show, so many characters.
const SHOWN: usize = 100;

/// A template on one line, as far as it is shown.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

self_cell::self_cell! {
    struct Cell {
        owner: String,
        #[covariant]
        dependent: Compiled,
    }
}

struct Compiled<'s> {
    instructions: Instructions<'s>,
    blocks: BTreeMap<&'s str, Instructions<'s>>,
}

struct Code {
    cell: Cell,
    /// Where it stands in the spec, as errors say it.
    place: Option<Arc<str>>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cell.borrow_owner())
    }
}

impl Template {
    /// A template that always gives this value.
    pub fn constant(value: Value) -> Self {
        Self {
            kind: Kind::Constant(value),
            native: None,
        }
    }

    /// Compiles the template at a node; lists and maps may have templates at any depth. Mistakes
    /// are added to `diagnostics`, with their place in `source`.
    pub fn compile(
        node: &Node,
        source: &str,
        scope: &Scope,
        uses: &mut Uses,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        Self::compile_as(node, source, scope, (uses, diagnostics), false)
    }

    /// The same for a condition: text in it is true unless it is empty or says no.
    pub fn compile_condition(
        node: &Node,
        source: &str,
        scope: &Scope,
        uses: &mut Uses,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        Self::compile_as(node, source, scope, (uses, diagnostics), true)
    }

    fn compile_as(
        node: &Node,
        source: &str,
        scope: &Scope,
        (uses, diagnostics): (&mut Uses, &mut Vec<Diagnostic>),
        is_condition: bool,
    ) -> Self {
        scope.told_at(&node.span);
        let kind = match &node.value {
            NodeValue::Refused => Kind::Constant(Value::UNDEFINED),
            NodeValue::List(items) => Kind::List(
                items
                    .iter()
                    .map(|item| Self::compile(item, source, scope, uses, diagnostics))
                    .collect(),
            ),
            NodeValue::Map(entries) => {
                if let Some(warning) = braces(node, entries, scope) {
                    uses.hints.push(warning);
                }
                Kind::Map(
                    entries
                        .iter()
                        .map(|entry| {
                            let value =
                                Self::compile(&entry.value, source, scope, uses, diagnostics);
                            (Arc::from(entry.key.as_str()), value)
                        })
                        .collect(),
                )
            }
            NodeValue::Scalar(scalar) if !is_template(scalar) => {
                let found = lookalike(&scalar.text, scope);
                uses.hints
                    .extend(no_template(node, source, &scalar.text, found));
                Kind::Constant(constant(scalar))
            }
            NodeValue::Scalar(scalar) => {
                let found = beside_templates(&scalar.text, scope);
                uses.hints
                    .extend(no_template(node, source, &scalar.text, found));
                return Self::compile_text_as(
                    &scalar.text,
                    &|range| place_in(source, &node.span, &scalar.text, range),
                    scope,
                    (uses, diagnostics),
                    is_condition,
                );
            }
        };
        let native = match &kind {
            Kind::Constant(value) => Tree::of_constant(value),
            _ => None,
        };
        Self { kind, native }
    }

    /// Compiles text with `{{` or `{%` in it. `place` says where a byte range of the text stands
    /// in the source.
    pub fn compile_text(
        text: &str,
        place: &dyn Fn(Range<usize>) -> Range<usize>,
        scope: &Scope,
        uses: &mut Uses,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        Self::compile_text_as(text, place, scope, (uses, diagnostics), false)
    }

    pub(super) fn compile_text_as(
        text: &str,
        place: &dyn Fn(Range<usize>) -> Range<usize>,
        scope: &Scope,
        (uses, diagnostics): (&mut Uses, &mut Vec<Diagnostic>),
        is_condition: bool,
    ) -> Self {
        let mut problems = Vec::new();
        let mut hints = Vec::new();
        let mut is_expression = false;
        let mut native = None;
        let cell = Cell::new(text.to_owned(), |text| {
            let found = (&mut *uses, &mut problems, &mut hints);
            let lowered = lower(text, scope, found, is_condition);
            is_expression = matches!(lowered.body, Body::Expression(_));
            native = match &lowered.body {
                Body::Expression(expression) => Tree::of_expression(expression, scope),
                Body::Statement(statement) => Tree::of_statement(statement, scope),
                Body::Refused => None,
            };
            generate(text, &lowered)
        });
        let placed = |problem: Problem| Diagnostic {
            code: problem.code,
            span: place(problem.range),
            message: problem.message,
            hint: problem.hint,
        };
        diagnostics.extend(problems.into_iter().map(placed));
        uses.hints.extend(hints.into_iter().map(placed));
        if scope.is_watched() {
            let mut reads = std::mem::take(&mut uses.reads);
            for read in &mut reads {
                read.place = place(read.place.clone());
            }
            scope.told_reads(text, place(0..text.len()), reads);
        }
        let at = scope.file().map(|file| {
            let line = file.line_of(place(0..1).start);
            Arc::from(format!(" ({}:{line}: {})", file.name, shortened(text)))
        });
        let code = Code { cell, place: at };
        Self {
            kind: if is_expression {
                Kind::Expression(code)
            } else {
                Kind::Text(code)
            },
            native,
        }
    }

    /// The template's plain form, if it has one.
    pub fn native(&self) -> Option<&Tree> {
        self.native.as_ref()
    }

    /// Whether this is one expression, or `true` or `false`: what a condition may be.
    pub fn is_condition(&self) -> bool {
        match &self.kind {
            Kind::Expression(_) => true,
            Kind::Constant(value) => bool::try_from(value.clone()).is_ok(),
            _ => false,
        }
    }

    /// The value, if it is always the same.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The value in a frame of names.
    pub fn value(&self, frame: &Arc<Frame>) -> Result<Value, TemplateError> {
        match &self.kind {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Expression(code) => {
                let value = code.run(frame, &mut String::new(), AutoEscape::None)?;
                Ok(value.unwrap_or_default())
            }
            Kind::Text(code) => {
                let mut text = String::new();
                code.run(frame, &mut text, AutoEscape::None)?;
                Ok(Value::from(text))
            }
            Kind::List(items) => {
                let values: Result<Vec<_>, _> =
                    items.iter().map(|item| item.value(frame)).collect();
                Ok(Value::from(values?))
            }
            Kind::Map(entries) => {
                let mut pairs = Vec::with_capacity(entries.len());
                for (key, template) in entries {
                    pairs.push((Arc::clone(key), template.value(frame)?));
                }
                Ok(Value::from_pairs(pairs))
            }
        }
    }

    /// Whether a condition holds.
    pub fn holds(&self, frame: &Arc<Frame>) -> Result<bool, TemplateError> {
        self.value(frame).map(|value| truth::is_true(&value))
    }

    /// What the author wrote, where it is text.
    pub fn source(&self) -> Option<String> {
        match &self.kind {
            Kind::Text(code) | Kind::Expression(code) => Some(code.cell.borrow_owner().clone()),
            Kind::Constant(value) => Some(super::text_of(value).into_owned()),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The text of a request's path: what stands in `{{ }}` is encoded as one segment.
    pub fn path(&self, frame: &Arc<Frame>) -> Result<String, TemplateError> {
        match &self.kind {
            Kind::Text(code) => {
                let mut text = String::new();
                code.run(frame, &mut text, AutoEscape::Custom(SEGMENT.into()))?;
                Ok(text)
            }
            Kind::Expression(_) => {
                let text = self.text(frame)?;
                segment(&text).map_err(|error| TemplateError::new(describe(&error)))
            }
            _ => self.text(frame),
        }
    }

    /// The value as text.
    pub fn text(&self, frame: &Arc<Frame>) -> Result<String, TemplateError> {
        self.value(frame)
            .map(|value| super::text_of(&value).into_owned())
    }
}

/// A template's text; none where there is no template.
pub fn text_or_empty(
    template: Option<&Template>,
    frame: &Arc<Frame>,
) -> Result<String, TemplateError> {
    template.map_or(Ok(String::new()), |template| template.text(frame))
}

/// Whether a scalar is given to the engine at all: `a {#fff} b` is not.
pub fn is_template(scalar: &Scalar) -> bool {
    scalar.kind == ScalarKind::Text && template_start(&scalar.text).is_some()
}

fn constant(scalar: &Scalar) -> Value {
    match scalar.kind {
        ScalarKind::Null => Value::UNDEFINED,
        ScalarKind::Bool(value) => Value::from(value),
        ScalarKind::Text => Value::from(scalar.text.as_str()),
        ScalarKind::Integer | ScalarKind::Float => NumberText::value_of(&scalar.text),
    }
}

fn generate<'s>(text: &'s str, lowered: &Lowered<'s>) -> Compiled<'s> {
    let mut generator = CodeGenerator::new("template", text);
    match &lowered.body {
        Body::Expression(expression) => generator.compile_expr(expression),
        Body::Statement(statement) => generator.compile_stmt(statement),
        Body::Refused => {}
    }
    let (instructions, blocks) = generator.finish();
    Compiled {
        instructions,
        blocks,
    }
}

impl Code {
    fn run(
        &self,
        frame: &Arc<Frame>,
        text: &mut String,
        escape: AutoEscape,
    ) -> Result<Option<Value>, TemplateError> {
        let code = self.cell.borrow_dependent();
        let root = Value::from_dyn_object(Arc::clone(frame));
        eval(
            environment(),
            &code.instructions,
            root,
            &code.blocks,
            &mut make_string_output(text),
            escape,
        )
        .map(|(value, _)| value)
        .map_err(|error| TemplateError {
            message: describe(&error),
            place: self.place.clone(),
        })
    }
}

/// The innermost reason: what a filter or an operator said.
fn describe(error: &minijinja::Error) -> String {
    let mut innermost = error;
    while let Some(source) = std::error::Error::source(innermost)
        .and_then(|source| source.downcast_ref::<minijinja::Error>())
    {
        innermost = source;
    }
    match (innermost.kind(), innermost.detail()) {
        (ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}
