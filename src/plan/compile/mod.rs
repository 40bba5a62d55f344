//! Spec → [`Plan`]: every template compiled, every name checked.

mod addresses;
mod batch;
mod body;
mod file_target;
mod files;
mod format;
mod in_turn;
mod incremental;
mod lookup;
mod mapping;
mod options;
mod own_mistakes;
mod poll;
mod reading;
mod reports;
mod request;
mod request_auth;
mod request_parts;
mod results;
mod rules;
mod source;
mod sql;
mod target;
mod target_job;
mod values;

pub(super) use addresses::AddressOf;
pub(super) use request::Purpose;
pub(super) use values::reads_body;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostics::{Code, Diagnostic, Severity, SpecErrors};
use crate::plan::auth::AuthPlan;
use crate::plan::reads::BodyReads;
use crate::plan::request::LimitPlan;
use crate::plan::scopes::Scopes;
use crate::plan::tls::TlsPlan;
use crate::plan::{
    ColumnPlan, EntryPlan, KeepPlan, MappingPlan, OptionPlan, OptionValues, Plan, SpecSource,
    logs_as_it_goes,
};
use crate::spec::odd_characters;
use crate::spec::places::{HasPlace, Placed};
use crate::spec::recovery::OnResponse;
use crate::spec::tree::Node;
use crate::spec::{Document, KeepWord, Mode, OnError, Spec};
use crate::template::scope::{Scope, Seen, SpecFile, Watch};
use crate::template::shapes::Shapes;
use crate::template::{Frame, Template, Uses};

/// A spec that has no mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// The names that its steps and lookups are given.
    pub steps: Vec<String>,
    /// What will run.
    pub plan: Plan,
    /// What is suspicious but allowed; a report without errors.
    pub warnings: SpecErrors,
}

/// Reads and compiles a spec's text; `file` is its name in messages.
pub fn load(file: &str, text: &str) -> Result<Loaded, SpecErrors> {
    load_beside(file, text, Arc::default())
}

/// The same beside a tape, on which values looked like this: fields that none of them has are warned of.
pub fn load_beside(file: &str, text: &str, shapes: Arc<Shapes>) -> Result<Loaded, SpecErrors> {
    let source: Arc<str> = Arc::from(text);
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let mut steps = Vec::new();
    let plan = Document::read(file, Arc::clone(&source), &mut errors).map(|document| {
        let mut found = Vec::new();
        steps.clone_from(&document.names);
        let plan = compile(&document, shapes, (None, None), &mut found, &mut warnings);
        errors.extend(own_mistakes::of(&document, found));
        odd_characters::warn(&document.root, &mut warnings);
        plan
    });
    match plan {
        Some(plan) if errors.is_empty() => Ok(Loaded {
            plan,
            steps,
            warnings: {
                let is_hint = |told: &Diagnostic| told.code.severity() == Severity::Hint;
                let (hints, warnings) = warnings.into_iter().partition(is_hint);
                SpecErrors::new(file, source, Vec::new(), warnings, hints)
            },
        }),
        _ => {
            // What is only suspicious may follow from a mistake; what may be its cause is told.
            let is_cause = |warning: &Diagnostic| {
                matches!(warning.code, Code::OddCharacter | Code::NoTemplate)
            };
            warnings.retain(is_cause);
            let mut other = Vec::new();
            for warning in warnings {
                let same = errors.iter_mut().find(|error| error.span == warning.span);
                match same {
                    Some(error) => error.hint = Some(told_with(&warning)),
                    None => other.push(warning),
                }
            }
            let warnings = other;
            Err(SpecErrors::new(file, source, errors, warnings, Vec::new()))
        }
    }
}

/// What is compiled of a spec, and what the template at the byte `at` sees; nothing where the spec can't be
/// read so far.
pub fn seen_of(file: &str, text: &str, shapes: Arc<Shapes>, at: Option<usize>) -> Option<Seen> {
    let document = Document::read(file, text, &mut Vec::new())?;
    let watch = Arc::new(Watch::new(at));
    let told = (&mut Vec::new(), &mut Vec::new());
    let watched = (Some(Arc::clone(&watch)), None);
    compile(&document, shapes, watched, told.0, told.1);
    Some(watch.seen())
}

/// A warning as the hint of a mistake at its place.
fn told_with(warning: &Diagnostic) -> String {
    let hint = warning.hint.as_deref().unwrap_or_default();
    format!("{}: {hint}", warning.message)
}

/// Compiles a spec. Mistakes are added to `errors`, warnings and hints to `warnings`; the plan is whole
/// only if there are no mistakes.
pub fn compile(
    document: &Document,
    shapes: Arc<Shapes>,
    (watch, settings): (Option<Arc<Watch>>, Option<Arc<Frame>>),
    errors: &mut Vec<Diagnostic>,
    warnings: &mut Vec<Diagnostic>,
) -> Plan {
    let mut compiler = Compiler {
        document,
        shapes,
        watch,
        errors,
        warnings,
        uses: Uses::default(),
        auths: Vec::new(),
        auth_use: request_auth::AuthUse::default(),
        limits: Vec::new(),
        target_rules: Vec::new(),
        has_steps: false,
        defaults: request_auth::Defaults::default(),
        known_options: Vec::new(),
        settings: Settings {
            frame: settings,
            ..Settings::default()
        },
    };
    let plan = compiler.plan();
    let told = std::mem::take(&mut compiler.uses.hints);
    compiler.warnings.extend(told);
    plan
}

/// The folder of a spec's file.
pub(super) fn folder_of(file: &str) -> Option<PathBuf> {
    let folder = Path::new(file).parent()?;
    (!folder.as_os_str().is_empty()).then(|| folder.to_owned())
}

/// The columns of a finished row, where the spec names all of them.
fn named_columns(mapping: &MappingPlan) -> Option<Vec<String>> {
    let names_all = matches!(&mapping.keep, KeepPlan::Word(KeepWord::None));
    let are_changed = !mapping.rename.is_empty() || !mapping.drop.is_empty();
    let is_fixed =
        |column: &ColumnPlan| column.name_template.is_none() && !column.name.contains('*');
    if !names_all || are_changed || !mapping.columns.iter().all(is_fixed) {
        return None;
    }
    Some(
        mapping
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
    )
}

pub(super) struct Compiler<'d> {
    pub(super) document: &'d Document,
    /// What values looked like on a tape.
    shapes: Arc<Shapes>,
    /// Who wants to know what a template sees.
    watch: Option<Arc<Watch>>,
    errors: &'d mut Vec<Diagnostic>,
    pub(super) warnings: &'d mut Vec<Diagnostic>,
    /// What all templates together read.
    uses: Uses,
    pub(super) auths: Vec<AuthPlan>,
    /// What requests do with credentials.
    pub(super) auth_use: request_auth::AuthUse,
    limits: Vec<LimitPlan>,
    /// Whose `on_response` stands between a target's request and `http`.
    target_rules: Vec<Placed<OnResponse>>,
    /// Whether the request is one of a target's steps, or `http` gives rules to such.
    has_steps: bool,
    /// What `http` gives to requests.
    defaults: request_auth::Defaults,
    pub(super) known_options: Vec<OptionPlan>,
    settings: Settings,
}

/// Settings that templates over `options` give: numbers and durations of the plan itself.
#[derive(Default)]
struct Settings {
    /// What they see.
    scope: Scope,
    /// `options`, once they are known.
    frame: Option<Arc<Frame>>,
    /// Whether there are any.
    is_used: bool,
}

impl Plan {
    /// The plan with these options: where templates over them give its settings, it is compiled with what
    /// they give. What can't be used is told in a line.
    pub fn settled(self: &Arc<Self>, options: &OptionValues) -> Result<Arc<Self>, String> {
        let Some(source) = &self.unsettled else {
            return Ok(Arc::clone(self));
        };
        let frame = Arc::new(Frame::default().with("options", options.to_value()));
        let mut errors = Vec::new();
        let document = Document::read(&source.file, Arc::clone(&source.text), &mut errors);
        let plan = document.map(|document| {
            let shapes = Arc::default();
            compile(
                &document,
                shapes,
                (None, Some(frame)),
                &mut errors,
                &mut Vec::new(),
            )
        });
        match (plan, errors.first()) {
            (Some(plan), None) => Ok(Arc::new(plan)),
            (_, error) => {
                let (message, start) =
                    error.map_or(("", 0), |error| (error.message.as_str(), error.span.start));
                let line = source.text[..start.min(source.text.len())]
                    .matches('\n')
                    .count()
                    + 1;
                let hint = error.and_then(|error| error.hint.as_ref());
                let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
                Err(format!("{message} ({}:{line}){hint}", source.file))
            }
        }
    }
}

impl<'d> Compiler<'d> {
    pub(super) fn spec(&self) -> &'d Spec {
        &self.document.spec
    }

    pub(super) fn error(
        &mut self,
        at: &impl HasPlace,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.errors
            .push(Diagnostic::new(Code::Refused, at.place(), message).hint(hint));
    }

    pub(super) fn template(&mut self, node: &Node, scope: &Scope) -> Template {
        Template::compile(
            node,
            &self.document.source,
            scope,
            &mut self.uses,
            self.errors,
        )
    }

    pub(super) fn optional(&mut self, node: Option<&Node>, scope: &Scope) -> Option<Template> {
        node.map(|node| self.template(node, scope))
    }

    /// A condition is one expression, `true` or `false`.
    pub(super) fn condition(&mut self, node: &Node, scope: &Scope) -> Template {
        let before = self.errors.len();
        let template = Template::compile_condition(
            node,
            &self.document.source,
            scope,
            &mut self.uses,
            self.errors,
        );
        if !template.is_condition() && self.errors.len() == before {
            self.error(
                node,
                "a condition is one expression, and here is text around it",
                "put all of it between one pair of braces: \"{{ row.a and row.b }}\"",
            );
        }
        template
    }

    fn plan(&mut self) -> Plan {
        let spec = self.spec();
        let mode = spec.mode.value;
        let options = self.options();
        self.known_options.clone_from(&options);
        let mut scopes = Scopes::new(
            mode,
            &options,
            self.document.names.clone(),
            SpecFile::new(&self.document.file, &self.document.source),
            Arc::clone(&self.shapes),
            self.watch.clone(),
        );
        scopes.is_incremental = spec.incremental.is_some();
        self.settings.scope = scopes.column_name();
        self.defaults = self.defaults(&scopes);
        let mut source = self.source(&mut scopes);
        let incremental = self.incremental(&scopes);
        let lookups = self.lookups(&mut scopes);
        let (mut mapping, mapped) = self.watched(|compiler| compiler.mapping(&mut scopes));
        if mode == Mode::DataSource && mapped.names.contains("response") {
            self.keep_response(&mut source, &mapped);
        }
        scopes.columns = named_columns(&mapping);
        self.name_answers(&mut scopes);
        let target = spec.target.as_ref().map(|target| &target.keys);
        let mut around = self.around(target, "target", &mut scopes);
        let (entries, sent) = self.watched(|compiler| compiler.entries(&scopes));
        around.note_reads(&sent);
        let (mut feedback, mut told) = self.watched(|compiler| compiler.feedback(&scopes));
        if let Some(feedback) = &mut feedback {
            if mode.is_export() {
                feedback.reads = BodyReads::of(&told, "response");
            }
        }
        let (log, logged) = self.watched(|compiler| compiler.log_rules(&spec.log, &scopes, false));
        told.add(logged);
        for entry in &entries {
            told.add(entry.logs.clone());
        }
        let keeps_answers = told.names.iter().any(|name| scopes.is_of_answers(name));
        told.add(sent);
        mapping.keeps_frames = told.names.iter().any(|name| scopes.is_of_mapping(name));
        let entries: Vec<EntryPlan> = entries.into_iter().map(|entry| entry.plan).collect();
        let reads_finished_rows = mode.is_export() || logs_as_it_goes(&log, &entries);
        let notify = self.notify(&scopes);
        let fail_when = self.fail_when(&scopes);
        if spec.on_error.value == OnError::Keep && mode != Mode::DataService {
            self.error(
                &spec.on_error,
                format!("`on_error: keep` is not for mode {}", mode.word()),
                "only a data service lets a row go on as it came; allowed: fail, skip",
            );
        }
        let tls = spec.http.as_ref().and_then(|http| http.tls.as_ref());
        let tls = tls.map(|tls| TlsPlan::compile(tls, &scopes, self));
        self.unsent_auth();
        self.unshown_certificate();
        self.unread_tokens();
        self.unread_options(&options);
        Plan {
            name: spec.name.0.clone(),
            description: spec.description.clone(),
            mode,
            options,
            source,
            incremental,
            state: self.state(),
            allow_empty: spec.allow_empty,
            lookups,
            auths: std::mem::take(&mut self.auths),
            tls,
            folder: folder_of(&self.document.file),
            unsettled: self.settings.is_used.then(|| SpecSource {
                file: self.document.file.clone(),
                text: Arc::clone(&self.document.source),
            }),
            limits: std::mem::take(&mut self.limits),
            input: spec.input.clone(),
            batch_size: spec.batch_size.0,
            mapping,
            around,
            entries,
            keeps_answers,
            feedback,
            on_error: spec.on_error.value,
            max_errors: spec.max_errors,
            max_failures: spec.max_failures,
            fail_when,
            log,
            notify,
            reads_finished_rows,
        }
    }

    /// What is compiled, and what its templates read.
    pub(super) fn watched<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> (T, Uses) {
        let outer = std::mem::take(&mut self.uses);
        let compiled = compile(self);
        let own = std::mem::replace(&mut self.uses, outer);
        self.uses.add(own.clone());
        (compiled, own)
    }
}
