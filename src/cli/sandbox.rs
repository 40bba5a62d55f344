//! `runner sandbox`: the same run against an embedded Container API.

use std::io::IsTerminal as _;
use std::net::IpAddr;

use super::arguments::{SandboxArguments, SandboxCommand, ServeArguments, Served};
use super::run::{How, Show, connector, in_runtime};
use super::signals;
use super::spec_flags::SpecFlags;
use super::tapes::{Deck, Tapes};
use crate::exit::Exit;
use crate::sandbox::{Config, Sandbox, SandboxError};
use crate::state::StatePlace;

/// Runs a connector in the sandbox, or serves the sandbox alone.
pub fn sandbox(arguments: SandboxArguments, flags: &SpecFlags) -> Exit {
    if let Some(SandboxCommand::Serve(arguments)) = arguments.command {
        return serve(arguments);
    }
    let deck = match Deck::replay(
        &arguments.spec.unwrap_or_default(),
        arguments.replay.as_ref(),
    ) {
        Ok(deck) => deck,
        Err(error) => {
            eprintln!("{error}");
            return Exit::Wrong;
        }
    };
    let how = InSandbox {
        served: arguments.served,
        state: arguments.state,
        is_dry_run: arguments.dry_run,
        show: Show::of(&arguments.verbosity, std::io::stderr().is_terminal()),
        is_quiet: arguments.verbosity.quiet,
        tapes: Tapes { deck, record: None },
    };
    run_in_sandbox(flags, how)
}

/// How a connector is run in the sandbox.
pub struct InSandbox<'r> {
    /// What is served, and where it writes.
    pub served: Served,
    /// Where the state is kept, other than the spec says.
    pub state: Option<StatePlace>,
    /// Whether requests of the target are printed instead of sent.
    pub is_dry_run: bool,
    /// What is shown.
    pub show: Show,
    /// Whether the report is left out.
    pub is_quiet: bool,
    /// Tapes.
    pub tapes: Tapes<'r>,
}

/// Runs a connector in the sandbox, and reports.
pub fn run_in_sandbox(flags: &SpecFlags, how: InSandbox<'_>) -> Exit {
    let plan = match flags.plan() {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let is_quiet = how.is_quiet;
    if let (Some(warnings), false) = (flags.warnings(), is_quiet) {
        eprint!("{warnings}");
    }
    in_runtime(async {
        let sandbox = match Sandbox::start(&config(None, 0, how.served)).await {
            Ok(sandbox) => sandbox,
            Err(error) => return refuse(&error),
        };
        let mut tapes = how.tapes;
        if let Some(record) = &mut tapes.record {
            record.columns = sandbox.columns();
        }
        let how = How {
            url: &sandbox.url(),
            state: how.state.as_ref(),
            progress: how.show.progress(),
            is_dry_run: how.is_dry_run,
            shared: sandbox.shared().to_owned(),
            // The report has the log.
            says_mistakes: is_quiet,
            tapes,
        };
        let result = connector(plan, flags, how).await;
        let report = match sandbox.finish() {
            Ok(report) => report,
            Err(error) => return refuse(&error),
        };
        if !is_quiet {
            say_inline!("{report}");
        }
        match result {
            Ok(summary) => {
                if let Some(failure) = &summary.failure {
                    eprintln!("error: {failure}");
                }
                if !is_quiet {
                    say!("\n{summary}");
                }
                summary.exit
            }
            Err(exit) => exit,
        }
    })
}

fn serve(arguments: ServeArguments) -> Exit {
    in_runtime(async {
        let mut stop = match signals::listen() {
            Ok(stop) => stop,
            Err(error) => {
                eprintln!("signals can't be listened for: {error}");
                return Exit::Failed;
            }
        };
        let sandbox = match Sandbox::start(&config(
            Some(arguments.host),
            arguments.port,
            arguments.served,
        ))
        .await
        {
            Ok(sandbox) => sandbox,
            Err(error) => return refuse(&error),
        };
        say!("{}", sandbox.url());
        stop.stopped().await;
        match sandbox.finish() {
            Ok(report) => {
                say_inline!("{report}");
                Exit::Done
            }
            Err(error) => refuse(&error),
        }
    })
}

fn config(host: Option<IpAddr>, port: u16, served: Served) -> Config {
    Config {
        host,
        port,
        inputs: served.input,
        out: served.out,
    }
}

fn refuse(error: &SandboxError) -> Exit {
    eprintln!("{error}");
    match error {
        SandboxError::Input(_) | SandboxError::Type(_) => Exit::Wrong,
        SandboxError::Port { .. } | SandboxError::Out { .. } => Exit::Failed,
    }
}
