//! What `runner new` asks on a terminal where the command line leaves it open.

use std::io::IsTerminal as _;

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, Select};

use super::arguments::{ModeArgument, NewArguments};
use crate::authoring::name_of;

/// Why nothing was asked, or nothing answered.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Nobody is there.
    #[error("name the connector: runner new NAME; on a terminal the rest is asked for")]
    NoTerminal,
    /// The terminal can't be read, or the person went away.
    #[error("nothing is written: {0}")]
    Gone(#[from] dialoguer::Error),
}

/// The kinds of connectors, as they are asked for.
const KINDS: [&str; 6] = [
    "import from an API: I have a curl command",
    "import from an API: I have its OpenAPI description",
    "import a feed: a file or its address",
    "change the rows of a site",
    "export to an API: I have its OpenAPI description",
    "export, or an import from nothing but a template",
];

/// The modes of the last kind.
const MODES: [(&str, ModeArgument); 4] = [
    ("export: all rows, every run", ModeArgument::Export),
    (
        "export of what is new, modified, deleted",
        ModeArgument::ExportDelta,
    ),
    ("import", ModeArgument::DataSource),
    ("change the rows of a site", ModeArgument::DataService),
];

/// Completes the arguments by questions.
pub fn completed(mut arguments: NewArguments) -> Result<(NewArguments, String), PromptError> {
    if let Some(name) = arguments.name.clone() {
        return Ok((arguments, name));
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(PromptError::NoTerminal);
    }
    let is_open = arguments.from.is_none() && arguments.to.is_none() && arguments.mode.is_none();
    if is_open {
        match choose("What is it to do?", &KINDS)? {
            0 => {
                arguments.from = Some(command()?);
                arguments.r#try = confirmed("Send it once, to find records, pages and columns?")?;
            }
            1 => arguments.from = Some(line("The description (a file)")?),
            2 => arguments.from = Some(line("The feed (a file or its address)")?),
            3 => arguments.mode = Some(ModeArgument::DataService),
            4 => arguments.to = Some(line("The description (a file)")?),
            _ => {
                let modes = MODES.map(|(words, _)| words);
                arguments.mode = Some(MODES[choose("Which?", &modes)?].1);
            }
        }
    }
    let name: String = Input::with_theme(&ColorfulTheme::default())
        .with_prompt("Its name")
        .default("my-connector".to_owned())
        .interact_text()?;
    Ok((arguments, name_of(&name)))
}

/// Which of several operations is meant; nothing where nobody can be asked.
pub fn operation(why: &str, operations: &[String]) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    let chosen = choose(&format!("{why}: which?"), operations).ok()?;
    let shown = operations.get(chosen)?;
    Some(shown.split(" (").next().unwrap_or(shown).to_owned())
}

fn choose(prompt: &str, items: &[impl std::fmt::Display]) -> Result<usize, PromptError> {
    let theme = ColorfulTheme::default();
    let select = Select::with_theme(&theme);
    Ok(select
        .with_prompt(prompt)
        .items(items)
        .default(0)
        .interact()?)
}

/// A command that may go on over lines, as documentation has it.
fn command() -> Result<String, PromptError> {
    let mut command = line("The command: curl …")?;
    while command.ends_with('\\') || shlex::split(&command).is_none() {
        command.push('\n');
        command.push_str(&line("…")?);
    }
    Ok(command)
}

fn line(prompt: &str) -> Result<String, PromptError> {
    let theme = ColorfulTheme::default();
    let input = Input::with_theme(&theme).with_prompt(prompt);
    Ok(input.interact_text()?)
}

fn confirmed(prompt: &str) -> Result<bool, PromptError> {
    let theme = ColorfulTheme::default();
    let confirm = Confirm::with_theme(&theme).with_prompt(prompt);
    Ok(confirm.default(true).interact()?)
}
