//! Options of the spec as flags: the spec is read first, then they are known.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::spec_file::{load_file, warnings};
use crate::diagnostics::FileError;
use crate::exit::Exit;
use crate::plan::{Environment, OptionErrors, OptionPlan, OptionValues, Plan};
use crate::spec::OptionType;
use crate::tape::{Head, option_texts};

/// A spec that was read.
#[derive(Debug)]
struct LoadedSpec {
    plan: Arc<Plan>,
    #[cfg(feature = "sandbox")]
    text: Arc<str>,
    /// What is suspicious in it, in words.
    warnings: Option<String>,
}

/// The spec that the command line names, and the values that its flags were given.
#[derive(Debug, Default)]
pub struct SpecFlags {
    loaded: Option<Result<LoadedSpec, FileError>>,
    values: HashMap<String, Vec<String>>,
}

impl SpecFlags {
    /// Reads the spec behind `--spec`, if there is one.
    pub fn find(arguments: &[OsString]) -> Option<Self> {
        let mut arguments = arguments
            .iter()
            .skip(1)
            .map(|argument| argument.to_string_lossy());
        let mut path = None;
        while let Some(argument) = arguments.next() {
            if argument == "--spec" {
                path = arguments.next().map(std::borrow::Cow::into_owned);
            } else if let Some(value) = argument.strip_prefix("--spec=") {
                path = Some(value.to_owned());
            }
        }
        let loaded = load_file(&PathBuf::from(path?)).map(|loaded| LoadedSpec {
            warnings: warnings(&loaded),
            #[cfg(feature = "sandbox")]
            text: loaded.warnings.source_text,
            plan: Arc::new(loaded.plan),
        });
        Some(Self {
            loaded: Some(loaded),
            values: HashMap::new(),
        })
    }

    /// The plan; a spec with mistakes is reported here.
    pub fn plan(&self) -> Result<Arc<Plan>, Exit> {
        match &self.loaded {
            Some(Ok(spec)) => Ok(Arc::clone(&spec.plan)),
            Some(Err(error)) => {
                eprintln!("{error}");
                Err(Exit::Wrong)
            }
            None => {
                eprintln!(
                    "nothing to run: name a spec with --spec FILE (runner --help tells more)"
                );
                Err(Exit::Wrong)
            }
        }
    }

    /// What is suspicious in the spec.
    pub fn warnings(&self) -> Option<&str> {
        match &self.loaded {
            Some(Ok(spec)) => spec.warnings.as_deref(),
            _ => None,
        }
    }

    /// The spec's text; empty where there is no spec.
    #[cfg(feature = "sandbox")]
    pub fn text(&self) -> &str {
        match &self.loaded {
            Some(Ok(spec)) => &spec.text,
            _ => "",
        }
    }

    /// A spec with mistakes, reported in place of a complaint about flags that nobody can know.
    pub fn report_broken_spec(&self, error: &clap::Error) -> Option<Exit> {
        let is_unknown = error.kind() == clap::error::ErrorKind::UnknownArgument;
        let is_broken = matches!(self.loaded, Some(Err(_)));
        (is_unknown && is_broken).then(|| self.plan().err().unwrap_or(Exit::Wrong))
    }

    fn options(&self) -> &[OptionPlan] {
        match &self.loaded {
            Some(Ok(spec)) => &spec.plan.options,
            _ => &[],
        }
    }

    /// The command with the spec's options as flags, where a spec is run.
    pub fn add_to(&self, command: Command) -> Command {
        let command = self.add_flags(command);
        command
            .mut_subcommand("sandbox", |sandbox| self.add_flags(sandbox))
            .mut_subcommand("record", |record| self.add_flags(record))
            .mut_subcommand("preview", |preview| self.add_flags(preview))
    }

    /// A flag that the command has itself stays its own, and the option comes from the environment
    /// there. `--state` is an option's where there is one of that name, and the file that is kept is
    /// then named with `--state-file`.
    fn add_flags(&self, mut command: Command) -> Command {
        if self.options().iter().any(|option| option.flag == "state") {
            command = command.mut_arg("state", |state| state.long("state-file"));
        }
        for option in self.options() {
            let is_own = |arg: &Arg| arg.get_long() == Some(option.flag.as_str());
            if command.get_arguments().any(is_own) {
                continue;
            }
            let mut arg = Arg::new(format!("option:{}", option.flag))
                .long(option.flag.clone())
                .value_name(value_name(option))
                .help(help(option))
                .help_heading("Options of the spec")
                .allow_negative_numbers(true)
                .action(ArgAction::Append);
            if option.kind == OptionType::Checkbox {
                arg = arg
                    .num_args(0..=1)
                    .default_missing_value("1")
                    .require_equals(false);
            }
            command = command.arg(arg);
        }
        command
    }

    /// Flags of the spec as clap knows them, and without what the platform adds: dash and underscore
    /// are alike, and so is case; `--pup-auth-*` that no option declares is ignored.
    pub fn normalize(&self, arguments: &[OsString]) -> Vec<OsString> {
        let mut normalized = Vec::with_capacity(arguments.len());
        let mut skip_value = false;
        for argument in arguments {
            let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else {
                if !std::mem::take(&mut skip_value) {
                    normalized.push(argument.clone());
                }
                continue;
            };
            skip_value = false;
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (text, None),
            };
            let flag = crate::plan::flag_of(&name[2..]);
            let is_declared = self.options().iter().any(|option| option.flag == flag);
            if is_declared {
                normalized.push(match value {
                    Some(value) => format!("--{flag}={value}").into(),
                    None => format!("--{flag}").into(),
                });
            } else if flag.starts_with("pup-auth-") {
                skip_value = value.is_none();
            } else {
                normalized.push(argument.clone());
            }
        }
        normalized
    }

    /// Takes the values from what clap found.
    #[must_use]
    pub fn with_values(mut self, matches: &ArgMatches) -> Self {
        let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
        let values: HashMap<String, Vec<String>> = self
            .options()
            .iter()
            .filter_map(|option| {
                let values = matches
                    .try_get_many::<String>(&format!("option:{}", option.flag))
                    .ok()??;
                Some((option.flag.clone(), values.cloned().collect()))
            })
            .collect();
        self.values = values;
        self
    }

    /// The values of all options: flag over environment over default.
    /// What nobody gives is as on the tape that is replayed.
    pub fn resolve(&self, plan: &Plan, tape: Option<&Head>) -> Result<OptionValues, OptionErrors> {
        let environment = Environment::new(std::env::vars_os());
        let mut values = self.values.clone();
        for option in tape.iter().flat_map(|_| &plan.options) {
            let is_given = values.contains_key(&option.flag)
                || environment.value(option).is_ok_and(|value| value.is_some());
            let of_tape = tape.and_then(|tape| tape.options.get(&option.key));
            if let (false, Some(value)) = (is_given, of_tape) {
                values.insert(option.flag.clone(), option_texts(value));
            }
        }
        OptionValues::resolve(&plan.options, &values, &environment)
    }
}

fn value_name(option: &OptionPlan) -> &'static str {
    match option.kind {
        OptionType::Checkbox => "0|1",
        OptionType::StageColumnsDropdown => "COLUMN",
        OptionType::SelectMultiple => "A,B",
        OptionType::Password => "SECRET",
        _ => "VALUE",
    }
}

fn help(option: &OptionPlan) -> String {
    let mut text = option.label.clone().unwrap_or_else(|| option.name.clone());
    if let Some(description) = &option.description {
        text = format!("{text}: {description}");
    }
    let mut facts = vec![format!(
        "environment {}",
        option.name.to_ascii_uppercase().replace('-', "_")
    )];
    if option.required {
        facts.push("required".to_owned());
    }
    if let (Some(default), false) = (&option.default, option.kind == OptionType::Password) {
        facts.push(format!("default {default}"));
    }
    if !option.choices.is_empty() {
        let values: Vec<&str> = option
            .choices
            .iter()
            .map(|(value, _)| value.as_str())
            .collect();
        let how_many = match option.kind {
            OptionType::SelectMultiple => "any",
            _ => "one",
        };
        facts.push(format!("{how_many} of {}", values.join(", ")));
    }
    format!("{text} [{}]", facts.join("; "))
}
