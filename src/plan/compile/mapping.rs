//! What a row becomes: `vars` to `unique`.

use std::sync::Arc;

use super::Compiler;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::scopes::Scopes;
use crate::plan::{ColumnPlan, KeepPlan, MappingPlan, RejectRule};
use crate::row::pattern::Pattern;
use crate::spec::place::place_in;
use crate::spec::{Keep, KeepWord, Mode};
use crate::template::scope::Field;
use crate::template::{Template, lookalike, template_start};

impl Compiler<'_> {
    pub(super) fn mapping(&mut self, scopes: &mut Scopes) -> MappingPlan {
        let spec = self.spec();
        let split = self.optional(spec.split.as_deref(), &scopes.split());
        let mut var_names: Vec<Arc<str>> = Vec::new();
        let mut vars = Vec::new();
        let mut var_reads: Vec<Vec<(String, String)>> = Vec::new();
        for (name, var) in &spec.vars {
            let scope = scopes.mapping();
            let outer = std::mem::take(&mut self.uses);
            vars.push(self.template(var, &scope));
            let own = std::mem::replace(&mut self.uses, outer);
            var_reads.push(own.fields.iter().cloned().collect());
            scopes.vars.push(Field {
                is_secret: own.has_secret,
                ..Field::any(&name.text)
            });
            self.uses.add(own);
            var_names.push(Arc::from(name.text.as_str()));
        }
        let scope = scopes.mapping();
        let filter = spec.filter.as_ref();
        let filter = filter.map(|filter| self.condition(filter, &scope));
        let mut reject = Vec::new();
        for rule in &spec.reject {
            reject.push(RejectRule {
                when: self.condition(&rule.when, &scope),
                message: self.template(&rule.message, &scope.shown()),
            });
        }
        let mut columns = self.columns(scopes);
        for column in &mut columns {
            column.reads = without_vars(&column.reads, &var_names, &var_reads);
        }
        let keep = match &spec.keep {
            Some(Keep::Word(word)) => KeepPlan::Word(*word),
            Some(Keep::Names(names)) => {
                KeepPlan::Names(names.iter().map(|name| Pattern::new(name)).collect())
            }
            None if spec.mode.value == Mode::DataSource && !columns.is_empty() => {
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
            // Known once everything that is told was compiled.
            keeps_frames: false,
        }
    }

    pub(super) fn columns(&mut self, scopes: &Scopes) -> Vec<ColumnPlan> {
        let scope = scopes.mapping().shown();
        let mut columns = Vec::new();
        for (name, column) in &self.spec().columns {
            if Pattern::new(&name.text).stars() > 1 {
                self.error(
                    name,
                    "a column has one star at most",
                    "the star is the key of a map; a literal `*` is written `**`",
                );
            }
            let is_template = template_start(&name.text).is_some();
            if let (false, Some((range, help))) =
                (is_template, lookalike(&name.text, &scopes.column_name()))
            {
                let place = place_in(&self.document.source, &name.span, &name.text, range);
                let message = "this looks like a template, and is the column's name as it stands";
                self.warnings
                    .push(Diagnostic::new(Code::NoTemplate, place, message).hint(help));
            }
            let name_template = is_template.then(|| {
                let source = &self.document.source;
                Template::compile_text(
                    &name.text,
                    &|range| place_in(source, &name.span, &name.text, range),
                    &scopes.column_name(),
                    &mut self.uses,
                    self.errors,
                )
            });
            let (value, uses) = self.watched(|compiler| compiler.template(column, &scope));
            columns.push(ColumnPlan {
                name: name.text.clone(),
                name_template,
                value,
                reads: uses.fields.into_iter().collect(),
            });
        }
        columns
    }

    pub(super) fn rename(&mut self) -> Vec<(Pattern, Pattern)> {
        let mut rules = Vec::new();
        for (from, to) in &self.spec().rename {
            if to.contains("{{") {
                self.error(
                    to,
                    "`rename` takes names, and this is a template",
                    "a column that is made by a template stands under `columns`",
                );
            }
            let (old, new) = (Pattern::new(&from.text), Pattern::new(to));
            if new.stars() > old.stars() {
                self.error(
                    to,
                    "the new name has more stars than the old one",
                    "each star stands for what the star of the old name stood for",
                );
            }
            rules.push((old, new));
        }
        rules
    }
}

/// What is read of records: in place of a var what that reads. `options` and `run` are left out.
fn without_vars(
    reads: &[(String, String)],
    names: &[Arc<str>],
    of_vars: &[Vec<(String, String)>],
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (owner, field) in reads {
        match owner.as_str() {
            "options" | "run" | "page" | "response" => {}
            "vars" => {
                let var = names.iter().position(|name| **name == **field);
                if let Some(var) = var {
                    // A var sees those before it alone.
                    found.extend(without_vars(&of_vars[var], &names[..var], &of_vars[..var]));
                }
            }
            _ => found.push((owner.clone(), field.clone())),
        }
    }
    found.dedup();
    found
}
