//! `runner completions SHELL` and `runner man`: what shells and manuals need of the command line.

use clap::CommandFactory as _;

use super::arguments::{Arguments, CompletionsArguments};
use crate::exit::Exit;

/// Prints the completions for a shell.
pub fn completions(arguments: &CompletionsArguments) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "runner",
        &mut text,
    );
    say_inline!("{}", String::from_utf8_lossy(&text));
    Exit::Done
}

/// Prints the manual page, as roff.
pub fn man() -> Exit {
    let mut text = Vec::new();
    let page = clap_mangen::Man::new(Arguments::command());
    // Writing into memory does not fail.
    let _ = page.render(&mut text);
    say_inline!("{}", String::from_utf8_lossy(&text));
    Exit::Done
}
