//! `runner convert airbyte MANIFEST`: specs of a manifest's streams.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use super::arguments::{AirbyteArguments, ConvertArguments, ConvertFrom};
use crate::authoring::airbyte::{Manifest, convert};
use crate::diagnostics::in_words;
use crate::exit::Exit;

/// Writes a spec for each stream; one that is there is not written over. What is left to do is counted, and then
/// the exit is none of success.
pub fn converted(arguments: &ConvertArguments) -> Exit {
    match &arguments.from {
        ConvertFrom::Airbyte(arguments) => of_airbyte(arguments),
    }
}

fn of_airbyte(arguments: &AirbyteArguments) -> Exit {
    let file = arguments.manifest.display();
    let text = match std::fs::read_to_string(&arguments.manifest) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: {file}: {}", in_words(&error));
            return Exit::Wrong;
        }
    };
    let manifest = Manifest::read(&text);
    let specs = manifest.and_then(|manifest| convert(&manifest, arguments.stream.as_deref()));
    let specs = match specs {
        Ok(specs) => specs,
        Err(error) => {
            eprintln!("error: {file}: {error}");
            return Exit::Wrong;
        }
    };
    let mut is_written = true;
    let (mut left, mut unfinished) = (0, 0);
    for spec in &specs {
        let path = arguments.out.join(format!("{}.yaml", spec.name));
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let written = opened.and_then(|mut file| file.write_all(spec.text.as_bytes()));
        if let Err(error) = written {
            let hint = match error.kind() {
                ErrorKind::AlreadyExists => ": remove it, or --out DIR",
                ErrorKind::NotFound => ": make the folder first",
                _ => "",
            };
            eprintln!("error: {}: {}{hint}", path.display(), in_words(&error));
            is_written = false;
            continue;
        }
        match spec.todos {
            0 => say!("{}", path.display()),
            todos => {
                left += todos;
                unfinished += 1;
                say!("{}: {todos} left to do, look for TODO", path.display());
            }
        }
    }
    if left > 0 {
        eprintln!(
            "{left} left to do in {unfinished} of {} specs: each is a TODO with what the manifest said",
            specs.len()
        );
    }
    if is_written && left == 0 {
        Exit::Done
    } else {
        Exit::Failed
    }
}
