//! Options: names that can be read, types that have what they need.

use super::Compiler;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::option_values;
use crate::plan::options::{OptionPlan, flag_of};
use crate::spec::places::Key;
use crate::spec::tree::Node;
use crate::spec::{Choices, Mode, OptionSpec, OptionType, RUNNER_FLAGS, SHELL_NAMES};

impl Compiler<'_> {
    pub(super) fn options(&mut self) -> Vec<OptionPlan> {
        let mut options: Vec<OptionPlan> = Vec::new();
        for (name, spec) in &self.spec().options {
            let option = option_plan(&name.text, spec);
            self.option_name(name, &options);
            self.option_type(&option, spec);
            options.push(option);
        }
        options
    }

    pub(super) fn option_name(&mut self, at: &Key, before: &[OptionPlan]) {
        let name = at.text.as_str();
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

    pub(super) fn option_type(&mut self, option: &OptionPlan, spec: &OptionSpec) {
        let takes_choices = matches!(option.kind, OptionType::Select | OptionType::SelectMultiple);
        match (takes_choices, &spec.choices) {
            (true, None) => self.error(
                &spec.kind,
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
            && self.spec().mode.value != Mode::DataService
        {
            self.error(
                &spec.kind,
                "the portal offers stage_columns_dropdown in data services only",
                "use type: input",
            );
        }
        if let (Some(default), Some(at)) = (&option.default, &spec.default) {
            if let Err(mistake) = option_values::parse(option, default.clone()) {
                self.error(
                    at,
                    mistake.to_string(),
                    "give a default that the field itself could hold",
                );
            }
        }
    }

    pub(super) fn unread_options(&mut self, options: &[OptionPlan]) {
        // A template with a mistake may be the one that was to read it.
        let mut told = self.uses.hints.iter();
        let is_likely_read = told.any(|told| told.code == Code::NoTemplate);
        if self.uses.reads_all_options || !self.errors.is_empty() || is_likely_read {
            return;
        }
        for name in self.spec().options.keys() {
            let key = name.text.replace('-', "_");
            let declared = options.iter().any(|option| option.key == key);
            if declared && !self.uses.options.contains(&key) {
                self.warnings.push(
                    Diagnostic::new(
                        Code::UnreadOption,
                        name.span.clone(),
                        format!("nothing reads the option `{name}`"),
                    )
                    .hint(format!("use it as options.{key}, or remove it")),
                );
            }
        }
    }
}

fn option_plan(name: &str, spec: &OptionSpec) -> OptionPlan {
    let text = |node: &Node| node.scalar().map(|scalar| scalar.text.clone());
    let choices = match spec.choices.as_ref().map(|choices| &choices.value) {
        Some(Choices::Values(values)) => values
            .iter()
            .filter_map(|value| text(value))
            .map(|value| (value.clone(), value))
            .collect(),
        Some(Choices::Labels(labels)) => labels
            .iter()
            .map(|(value, label)| (value.text.clone(), text(label).unwrap_or_default()))
            .collect(),
        None => Vec::new(),
    };
    OptionPlan {
        name: name.to_owned(),
        key: name.replace('-', "_"),
        flag: flag_of(name),
        kind: spec.kind.value,
        label: spec.label.clone(),
        description: spec.description.clone(),
        placeholder: spec.placeholder.clone(),
        required: spec.required,
        default: spec
            .default
            .as_ref()
            .and_then(|default| text(default))
            .filter(|text| !text.is_empty()),
        choices,
    }
}
