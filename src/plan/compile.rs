//! Spec → [`Plan`]: every template compiled, every name checked.

use std::sync::Arc;

use super::logging::{FailRule, LogRule, NotifyRule};
use super::options::{OptionPlan, flag_of};
use super::scopes::{RESERVED, Scopes};
use super::{
    Change, ColumnPlan, EntryPlan, FeedbackPlan, KeepPlan, MappingPlan, Plan, RejectRule, StepPlan,
    option_values,
};
use crate::check::{Diagnostic, SpecErrors};
use crate::row::pattern::Pattern;
use crate::spec::tree::{Node, NodeValue};
use crate::spec::{
    Choices, Document, Keep, KeepWord, Log, LogAt, Mode, OnError, OptionSpec, OptionType,
    RUNNER_FLAGS, SHELL_NAMES, Source, Step, place::place_in,
};
use crate::template::scope::{Field, Scope};
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
        let mapping = self.mapping(&mut scopes);
        let entries = self.entries(&scopes);
        let feedback = self.feedback(&scopes);
        let log = self.log_rules(self.root().get("log"), &spec.log, &scopes, false);
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
        }
    }

    fn options(&mut self) -> Vec<OptionPlan> {
        let mut options: Vec<OptionPlan> = Vec::new();
        let Some(node) = self.root().get("options") else {
            return options;
        };
        for entry in node.entries() {
            let Some(spec) = self.document.spec.options.get(&entry.key) else {
                continue;
            };
            let key_node = Node::refused(entry.key_span.clone());
            let option = option_plan(&entry.key, spec, &entry.value);
            self.option_name(&entry.key, &key_node, &options);
            self.option_type(&option, &entry.value);
            options.push(option);
        }
        options
    }

    fn option_name(&mut self, name: &str, at: &Node, before: &[OptionPlan]) {
        let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let flag = flag_of(name);
        if !well_formed {
            self.error(
                at,
                format!("`{name}` can't be the name of an option"),
                "it starts with a letter and has letters, digits, `-` and `_`",
            );
        } else if SHELL_NAMES.contains(&name.to_ascii_uppercase().as_str()) {
            self.error(
                at,
                format!("every shell sets `{name}`: the option would never be empty"),
                format!("call it `{name}_NAME`, or what it is for"),
            );
        } else if RUNNER_FLAGS.contains(&flag.as_str()) {
            self.error(
                at,
                format!("`--{flag}` is a flag of runner itself"),
                format!("call the option `{name}_VALUE`, or what it is for"),
            );
        } else if let Some(same) = before.iter().find(|option| option.flag == flag) {
            let message = format!("`{name}` and `{}` are the same option", same.name);
            self.error(at, message, "dash and underscore are alike, and so is case");
        }
    }

    fn option_type(&mut self, option: &OptionPlan, node: &Node) {
        let takes_choices = matches!(option.kind, OptionType::Select | OptionType::SelectMultiple);
        match (takes_choices, node.get("choices")) {
            (true, None) => self.error(
                node.get("type").unwrap_or(node),
                format!("`{}` has nothing to choose from", option.name),
                "add choices: [a, b], or { value: label }",
            ),
            (true, Some(choices)) if option.choices.is_empty() => {
                self.error(choices, "an empty list of choices", "name at least one");
            }
            (false, Some(choices)) => self.error(
                choices,
                format!("`{}` is no select, and takes no choices", option.name),
                "make it type: select or select_multiple",
            ),
            _ => {}
        }
        if option.kind == OptionType::StageColumnsDropdown
            && self.document.spec.mode != Mode::DataService
        {
            self.error(
                node.get("type").unwrap_or(node),
                "the portal offers stage_columns_dropdown in data services only",
                "use type: input",
            );
        }
        if let (Some(default), Some(at)) = (&option.default, node.get("default")) {
            if let Err(mistake) = option_values::parse(option, default.clone()) {
                self.error(
                    at,
                    mistake,
                    "give a default that the field itself could hold",
                );
            }
        }
    }

    fn unread_options(&mut self, options: &[OptionPlan]) {
        if self.uses.reads_all_options {
            return;
        }
        let node = self.root().get("options");
        for entry in node.into_iter().flat_map(Node::entries) {
            let key = entry.key.replace('-', "_");
            let declared = options.iter().any(|option| option.key == key);
            if declared && !self.uses.options.contains(&key) {
                self.warnings.push(
                    Diagnostic::new(
                        entry.key_span.clone(),
                        format!("nothing reads the option `{}`", entry.key),
                    )
                    .hint(format!("use it as options.{key}, or remove it")),
                );
            }
        }
    }

    fn source(&mut self, scopes: &mut Scopes) -> Vec<StepPlan> {
        let spec = &self.document.spec;
        let steps: Vec<(&Step, &Node)> = match (&spec.source, self.root().get("source")) {
            (Some(Source::One(step)), Some(node)) => vec![(step, node)],
            (Some(Source::Many(steps)), Some(node)) => steps.iter().zip(node.items()).collect(),
            _ => {
                if spec.mode == Mode::DataSource {
                    let at = self.root().get("mode").unwrap_or(self.root());
                    self.error(
                        at,
                        "`source` is missing: a data source has to say where its rows come from",
                        "add source: { rows: [{ id: 1 }] }",
                    );
                }
                return Vec::new();
            }
        };
        steps
            .into_iter()
            .map(|(step, node)| self.step(step, node, scopes))
            .collect()
    }

    fn step(&mut self, step: &Step, node: &Node, scopes: &mut Scopes) -> StepPlan {
        let scope = scopes.step();
        let when = self.when(node, &scope);
        let rows = node
            .get("rows")
            .into_iter()
            .flat_map(Node::items)
            .map(|row| self.template(row, &scope))
            .collect();
        if let (Some(name), Some(at)) = (&step.name, node.get("name")) {
            if RESERVED.contains(&name.as_str()) {
                self.error(
                    at,
                    format!("`{name}` is a name of the language"),
                    "call the step after what it holds: product, variant",
                );
            } else if scopes.steps.contains(name) {
                self.error(
                    at,
                    format!("two steps are called `{name}`"),
                    "rename one of them",
                );
            }
            scopes.steps.push(name.clone());
        }
        let scope = scopes
            .step()
            .with("record", crate::template::scope::Name::Any);
        let filter = node.get("where").map(|node| self.condition(node, &scope));
        StepPlan {
            name: step.name.as_deref().map(Arc::from),
            rows,
            when,
            filter,
        }
    }

    fn mapping(&mut self, scopes: &mut Scopes) -> MappingPlan {
        let spec = &self.document.spec;
        let root = self.root();
        let split = self.optional(root.get("split"), &scopes.split());
        let mut var_names: Vec<Arc<str>> = Vec::new();
        let mut vars = Vec::new();
        for entry in root.get("vars").into_iter().flat_map(Node::entries) {
            let scope = scopes.mapping();
            let outer = std::mem::take(&mut self.uses);
            vars.push(self.template(&entry.value, &scope));
            let own = std::mem::replace(&mut self.uses, outer);
            scopes.vars.push(Field {
                is_secret: own.has_secret,
                ..Field::any(&entry.key)
            });
            self.add_uses(own);
            var_names.push(Arc::from(entry.key.as_str()));
        }
        let scope = scopes.mapping();
        let filter = root.get("where").map(|node| self.condition(node, &scope));
        let mut reject = Vec::new();
        for rule in root.get("reject").into_iter().flat_map(Node::items) {
            if let (Some(when), Some(message)) = (rule.get("when"), rule.get("message")) {
                reject.push(RejectRule {
                    when: self.condition(when, &scope),
                    message: self.template(message, &scope.shown()),
                });
            }
        }
        let columns = self.columns(scopes);
        let keep = match &spec.keep {
            Some(Keep::Word(word)) => KeepPlan::Word(*word),
            Some(Keep::Names(names)) => {
                KeepPlan::Names(names.iter().map(|name| Pattern::new(name)).collect())
            }
            None if spec.mode == Mode::DataSource && !columns.is_empty() => {
                KeepPlan::Word(KeepWord::None)
            }
            None => KeepPlan::Word(KeepWord::All),
        };
        MappingPlan {
            var_names: var_names.into(),
            vars,
            split,
            filter,
            reject,
            columns,
            keep,
            drop: spec.drop.iter().map(|name| Pattern::new(name)).collect(),
            rename: self.rename(),
            unique: spec.unique.words().to_vec(),
            // Whether the mapping's own names are read later is cheap to over-estimate: it costs
            // memory for one batch.
            keeps_frames: spec.feedback.is_some()
                || spec.log.iter().any(|log| log.at == LogAt::Row)
                || spec.target.is_some(),
        }
    }

    fn add_uses(&mut self, own: Uses) {
        self.uses.names.extend(own.names);
        self.uses.options.extend(own.options);
        self.uses.reads_all_options |= own.reads_all_options;
        self.uses.has_secret |= own.has_secret;
    }

    fn columns(&mut self, scopes: &Scopes) -> Vec<ColumnPlan> {
        let scope = scopes.mapping().shown();
        let mut columns = Vec::new();
        for entry in self
            .root()
            .get("columns")
            .into_iter()
            .flat_map(Node::entries)
        {
            let at = Node::refused(entry.key_span.clone());
            if Pattern::new(&entry.key).stars() > 1 {
                self.error(
                    &at,
                    "a column has one star at most",
                    "the star is the key of a map; a literal `*` is written `**`",
                );
            }
            let is_template = entry.key.contains("{{") || entry.key.contains("{%");
            let name_template = is_template.then(|| {
                let source = &self.document.source;
                Template::compile_text(
                    &entry.key,
                    &|range| place_in(source, &entry.key_span, &entry.key, range),
                    &scopes.column_name(),
                    &mut self.uses,
                    self.errors,
                )
            });
            columns.push(ColumnPlan {
                name: entry.key.clone(),
                name_template,
                value: self.template(&entry.value, &scope),
            });
        }
        columns
    }

    fn rename(&mut self) -> Vec<(Pattern, Pattern)> {
        let mut rules = Vec::new();
        for entry in self
            .root()
            .get("rename")
            .into_iter()
            .flat_map(Node::entries)
        {
            let Some(to) = entry.value.as_text() else {
                continue;
            };
            let (from, to) = (Pattern::new(&entry.key), Pattern::new(to));
            if to.stars() > from.stars() {
                self.error(
                    &entry.value,
                    "the new name has more stars than the old one",
                    "each star stands for what the star of the old name stood for",
                );
            }
            rules.push((from, to));
        }
        rules
    }

    fn entries(&mut self, scopes: &Scopes) -> Vec<EntryPlan> {
        let spec = &self.document.spec;
        let node = self.root().get("target");
        if spec.mode == Mode::Export {
            return vec![EntryPlan {
                change: None,
                log: Vec::new(),
            }];
        }
        if spec.mode != Mode::ExportDelta {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for entry in node.into_iter().flat_map(Node::entries) {
            let target = spec.target.as_ref();
            let (change, logs) = match entry.key.as_str() {
                "new" => (Change::New, target.and_then(|target| target.new.as_ref())),
                "modified" => (
                    Change::Modified,
                    target.and_then(|target| target.modified.as_ref()),
                ),
                "deleted" => (
                    Change::Deleted,
                    target.and_then(|target| target.deleted.as_ref()),
                ),
                "unchanged" => (
                    Change::Unchanged,
                    target.and_then(|target| target.unchanged.as_ref()),
                ),
                _ => continue,
            };
            let logs = logs.map_or(&[][..], |entry| &entry.log);
            entries.push(EntryPlan {
                change: Some(change),
                log: self.log_rules(entry.value.get("log"), logs, scopes, true),
            });
        }
        if entries.is_empty() && self.errors.is_empty() {
            let at = node
                .or_else(|| self.root().get("mode"))
                .unwrap_or(self.root());
            self.error(
                at,
                "mode export-delta needs at least one entry in `target`",
                "add target: { new: {}, modified: {}, deleted: {} }; an entry left out is not read",
            );
        }
        entries
    }

    fn feedback(&mut self, scopes: &Scopes) -> Option<FeedbackPlan> {
        let spec = self.document.spec.feedback.as_ref()?;
        let scope = scopes.outcome();
        let node = self
            .root()
            .get("feedback")
            .and_then(|node| node.get("columns"));
        let columns = node
            .into_iter()
            .flat_map(Node::entries)
            .map(|entry| (entry.key.clone(), self.template(&entry.value, &scope)))
            .collect();
        Some(FeedbackPlan {
            rows: spec.rows,
            columns,
        })
    }

    fn log_rules(
        &mut self,
        node: Option<&Node>,
        specs: &[Log],
        scopes: &Scopes,
        in_entry: bool,
    ) -> Vec<LogRule> {
        let mut rules = Vec::new();
        for (spec, node) in specs.iter().zip(node.into_iter().flat_map(Node::items)) {
            if in_entry && spec.at == LogAt::Failure {
                self.error(
                    node.get("at").unwrap_or(node),
                    "an entry logs at start, batch, row or finish",
                    "put `at: failure` into the spec's own `log`",
                );
            }
            let scope = scopes.log(spec.at, in_entry);
            let Some(message) = node.get("message") else {
                continue;
            };
            let context = node.get("context").into_iter().flat_map(Node::entries);
            rules.push(LogRule {
                at: spec.at,
                level: spec.level,
                when: self.when(node, &scope),
                message: self.template(message, &scope),
                context: context
                    .map(|entry| {
                        let value = self.template(&entry.value, &scope);
                        (Arc::from(entry.key.as_str()), value)
                    })
                    .collect(),
            });
        }
        rules
    }

    fn notify(&mut self, scopes: &Scopes) -> Vec<NotifyRule> {
        let specs = &self.document.spec.notify;
        let nodes = self.root().get("notify").into_iter().flat_map(Node::items);
        specs
            .iter()
            .zip(nodes)
            .filter_map(|(spec, node)| {
                let at = match spec.at {
                    crate::spec::NotifyAt::Finish => LogAt::Finish,
                    crate::spec::NotifyAt::Failure => LogAt::Failure,
                };
                let message = node.get("message")?;
                Some(NotifyRule {
                    at: spec.at,
                    kind: spec.kind,
                    message: self.template(message, &scopes.log(at, false)),
                })
            })
            .collect()
    }

    fn fail_when(&mut self, scopes: &Scopes) -> Vec<FailRule> {
        let specs = &self.document.spec.fail_when;
        let nodes = self
            .root()
            .get("fail_when")
            .into_iter()
            .flat_map(Node::items);
        let scope = scopes.base();
        specs
            .iter()
            .zip(nodes)
            .filter_map(|(spec, node)| {
                let (when, message) = (node.get("when")?, node.get("message")?);
                Some(FailRule {
                    at: spec.at,
                    when: self.condition(when, &scope),
                    message: self.template(message, &scope.shown()),
                })
            })
            .collect()
    }
}

fn option_plan(name: &str, spec: &OptionSpec, node: &Node) -> OptionPlan {
    let text = |node: &Node| node.scalar().map(|scalar| scalar.text.clone());
    let choices = match (&spec.choices, node.get("choices").map(|node| &node.value)) {
        (Some(Choices::Values(_)), Some(NodeValue::List(items))) => items
            .iter()
            .filter_map(text)
            .map(|value| (value.clone(), value))
            .collect(),
        (Some(Choices::Labels(_)), Some(NodeValue::Map(entries))) => entries
            .iter()
            .map(|entry| (entry.key.clone(), text(&entry.value).unwrap_or_default()))
            .collect(),
        _ => Vec::new(),
    };
    OptionPlan {
        name: name.to_owned(),
        key: name.replace('-', "_"),
        flag: flag_of(name),
        kind: spec.kind,
        label: spec.label.clone(),
        description: spec.description.clone(),
        placeholder: spec.placeholder.clone(),
        required: spec.required,
        default: node
            .get("default")
            .and_then(text)
            .filter(|text| !text.is_empty()),
        choices,
    }
}
