//! Spec → [`Plan`]: every template compiled, every name checked.

mod mapping;
mod options;
mod reports;
mod source;
mod target;

use std::sync::Arc;

use crate::check::{Diagnostic, SpecErrors};
use crate::plan::scopes::Scopes;
use crate::plan::{Plan, logs_as_it_goes};
use crate::spec::tree::Node;
use crate::spec::{Document, Mode, OnError};
use crate::template::scope::Scope;
use crate::template::{Template, Uses};

/// A spec that has no mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// What will run.
    pub plan: Plan,
    /// What is suspicious but allowed; a report without errors.
    pub warnings: SpecErrors,
}

/// Reads and compiles a spec's text; `file` is its name in messages.
pub fn load(file: &str, text: &str) -> Result<Loaded, SpecErrors> {
    let source: Arc<str> = Arc::from(text);
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let plan = Document::read(file, Arc::clone(&source), &mut errors)
        .map(|document| compile(&document, &mut errors, &mut warnings));
    match plan {
        Some(plan) if errors.is_empty() => Ok(Loaded {
            plan,
            warnings: SpecErrors::new(file, source, Vec::new(), warnings),
        }),
        _ => Err(SpecErrors::new(file, source, errors, warnings)),
    }
}

/// Compiles a spec. Mistakes are added to `errors`; the plan is whole only if there are none.
pub fn compile(
    document: &Document,
    errors: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> Plan {
    let mut compiler = Compiler {
        document,
        errors,
        warnings,
        uses: Uses::default(),
    };
    compiler.plan()
}

struct Compiler<'d> {
    document: &'d Document,
    errors: &'d mut Vec<Diagnostic>,
    warnings: &'d mut Vec<Diagnostic>,
    /// What all templates together read.
    uses: Uses,
}

impl<'d> Compiler<'d> {
    fn root(&self) -> &'d Node {
        &self.document.root
    }

    fn error(&mut self, node: &Node, message: impl Into<String>, hint: impl Into<String>) {
        self.errors
            .push(Diagnostic::new(node.span.clone(), message).hint(hint));
    }

    fn template(&mut self, node: &Node, scope: &Scope) -> Template {
        Template::compile(
            node,
            &self.document.source,
            scope,
            &mut self.uses,
            self.errors,
        )
    }

    fn optional(&mut self, node: Option<&Node>, scope: &Scope) -> Option<Template> {
        node.map(|node| self.template(node, scope))
    }

    /// A condition is one expression, `true` or `false`.
    fn condition(&mut self, node: &Node, scope: &Scope) -> Template {
        let before = self.errors.len();
        let template = self.template(node, scope);
        if !template.is_condition() && self.errors.len() == before {
            self.error(
                node,
                "a condition is one expression, and here is text around it",
                "put all of it between one pair of braces: \"{{ row.a and row.b }}\"",
            );
        }
        template
    }

    fn when(&mut self, owner: &Node, scope: &Scope) -> Option<Template> {
        owner.get("when").map(|node| self.condition(node, scope))
    }

    fn plan(&mut self) -> Plan {
        let spec = &self.document.spec;
        let mode = spec.mode;
        let options = self.options();
        let mut scopes = Scopes::new(mode, &options);
        let source = self.source(&mut scopes);
        let mut mapping = self.mapping(&mut scopes);
        let before = std::mem::take(&mut self.uses);
        let entries = self.entries(&scopes);
        let feedback = self.feedback(&scopes);
        let log = self.log_rules(self.root().get("log"), &spec.log, &scopes, false);
        let told = std::mem::replace(&mut self.uses, before);
        mapping.keeps_frames = told.names.iter().any(|name| scopes.is_of_mapping(name));
        self.add_uses(told);
        let reads_finished_rows = mode.is_export() || logs_as_it_goes(&log, &entries);
        let notify = self.notify(&scopes);
        let fail_when = self.fail_when(&scopes);
        if spec.on_error == OnError::Keep && mode != Mode::DataService {
            if let Some(node) = self.root().get("on_error") {
                self.error(
                    node,
                    format!("`on_error: keep` is not for mode {}", mode.word()),
                    "only a data service lets a row go on as it came; allowed: fail, skip",
                );
            }
        }
        self.unread_options(&options);
        Plan {
            name: spec.name.0.clone(),
            description: spec.description.clone(),
            mode,
            options,
            source,
            input: spec.input.clone(),
            batch_size: spec.batch_size.0,
            mapping,
            entries,
            feedback,
            on_error: spec.on_error,
            max_errors: spec.max_errors,
            max_failures: spec.max_failures,
            fail_when,
            log,
            notify,
            reads_finished_rows,
        }
    }

    fn add_uses(&mut self, own: Uses) {
        self.uses.names.extend(own.names);
        self.uses.options.extend(own.options);
        self.uses.reads_all_options |= own.reads_all_options;
        self.uses.has_secret |= own.has_secret;
    }
}
