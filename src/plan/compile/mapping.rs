//! What a row becomes: `vars` to `unique`.

use std::sync::Arc;

use super::Compiler;
use crate::plan::scopes::Scopes;
use crate::plan::{ColumnPlan, KeepPlan, MappingPlan, RejectRule};
use crate::row::pattern::Pattern;
use crate::spec::place::place_in;
use crate::spec::tree::Node;
use crate::spec::{Keep, KeepWord, Mode};
use crate::template::Template;
use crate::template::scope::Field;

impl Compiler<'_> {
    pub(super) fn mapping(&mut self, scopes: &mut Scopes) -> MappingPlan {
        let spec = &self.document.spec;
        let root = self.root();
        let split = self.optional(root.get("split"), &scopes.split());
        let mut var_names: Vec<Arc<str>> = Vec::new();
        let mut vars = Vec::new();
        let mut var_reads: Vec<Vec<(String, String)>> = Vec::new();
        for entry in root.get("vars").into_iter().flat_map(Node::entries) {
            let scope = scopes.mapping();
            let outer = std::mem::take(&mut self.uses);
            vars.push(self.template(&entry.value, &scope));
            let own = std::mem::replace(&mut self.uses, outer);
            var_reads.push(own.fields.iter().cloned().collect());
            scopes.vars.push(Field {
                is_secret: own.has_secret,
                ..Field::any(&entry.key)
            });
            self.uses.add(own);
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
        let mut columns = self.columns(scopes);
        for column in &mut columns {
            column.reads = without_vars(&column.reads, &var_names, &var_reads);
        }
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
            // Known once everything that is told was compiled.
            keeps_frames: false,
        }
    }

    pub(super) fn columns(&mut self, scopes: &Scopes) -> Vec<ColumnPlan> {
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
            let (value, uses) = self.watched(|compiler| compiler.template(&entry.value, &scope));
            columns.push(ColumnPlan {
                name: entry.key.clone(),
                name_template,
                value,
                reads: uses.fields.into_iter().collect(),
            });
        }
        columns
    }

    pub(super) fn rename(&mut self) -> Vec<(Pattern, Pattern)> {
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
