//! The dev portal's settings of a spec: what has to be filled in there so that the connector runs.
//!
//! The document is that of the platform's `POST /connectors/copy`
//! (help.productsup.com, CDE API, connector import); of its words for a type only `datasource` is shown
//! there, the others are those of the portal.

use serde_json::{Map, Value, json};

use crate::plan::{OptionPlan, Plan};
use crate::spec::{Mode, OptionType};

/// What the platform adds by itself.
const OF_THE_PLATFORM: &str = "PUP_AUTH_";

/// A setting: where it is in the portal, its name there, its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The step of the portal's wizard.
    pub step: &'static str,
    /// The field.
    pub field: String,
    /// What is filled in.
    pub value: String,
}

/// The options that people fill in; credentials of the platform are none of them.
fn asked(plan: &Plan) -> impl Iterator<Item = &OptionPlan> {
    plan.options.iter().filter(|option| {
        !option
            .name
            .to_ascii_uppercase()
            .starts_with(OF_THE_PLATFORM)
    })
}

/// The word of the portal for a mode.
fn type_of(mode: Mode) -> &'static str {
    match mode {
        Mode::DataSource => "datasource",
        Mode::DataService => "data-service",
        Mode::Export => "export",
        Mode::ExportDelta => "export-delta",
    }
}

/// The word for an option's type.
fn field_type(kind: OptionType) -> &'static str {
    match kind {
        OptionType::Input => "input",
        OptionType::Textarea => "textarea",
        OptionType::Password => "password",
        OptionType::Checkbox => "checkbox",
        OptionType::Select => "select",
        OptionType::SelectMultiple => "select_multiple",
        OptionType::StageColumnsDropdown => "stage_columns_dropdown",
    }
}

/// A default as the portal takes it: of a checkbox 0 or 1.
fn default_of(option: &OptionPlan) -> Option<String> {
    let default = option.default.clone()?;
    Some(match option.kind {
        OptionType::Checkbox => {
            let is_set = matches!(default.as_str(), "true" | "1" | "yes" | "on");
            u8::from(is_set).to_string()
        }
        OptionType::Input
        | OptionType::Textarea
        | OptionType::Password
        | OptionType::Select
        | OptionType::SelectMultiple
        | OptionType::StageColumnsDropdown => default,
    })
}

fn choices_of(option: &OptionPlan) -> Option<Value> {
    let choices = option.choices.iter();
    let choices: Map<String, Value> = choices
        .map(|(value, label)| (value.clone(), label.as_str().into()))
        .collect();
    (!choices.is_empty()).then_some(Value::Object(choices))
}

fn arguments(spec: &str) -> String {
    if spec.contains([' ', '\'', '"']) {
        format!("--spec '{}'", spec.replace('\'', "'\\''"))
    } else {
        format!("--spec {spec}")
    }
}

/// The document of `POST /connectors/copy`. Its `vcs` is for people to fill in: it holds a token.
pub fn document(plan: &Plan, spec: &str) -> Value {
    let individuals: Vec<Value> = asked(plan)
        .enumerate()
        .map(|(index, option)| {
            let mut field = json!({
                "command-option": option.name,
                "field-type": field_type(option.kind),
                "field-name": option.label.as_deref().unwrap_or(&option.name),
                "field-required": option.required,
                "order": index + 1,
            });
            let mut add = |key: &str, value: Option<String>| {
                if let Some(value) = value {
                    field[key] = value.into();
                }
            };
            add("field-placeholder", option.placeholder.clone());
            add("field-description", option.description.clone());
            // A password in a document is one that others read.
            if option.kind != OptionType::Password {
                add("field-default-value", default_of(option));
            }
            add(
                "field-config",
                choices_of(option).map(|choices| choices.to_string()),
            );
            field
        })
        .collect();
    json!({
        "name": plan.name,
        "type": type_of(plan.mode),
        "description": plan.description.clone().unwrap_or_default(),
        "flow": "default",
        "versions": [{ "config": {
            "execution": { "execution-mode": "as-env-variables" },
            "application": {
                "command": "runner",
                "arguments": arguments(spec),
                "health-check": "--health-check",
            },
            "individuals": individuals,
        } }],
    })
}

/// All settings, in the order of the portal's wizard.
pub fn settings(plan: &Plan, spec: &str) -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |step: &'static str, field: &str, value: String| {
        all.push(Setting {
            step,
            field: field.to_owned(),
            value,
        });
    };
    let details = "Connector details";
    add(details, "Name", plan.name.clone());
    let kind = match plan.mode {
        Mode::DataSource => "Data source",
        Mode::DataService => "Data service",
        Mode::Export => "Export",
        Mode::ExportDelta => "Export delta",
    };
    add(details, "Type", format!("{kind} (can't be changed later)"));
    if let Some(description) = &plan.description {
        add(details, "Description", description.clone());
    }
    add(
        details,
        "Execution mode",
        "Environment variable (can't be changed later)".to_owned(),
    );
    add(
        "Version control",
        "Repository",
        "the one with this spec and its Dockerfile".to_owned(),
    );
    let application = "Application";
    add(application, "Command", "runner".to_owned());
    add(application, "Arguments", arguments(spec));
    add(application, "Health check", "--health-check".to_owned());
    let authentication: Vec<&str> = plan
        .options
        .iter()
        .map(|option| option.name.as_str())
        .filter(|name| name.to_ascii_uppercase().starts_with(OF_THE_PLATFORM))
        .collect();
    if !authentication.is_empty() {
        let fields = authentication.join(", ");
        add(
            "Authentication",
            "Fields",
            format!("that arrive as {fields}"),
        );
    }
    for option in asked(plan) {
        add(
            "Individual configuration",
            &option.name,
            field_in_words(option),
        );
    }
    for (step, field, value) in of_type(plan) {
        add(step, field, value.to_owned());
    }
    if let Some(name) = &plan.state {
        add(
            "Buckets",
            "Bucket",
            format!("enabled: the spec keeps {name} there"),
        );
    }
    all
}

/// What is asked of this type of connector alone.
fn of_type(plan: &Plan) -> Vec<(&'static str, &'static str, &'static str)> {
    let export = |channels| {
        let feedback = match plan.feedback {
            Some(_) => "enabled",
            None => "not needed: the spec writes none",
        };
        vec![
            ("Export", "Channels", channels),
            ("Export", "Feedback file", feedback),
        ]
    };
    match plan.mode {
        Mode::DataSource => vec![("Data source", "Categories", "what it connects to")],
        Mode::DataService => vec![
            ("Data service", "Service type", "internal"),
            (
                "Data service",
                "Stage",
                "import, or the one whose columns it works on",
            ),
            ("Data service", "Column prefix", "___ and a short name"),
            (
                "Data service",
                "Max usage",
                "1, or how often a site may have it",
            ),
        ],
        Mode::Export => export("a channel template with the columns that the spec reads"),
        Mode::ExportDelta => {
            export("a channel template that is marked as delta, with its delta key")
        }
    }
}

/// A field of the form: its type and what else is filled in.
fn field_in_words(option: &OptionPlan) -> String {
    let mut words = vec![field_type(option.kind).to_owned()];
    let label = option.label.as_ref();
    words.extend(label.map(|label| format!("field name: {label}")));
    if option.required {
        words.push("required".to_owned());
    }
    words.extend(
        option
            .placeholder
            .as_ref()
            .map(|text| format!("placeholder: {text}")),
    );
    words.extend(
        option
            .description
            .as_ref()
            .map(|text| format!("description: {text}")),
    );
    if option.kind != OptionType::Password {
        words.extend(default_of(option).map(|text| format!("default: {text}")));
    }
    words.extend(choices_of(option).map(|choices| format!("field config: {choices}")));
    words.join("; ")
}
