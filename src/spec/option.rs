//! `options`: what the end user fills in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Template;
use super::places::{Keyed, Placed, by_shape};

/// Names that every shell sets: an option of that name would never be empty.
pub const SHELL_NAMES: [&str; 15] = [
    "USER", "HOME", "PATH", "LANG", "PWD", "SHELL", "TERM", "HOSTNAME", "LOGNAME", "OLDPWD",
    "SHLVL", "TZ", "EDITOR", "DISPLAY", "_",
];

/// Flags of a run, which an option can't be called. Those of a subcommand alone are free, and
/// `--state` is called `--state-file` where an option takes its name.
pub const RUNNER_FLAGS: [&str; 11] = [
    "spec",
    "container-api",
    "health-check",
    "help",
    "version",
    "verbose",
    "quiet",
    "dry-run",
    "shared",
    "json",
    "state-file",
];

/// A field of the connector's form.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Option {
    /// The field's type.
    #[serde(rename = "type")]
    pub kind: Placed<OptionType>,
    /// The field's label.
    #[serde(default)]
    pub label: std::option::Option<String>,
    /// What the field is for.
    #[serde(default)]
    pub description: std::option::Option<String>,
    /// An example shown in the empty field.
    #[serde(default)]
    pub placeholder: std::option::Option<String>,
    /// Whether the run fails without a value.
    #[serde(default)]
    pub required: bool,
    /// The value of a field that is not filled in.
    #[serde(default)]
    pub default: std::option::Option<Template>,
    /// What can be chosen: a list, or value → label. For `select` and `select_multiple`.
    ///
    /// ```yaml
    /// choices: { eu: Europe, us: United States }
    /// ```
    #[serde(default)]
    pub choices: std::option::Option<Placed<Choices>>,
}

/// The dev portal's field types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptionType {
    /// A line of text.
    Input,
    /// Several lines of text.
    Textarea,
    /// A secret: never shown anywhere.
    Password,
    /// Yes or no.
    Checkbox,
    /// One of `choices`.
    Select,
    /// Any of `choices`.
    SelectMultiple,
    /// The name of a column of the site; in data services.
    StageColumnsDropdown,
}

/// A list of values, or value → label.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Choices {
    /// Values that are their own labels.
    Values(Vec<Template>),
    /// Value → label.
    Labels(Keyed<Template>),
}

by_shape!(Choices { List => Values, Map => Labels });
