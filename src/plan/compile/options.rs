//! Options: names that can be read, types that have what they need.

use super::Compiler;
use crate::check::Diagnostic;
use crate::plan::option_values;
use crate::plan::options::{OptionPlan, flag_of};
use crate::spec::tree::{Node, NodeValue};
use crate::spec::{Choices, Mode, OptionSpec, OptionType, RUNNER_FLAGS, SHELL_NAMES};

impl Compiler<'_> {
    pub(super) fn options(&mut self) -> Vec<OptionPlan> {
        let mut options: Vec<OptionPlan> = Vec::new();
        let Some(node) = self.root().get("options") else {
            return options;
        };
        for entry in node.entries() {
            let Some(spec) = self.document.spec.options.get(entry.key.as_str()) else {
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

    pub(super) fn option_name(&mut self, name: &str, at: &Node, before: &[OptionPlan]) {
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

    pub(super) fn option_type(&mut self, option: &OptionPlan, node: &Node) {
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

    pub(super) fn unread_options(&mut self, options: &[OptionPlan]) {
        // A template with a mistake may be the one that was to read it.
        if self.uses.reads_all_options || !self.errors.is_empty() {
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
