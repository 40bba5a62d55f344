//! `runner portal FILE`: the dev portal's settings of a spec.

use super::arguments::PortalArguments;
use super::spec_file::load_file;
use crate::exit::Exit;
use crate::portal::{document, settings};

/// Prints the settings, step by step, or the document that the platform takes.
pub fn portal(arguments: &PortalArguments) -> Exit {
    let plan = match load_file(&arguments.spec) {
        Ok(loaded) => loaded.plan,
        Err(error) => {
            eprintln!("{error}");
            return Exit::Wrong;
        }
    };
    let given = arguments.path.as_ref().unwrap_or(&arguments.spec);
    let path = given.display().to_string();
    if given.is_absolute() {
        eprintln!(
            "warning: {path} is a place of this machine: --path names the spec as it lies in the image, such as connectors/NAME.yaml"
        );
    }
    if arguments.json {
        say!("{:#}", document(&plan, &path));
        return Exit::Done;
    }
    let settings = settings(&plan, &path);
    let widest = settings
        .iter()
        .map(|setting| setting.field.chars().count())
        .max();
    let width = widest.unwrap_or_default();
    let mut step = "";
    for setting in settings {
        if setting.step != step {
            step = setting.step;
            say!("{step}");
        }
        say!("  {:width$}  {}", setting.field, setting.value);
    }
    Exit::Done
}
