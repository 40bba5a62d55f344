//! The lines of `options`: what people fill in.

use std::fmt::Write as _;

use super::{literal, yaml};
use crate::spec::{RUNNER_FLAGS, SHELL_NAMES};

/// An option of the spec: its name, its type, its label.
pub(super) struct OptionLine {
    pub name: String,
    pub kind: &'static str,
    pub label: String,
    /// What can be chosen; any text where nothing is here.
    pub choices: Vec<String>,
}

/// The lines of `options`; nothing where there are none.
pub(super) fn option_lines(options: &[OptionLine]) -> String {
    let mut text = String::new();
    if options.is_empty() {
        return text;
    }
    text.push_str(
        "options:          # what people fill in at the platform; a password is never shown\n",
    );
    for option in options {
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "  {}: {{ type: {}, label: {},{} required: true }}",
            option.name,
            option.kind,
            yaml(&option.label),
            match option.choices.as_slice() {
                [] => String::new(),
                choices => format!(
                    " choices: [{}],",
                    choices
                        .iter()
                        .map(|one| literal(one))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            }
        );
    }
    text.push('\n');
    text
}

pub(super) fn option_name(key: &str) -> String {
    let name: String = key
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    let name = name.trim_matches('_').to_owned();
    // A flag of runner's own can be none of the spec's.
    let flag = name.to_lowercase().replace('_', "-");
    let name = if RUNNER_FLAGS.contains(&flag.as_str()) || SHELL_NAMES.contains(&name.as_str()) {
        format!("{name}_VALUE")
    } else {
        name
    };
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("KEY_{name}")
    }
}

/// Adds an option; its name.
pub(super) fn option(
    options: &mut Vec<OptionLine>,
    name: &str,
    kind: &'static str,
    label: &str,
) -> String {
    if !options.iter().any(|known| known.name == name) {
        options.push(OptionLine {
            name: name.to_owned(),
            kind,
            label: label.to_owned(),
            choices: Vec::new(),
        });
    }
    name.to_owned()
}
