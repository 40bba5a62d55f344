//! `runner sandbox`: the same run against an embedded Container API.

use std::io::IsTerminal as _;
use std::net::IpAddr;

use super::arguments::{SandboxArguments, SandboxCommand, ServeArguments, Served};
use super::run::{How, Show, connector, in_runtime};
use super::signals;
use super::spec_flags::SpecFlags;
use crate::exit::Exit;
use crate::sandbox::{Config, Sandbox, SandboxError};

/// Runs a connector in the sandbox, or serves the sandbox alone.
pub fn sandbox(arguments: SandboxArguments, flags: &SpecFlags) -> Exit {
    if let Some(SandboxCommand::Serve(arguments)) = arguments.command {
        return serve(arguments);
    }
    let plan = match flags.plan() {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let show = Show::of(&arguments.verbosity, std::io::stderr().is_terminal());
    if let (Some(warnings), false) = (flags.warnings(), arguments.verbosity.quiet) {
        eprint!("{warnings}");
    }
    in_runtime(async {
        let sandbox = match Sandbox::start(&config(None, 0, arguments.served)).await {
            Ok(sandbox) => sandbox,
            Err(error) => return refuse(&error),
        };
        let how = How {
            url: &sandbox.url(),
            state: arguments.state.as_ref(),
            progress: show.progress(),
            is_dry_run: arguments.dry_run,
            shared: sandbox.shared().to_owned(),
            // The report has the log.
            says_mistakes: arguments.verbosity.quiet,
        };
        let result = connector(plan, flags, how).await;
        let report = match sandbox.finish() {
            Ok(report) => report,
            Err(error) => return refuse(&error),
        };
        if !arguments.verbosity.quiet {
            say_inline!("{report}");
        }
        match result {
            Ok(summary) => {
                if let Some(failure) = &summary.failure {
                    eprintln!("error: {failure}");
                }
                if !arguments.verbosity.quiet {
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
