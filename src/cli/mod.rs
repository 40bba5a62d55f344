//! The command line: one file a command.

/// Writes a line to standard output.
macro_rules! say {
    () => { $crate::cli::print(format_args!("\n")) };
    ($($part:tt)*) => { $crate::cli::print(format_args!("{}\n", format_args!($($part)*))) };
}

/// The same without a line end.
macro_rules! say_inline {
    ($($part:tt)*) => { $crate::cli::print(format_args!($($part)*)) };
}

mod arguments;
mod check;
mod completions;
mod convert;
mod explain;
#[cfg(feature = "lsp")]
mod lsp;
#[cfg(feature = "lsp")]
mod lsp_text;
mod new;
mod new_feed;
mod portal;
#[cfg(feature = "sandbox")]
mod preview;
#[cfg(feature = "sandbox")]
mod profile;
mod prompts;
#[cfg(feature = "sandbox")]
mod record;
mod run;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod signals;
mod spec_file;
mod spec_files;
mod spec_flags;
#[cfg(feature = "sandbox")]
mod stage;
#[cfg(feature = "sandbox")]
mod tape_shapes;
mod tapes;
#[cfg(feature = "sandbox")]
mod test;

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;

use clap::{CommandFactory as _, FromArgMatches as _, Parser as _};

use crate::exit::Exit;
use arguments::{Arguments, Command};
use spec_flags::SpecFlags;

/// Writes to standard output. Whoever reads it may have gone (`| head`), which is no failure.
fn print(text: fmt::Arguments<'_>) {
    let _ = std::io::stdout().write_fmt(text);
}

/// Runs the program with these arguments, its own name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // The options of the spec are flags too, so it is read before the rest is understood.
    let flags = SpecFlags::find(&arguments);
    let Some(flags) = flags else {
        return match Arguments::try_parse_from(&arguments) {
            Ok(parsed) => dispatch(parsed, SpecFlags::default()),
            Err(error) => refuse(&error),
        };
    };
    let command = flags.add_to(Arguments::command());
    let parsed = command
        .try_get_matches_from(flags.normalize(&arguments))
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    match parsed {
        Ok((parsed, matches)) => dispatch(parsed, flags.with_values(&matches)),
        // A spec with mistakes declares no flags: its mistakes come first.
        Err(error) => flags
            .report_broken_spec(&error)
            .unwrap_or_else(|| refuse(&error)),
    }
}

fn dispatch(arguments: Arguments, flags: SpecFlags) -> Exit {
    match arguments.command {
        Some(Command::New(new)) => new::new(new),
        Some(Command::Convert(convert)) => convert::converted(&convert),
        Some(Command::Check(check)) => check::check(&check),
        #[cfg(feature = "sandbox")]
        Some(Command::Preview(preview)) => preview::preview(preview, &flags),
        #[cfg(feature = "sandbox")]
        Some(Command::Sandbox(sandbox)) => sandbox::sandbox(sandbox, &flags),
        #[cfg(feature = "sandbox")]
        Some(Command::Record(record)) => record::record(record, &flags),
        #[cfg(feature = "sandbox")]
        Some(Command::Test(test)) => test::test(&test),
        Some(Command::Schema(of)) => schema::schema(&of),
        Some(Command::Portal(portal)) => portal::portal(&portal),
        Some(Command::Explain(explain)) => explain::explain(&explain),
        #[cfg(feature = "lsp")]
        Some(Command::Lsp) => lsp::lsp(),
        Some(Command::Completions(shell)) => completions::completions(&shell),
        Some(Command::Man) => completions::man(),
        None => run::run(&arguments.run, &flags),
    }
}

fn refuse(error: &clap::Error) -> Exit {
    // Nowhere is left to say that this could not be printed.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Wrong
    } else {
        Exit::Done
    }
}
