//! The values of the options: flag over environment over default, each checked against its type.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

use super::options::{OptionPlan, flag_of};
use super::secret::{Redactor, Secret, hidden_name};
use crate::digest::{Hash, hex};
use crate::spec::OptionType;
use crate::template::text_of;

/// A value as its type has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// Not filled in.
    Nothing,
    /// A line, several lines, a choice, a column's name.
    Text(String),
    /// A checkbox.
    Flag(bool),
    /// Several choices.
    List(Vec<String>),
    /// A password.
    Secret(Secret),
}

/// The values of all options.
#[derive(Debug, Clone, Default)]
pub struct OptionValues {
    values: Vec<(Arc<str>, OptionValue)>,
}

/// Options without a value, or with one that is none of theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct OptionErrors {
    /// Required options without a value, as people know them.
    pub missing: Vec<String>,
    /// What is wrong with values that were given.
    pub invalid: Vec<String>,
}

impl fmt::Display for OptionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sentences = Vec::new();
        match self.missing.as_slice() {
            [] => {}
            [one] => sentences.push(format!("Missing required option: {one}")),
            several => {
                sentences.push(format!("Missing required options: {}", several.join(", ")));
            }
        }
        sentences.extend(self.invalid.iter().cloned());
        f.write_str(&sentences.join(". "))
    }
}

impl OptionValues {
    /// Finds every option's value. `flags` are keyed as [`OptionPlan::flag`]; an empty value is a
    /// missing one.
    pub fn resolve(
        options: &[OptionPlan],
        flags: &HashMap<String, Vec<String>>,
        environment: &Environment,
    ) -> Result<Self, OptionErrors> {
        let mut values = Vec::with_capacity(options.len());
        let mut errors = OptionErrors {
            missing: Vec::new(),
            invalid: Vec::new(),
        };
        for option in options {
            let from_flags = flags.get(&option.flag).cloned().unwrap_or_default();
            let mut given: Vec<String> = from_flags
                .into_iter()
                .filter(|value| !value.is_empty())
                .collect();
            if given.is_empty() {
                match environment.value(option) {
                    Ok(value) => given.extend(value),
                    Err(mistake) => {
                        errors.invalid.push(mistake.to_string());
                        continue;
                    }
                }
            }
            if given.is_empty() {
                given.extend(option.default.clone().filter(|value| !value.is_empty()));
            }
            let value = match given.pop() {
                None => OptionValue::Nothing,
                Some(last) => match parse_all(option, given, last) {
                    Ok(value) => value,
                    Err(mistake) => {
                        errors.invalid.push(mistake.to_string());
                        continue;
                    }
                },
            };
            let is_empty = match &value {
                OptionValue::Nothing => true,
                OptionValue::List(list) => list.is_empty(),
                _ => false,
            };
            if option.required && is_empty {
                errors.missing.push(option.described());
            }
            values.push((Arc::from(option.key.as_str()), value));
        }
        if errors.missing.is_empty() && errors.invalid.is_empty() {
            Ok(Self { values })
        } else {
            Err(errors)
        }
    }

    /// What hides the passwords.
    pub fn redactor(&self) -> Redactor {
        let redactor = Redactor::default();
        for (name, value) in &self.values {
            if let OptionValue::Secret(secret) = value {
                redactor.add_named(secret.expose(), name);
            }
        }
        redactor
    }

    /// The values as a tape keeps them, by name: a secret is `{"hidden": NAME}`.
    pub fn for_tape(&self) -> BTreeMap<String, serde_json::Value> {
        let shown = self.values.iter().filter_map(|(name, value)| {
            let value = match value {
                OptionValue::Nothing => return None,
                OptionValue::Text(text) => text.as_str().into(),
                OptionValue::Flag(flag) => (*flag).into(),
                OptionValue::List(list) => list.clone().into(),
                OptionValue::Secret(_) => serde_json::json!({ "hidden": hidden_name(name) }),
            };
            Some((name.to_string(), value))
        });
        shown.collect()
    }

    /// A hash of all values, secrets among them: other values have another.
    pub fn digest(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.values {
            let value = text_of(&value.to_value()).into_owned();
            // Writing into a string does not fail.
            let _ = writeln!(text, "{name} {} {value}", value.len());
        }
        hex(&Hash::Sha256.digest(text.as_bytes()))
    }

    /// As `options` in templates.
    pub fn to_value(&self) -> Value {
        let values = self.values.iter();
        Value::from_object(OptionsObject(
            values
                .map(|(name, value)| (Arc::clone(name), value.to_value()))
                .collect(),
        ))
    }
}

impl OptionValue {
    fn to_value(&self) -> Value {
        match self {
            Self::Nothing => Value::UNDEFINED,
            Self::Text(text) => Value::from(text.as_str()),
            Self::Flag(flag) => Value::from(*flag),
            Self::List(list) => list
                .iter()
                .map(|value| Value::from(value.as_str()))
                .collect(),
            Self::Secret(secret) => Value::from(secret.expose()),
        }
    }
}

/// Why an option has no value; it is named first. A password's value is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The environment holds bytes that are no text, under this name.
    #[error("{0} can't be read: the environment variable {1} isn't UTF-8")]
    NoText(String, String),
    /// A checkbox is on or off.
    #[error("{0} is a checkbox and takes 1 or 0, not \"{1}\"")]
    NoFlag(String, String),
    /// One of several is to be chosen.
    #[error("{0} can't be \"{1}\": choose one of {2}")]
    NoChoice(String, String, String),
    /// Some of several are to be chosen.
    #[error("{0} can't hold \"{1}\": choose of {2}")]
    NoneOfChoices(String, String, String),
}

/// The environment, in which the three spellings of a name (`PORT_NUMBER`, `port-number`,
/// `port_number`) are one.
#[derive(Debug, Default)]
pub struct Environment(Vec<(String, OsString)>);

impl Environment {
    /// Of these variables.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let named = variables.into_iter().filter_map(|(name, value)| {
            // No option has a name that is no UTF-8.
            Some((name.into_string().ok()?, value))
        });
        Self(named.collect())
    }

    /// The value of an option: of its name as the spec writes it, else in capitals, else as any other
    /// spelling has it. An empty one is none.
    pub fn value(&self, option: &OptionPlan) -> Result<Option<String>, OptionError> {
        let upper = option.name.to_ascii_uppercase().replace('-', "_");
        let ranked = |name: &str| match () {
            () if name == option.name => Some(0),
            () if name == upper => Some(1),
            () if flag_of(name) == option.flag => Some(2),
            () => None,
        };
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some((ranked(name)?, name, value)))
            .collect();
        found.sort_by_key(|(rank, name, _)| (*rank, name.as_str()));
        let Some((_, name, value)) = found.first() else {
            return Ok(None);
        };
        match value.to_str() {
            Some(value) => Ok(Some(value.to_owned())),
            None => Err(OptionError::NoText(option.described(), (*name).clone())),
        }
    }
}

/// Reads the values of a flag, the last of which is `last`: several make one list of several choices,
/// of anything else the last one counts.
fn parse_all(
    option: &OptionPlan,
    before: Vec<String>,
    last: String,
) -> Result<OptionValue, OptionError> {
    if option.kind != OptionType::SelectMultiple {
        return parse(option, last);
    }
    let mut all = Vec::new();
    for text in before.into_iter().chain([last]) {
        if let OptionValue::List(some) = parse(option, text)? {
            all.extend(some);
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|choice| seen.insert(choice.clone()));
    Ok(OptionValue::List(all))
}

/// Reads a value as its option's type.
pub fn parse(option: &OptionPlan, text: String) -> Result<OptionValue, OptionError> {
    let is_choice = |value: &str| option.choices.iter().any(|(choice, _)| choice == value);
    let choices = || {
        let words: Vec<&str> = option
            .choices
            .iter()
            .map(|(value, _)| value.as_str())
            .collect();
        words.join(", ")
    };
    Ok(match option.kind {
        OptionType::Password => OptionValue::Secret(Secret::new(text)),
        OptionType::Input | OptionType::Textarea | OptionType::StageColumnsDropdown => {
            OptionValue::Text(text)
        }
        OptionType::Checkbox => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => OptionValue::Flag(true),
            "0" | "false" | "no" | "off" => OptionValue::Flag(false),
            _ => {
                return Err(OptionError::NoFlag(option.described(), text));
            }
        },
        OptionType::Select if is_choice(&text) => OptionValue::Text(text),
        OptionType::Select => {
            return Err(OptionError::NoChoice(option.described(), text, choices()));
        }
        OptionType::SelectMultiple => {
            // A choice may hold a comma itself.
            let list = if is_choice(text.trim()) {
                vec![text.trim().to_owned()]
            } else {
                list(&text)
            };
            if let Some(wrong) = list.iter().find(|value| !is_choice(value)) {
                let wrong = wrong.clone();
                return Err(OptionError::NoneOfChoices(
                    option.described(),
                    wrong,
                    choices(),
                ));
            }
            OptionValue::List(list)
        }
    })
}

/// A JSON array, or values with commas between: how the platform encodes them is not public.
fn list(text: &str) -> Vec<String> {
    if let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) {
        return values
            .into_iter()
            .map(|value| match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            })
            .collect();
    }
    text.split(',')
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

struct OptionsObject(Vec<(Arc<str>, Value)>);

impl fmt::Debug for OptionsObject {
    /// Names alone: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Object for OptionsObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let (_, value) = self.0.iter().find(|(name, _)| &**name == key)?;
        Some(value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.0.iter().map(|(name, _)| Value::from(&**name));
        Enumerator::Values(names.collect())
    }
}
