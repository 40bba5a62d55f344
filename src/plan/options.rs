//! An option, compiled.

use crate::spec::OptionType;

/// A field of the connector's form.
#[derive(Debug, Clone)]
pub struct OptionPlan {
    /// Its name as written: the environment variable.
    pub name: String,
    /// How templates read it: dashes are underscores.
    pub key: String,
    /// How it is given as a flag: lower case, with dashes.
    pub flag: String,
    /// The field's type.
    pub kind: OptionType,
    /// The field's label.
    pub label: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// An example.
    pub placeholder: Option<String>,
    /// Whether the run fails without a value.
    pub required: bool,
    /// The value where none is given.
    pub default: Option<String>,
    /// What can be chosen: value and label.
    pub choices: Vec<(String, String)>,
}

impl OptionPlan {
    /// How people know it: label and name.
    pub fn described(&self) -> String {
        match &self.label {
            Some(label) => format!("{label} ({})", self.name),
            None => self.name.clone(),
        }
    }
}

/// The flag of an option: dash and underscore are alike, and so is case.
pub fn flag_of(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}
